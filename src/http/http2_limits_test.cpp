#include "http/raw_peer.hpp"
#include "http/test_server.hpp"

#include <gtest/gtest.h>

#include <vector>

// A client of HTTP/2 whose server allows fewer requests at a time than it did.
namespace kinesis::http {
namespace {

constexpr char headers_frame = 1;
constexpr char settings_frame = 4;
constexpr char window_update_frame = 8;
constexpr char max_concurrent_streams = 3;
constexpr char initial_window_size = 4;

std::string number(std::uint32_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text.push_back(static_cast<char>(value >> (8 * i)));
  return text;
}

std::string frame(char type, char flags, std::uint32_t stream, std::string_view payload = "") {
  std::string text = number(static_cast<std::uint32_t>(payload.size()), 3);
  text.push_back(type);
  text.push_back(flags);
  return text + number(stream, 4) + std::string(payload);
}
std::string setting(char id, std::uint32_t value) {
  return frame(settings_frame, 0, 0, number(id, 2) + number(value, 4));
}
/// ":status: 200", and more to come.
std::string answer_head(std::uint32_t stream) { return frame(headers_frame, 4, stream, "\x88"); }

struct Frame {
  char type = 0;
  char flags = 0;
  std::uint32_t stream = 0;
};

/// Nothing at the end of the connection.
core::awaitable<std::optional<Frame>> read_frame(std::shared_ptr<RawConnection> connection) {
  const std::string head = co_await connection->read_exactly(9);
  if (head.size() < 9) co_return std::nullopt;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(head[i])); };
  const std::string payload = co_await connection->read_exactly(byte(0) << 16 | byte(1) << 8 | byte(2));
  Frame frame;
  frame.type = head[3];
  frame.flags = head[4];
  frame.stream = byte(5) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8);
  co_return frame;
}

class Http2LimitsTest : public ::testing::Test {
 protected:
  TestContext loop;
  std::shared_ptr<Client> client = make();

  std::shared_ptr<Client> make() {
    ClientOptions options;
    options.executor = loop.executor();
    options.version = VersionPolicy::http2_prior_knowledge;
    return make_client(std::move(options));
  }
  template <class Done>
  void run_until(Done done) {
    loop.context.restart();
    while (!done() && loop.context.run_one() > 0) continue;
    EXPECT_TRUE(done());
  }
  /// Answers the first request, and says nothing more.
  static core::awaitable<void> answer_one(std::shared_ptr<RawConnection> connection) {
    co_await connection->read_exactly(24);
    co_await connection->write(frame(settings_frame, 0, 0));
    while (true) {
      const auto received = co_await read_frame(connection);
      if (!received) co_return;
      if (received->type == headers_frame) co_await connection->write(answer_head(received->stream));
    }
  }
  core::awaitable<void> open(Endpoint endpoint, std::optional<Result<StreamedResponse>>* out) {
    Request request("GET", "/");
    out->emplace(co_await client->open(std::move(endpoint), std::move(request)));
  }
};

TEST_F(Http2LimitsTest, AConnectionThatTakesFewerIsLeftToWhatItHas) {
  int acknowledged = 0;
  auto script = [&](std::shared_ptr<RawConnection> connection, int index) -> core::awaitable<void> {
    if (index > 0) co_return co_await answer_one(std::move(connection));
    co_await connection->read_exactly(24);
    co_await connection->write(frame(settings_frame, 0, 0));
    while (true) {
      const auto received = co_await read_frame(connection);
      if (!received) co_return;
      if (received->type == settings_frame && received->flags == 1) ++acknowledged;
      if (received->type != headers_frame) continue;
      co_await connection->write(answer_head(received->stream));
      co_await connection->write(setting(max_concurrent_streams, 1));
    }
  };
  const RawServer server(loop.executor(), script);
  std::optional<Result<StreamedResponse>> first;
  std::optional<Result<StreamedResponse>> second;
  core::spawn(loop.executor(), open(server.endpoint(), &first));
  run_until([&] { return first && acknowledged == 2; });
  core::spawn(loop.executor(), open(server.endpoint(), &second));
  run_until([&] { return second.has_value(); });
  EXPECT_TRUE(second->has_value());
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(Http2LimitsTest, WhatWasNotSentWhenTheLimitFellGoesOverAnotherConnection) {
  core::Notifier gate(loop.executor(), *Clock::system());
  bool begun = false;
  auto script = [&](std::shared_ptr<RawConnection> connection, int index) -> core::awaitable<void> {
    if (index > 0) co_return co_await answer_one(std::move(connection));
    co_await connection->read_exactly(24);
    co_await connection->write(setting(initial_window_size, 0x7fff'ffff));
    co_await connection->write(frame(window_update_frame, 0, 0, number(0x7fff'0000, 4)));
    while (!begun) {
      const auto received = co_await read_frame(connection);
      begun = received && received->type == headers_frame;
    }
    // From now on it takes nothing: the body of the first request is in the way of the second one.
    co_await gate.wait();
    co_await connection->write(setting(max_concurrent_streams, 1));
    co_await gate.wait();
  };
  const RawServer server(loop.executor(), script);
  bool large_ended = false;
  auto large = [&]() -> core::awaitable<void> {
    Request request("POST", "/", Headers(), Body(std::string(32u << 20, 'b')));
    const auto none = co_await client->send(server.endpoint(), std::move(request));
    EXPECT_FALSE(none);
    large_ended = true;
  };
  core::spawn(loop.executor(), large());
  run_until([&] { return begun; });
  std::optional<Result<StreamedResponse>> second;
  core::spawn(loop.executor(), open(server.endpoint(), &second));
  loop.context.restart();
  while (loop.context.poll() > 0) continue;
  EXPECT_FALSE(second);
  EXPECT_EQ(server.connections(), 1);
  gate.wake();
  run_until([&] { return second.has_value(); });
  EXPECT_TRUE(second->has_value());
  EXPECT_EQ(server.connections(), 2);
  client->close();
  run_until([&] { return large_ended; });
  gate.wake();
  loop.context.restart();
  while (loop.context.poll() > 0) continue;
}

}  // namespace
}  // namespace kinesis::http
