#include "http/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinesis::http {
namespace {

using testing::Optional;

class Http1 : public testing::Test {
 protected:
  TestContext loop;

  std::shared_ptr<Server> serve(FunctionHandler::Function function, ServerOptions options = {}) {
    options.executor = loop.executor();
    return make_server(std::move(options), handler(std::move(function)));
  }
  std::shared_ptr<Client> client(ClientOptions options = {}) {
    options.executor = loop.executor();
    return make_client(std::move(options));
  }
  static Endpoint at(const Server& server) { return Endpoint(false, "127.0.0.1", server.port()); }
};

TEST_F(Http1, CarriesRequestsAndAnswersOverOneConnection) {
  const auto server = serve(echo);
  const auto client = this->client();
  auto scenario = [&]() -> awaitable<void> {
    for (const std::size_t size : {0u, 1u, 1000u, 100'000u, 3'000'000u}) {
      Request request("POST", "/a?b=c", Headers{{"content-type", "x/y"}}, Body(pattern(size)));
      const auto response = co_await client->send(at(*server), std::move(request));
      EXPECT_TRUE(response) << response.error().what();
      if (!response) co_return;
      EXPECT_EQ(response->status, 200);
      EXPECT_EQ(response->body.text(), pattern(size));
      EXPECT_THAT(response->headers.find("x-method"), Optional(std::string_view("POST")));
      EXPECT_THAT(response->headers.find("x-target"), Optional(std::string_view("/a?b=c")));
      EXPECT_THAT(response->headers.find("x-version"), Optional(std::string_view("1.1")));
      EXPECT_THAT(response->headers.find("x-host"), Optional(at(*server).authority()));
      EXPECT_THAT(response->headers.find("content-type"), Optional(std::string_view("x/y")));
    }
  };
  loop.run(scenario());
  EXPECT_EQ(server->stats().connections_accepted, 1u);
  EXPECT_EQ(server->stats().requests, 5u);
  EXPECT_EQ(client->stats().connections_opened, 1u);
}

}  // namespace
}  // namespace kinesis::http
