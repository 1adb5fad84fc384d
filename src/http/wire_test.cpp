#include "http/wire_fixture.hpp"

// What arrives is what was sent.
namespace kinesis::http {
namespace {

using ::testing::Optional;

class WireTest : public WireFixture {};
INSTANTIATE_TEST_SUITE_P(Http, WireTest, all_wires(), wire_name);

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
    for (std::size_t i = 0; i < body_padding; ++i)
      EXPECT_EQ(request.body.bytes().data()[request.body.size() + i], std::byte{0});
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
    Request request("POST", "/" + std::to_string(i), Headers(), Body(pattern(100u * i)));
    const auto response = co_await client->send(at(*server), std::move(request));
    EXPECT_TRUE(response) << response.error().what();
    if (!response) co_return;
    EXPECT_TRUE(response->body.text() == pattern(100u * i));
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
      Request request("POST", "/", Headers(), Body(pattern(1000u * i)));
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

}  // namespace
}  // namespace kinesis::http
