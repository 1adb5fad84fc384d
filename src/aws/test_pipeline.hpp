#pragma once

#include "aws/credentials/test_sources.hpp"
#include "aws/request_pipeline.hpp"
#include "aws/sigv4_verify.hpp"
#include "core/digest.hpp"
#include "core/hex.hpp"
#include "core/test_loop.hpp"
#include "http/test_server.hpp"

#include <gtest/gtest.h>

// What the tests of RequestPipeline share.
namespace kinesis::aws {

using namespace std::chrono_literals;
using core::awaitable;

inline constexpr std::string_view json_type = "application/x-amz-json-1.1";

inline ServiceCall list_shards() {
  http::Body body(std::string(R"({"StreamName":"s1"})"));
  ServiceCall call("ListShards", json_type, std::move(body));
  call.target = "Kinesis_20131202.ListShards";
  return call;
}

/// Hands out keys that a test may change.
class ChangingCredentials final : public CredentialsProvider {
 public:
  int asked = 0;
  int refusals = 0;
  std::function<void()> on_refused = [] {};
  std::optional<Error> error;
  std::shared_ptr<const Credentials> current = keys("AKID", "secret", "");

  static std::shared_ptr<const Credentials> keys(std::string id, std::string secret, std::string token) {
    auto made = std::make_shared<Credentials>();
    made->access_key_id = std::move(id);
    made->secret_access_key = std::move(secret);
    made->session_token = std::move(token);
    made->source = "test";
    return made;
  }
  asio::awaitable<Result<std::shared_ptr<const Credentials>>> get() override {
    ++asked;
    if (error) co_return *error;
    co_return current;
  }
  void refused(const std::shared_ptr<const Credentials>& used) override {
    if (used != current) return;
    ++refusals;
    on_refused();
  }
};

/// What the service makes of a signature; empty if it is good.
inline std::string judge_signature(const http::ServerRequest& request, const std::string& secret, core::WallTime now) {
  std::vector<HeaderView> views;
  for (const auto field : request.headers) views.push_back(HeaderView{field.name, field.value});
  const std::string hash = core::to_hex(core::sha256(request.body.bytes()));
  SignableRequest signable;
  signable.path = request.target;
  signable.headers = views;
  signable.body_sha256 = hash;
  VerifyOptions options;
  options.region = "us-east-1";
  options.service = "kinesis";
  options.now = now;
  SigningKeys keys;
  const std::string token(request.headers.find("x-amz-security-token").value_or(""));
  const auto find_key = [&](std::string_view) -> std::optional<KnownKey> { return KnownKey{secret, token, false}; };
  const VerifyResult verdict = verify_signature(signable, options, find_key, keys);
  return verdict.refusal ? verdict.refusal->code + ": " + verdict.refusal->message : "";
}

inline http::ServerResponse error_answer(int status, std::string_view code, std::string_view message = "no") {
  http::Headers headers{{"content-type", json_type}, {"x-amzn-requestid", "REQ-1"}};
  return http::ServerResponse(
      status, std::move(headers),
      http::Body("{\"__type\":\"" + std::string(code) + "\",\"message\":\"" + std::string(message) + "\"}"));
}
inline http::ServerResponse good_answer(std::string body = "{}") {
  return http::ServerResponse(200, http::Headers{{"content-type", json_type}}, http::Body(std::move(body)));
}
inline http::ServerResponse broken(http::Fault::Kind kind, std::size_t bytes = 0) {
  http::ServerResponse response = good_answer(R"({"Shards":[]})");
  response.fault = http::Fault(kind, bytes, 2);
  return response;
}

/// Over sockets on loopback, with the machine's clock.
class RequestPipelineTest : public ::testing::Test {
 protected:
  http::TestContext loop;
  std::vector<http::ServerRequest> seen;
  /// The n-th request, from 0 on, gets the n-th answer; later ones the last.
  std::vector<std::function<http::ServerResponse()>> script;
  std::shared_ptr<ChangingCredentials> credentials = std::make_shared<ChangingCredentials>();
  std::shared_ptr<http::Server> server = make_server();
  PipelineOptions options = pipeline_options();

  std::shared_ptr<http::Server> make_server() {
    http::ServerOptions server_options;
    server_options.executor = loop.executor();
    auto handle = [this](http::ServerRequest request) -> awaitable<http::ServerResponse> {
      const std::size_t number = std::min(seen.size(), script.size() - 1);
      seen.push_back(request);
      co_return script[number]();
    };
    return http::make_server(std::move(server_options), http::handler(std::move(handle)));
  }
  std::shared_ptr<http::Client> make_client() {
    http::ClientOptions client;
    client.executor = loop.executor();
    return http::make_client(std::move(client));
  }
  PipelineOptions pipeline_options() {
    PipelineOptions made;
    made.url = http::Url::parse("http://127.0.0.1:" + std::to_string(server->port())).value();
    made.region = "us-east-1";
    made.http = make_client();
    made.credentials = credentials;
    made.clock = Clock::system();
    made.rules.base = 1ms;
    made.rules.throttled_base = 1ms;
    return made;
  }
  ServiceAnswer send(RequestPipeline& pipeline) {
    std::optional<ServiceAnswer> answer;
    auto task = [&]() -> awaitable<void> {
      ServiceCall call = list_shards();
      answer.emplace(co_await pipeline.send(std::move(call)));
    };
    loop.run(task());
    return std::move(*answer);
  }
  ServiceAnswer send() {
    RequestPipeline pipeline(options);
    return send(pipeline);
  }
  std::string header(std::size_t request, std::string_view name) const {
    return std::string(seen.at(request).headers.find(name).value_or("<none>"));
  }
};

}  // namespace kinesis::aws
