#pragma once

#include "aws/credentials/test_sources.hpp"
#include "aws/service_client.hpp"
#include "core/test_loop.hpp"
#include "http/test_server.hpp"

#include <gtest/gtest.h>

// What the tests of the services' clients share.
namespace kinesis::aws {

using core::awaitable;

/// The clients over sockets on loopback.
class ServiceClientTest : public ::testing::Test {
 protected:
  http::TestContext loop;
  std::vector<http::ServerRequest> seen;
  std::function<http::ServerResponse(const http::ServerRequest&)> answer;
  std::shared_ptr<http::Server> server = make_server();

  std::shared_ptr<http::Server> make_server() {
    http::ServerOptions options;
    options.executor = loop.executor();
    auto handle = [this](http::ServerRequest request) -> awaitable<http::ServerResponse> {
      seen.push_back(request);
      co_return answer(request);
    };
    return http::make_server(std::move(options), http::handler(std::move(handle)));
  }
  std::shared_ptr<RequestPipeline> pipeline(Service service) {
    PipelineOptions options;
    options.service = service;
    options.url = http::Url::parse("http://127.0.0.1:" + std::to_string(server->port())).value();
    options.region = "us-east-1";
    http::ClientOptions client;
    client.executor = loop.executor();
    options.http = http::make_client(std::move(client));
    options.credentials = static_credentials("AKID", "secret");
    options.clock = Clock::system();
    options.rules.max_attempts = 2;
    options.rules.base = std::chrono::milliseconds(1);
    return std::make_shared<RequestPipeline>(std::move(options));
  }
  std::shared_ptr<KinesisApi> kinesis(WireFormat format = WireFormat::cbor) {
    return make_kinesis_client(pipeline(Service::kinesis), KinesisAddress("us-east-1", false, false, "http://there"),
                               format);
  }
  /// What a coroutine gives.
  template <class T>
  T run(awaitable<T> task) {
    std::optional<T> out;
    auto wrapped = [](awaitable<T> inner, std::optional<T>* result) -> awaitable<void> {
      result->emplace(co_await std::move(inner));
    };
    loop.run(wrapped(std::move(task), &out));
    return std::move(*out);
  }
  static http::ServerResponse with_type(std::string_view type, std::string body, int status = 200) {
    return http::ServerResponse(status, http::Headers{{"content-type", type}, {"x-amzn-requestid", "REQ-7"}},
                                http::Body(std::move(body)));
  }
};

}  // namespace kinesis::aws
