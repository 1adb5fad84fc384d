#include "http/test_server.hpp"
#include <kinesis/testing/manual_clock.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// Client and server against each other, over each of the ways they can speak.
namespace kinesis::http {
namespace {

using namespace std::chrono_literals;
using ::testing::Optional;

enum class Wire { http1, h2c, tls_http1, tls_http2, tls_http2_without_alpn };

std::string name_of(const ::testing::TestParamInfo<Wire>& info) {
  static const char* const names[] = {"Http1", "H2c", "TlsHttp1", "TlsHttp2", "TlsHttp2WithoutAlpn"};
  return names[static_cast<int>(info.param)];
}

const SelfSigned& certificate() {
  static const SelfSigned made = make_self_signed();
  return made;
}

class WireTest : public ::testing::TestWithParam<Wire> {
 protected:
  TestContext loop;
  std::shared_ptr<kinesis::testing::ManualClock> manual = std::make_shared<kinesis::testing::ManualClock>();

  bool secure() const { return GetParam() != Wire::http1 && GetParam() != Wire::h2c; }
  bool http2() const { return GetParam() != Wire::http1 && GetParam() != Wire::tls_http1; }

  std::shared_ptr<Server> serve(FunctionHandler::Function function, ServerOptions options = {}) {
    options.executor = loop.executor();
    if (secure()) {
      std::vector<std::string> alpn{"h2", "http/1.1"};
      if (GetParam() == Wire::tls_http2_without_alpn) alpn.clear();
      options.tls = TlsContext::for_server(certificate().certificate_chain, certificate().private_key, alpn);
    }
    return make_server(std::move(options), handler(std::move(function)));
  }
  std::shared_ptr<Client> client(ClientOptions options = {}) {
    options.executor = loop.executor();
    options.tls.ca_pem = certificate().ca_certificate;
    switch (GetParam()) {
      case Wire::http1:
      case Wire::tls_http2: options.version = VersionPolicy::automatic; break;
      case Wire::tls_http1: options.version = VersionPolicy::http1; break;
      case Wire::h2c:
      case Wire::tls_http2_without_alpn: options.version = VersionPolicy::http2_prior_knowledge; break;
    }
    return make_client(std::move(options));
  }
  Endpoint at(const Server& server) const { return Endpoint(secure(), "127.0.0.1", server.port()); }

  /// Runs what is ready until `done` is true.
  template <class Done>
  void run_until(Done done) {
    loop.context.restart();
    while (!done() && loop.context.run_one() > 0) continue;
    EXPECT_TRUE(done());
  }
};

INSTANTIATE_TEST_SUITE_P(Http, WireTest,
                         ::testing::Values(Wire::http1, Wire::h2c, Wire::tls_http1, Wire::tls_http2,
                                         Wire::tls_http2_without_alpn),
                         name_of);

TEST_P(WireTest, CarriesRequestsAndAnswersOverOneConnection) {
  const auto server = serve(echo);
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    for (const std::size_t size : {0u, 1u, 1000u, 100'000u, 3'000'000u}) {
      Request request("POST", "/a?b=c", Headers{{"Content-Type", "x/y"}}, Body(pattern(size)));
      const auto response = co_await client->send(at(*server), std::move(request));
      EXPECT_TRUE(response) << response.error().what();
      if (!response) co_return;
      EXPECT_EQ(response->status, 200);
      EXPECT_TRUE(response->body.text() == pattern(size));
      EXPECT_THAT(response->headers.find("x-method"), Optional(std::string_view("POST")));
      EXPECT_THAT(response->headers.find("x-target"), Optional(std::string_view("/a?b=c")));
      EXPECT_THAT(response->headers.find("x-version"), Optional(std::string_view(http2() ? "2" : "1.1")));
      EXPECT_THAT(response->headers.find("x-secure"), Optional(std::string_view(secure() ? "yes" : "no")));
      EXPECT_THAT(response->headers.find("x-host"), Optional(at(*server).authority()));
      EXPECT_THAT(response->headers.find("content-type"), Optional(std::string_view("x/y")));
      EXPECT_THAT(response->headers.find("content-length"), Optional(std::to_string(size)));
    }
  };
  loop.run(scenario());
  EXPECT_EQ(server->stats().connections_accepted, 1u);
  EXPECT_EQ(server->stats().requests, 5u);
  EXPECT_EQ(client->stats().connections_opened, 1u);
  EXPECT_EQ(client->stats().replays, 0u);
}

TEST_P(WireTest, SendsABodyOfManyParts) {
  const auto server = serve(echo);
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    std::vector<Blob> parts;
    std::string all;
    for (std::size_t i = 0; i < 500; ++i) {
      parts.emplace_back(pattern(i * 7));
      all += pattern(i * 7);
    }
    Request request("POST", "/", Headers(), Body(std::move(parts)));
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_TRUE(response) << response.error().what();
    if (response) {
      EXPECT_TRUE(response->body.text() == all);
    }
  };
  loop.run(scenario());
}

TEST_P(WireTest, LeavesPaddingBehindBodies) {
  auto check = [](ServerRequest request) -> awaitable<ServerResponse> {
    for (std::size_t i = 0; i < body_padding; ++i) EXPECT_EQ(request.body.bytes().data()[request.body.size() + i], std::byte{0});
    co_return ServerResponse(200, Headers(), request.body);
  };
  const auto server = serve(check);
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    for (const std::size_t size : {1u, 4096u, 65'536u, 70'000u}) {
      Request request("POST", "/", Headers(), Body(pattern(size)));
      const auto response = co_await client->send(at(*server), std::move(request));
      EXPECT_TRUE(response) << response.error().what();
      if (!response) co_return;
      for (std::size_t i = 0; i < body_padding; ++i) EXPECT_EQ(response->body.bytes().data()[size + i], std::byte{0});
    }
  };
  loop.run(scenario());
}

TEST_P(WireTest, AnswersWithoutABodyLeaveTheConnectionUsable) {
  auto answer = [](ServerRequest request) -> awaitable<ServerResponse> {
    if (request.target == "/204") co_return ServerResponse(204);
    if (request.target == "/304") co_return ServerResponse(304, Headers(), Body("not sent"));
    co_return ServerResponse(200, Headers(), Body("hello"));
  };
  const auto server = serve(answer);
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    for (const auto& [method, target] : {std::pair("GET", "/204"), std::pair("GET", "/304"), std::pair("HEAD", "/x")}) {
      Request request(method, target);
      const auto response = co_await client->send(at(*server), std::move(request));
      EXPECT_TRUE(response) << response.error().what();
      if (response) {
        EXPECT_TRUE(response->body.empty());
      }
    }
    Request request("GET", "/x");
    const auto response = co_await client->send(at(*server), std::move(request));
    if (response) {
      EXPECT_EQ(response->body.text(), "hello");
    }
  };
  loop.run(scenario());
  EXPECT_EQ(client->stats().connections_opened, 1u);
}

TEST_P(WireTest, ManyRequestsShareFewConnections) {
  auto slow = [](ServerRequest request) -> awaitable<ServerResponse> {
    for (int i = 0; i < 10; ++i) co_await core::yield();
    co_return co_await echo(std::move(request));
  };
  const auto server = serve(slow);
  ClientOptions options;
  options.max_connections_per_host = 3;
  options.max_streams_per_connection = 40;
  const auto client = this->client(std::move(options));
  int answered = 0;
  auto one = [&](int i) -> awaitable<void> {
    Request request("POST", "/" + std::to_string(i), Headers(), Body(pattern(i * 100)));
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_TRUE(response) << response.error().what();
    if (!response) co_return;
    EXPECT_TRUE(response->body.text() == pattern(i * 100));
    EXPECT_THAT(response->headers.find("x-target"), Optional("/" + std::to_string(i)));
    ++answered;
  };
  auto scenario = [&]() -> awaitable<void> {
    core::TaskGroup group(loop.executor());
    for (int i = 0; i < 300; ++i) group.spawn(one(i));
    co_await group.join();
  };
  loop.run(scenario());
  EXPECT_EQ(answered, 300);
  EXPECT_EQ(client->stats().connections_opened, 3u);
}

TEST_P(WireTest, StreamsABody) {
  auto streamed = [](ServerRequest) -> awaitable<ServerResponse> {
    auto writer = [](std::shared_ptr<ResponseStream> stream) -> awaitable<void> {
      for (int i = 0; i < 100; ++i) {
        const auto written = co_await stream->write(Body(std::to_string(i) + ","));
        EXPECT_TRUE(written);
        if (i % 10 == 0) co_await core::yield();
      }
    };
    co_return ServerResponse(200, Headers{{"x-kind", "stream"}}, ServerResponse::Writer(writer));
  };
  const auto server = serve(streamed);
  const auto client = this->client();
  std::string expected;
  for (int i = 0; i < 100; ++i) expected += std::to_string(i) + ",";
  auto scenario = [&]() -> awaitable<void> {
    for (int round = 0; round < 2; ++round) {
      Request request("GET", "/");
      auto response = co_await client->open(at(*server), std::move(request));
      EXPECT_TRUE(response) << response.error().what();
      if (!response) co_return;
      EXPECT_EQ(response->status, 200);
      EXPECT_THAT(response->headers.find("x-kind"), Optional(std::string_view("stream")));
      std::string text;
      while (true) {
        const auto piece = co_await response->read();
        EXPECT_TRUE(piece) << piece.error().what();
        if (!piece || !*piece) break;
        text += (*piece)->text();
      }
      EXPECT_EQ(text, expected);
      const auto again = co_await response->read();
      EXPECT_TRUE(again && !*again);
    }
    Request request("GET", "/");
    const auto whole = co_await client->send(at(*server), std::move(request));
    EXPECT_TRUE(whole) << whole.error().what();
    if (whole) {
      EXPECT_EQ(whole->body.text(), expected);
    }
  };
  loop.run(scenario());
  EXPECT_EQ(client->stats().connections_opened, 1u);
}

TEST_P(WireTest, AStreamThatIsCutOffIsAnError) {
  auto streamed = [](ServerRequest request) -> awaitable<ServerResponse> {
    const std::string how = request.target;
    auto writer = [how](std::shared_ptr<ResponseStream> stream) -> awaitable<void> {
      const auto written = co_await stream->write(Body("begin"));
      EXPECT_TRUE(written);
      if (how == "/truncate") stream->truncate();
      if (how == "/reset") stream->reset(2);
      if (how == "/throw") throw Error(errc::internal, "on purpose");
    };
    ServerResponse::Writer named = writer;
    co_return ServerResponse(200, Headers(), std::move(named));
  };
  const auto server = serve(streamed);
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    for (const char* how : {"/truncate", "/reset", "/throw"}) {
      Request request("GET", how);
      auto response = co_await client->open(at(*server), std::move(request));
      EXPECT_TRUE(response) << response.error().what();
      if (!response) co_return;
      std::optional<Error> error;
      std::string text;
      while (!error) {
        const auto piece = co_await response->read();
        if (!piece) error = piece.error();
        else if (*piece) text += (*piece)->text();
        else break;
      }
      EXPECT_TRUE(error) << how;
      if (error) {
        EXPECT_EQ(error->code(), errc::connection) << how << error->what();
      }
    }
  };
  loop.run(scenario());
}

TEST_P(WireTest, CancellingAStreamCancelsItsWriter) {
  bool writing = false;
  bool cancelled = false;
  auto streamed = [&](ServerRequest) -> awaitable<ServerResponse> {
    auto writer = [&](std::shared_ptr<ResponseStream> stream) -> awaitable<void> {
      writing = true;
      std::exception_ptr failure;
      try {
        while (true) {
          const auto written = co_await stream->write(Body(pattern(100'000)));
          if (!written) break;
        }
      } catch (...) {
        failure = std::current_exception();
      }
      cancelled = true;
      if (failure) std::rethrow_exception(failure);
    };
    co_return ServerResponse(200, Headers(), ServerResponse::Writer(writer));
  };
  const auto server = serve(streamed);
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    Request request("GET", "/");
    auto response = co_await client->open(at(*server), std::move(request));
    EXPECT_TRUE(response);
    if (!response) co_return;
    const auto piece = co_await response->read();
    EXPECT_TRUE(piece && *piece);
    response->cancel();
    const auto after = co_await response->read();
    EXPECT_FALSE(after);
    if (!after) {
      EXPECT_EQ(after.error().code(), errc::cancelled);
    }
  };
  loop.run(scenario());
  run_until([&] { return cancelled; });
  EXPECT_TRUE(writing);
}

TEST_P(WireTest, ResetsAndTruncationsAreConnectionErrors) {
  auto faulty = [](ServerRequest request) -> awaitable<ServerResponse> {
    ServerResponse response(200, Headers(), Body(pattern(200'000)));
    if (request.target == "/reset") response.fault = Fault(Fault::Kind::reset_connection);
    if (request.target == "/stream") response.fault = Fault(Fault::Kind::reset_stream);
    if (request.target == "/none") response.fault = Fault(Fault::Kind::truncate, 0, 2);
    if (request.target == "/cut") response.fault = Fault(Fault::Kind::truncate, 100'000, 2);
    if (request.target == "/cut-stream") response.fault = Fault(Fault::Kind::truncate_stream, 100'000, 2);
    co_return response;
  };
  const auto server = serve(faulty);
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    for (const char* how : {"/reset", "/stream", "/none", "/cut", "/cut-stream"}) {
      Request request("GET", how);
      RequestOptions options;
      options.replay_when_stale = false;
      const auto response = co_await client->send(at(*server), std::move(request), options);
      EXPECT_FALSE(response) << how;
      if (response) continue;
      EXPECT_EQ(response.error().code(), errc::connection) << how << response.error().what();
      EXPECT_TRUE(response.error().retryable()) << how;
      EXPECT_TRUE(possibly_sent(response.error())) << how;
    }
    Request request("GET", "/");
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_TRUE(response);
  };
  loop.run(scenario());
}

TEST_P(WireTest, AStaleConnectionIsReplacedUnseen) {
  auto closing = [](ServerRequest request) -> awaitable<ServerResponse> {
    ServerResponse response = co_await echo(std::move(request));
    response.fault = Fault(Fault::Kind::close_after);
    co_return response;
  };
  const auto server = serve(closing);
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    for (int i = 0; i < 5; ++i) {
      Request request("POST", "/", Headers(), Body(pattern(i)));
      const auto response = co_await client->send(at(*server), std::move(request));
      EXPECT_TRUE(response) << i << response.error().what();
      if (response) {
        EXPECT_EQ(response->body.size(), static_cast<std::size_t>(i));
      }
    }
  };
  loop.run(scenario());
  EXPECT_EQ(server->stats().connections_accepted, 5u);
}

TEST_P(WireTest, ARequestIsReplayedOnceWhenItsReusedConnectionDiesSilently) {
  int calls = 0;
  auto dying = [&](ServerRequest request) -> awaitable<ServerResponse> {
    ServerResponse response = co_await echo(std::move(request));
    ++calls;
    if (calls % 2 == 0) response.fault = Fault(Fault::Kind::reset_connection);
    co_return response;
  };
  const auto server = serve(dying);
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    for (int i = 0; i < 2; ++i) {
      Request request("POST", "/");
      const auto response = co_await client->send(at(*server), std::move(request));
      EXPECT_TRUE(response) << response.error().what();
    }
    EXPECT_EQ(calls, 3);
    RequestOptions once;
    once.replay_when_stale = false;
    Request request("POST", "/");
    const auto response = co_await client->send(at(*server), std::move(request), once);
    EXPECT_FALSE(response);
  };
  loop.run(scenario());
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(client->stats().replays, 1u);
}

TEST_P(WireTest, GoAwayAfterAnAnswerOpensANewConnection) {
  auto leaving = [](ServerRequest request) -> awaitable<ServerResponse> {
    ServerResponse response = co_await echo(std::move(request));
    response.fault = Fault(Fault::Kind::goaway);
    co_return response;
  };
  const auto server = serve(leaving);
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    for (int i = 0; i < 3; ++i) {
      Request request("POST", "/", Headers(), Body(pattern(100'000)));
      const auto response = co_await client->send(at(*server), std::move(request));
      EXPECT_TRUE(response) << response.error().what();
      if (response) {
        EXPECT_EQ(response->body.size(), 100'000u);
      }
    }
  };
  loop.run(scenario());
  EXPECT_EQ(server->stats().connections_accepted, 3u);
  EXPECT_EQ(server->stats().requests, 3u);
}

TEST_P(WireTest, AnAnswerOverTheLimitIsTooLarge) {
  const auto server = serve(echo);
  ClientOptions options;
  options.max_body = 1000;
  const auto client = this->client(std::move(options));
  auto scenario = [&]() -> awaitable<void> {
    Request large("POST", "/", Headers(), Body(pattern(100'000)));
    const auto refused = co_await client->send(at(*server), std::move(large));
    EXPECT_FALSE(refused);
    if (!refused) {
      EXPECT_EQ(refused.error().code(), errc::too_large);
    }
    Request small("POST", "/", Headers(), Body(pattern(1000)));
    const auto accepted = co_await client->send(at(*server), std::move(small));
    EXPECT_TRUE(accepted);
    RequestOptions more;
    more.max_body = 200'000;
    Request again("POST", "/", Headers(), Body(pattern(100'000)));
    const auto larger = co_await client->send(at(*server), std::move(again), more);
    EXPECT_TRUE(larger);
  };
  loop.run(scenario());
}

TEST_P(WireTest, AStreamedAnswerOverTheLimitIsTooLarge) {
  auto streamed = [](ServerRequest) -> awaitable<ServerResponse> {
    auto writer = [](std::shared_ptr<ResponseStream> stream) -> awaitable<void> {
      const auto written = co_await stream->write(Body(pattern(1500)));
      EXPECT_TRUE(written);
    };
    co_return ServerResponse(200, Headers(), ServerResponse::Writer(writer));
  };
  const auto server = serve(streamed);
  ClientOptions options;
  options.max_body = 1000;
  const auto client = this->client(std::move(options));
  auto scenario = [&]() -> awaitable<void> {
    Request request("GET", "/");
    const auto refused = co_await client->send(at(*server), std::move(request));
    EXPECT_FALSE(refused);
    if (!refused) {
      EXPECT_EQ(refused.error().code(), errc::too_large);
    }
  };
  loop.run(scenario());
}

TEST_P(WireTest, RequestsOverTheLimitsAreRefused) {
  bool asked = false;
  auto never = [&](ServerRequest) -> awaitable<ServerResponse> {
    asked = true;
    co_return ServerResponse(200);
  };
  ServerOptions limits;
  limits.max_body = 100'000;
  limits.max_header_bytes = 2000;
  const auto server = serve(never, limits);
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    Request large("POST", "/", Headers(), Body(pattern(400'000)));
    const auto body = co_await client->send(at(*server), std::move(large));
    EXPECT_TRUE(body) << body.error().what();
    if (body) {
      EXPECT_EQ(body->status, 413);
    }
    Request long_head("GET", "/");
    long_head.headers.add("x-long", std::string(3000, 'x'));
    const auto head = co_await client->send(at(*server), std::move(long_head));
    EXPECT_TRUE(head) << head.error().what();
    if (head) {
      EXPECT_EQ(head->status, 431);
    }
    EXPECT_FALSE(asked);
    Request fine("GET", "/");
    const auto answered = co_await client->send(at(*server), std::move(fine));
    EXPECT_TRUE(answered);
  };
  loop.run(scenario());
}

TEST_P(WireTest, AnAnswerThatDoesNotComeIsATimeout) {
  bool asked = false;
  core::Notifier never(loop.executor(), *manual);
  auto silent = [&](ServerRequest) -> awaitable<ServerResponse> {
    asked = true;
    co_await never.wait();
    co_return ServerResponse(200);
  };
  const auto server = serve(silent);
  ClientOptions options;
  options.clock = manual;
  options.timeouts.first_byte = 3s;
  const auto client = this->client(std::move(options));
  std::optional<Error> error;
  auto scenario = [&]() -> awaitable<void> {
    Request request("GET", "/");
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_FALSE(response);
    if (!response) error = response.error();
  };
  core::spawn(loop.executor(), scenario());
  run_until([&] { return asked; });
  manual->advance(3s);
  run_until([&] { return error.has_value(); });
  EXPECT_EQ(error->code(), errc::timeout);
  EXPECT_TRUE(error->retryable());
  EXPECT_TRUE(possibly_sent(*error));
  never.wake();
}

TEST_P(WireTest, ABodyThatStopsIsATimeout) {
  core::Notifier never(loop.executor(), *manual);
  bool begun = false;
  auto stuck = [&](ServerRequest) -> awaitable<ServerResponse> {
    auto writer = [&](std::shared_ptr<ResponseStream> stream) -> awaitable<void> {
      const auto written = co_await stream->write(Body("a"));
      EXPECT_TRUE(written);
      begun = true;
      co_await never.wait();
    };
    co_return ServerResponse(200, Headers(), ServerResponse::Writer(writer));
  };
  const auto server = serve(stuck);
  ClientOptions options;
  options.clock = manual;
  options.timeouts.total = 7s;
  const auto client = this->client(std::move(options));
  std::optional<Error> error;
  auto scenario = [&]() -> awaitable<void> {
    Request request("GET", "/");
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_FALSE(response);
    if (!response) error = response.error();
  };
  core::spawn(loop.executor(), scenario());
  run_until([&] { return begun; });
  manual->advance(7s);
  run_until([&] { return error.has_value(); });
  EXPECT_EQ(error->code(), errc::timeout);
  never.wake();
}

TEST_P(WireTest, ClosingTheClientFailsWhatIsUnderWay) {
  core::Notifier never(loop.executor(), *manual);
  bool asked = false;
  auto silent = [&](ServerRequest) -> awaitable<ServerResponse> {
    asked = true;
    co_await never.wait();
    co_return ServerResponse(200);
  };
  const auto server = serve(silent);
  auto client = this->client();
  std::optional<Error> error;
  auto scenario = [&]() -> awaitable<void> {
    Request request("GET", "/");
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_FALSE(response);
    if (!response) error = response.error();
    Request later("GET", "/");
    const auto refused = co_await client->send(at(*server), std::move(later));
    EXPECT_FALSE(refused);
    if (!refused) {
      EXPECT_EQ(refused.error().code(), errc::closed);
    }
  };
  core::spawn(loop.executor(), scenario());
  run_until([&] { return asked; });
  client->close();
  run_until([&] { return error.has_value(); });
  EXPECT_EQ(error->code(), errc::closed);
  never.wake();
  run_until([&] { return server->stats().connections_open == 0 && client->stats().connections_open == 0; });
}

TEST_P(WireTest, CancellingTheCallerAbortsItsRequest) {
  core::Notifier never(loop.executor(), *manual);
  bool asked = false;
  auto silent = [&](ServerRequest request) -> awaitable<ServerResponse> {
    if (request.target != "/") co_return ServerResponse(200);
    asked = true;
    co_await never.wait();
    co_return ServerResponse(200);
  };
  const auto server = serve(silent);
  const auto client = this->client();
  auto request_forever = [&]() -> awaitable<void> {
    Request request("GET", "/");
    const auto response = co_await client->send(at(*server), std::move(request));
    ADD_FAILURE() << "the call was cancelled" << response.has_value();
  };
  auto scenario = [&]() -> awaitable<void> {
    core::TaskGroup group(loop.executor());
    group.spawn(request_forever());
    while (!asked) co_await core::yield();
    group.cancel();
    co_await group.join();
    Request request("GET", "/other");
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_TRUE(response) << response.error().what();
  };
  loop.run(scenario());
  never.wake();
}

TEST_P(WireTest, StoppingTheServerLetsRequestsFinish) {
  core::Notifier gate(loop.executor(), *manual);
  bool asked = false;
  auto waiting = [&](ServerRequest request) -> awaitable<ServerResponse> {
    asked = true;
    co_await gate.wait();
    co_return co_await echo(std::move(request));
  };
  const auto server = serve(waiting);
  const auto client = this->client();
  bool answered = false;
  bool stopped = false;
  auto scenario = [&]() -> awaitable<void> {
    Request request("POST", "/", Headers(), Body(pattern(300'000)));
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_TRUE(response) << response.error().what();
    if (response) {
      EXPECT_EQ(response->body.size(), 300'000u);
    }
    answered = true;
  };
  auto stop = [&]() -> awaitable<void> {
    co_await server->stop(60s);
    stopped = true;
  };
  core::spawn(loop.executor(), scenario());
  run_until([&] { return asked; });
  core::spawn(loop.executor(), stop());
  for (int i = 0; i < 100; ++i) loop.context.poll_one();
  EXPECT_FALSE(stopped);
  gate.wake();
  run_until([&] { return stopped && answered; });
  EXPECT_EQ(server->stats().connections_open, 0u);
}

TEST_P(WireTest, StoppingTheServerCancelsWhatOutlivesTheGrace) {
  core::Notifier never(loop.executor(), *manual);
  bool asked = false;
  auto waiting = [&](ServerRequest) -> awaitable<ServerResponse> {
    asked = true;
    co_await never.wait();
    co_await core::yield();
    co_return ServerResponse(200);
  };
  ServerOptions options;
  options.clock = manual;
  const auto server = serve(waiting, options);
  const auto client = this->client();
  std::optional<Error> error;
  bool stopped = false;
  auto scenario = [&]() -> awaitable<void> {
    Request request("GET", "/");
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_FALSE(response);
    if (!response) error = response.error();
  };
  auto stop = [&]() -> awaitable<void> {
    co_await server->stop(5s);
    stopped = true;
  };
  core::spawn(loop.executor(), scenario());
  run_until([&] { return asked; });
  core::spawn(loop.executor(), stop());
  for (int i = 0; i < 100; ++i) loop.context.poll_one();
  EXPECT_FALSE(stopped);
  manual->advance(5s);
  run_until([&] { return stopped && error.has_value(); });
  EXPECT_EQ(error->code(), errc::connection);
}

TEST_P(WireTest, AnIdleConnectionIsClosedByTheClient) {
  const auto server = serve(echo);
  ClientOptions options;
  options.clock = manual;
  options.idle_timeout = 20s;
  const auto client = this->client(std::move(options));
  auto scenario = [&]() -> awaitable<void> {
    Request request("GET", "/");
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_TRUE(response);
  };
  loop.run(scenario());
  EXPECT_EQ(client->stats().connections_open, 1u);
  manual->advance(20s);
  run_until([&] { return client->stats().connections_open == 0 && server->stats().connections_open == 0; });
}

TEST_P(WireTest, AnIdleConnectionIsClosedByTheServer) {
  ServerOptions options;
  options.clock = manual;
  options.idle_timeout = 20s;
  const auto server = serve(echo, options);
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    Request request("GET", "/");
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_TRUE(response);
  };
  loop.run(scenario());
  for (int i = 0; i < 100; ++i) loop.context.poll_one();
  EXPECT_EQ(server->stats().connections_open, 1u);
  manual->advance(20s);
  run_until([&] { return server->stats().connections_open == 0; });
  loop.run(scenario());
  EXPECT_EQ(server->stats().connections_accepted, 2u);
}

TEST_P(WireTest, AHandlerThatThrowsAnswers500) {
  auto failing = [](ServerRequest) -> awaitable<ServerResponse> {
    throw Error(errc::internal, "on purpose");
    co_return ServerResponse(200);
  };
  const auto server = serve(failing);
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    Request request("GET", "/");
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_TRUE(response);
    if (response) {
      EXPECT_EQ(response->status, 500);
    }
  };
  loop.run(scenario());
}

TEST_P(WireTest, AServerWithThreadsServesManyConnections) {
  ServerOptions options;
  options.threads = 2;
  const auto server = serve(echo, options);
  const auto client = this->client();
  int answered = 0;
  auto one = [&](int i) -> awaitable<void> {
    for (int round = 0; round < 5; ++round) {
      Request request("POST", "/", Headers(), Body(pattern(i * 1000)));
      const auto response = co_await client->send(at(*server), std::move(request));
      EXPECT_TRUE(response) << response.error().what();
      if (response) {
        EXPECT_EQ(response->body.size(), static_cast<std::size_t>(i) * 1000);
      }
      ++answered;
    }
  };
  auto scenario = [&]() -> awaitable<void> {
    core::TaskGroup group(loop.executor());
    for (int i = 0; i < 20; ++i) group.spawn(one(i));
    co_await group.join();
    co_await server->stop(10s);
  };
  loop.run(scenario());
  EXPECT_EQ(answered, 100);
  EXPECT_EQ(server->stats().connections_open, 0u);
}

TEST_P(WireTest, LettingGoOfEverythingInFlightLeaksNothing) {
  core::Notifier never(loop.executor(), *manual);
  int asked = 0;
  auto streamed = [&](ServerRequest request) -> awaitable<ServerResponse> {
    ++asked;
    if (request.target == "/silent") co_await never.wait();
    auto writer = [&](std::shared_ptr<ResponseStream> stream) -> awaitable<void> {
      const auto written = co_await stream->write(Body("a"));
      EXPECT_TRUE(written);
      co_await never.wait();
    };
    co_return ServerResponse(200, Headers(), ServerResponse::Writer(writer));
  };
  auto server = serve(streamed);
  auto client = this->client();
  bool streaming = false;
  auto ask = [&]() -> awaitable<void> {
    Request request("GET", "/silent");
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_FALSE(response);
  };
  auto stream = [&]() -> awaitable<void> {
    Request request("GET", "/stream");
    auto response = co_await client->open(at(*server), std::move(request));
    EXPECT_TRUE(response);
    const auto piece = co_await response->read();
    streaming = true;
    const auto next = co_await response->read();
    EXPECT_FALSE(next);
  };
  core::spawn(loop.executor(), ask());
  core::spawn(loop.executor(), stream());
  run_until([&] { return asked == 2 && streaming; });
  // The context goes first, with all coroutines in it.
}

}  // namespace
}  // namespace kinesis::http
