#include "http/wire_fixture.hpp"

// Broken answers, stale connections, limits.
namespace kinesis::http {
namespace {

class WireFaults : public WireFixture {};
INSTANTIATE_TEST_SUITE_P(Http, WireFaults, all_wires(), wire_name);

TEST_P(WireFaults, AStreamThatIsCutOffIsAnError) {
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
        if (!piece)
          error = piece.error();
        else if (*piece)
          text += (*piece)->text();
        else
          break;
      }
      EXPECT_TRUE(error) << how;
      if (error) {
        EXPECT_EQ(error->code(), errc::connection) << how << error->what();
      }
    }
  };
  loop.run(scenario());
}

TEST_P(WireFaults, ResetsAndTruncationsAreConnectionErrors) {
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

TEST_P(WireFaults, AStaleConnectionIsReplacedUnseen) {
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

TEST_P(WireFaults, ARequestIsReplayedOnceWhenItsReusedConnectionDiesSilently) {
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

TEST_P(WireFaults, GoAwayAfterAnAnswerOpensANewConnection) {
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

TEST_P(WireFaults, AnAnswerOverTheLimitIsTooLarge) {
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

TEST_P(WireFaults, AStreamedAnswerOverTheLimitIsTooLarge) {
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

TEST_P(WireFaults, RequestsOverTheLimitsAreRefused) {
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

}  // namespace
}  // namespace kinesis::http
