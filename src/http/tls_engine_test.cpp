#include "http/tls_engine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace kinesis::http {
namespace {

using Step = TlsEngine::Step;

/// What `from` wants to send arrives at `to`, which is starved.
void carry(TlsEngine& from, TlsEngine& to) {
  const auto room = to.room();
  Bytes& output = from.output();
  const std::size_t size = std::min(room.size(), output.size());
  std::memcpy(room.data(), output.data(), size);
  to.received(size);
  output.erase(output.begin(), output.begin() + static_cast<std::ptrdiff_t>(size));
}

/// All that has arrived.
std::string read_all(TlsEngine& engine, Step& step) {
  std::string text;
  Bytes into(5000);
  while (true) {
    std::size_t size = 0;
    step = engine.read(into, size);
    text.append(reinterpret_cast<const char*>(into.data()), size);
    if (step != Step::done) return text;
  }
}

class TlsEngineTest : public testing::Test {
 protected:
  TlsEngineTest() {
    for (Step there = Step::starved, here = Step::starved; there != Step::done || here != Step::done;) {
      here = client.handshake();
      if (!client.output().empty()) carry(client, server);
      there = server.handshake();
      if (!server.output().empty()) carry(server, client);
    }
  }

  static std::shared_ptr<const TlsContext> trusting(const SelfSigned& identity) {
    TlsOptions options;
    options.ca_pem = identity.ca_certificate;
    return TlsContext::for_client(options);
  }

  const SelfSigned identity = make_self_signed();
  TlsEngine client{trusting(identity), TlsEngine::Role::client};
  TlsEngine server{TlsContext::for_server(identity.certificate_chain, identity.private_key), TlsEngine::Role::server};
};

TEST_F(TlsEngineTest, CarriesBytesOfAnySizeInOrder) {
  std::string sent;
  std::string arrived;
  Step step = Step::starved;
  EXPECT_EQ(read_all(server, step), "");
  EXPECT_EQ(step, Step::starved);
  for (const std::size_t size : {1, 16'383, 16'384, 16'385, 200'000}) {
    const std::string text(size, static_cast<char>('a' + size % 26));
    sent += text;
    ASSERT_EQ(client.write(as_bytes(text)), Step::done);
    while (!client.output().empty()) {
      carry(client, server);
      arrived += read_all(server, step);
      EXPECT_EQ(step, Step::starved);
    }
  }
  EXPECT_EQ(arrived, sent);
}

TEST_F(TlsEngineTest, BytesThatCameWithTheGreetingAreNotLost) {
  TlsEngine eager(trusting(identity), TlsEngine::Role::client);
  EXPECT_EQ(eager.handshake(), Step::starved);
  TlsEngine late(TlsContext::for_server(identity.certificate_chain, identity.private_key), TlsEngine::Role::server,
                 std::exchange(eager.output(), {}));
  EXPECT_TRUE(late.has_input());
  EXPECT_EQ(late.handshake(), Step::starved);
  carry(late, eager);
  EXPECT_EQ(eager.handshake(), Step::done);
  ASSERT_EQ(eager.write(as_bytes(std::string_view("at once"))), Step::done);
  carry(eager, late);
  EXPECT_EQ(late.handshake(), Step::done);
  Step step = Step::done;
  EXPECT_EQ(read_all(late, step), "at once");
}

TEST_F(TlsEngineTest, NewKeysOfThePeerAreAnsweredBeforeTheNextBytes) {
  ASSERT_EQ(SSL_key_update(server.native(), SSL_KEY_UPDATE_REQUESTED), 1);
  ASSERT_EQ(server.write(as_bytes(std::string_view("new"))), Step::done);
  carry(server, client);
  Step step = Step::done;
  EXPECT_EQ(read_all(client, step), "new");
  EXPECT_EQ(step, Step::starved);
  ASSERT_EQ(client.write(as_bytes(std::string_view("answer"))), Step::done);
  EXPECT_EQ(read_all(server, step), "");
  carry(client, server);
  EXPECT_EQ(read_all(server, step), "answer");
}

TEST_F(TlsEngineTest, WhatCameBeforeADamagedRecordIsDeliveredThenTheDamageIsTold) {
  ASSERT_EQ(client.write(as_bytes(std::string_view("whole"))), Step::done);
  ASSERT_EQ(client.write(as_bytes(std::string_view("damaged"))), Step::done);
  client.output().back() ^= std::byte{1};
  carry(client, server);
  Step step = Step::done;
  EXPECT_EQ(read_all(server, step), "whole");
  EXPECT_EQ(step, Step::failed);
  EXPECT_THAT(server.reason(), testing::HasSubstr("bad record mac"));
  EXPECT_FALSE(server.output().empty()) << "the peer is told by an alert";
  EXPECT_EQ(read_all(server, step), "");
  EXPECT_EQ(step, Step::failed);
}

TEST_F(TlsEngineTest, EndsWhenBothHaveSaidSo) {
  EXPECT_EQ(client.shut_down(), Step::starved);
  carry(client, server);
  Step step = Step::done;
  read_all(server, step);
  EXPECT_EQ(step, Step::ended);
  EXPECT_EQ(server.shut_down(), Step::done);
  carry(server, client);
  EXPECT_EQ(client.shut_down(), Step::done);
}

TEST_F(TlsEngineTest, GarbageIsRefusedWithAReason) {
  TlsEngine other(trusting(identity), TlsEngine::Role::client);
  EXPECT_EQ(other.handshake(), Step::starved);
  const std::string_view garbage = "HTTP/1.1 400 Bad Request\r\n\r\n";
  std::memcpy(other.room().data(), garbage.data(), garbage.size());
  other.received(garbage.size());
  EXPECT_EQ(other.handshake(), Step::failed);
  EXPECT_THAT(other.reason(), testing::HasSubstr("wrong version number"));
}

}  // namespace
}  // namespace kinesis::http
