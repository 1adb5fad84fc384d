#include "http/raw_peer.hpp"
#include "http/test_server.hpp"
#include <kinesis/testing/manual_clock.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// The client against servers that misbehave.
namespace kinesis::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

using Connection = std::shared_ptr<RawConnection>;

class ClientTest : public ::testing::Test {
 protected:
  TestContext loop;
  std::shared_ptr<kinesis::testing::ManualClock> manual = std::make_shared<kinesis::testing::ManualClock>();

  std::shared_ptr<Client> client(ClientOptions options = {}) {
    options.executor = loop.executor();
    return make_client(std::move(options));
  }
  template <class Done>
  void run_until(Done done) {
    loop.context.restart();
    while (!done() && loop.context.run_one() > 0) continue;
    EXPECT_TRUE(done());
  }
  /// One GET, and its outcome.
  Result<Response> get(Client& client, Endpoint endpoint, RequestOptions options = RequestOptions()) {
    std::optional<Result<Response>> outcome;
    auto scenario = [&]() -> awaitable<void> {
      Request request("GET", "/");
      outcome.emplace(co_await client.send(endpoint, std::move(request), options));
    };
    loop.run(scenario());
    return *outcome;
  }
  /// What a GET gets from a server that answers with these bytes and closes.
  Result<Response> answer(std::string bytes) {
    auto script = [bytes](Connection connection, int) -> awaitable<void> {
      co_await connection->read_until("\r\n\r\n");
      co_await connection->write(bytes);
    };
    const RawServer server(loop.executor(), script);
    const auto client = this->client();
    return get(*client, server.endpoint());
  }
  /// What a GET fails with while the clock moves on, once the server has set `ready`. Nothing if that takes a minute.
  std::optional<Error> failure_of_a_request(Client& client, const RawServer& server, const bool& ready) {
    const auto error = std::make_shared<std::optional<Error>>();
    auto scenario = [](Client& client, Endpoint endpoint,
                       std::shared_ptr<std::optional<Error>> out) -> awaitable<void> {
      Request request("GET", "/");
      const auto response = co_await client.send(std::move(endpoint), std::move(request));
      *out = response.error();
    };
    core::spawn(loop.executor(), scenario(client, server.endpoint(), error));
    run_until([&] { return ready; });
    const auto poll = [this] {
      for (int i = 0; i < 100; ++i) loop.context.poll_one();
    };
    poll();
    const Clock::time_point limit = manual->now() + 60s;
    while (!*error && manual->now() < limit && manual->advance_to_next()) poll();
    return *error;
  }
  static errc code_of(const Result<Response>& outcome) {
    EXPECT_FALSE(outcome);
    return outcome ? errc::internal : outcome.error().code();
  }
};

TEST_F(ClientTest, SendsWhatHttp11Wants) {
  std::string seen;
  auto script = [&](Connection connection, int) -> awaitable<void> {
    seen = co_await connection->read_until("body!");
    co_await connection->write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  };
  const RawServer server(loop.executor(), script);
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    std::vector<Blob> parts{Blob("bo"), Blob("dy!")};
    Request request("POST", "/path?q", Headers{{"X-A", "b"}, {"connection", "close"}, {"content-length", "99"}},
                    Body(std::move(parts)));
    const auto response = co_await client->send(server.endpoint(), std::move(request));
    EXPECT_TRUE(response) << response.error().what();
  };
  loop.run(scenario());
  EXPECT_EQ(seen, "POST /path?q HTTP/1.1\r\nhost: 127.0.0.1:" + std::to_string(server.port()) +
                      "\r\nx-a: b\r\ncontent-length: 5\r\n\r\nbody!");
}

TEST_F(ClientTest, GarbageIsAProtocolError) {
  EXPECT_EQ(code_of(answer("this is not HTTP\r\n\r\n")), errc::protocol);
  EXPECT_EQ(code_of(answer("HTTP/1.1 2x0 OK\r\n\r\n")), errc::protocol);
  EXPECT_EQ(code_of(answer("HTTP/1.1 200 OK\r\nbad header\r\n\r\n")), errc::protocol);
  EXPECT_EQ(code_of(answer("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab")), errc::protocol);
  EXPECT_EQ(code_of(answer("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n")), errc::protocol);
  EXPECT_EQ(code_of(answer("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n")), errc::protocol);
  EXPECT_EQ(code_of(answer("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n")), errc::protocol);
}

TEST_F(ClientTest, HalfAnAnswerIsAConnectionError) {
  for (const char* text :
       {"", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
    const auto outcome = answer(text);
    EXPECT_EQ(code_of(outcome), errc::connection) << text;
    EXPECT_TRUE(outcome.error().retryable());
    EXPECT_EQ(outcome.error().attempts(), 1);
  }
}

TEST_F(ClientTest, UnderstandsEveryFraming) {
  const auto text_of = [](const Result<Response>& outcome) {
    EXPECT_TRUE(outcome) << outcome.error().what();
    return outcome ? std::string(outcome->body.text()) : std::string();
  };
  EXPECT_EQ(text_of(answer("HTTP/1.1 200 OK\r\n\r\nto the end")), "to the end");
  EXPECT_EQ(text_of(answer("HTTP/1.0 200 OK\r\n\r\nto the end")), "to the end");
  EXPECT_EQ(text_of(answer("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcdef")), "abc");
  EXPECT_EQ(text_of(answer(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nx-t: 1\r\n\r\n")),
            "abcde");
  EXPECT_EQ(text_of(answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\n"
                           "content-length: 2\r\n\r\nok")),
            "ok");
  EXPECT_EQ(text_of(answer("\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")), "ok");
}

TEST_F(ClientTest, AHeadOverTheLimitIsTooLarge) {
  EXPECT_EQ(code_of(answer("HTTP/1.1 200 OK\r\nx: " + std::string(100'000, 'x') + "\r\n\r\n")), errc::too_large);
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 10'000; ++i) many += "name: value\r\n";
  EXPECT_EQ(code_of(answer(many + "\r\n")), errc::too_large);
}

TEST_F(ClientTest, LinesBetweenChunksAreLimitedToo) {
  const std::string head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
  EXPECT_EQ(code_of(answer(head + "5;x=" + std::string(1'000'000, 'x'))), errc::too_large);
  EXPECT_EQ(code_of(answer(head + "0\r\nx: " + std::string(1'000'000, 'x'))), errc::too_large);
}

TEST_F(ClientTest, ABodyToTheEndIsLimitedToo) {
  auto script = [](Connection connection, int) -> awaitable<void> {
    co_await connection->read_until("\r\n\r\n");
    co_await connection->write("HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x'));
  };
  const RawServer server(loop.executor(), script);
  ClientOptions options;
  options.max_body = 50'000;
  const auto client = this->client(std::move(options));
  EXPECT_EQ(code_of(get(*client, server.endpoint())), errc::too_large);
}

TEST_F(ClientTest, NothingAtAllIsATimeout) {
  bool asked = false;
  auto script = [&](Connection connection, int) -> awaitable<void> {
    co_await connection->read_until("\r\n\r\n");
    asked = true;
    co_await connection->read_to_end();
  };
  const RawServer server(loop.executor(), script);
  ClientOptions options;
  options.clock = manual;
  options.timeouts.first_byte = 3s;
  const auto client = this->client(std::move(options));
  std::optional<Error> error;
  auto scenario = [&]() -> awaitable<void> {
    Request request("GET", "/");
    const auto response = co_await client->send(server.endpoint(), std::move(request));
    error = response.error();
  };
  core::spawn(loop.executor(), scenario());
  run_until([&] { return asked; });
  manual->advance(2s);
  for (int i = 0; i < 50; ++i) loop.context.poll_one();
  EXPECT_FALSE(error);
  manual->advance(1s);
  run_until([&] { return error.has_value(); });
  EXPECT_EQ(error->code(), errc::timeout);
}

TEST_F(ClientTest, ATlsHandshakeThatHangsIsATimeoutOfItsOwn) {
  bool greeted = false;
  auto script = [&](Connection connection, int) -> awaitable<void> {
    co_await connection->read_exactly(5);
    greeted = true;
    co_await connection->read_to_end();
  };
  const RawServer server(loop.executor(), script);
  ClientOptions options;
  options.clock = manual;
  options.timeouts.tls = 4s;
  const auto client = this->client(std::move(options));
  std::optional<Error> error;
  auto scenario = [&]() -> awaitable<void> {
    Request request("GET", "/");
    const auto response = co_await client->send(server.endpoint(true), std::move(request));
    error = response.error();
  };
  core::spawn(loop.executor(), scenario());
  run_until([&] { return greeted; });
  manual->advance(4s);
  run_until([&] { return error.has_value(); });
  EXPECT_EQ(error->code(), errc::timeout);
  EXPECT_THAT(error->what(), HasSubstr("TLS"));
  EXPECT_FALSE(possibly_sent(*error));
}

TEST_F(ClientTest, NoListenerIsAConnectionErrorThatWasNeverSent) {
  std::uint16_t port = 0;
  {
    auto script = [](Connection, int) -> awaitable<void> { co_return; };
    const RawServer server(loop.executor(), script);
    port = server.port();
  }
  const auto client = this->client();
  const auto outcome = get(*client, Endpoint(false, "127.0.0.1", port));
  EXPECT_EQ(code_of(outcome), errc::connection);
  EXPECT_FALSE(possibly_sent(outcome.error()));
  EXPECT_TRUE(outcome.error().retryable());
  EXPECT_THAT(outcome.error().what(), HasSubstr("127.0.0.1:" + std::to_string(port)));
}

TEST_F(ClientTest, AnUnknownHostIsAConnectionError) {
  const auto client = this->client();
  const auto outcome = get(*client, Endpoint(false, "no-such-host.invalid", 80));
  EXPECT_EQ(code_of(outcome), errc::connection);
  EXPECT_THAT(outcome.error().what(), HasSubstr("no-such-host.invalid"));
}

TEST_F(ClientTest, LocalhostIsFoundUnderEitherAddress) {
  auto script = [](Connection connection, int) -> awaitable<void> {
    co_await connection->read_until("\r\n\r\n");
    co_await connection->write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  };
  const RawServer server(loop.executor(), script);
  const auto client = this->client();
  const auto outcome = get(*client, Endpoint(false, "localhost", server.port()));
  EXPECT_TRUE(outcome) << outcome.error().what();
}

TEST_F(ClientTest, WaitersForAConnectionTakeTurnsAndTimeOut) {
  std::vector<std::string> seen;
  core::Notifier gate(loop.executor(), *manual);
  auto script = [&](Connection connection, int) -> awaitable<void> {
    while (true) {
      const std::string head = co_await connection->read_until("\r\n\r\n");
      if (head.empty()) co_return;
      seen.push_back(head.substr(0, head.find(" HTTP")));
      if (seen.size() == 1) co_await gate.wait();
      co_await connection->write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    }
  };
  const RawServer server(loop.executor(), script);
  ClientOptions options;
  options.clock = manual;
  options.max_connections_per_host = 1;
  const auto client = this->client(std::move(options));
  std::vector<std::string> outcomes;
  auto ask = [&](std::string target, Clock::duration total) -> awaitable<void> {
    Request request("GET", target);
    RequestOptions limits;
    limits.timeouts.emplace();
    limits.timeouts->total = total;
    const auto response = co_await client->send(server.endpoint(), std::move(request), limits);
    outcomes.push_back(target + (response ? " ok" : " " + std::string(to_string(response.error().code()))));
    if (!response) {
      EXPECT_FALSE(possibly_sent(response.error()));
    }
  };
  core::spawn(loop.executor(), ask("/1", 30s));
  core::spawn(loop.executor(), ask("/2", 30s));
  core::spawn(loop.executor(), ask("/3", 5s));
  core::spawn(loop.executor(), ask("/4", 30s));
  run_until([&] { return seen.size() == 1; });
  manual->advance(5s);
  run_until([&] { return outcomes.size() == 1; });
  gate.wake();
  run_until([&] { return outcomes.size() == 4; });
  EXPECT_THAT(outcomes, ::testing::ElementsAre("/3 timeout", "/1 ok", "/2 ok", "/4 ok"));
  EXPECT_THAT(seen, ::testing::ElementsAre("GET /1", "GET /2", "GET /4"));
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(ClientTest, AnIdleConnectionThatTheServerClosedIsNotUsed) {
  Connection first;
  auto script = [&](Connection connection, int number) -> awaitable<void> {
    if (number == 0) first = connection;
    co_await connection->read_until("\r\n\r\n");
    co_await connection->write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    if (number == 0) co_await connection->read_to_end();
  };
  const RawServer server(loop.executor(), script);
  const auto client = this->client();
  EXPECT_TRUE(get(*client, server.endpoint()));
  first->close();
  RequestOptions once;
  once.replay_when_stale = false;
  EXPECT_TRUE(get(*client, server.endpoint(), once));
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(client->stats().replays, 0u);
}

TEST_F(ClientTest, ARequestIsNotReplayedOnceAByteOfAnAnswerCame) {
  auto script = [](Connection connection, int) -> awaitable<void> {
    co_await connection->read_until("\r\n\r\n");
    co_await connection->write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    co_await connection->read_until("\r\n\r\n");
    co_await connection->write("HTTP");
  };
  const RawServer server(loop.executor(), script);
  const auto client = this->client();
  EXPECT_TRUE(get(*client, server.endpoint()));
  EXPECT_EQ(code_of(get(*client, server.endpoint())), errc::connection);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(ClientTest, AnEarlyRefusalIsReadEvenIfTheRequestCouldNotBeWritten) {
  auto script = [](Connection connection, int) -> awaitable<void> {
    co_await connection->read_until("\r\n\r\n");
    co_await connection->write("HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    connection->finish_writing();
    co_await connection->read_to_end();
  };
  const RawServer server(loop.executor(), script);
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    Request request("POST", "/", Headers(), Body(pattern(5'000'000)));
    const auto response = co_await client->send(server.endpoint(), std::move(request));
    EXPECT_TRUE(response) << response.error().what();
    if (response) {
      EXPECT_EQ(response->status, 413);
    }
  };
  loop.run(scenario());
}

TEST_F(ClientTest, BytesNobodyAskedForEndAConnection) {
  auto script = [](Connection connection, int) -> awaitable<void> {
    co_await connection->read_until("\r\n\r\n");
    co_await connection->write(
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfalse");
    co_await connection->read_to_end();
  };
  const RawServer server(loop.executor(), script);
  const auto client = this->client();
  for (int i = 1; i <= 2; ++i) {
    const auto outcome = get(*client, server.endpoint());
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->body.text(), "ok");
    EXPECT_EQ(server.connections(), i);
  }
}

TEST_F(ClientTest, RefusesRequestsThatWouldSmuggleALine) {
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    for (const auto& [method, target] : {std::pair("GET", "/ HTTP/1.1\r\nx: y"), std::pair("GET", "/a b"),
                                         std::pair("GET", ""), std::pair("GET /\r\n", "/"), std::pair("", "/")}) {
      Request request(method, target);
      const auto response = co_await client->send(Endpoint(false, "127.0.0.1", 1), std::move(request));
      EXPECT_FALSE(response);
      if (!response) {
        EXPECT_EQ(response.error().code(), errc::invalid_argument);
      }
    }
  };
  loop.run(scenario());
}

TEST_F(ClientTest, RefusesOptionsThatMakeNoSense) {
  EXPECT_THROW(make_client(ClientOptions()), Error);
  ClientOptions options;
  options.executor = loop.executor();
  options.stream_window = 1000;
  EXPECT_THROW(make_client(options), Error);
  options.stream_window = 1u << 20;
  options.proxy.https = *Url::parse("https://p");
  EXPECT_THROW(make_client(options), Error);
  options.proxy.https.reset();
  options.tls.ca_file = "/does/not/exist";
  EXPECT_THROW(make_client(options), Error);
}

// HTTP/2.

TEST_F(ClientTest, AServerThatSpeaksNoHttp2IsAProtocolError) {
  auto script = [](Connection connection, int) -> awaitable<void> {
    co_await connection->read_until("SM\r\n\r\n");
    co_await connection->write("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    co_await connection->read_to_end();
  };
  const RawServer server(loop.executor(), script);
  ClientOptions options;
  options.version = VersionPolicy::http2_prior_knowledge;
  const auto client = this->client(std::move(options));
  EXPECT_EQ(code_of(get(*client, server.endpoint())), errc::protocol);
}

TEST_F(ClientTest, AnUnansweredPingEndsTheConnection) {
  bool greeted = false;
  bool ended = false;
  auto script = [&](Connection connection, int) -> awaitable<void> {
    co_await connection->read_until("SM\r\n\r\n");
    co_await connection->write(std::string("\0\0\0\4\0\0\0\0\0", 9));  // SETTINGS, and nothing more
    greeted = true;
    co_await connection->read_to_end();
    ended = true;
  };
  const RawServer server(loop.executor(), script);
  ClientOptions options;
  options.version = VersionPolicy::http2_prior_knowledge;
  options.clock = manual;
  options.ping_interval = 10s;
  options.ping_timeout = 5s;
  options.timeouts.first_byte = 0s;
  options.timeouts.total = 0s;
  const auto client = this->client(std::move(options));
  const std::optional<Error> error = failure_of_a_request(*client, server, greeted);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), errc::connection);
  EXPECT_THAT(error->what(), HasSubstr("PING"));
  run_until([&] { return ended; });
}

// It was left open for ever, and with it the thread of a client that has one.
TEST_F(ClientTest, AnHttp2ConnectionThatTimedOutIsClosed) {
  bool greeted = false;
  bool ended = false;
  auto script = [&](Connection connection, int) -> awaitable<void> {
    co_await connection->read_until("SM\r\n\r\n");
    greeted = true;  // and not a byte in answer
    co_await connection->read_to_end();
    ended = true;
  };
  const RawServer server(loop.executor(), script);
  ClientOptions options;
  options.version = VersionPolicy::http2_prior_knowledge;
  options.clock = manual;
  options.timeouts.first_byte = 5s;
  const auto client = this->client(std::move(options));
  const std::optional<Error> error = failure_of_a_request(*client, server, greeted);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), errc::timeout);
  run_until([&] { return ended; });
  EXPECT_EQ(client->stats().connections_open, 0u);
}

}  // namespace
}  // namespace kinesis::http
