#include "http/test_server.hpp"
#include <kinesis/testing/manual_clock.hpp>

#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

// What only HTTP/2 has: streams, windows, resets.
namespace kinesis::http {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t refused_stream = 7;

class Http2Test : public ::testing::Test {
 protected:
  TestContext loop;
  std::shared_ptr<kinesis::testing::ManualClock> manual = std::make_shared<kinesis::testing::ManualClock>();

  std::shared_ptr<Server> serve(FunctionHandler::Function function, ServerOptions options = {}) {
    options.executor = loop.executor();
    return make_server(std::move(options), handler(std::move(function)));
  }
  std::shared_ptr<Client> client(ClientOptions options = {}) {
    options.executor = loop.executor();
    options.version = VersionPolicy::http2_prior_knowledge;
    return make_client(std::move(options));
  }
  static Endpoint at(const Server& server) { return Endpoint(false, "127.0.0.1", server.port()); }
  template <class Done>
  void run_until(Done done) {
    loop.context.restart();
    while (!done() && loop.context.run_one() > 0) continue;
    EXPECT_TRUE(done());
  }
};

// A GOAWAY said that a request was not looked at which had come while the GOAWAY waited to be sent.
TEST_F(Http2Test, ARequestThatComesWithAGoAwayIsCarriedOutOnce) {
  for (int steps = 0; steps < 40; ++steps) {
    std::shared_ptr<ResponseStream> held;
    int calls = 0;
    core::Notifier gate(loop.executor(), *manual);
    auto function = [&](ServerRequest request) -> awaitable<ServerResponse> {
      ServerResponse response(200);
      if (request.target == "/held") {
        response.writer = [&](std::shared_ptr<ResponseStream> stream) -> awaitable<void> {
          held = std::move(stream);
          co_await gate.wait();
        };
      } else {
        ++calls;
      }
      co_return response;
    };
    const auto server = serve(function);
    const auto client = this->client();
    bool answered = false;
    bool ended = false;
    auto hold = [&]() -> awaitable<void> {
      Request request("GET", "/held");
      const auto response = co_await client->send(at(*server), std::move(request));
      EXPECT_TRUE(response) << response.error().what();
      ended = true;
    };
    auto ask = [&]() -> awaitable<void> {
      Request request("POST", "/");
      const auto response = co_await client->send(at(*server), std::move(request));
      EXPECT_TRUE(response) << response.error().what();
      answered = true;
    };
    core::spawn(loop.executor(), hold());
    run_until([&] { return held != nullptr; });
    core::spawn(loop.executor(), ask());
    for (int step = 0; step < steps; ++step) loop.context.poll_one();
    // Behind what the loop is about to see, so that the request may be read before the GOAWAY is written.
    asio::post(loop.context, [&] { held->go_away(); });
    run_until([&] { return answered; });
    EXPECT_EQ(calls, 1) << "after " << steps << " steps";
    gate.wake();
    run_until([&] { return ended; });
  }
}

TEST_F(Http2Test, AResetStreamHarmsNoOther) {
  core::Notifier gate(loop.executor(), *manual);
  int waiting = 0;
  auto mixed = [&](ServerRequest request) -> awaitable<ServerResponse> {
    if (request.target == "/reset") {
      ServerResponse response(200);
      response.fault = Fault(Fault::Kind::reset_stream, 0, 2);
      co_return response;
    }
    ++waiting;
    co_await gate.wait();
    co_return ServerResponse(200, Headers(), Body(pattern(200'000)));
  };
  const auto server = serve(mixed);
  const auto client = this->client();
  bool answered = false;
  auto other = [&]() -> awaitable<void> {
    Request request("GET", "/");
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_TRUE(response) << response.error().what();
    answered = true;
  };
  auto scenario = [&]() -> awaitable<void> {
    core::TaskGroup group(loop.executor());
    group.spawn(other());
    while (waiting == 0) co_await core::yield();
    Request request("GET", "/reset");
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_FALSE(response);
    if (!response) {
      EXPECT_EQ(response.error().code(), errc::connection);
      EXPECT_THAT(response.error().what(), ::testing::HasSubstr("INTERNAL_ERROR"));
    }
    EXPECT_FALSE(answered);
    gate.wake();
    co_await group.join();
  };
  loop.run(scenario());
  EXPECT_TRUE(answered);
  EXPECT_EQ(client->stats().connections_opened, 1u);
}

TEST_F(Http2Test, ARefusedStreamIsSentAgain) {
  int calls = 0;
  auto refusing = [&](ServerRequest request) -> awaitable<ServerResponse> {
    ServerResponse response = co_await echo(std::move(request));
    if (++calls <= 2) response.fault = Fault(Fault::Kind::reset_stream, 0, refused_stream);
    co_return response;
  };
  const auto server = serve(refusing);
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    Request request("POST", "/", Headers(), Body("again"));
    RequestOptions options;
    options.replay_when_stale = false;
    const auto response = co_await client->send(at(*server), std::move(request), options);
    EXPECT_TRUE(response) << response.error().what();
    if (response) {
      EXPECT_EQ(response->body.text(), "again");
    }
  };
  loop.run(scenario());
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(client->stats().replays, 2u);
}

TEST_F(Http2Test, AServerThatRefusesForEverIsGivenUpAsNeverSent) {
  auto refusing = [](ServerRequest) -> awaitable<ServerResponse> {
    ServerResponse response(200);
    response.fault = Fault(Fault::Kind::reset_stream, 0, refused_stream);
    co_return response;
  };
  const auto server = serve(refusing);
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    Request request("POST", "/");
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_FALSE(response);
    if (!response) {
      EXPECT_EQ(response.error().code(), errc::connection);
      EXPECT_FALSE(possibly_sent(response.error()));
    }
  };
  loop.run(scenario());
}

TEST_F(Http2Test, StreamsAboveTheLastOfAGoAwayAreSentAgain) {
  core::Notifier gate(loop.executor(), *manual);
  std::vector<std::string> seen;
  auto leaving = [&](ServerRequest request) -> awaitable<ServerResponse> {
    seen.push_back(request.target);
    const bool first = request.target == "/first";
    if (first) co_await gate.wait();
    ServerResponse response = co_await echo(std::move(request));
    if (!first && seen.size() == 2) response.fault = Fault(Fault::Kind::goaway_unprocessed);
    co_return response;
  };
  const auto server = serve(leaving);
  const auto client = this->client();
  int answered = 0;
  auto ask = [&](std::string target) -> awaitable<void> {
    Request request("POST", target);
    RequestOptions options;
    options.replay_when_stale = false;
    const auto response = co_await client->send(at(*server), std::move(request), options);
    EXPECT_TRUE(response) << target << response.error().what();
    ++answered;
  };
  core::spawn(loop.executor(), ask("/first"));
  run_until([&] { return seen.size() == 1; });
  core::spawn(loop.executor(), ask("/second"));
  run_until([&] { return answered == 1; });
  EXPECT_EQ(server->stats().connections_accepted, 2u);
  gate.wake();
  run_until([&] { return answered == 2; });
  EXPECT_THAT(seen, ::testing::ElementsAre("/first", "/second", "/second"));
}

TEST_F(Http2Test, AnotherConnectionIsOpenedWhenOneIsFull) {
  core::Notifier gate(loop.executor(), *manual);
  int under_way = 0;
  bool open = false;
  auto waiting = [&](ServerRequest) -> awaitable<ServerResponse> {
    ++under_way;
    while (!open) co_await core::sleep_for(*manual, 1s);
    co_return ServerResponse(200);
  };
  ServerOptions options;
  options.max_concurrent_streams = 4;
  const auto server = serve(waiting, options);
  const auto client = this->client();
  int answered = 0;
  auto ask = [&]() -> awaitable<void> {
    Request request("GET", "/");
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_TRUE(response) << response.error().what();
    ++answered;
  };
  core::spawn(loop.executor(), ask());
  run_until([&] { return under_way == 1; });
  for (int i = 0; i < 9; ++i) core::spawn(loop.executor(), ask());
  run_until([&] { return under_way == 10; });
  EXPECT_EQ(client->stats().connections_opened, 3u);
  open = true;
  manual->advance(1s);
  run_until([&] { return answered == 10; });
}

TEST_F(Http2Test, ABurstBeforeTheServersLimitIsKnownIsAnsweredAll) {
  auto slow = [](ServerRequest) -> awaitable<ServerResponse> {
    for (int i = 0; i < 20; ++i) co_await core::yield();
    co_return ServerResponse(200);
  };
  ServerOptions options;
  options.max_concurrent_streams = 2;
  const auto server = serve(slow, options);
  ClientOptions few;
  few.max_connections_per_host = 3;
  const auto client = this->client(std::move(few));
  int answered = 0;
  auto ask = [&]() -> awaitable<void> {
    Request request("GET", "/");
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_TRUE(response) << response.error().what();
    ++answered;
  };
  auto scenario = [&]() -> awaitable<void> {
    core::TaskGroup group(loop.executor());
    for (int i = 0; i < 100; ++i) group.spawn(ask());
    co_await group.join();
  };
  loop.run(scenario());
  EXPECT_EQ(answered, 100);
}

TEST_F(Http2Test, AReaderThatStopsHoldsBackItsStreamAndNoOther) {
  constexpr std::size_t window = 256u << 10;
  std::size_t written = 0;
  bool cancelled = false;
  auto endless = [&](ServerRequest request) -> awaitable<ServerResponse> {
    if (request.target == "/other") co_return ServerResponse(200, Headers(), Body(pattern(3'000'000)));
    auto writer = [&](std::shared_ptr<ResponseStream> stream) -> awaitable<void> {
      const Blob piece(pattern(10'000));
      while (true) {
        const auto outcome = co_await stream->write(Body(piece));
        if (!outcome) break;
        written += piece.size();
      }
      cancelled = true;
    };
    co_return ServerResponse(200, Headers(), ServerResponse::Writer(writer));
  };
  const auto server = serve(endless);
  ClientOptions options;
  options.stream_window = window;
  options.connection_window = 512u << 10;
  const auto client = this->client(std::move(options));
  auto scenario = [&]() -> awaitable<void> {
    Request request("GET", "/endless");
    auto stream = co_await client->open(at(*server), std::move(request));
    EXPECT_TRUE(stream);
    if (!stream) co_return;
    // The others get far more than the connection's window past the stream that nobody reads.
    for (int i = 0; i < 3; ++i) {
      Request other("GET", "/other");
      const auto response = co_await client->send(at(*server), std::move(other));
      EXPECT_TRUE(response) << response.error().what();
      if (response) {
        EXPECT_EQ(response->body.size(), 3'000'000u);
      }
    }
    EXPECT_GT(written, window - 20'000);
    EXPECT_LE(written, window);
    const auto first = co_await stream->read();
    EXPECT_TRUE(first && *first);
    if (!first || !*first) co_return;
    EXPECT_LE((*first)->size(), window);
    std::size_t read = (*first)->size();
    while (read < 4 * window) {
      const auto piece = co_await stream->read();
      EXPECT_TRUE(piece && *piece);
      if (!piece || !*piece) co_return;
      read += (*piece)->size();
      EXPECT_LE(written, read + window);
    }
  };
  loop.run(scenario());
  EXPECT_EQ(client->stats().connections_opened, 1u);
  run_until([&] { return cancelled || server->stats().connections_open == 0; });
}

TEST_F(Http2Test, AClientThatVanishesCancelsItsWriters) {
  bool begun = false;
  bool ended = false;
  auto waiting = [&](ServerRequest) -> awaitable<ServerResponse> {
    auto writer = [&](std::shared_ptr<ResponseStream> stream) -> awaitable<void> {
      const auto written = co_await stream->write(Body("a"));
      EXPECT_TRUE(written);
      begun = true;
      std::exception_ptr failure;
      try {
        co_await core::sleep_for(*manual, 1h);
      } catch (...) {
        failure = std::current_exception();
      }
      EXPECT_TRUE(core::is_cancellation(failure));
      ended = true;
      if (failure) std::rethrow_exception(failure);
    };
    co_return ServerResponse(200, Headers(), ServerResponse::Writer(writer));
  };
  const auto server = serve(waiting);
  auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    Request request("GET", "/");
    auto stream = co_await client->open(at(*server), std::move(request));
    EXPECT_TRUE(stream);
    while (!begun) co_await core::yield();
    client->close();
    const auto piece = co_await stream->read();
    const auto next = co_await stream->read();
    EXPECT_TRUE(!piece || !next);
  };
  loop.run(scenario());
  run_until([&] { return ended && server->stats().connections_open == 0; });
}

TEST_F(Http2Test, ATimedOutRequestLeavesTheOthersOfItsConnection) {
  core::Notifier gate(loop.executor(), *manual);
  int asked = 0;
  auto waiting = [&](ServerRequest request) -> awaitable<ServerResponse> {
    ++asked;
    if (request.target == "/slow") co_await gate.wait();
    co_return ServerResponse(200);
  };
  const auto server = serve(waiting);
  ClientOptions options;
  options.clock = manual;
  const auto client = this->client(std::move(options));
  int answered = 0;
  std::optional<Error> error;
  auto slow = [&](Clock::duration limit) -> awaitable<void> {
    Request request("GET", "/slow");
    RequestOptions with;
    with.timeouts.emplace();
    with.timeouts->first_byte = limit;
    const auto response = co_await client->send(at(*server), std::move(request), with);
    if (response)
      ++answered;
    else
      error = response.error();
  };
  auto fast = [&]() -> awaitable<void> {
    Request request("GET", "/fast");
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_TRUE(response);
    ++answered;
  };
  core::spawn(loop.executor(), slow(2s));
  run_until([&] { return asked == 1; });
  core::spawn(loop.executor(), fast());
  run_until([&] { return answered == 1; });
  manual->advance(2s);
  run_until([&] { return error.has_value(); });
  EXPECT_EQ(error->code(), errc::timeout);
  core::spawn(loop.executor(), fast());
  run_until([&] { return answered == 2; });
  EXPECT_EQ(client->stats().connections_opened, 1u);
  gate.wake();
}

TEST_F(Http2Test, AConnectionThatGaveNoByteBeforeATimeoutIsUsedNoMore) {
  core::Notifier gate(loop.executor(), *manual);
  int asked = 0;
  auto waiting = [&](ServerRequest) -> awaitable<ServerResponse> {
    if (++asked == 2) co_await gate.wait();
    co_return ServerResponse(200);
  };
  const auto server = serve(waiting);
  ClientOptions options;
  options.clock = manual;
  options.timeouts.first_byte = 2s;
  const auto client = this->client(std::move(options));
  int ended = 0;
  auto ask = [&]() -> awaitable<void> {
    Request request("GET", "/");
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_EQ(response.has_value(), ended != 1);
    ++ended;
  };
  core::spawn(loop.executor(), ask());
  run_until([&] { return ended == 1; });
  for (int i = 0; i < 100; ++i) loop.context.poll_one();
  core::spawn(loop.executor(), ask());
  run_until([&] { return asked == 2; });
  manual->advance(2s);
  run_until([&] { return ended == 2; });
  core::spawn(loop.executor(), ask());
  run_until([&] { return ended == 3; });
  EXPECT_EQ(client->stats().connections_opened, 2u);
  gate.wake();
}

}  // namespace
}  // namespace kinesis::http
