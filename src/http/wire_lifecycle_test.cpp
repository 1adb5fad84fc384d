#include "http/wire_fixture.hpp"

// Deadlines, cancellation, and how things end.
namespace kinesis::http {
namespace {

class WireLifecycle : public WireFixture {};
INSTANTIATE_TEST_SUITE_P(Http, WireLifecycle, all_wires(), wire_name);

TEST_P(WireLifecycle, CancellingAStreamCancelsItsWriter) {
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

TEST_P(WireLifecycle, AnAnswerThatDoesNotComeIsATimeout) {
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

TEST_P(WireLifecycle, ABodyThatStopsIsATimeout) {
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

TEST_P(WireLifecycle, ClosingTheClientFailsWhatIsUnderWay) {
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

TEST_P(WireLifecycle, CancellingTheCallerAbortsItsRequest) {
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

TEST_P(WireLifecycle, StoppingTheServerLetsRequestsFinish) {
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

TEST_P(WireLifecycle, StoppingTheServerCancelsWhatOutlivesTheGrace) {
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

TEST_P(WireLifecycle, AnIdleConnectionIsClosedByTheClient) {
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

TEST_P(WireLifecycle, AnIdleConnectionIsClosedByTheServer) {
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

TEST_P(WireLifecycle, LettingGoOfEverythingInFlightLeaksNothing) {
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
