#include "aws/test_pipeline.hpp"

#include <gmock/gmock.h>

namespace kinesis::aws {
namespace {

using ::testing::HasSubstr;

TEST_F(RequestPipelineTest, SendsASignedRequest) {
  credentials->current = ChangingCredentials::keys("AKID", "secret", "the-token");
  options.user_agent = "kinesis-cpp/0.1 app/test";
  script = {[] { return good_answer(R"({"Shards":[]})"); }};
  const ServiceAnswer answer = send();
  ASSERT_TRUE(answer.response);
  EXPECT_EQ(answer.attempts, 1);
  EXPECT_EQ(answer.response->body.text(), R"({"Shards":[]})");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].method + " " + seen[0].target, "POST /");
  EXPECT_EQ(seen[0].body.text(), R"({"StreamName":"s1"})");
  EXPECT_EQ(header(0, "host"), "127.0.0.1:" + std::to_string(server->port()));
  EXPECT_EQ(header(0, "content-type"), json_type);
  EXPECT_EQ(header(0, "x-amz-target"), "Kinesis_20131202.ListShards");
  EXPECT_EQ(header(0, "x-amz-security-token"), "the-token");
  EXPECT_EQ(header(0, "user-agent"), "kinesis-cpp/0.1 app/test");
  EXPECT_EQ(header(0, "amz-sdk-request"), "attempt=1; max=3");
  EXPECT_EQ(header(0, "amz-sdk-invocation-id").size(), 36u);
  EXPECT_EQ(judge_signature(seen[0], "secret", Clock::system()->wall_now()), "");
  EXPECT_THAT(header(0, "authorization"),
              HasSubstr("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target"));
}

TEST_F(RequestPipelineTest, WithoutAProviderNothingIsSigned) {
  options.credentials = nullptr;
  script = {[] { return good_answer(); }};
  EXPECT_TRUE(send().response);
  EXPECT_EQ(header(0, "authorization"), "<none>");
  EXPECT_EQ(header(0, "x-amz-date"), "<none>");
}

TEST_F(RequestPipelineTest, EveryTryIsSignedAnew) {
  const auto fail = [this] {
    credentials->current = ChangingCredentials::keys("AKID", "secret" + std::to_string(seen.size()), "");
    return error_answer(500, "InternalFailure");
  };
  script = {fail, fail, [] { return good_answer(); }};
  credentials->current = ChangingCredentials::keys("AKID", "secret0", "");
  const ServiceAnswer answer = send();
  ASSERT_TRUE(answer.response);
  EXPECT_EQ(answer.attempts, 3);
  ASSERT_EQ(seen.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(judge_signature(seen[i], "secret" + std::to_string(i), Clock::system()->wall_now()), "") << i;
    EXPECT_EQ(header(i, "amz-sdk-request"), "attempt=" + std::to_string(i + 1) + "; max=3");
    EXPECT_EQ(header(i, "amz-sdk-invocation-id"), header(0, "amz-sdk-invocation-id"));
  }
  send();
  EXPECT_NE(header(3, "amz-sdk-invocation-id"), header(0, "amz-sdk-invocation-id"));
}

TEST_F(RequestPipelineTest, RetriesWhatMaySucceedLater) {
  const std::vector<std::function<http::ServerResponse()>> failures = {
      [] { return error_answer(500, "InternalFailure"); },
      [] { return error_answer(503, "ServiceUnavailable"); },
      [] { return http::ServerResponse(502, http::Headers(), http::Body("<html>bad gateway</html>")); },
      [] { return http::ServerResponse(504); },
      [] { return error_answer(400, "ThrottlingException"); },
      [] { return error_answer(400, "ProvisionedThroughputExceededException"); },
      [] { return error_answer(400, "LimitExceededException"); },
      [] { return http::ServerResponse(429); },
      [] { return broken(http::Fault::Kind::reset_connection); },
      [] { return broken(http::Fault::Kind::truncate, 3); },
      [] { return broken(http::Fault::Kind::truncate, 0); },
  };
  for (std::size_t i = 0; i < failures.size(); ++i) {
    seen.clear();
    script = {failures[i], [] { return good_answer(); }};
    options.http = make_client();  // a connection that was used before would hide a reset
    const ServiceAnswer answer = send();
    ASSERT_TRUE(answer.response) << i << ": " << answer.error->what();
    EXPECT_EQ(answer.attempts, 2) << i;
    EXPECT_EQ(seen.size(), 2u) << i;
  }
}

TEST_F(RequestPipelineTest, DoesNotRetryWhatWillNot) {
  struct Case {
    int status;
    std::string code;
    errc meaning;
  };
  for (const Case& one : {Case{400, "ResourceNotFoundException", errc::not_found},
                          Case{400, "ValidationException", errc::invalid_argument},
                          Case{400, "InvalidArgumentException", errc::invalid_argument},
                          Case{400, "AccessDeniedException", errc::access_denied},
                          Case{400, "ExpiredIteratorException", errc::expired_iterator},
                          Case{403, "", errc::access_denied}, Case{404, "UnknownOperationException", errc::unsupported},
                          Case{301, "", errc::protocol}, Case{413, "", errc::too_large}}) {
    seen.clear();
    script = {[&] { return error_answer(one.status, one.code, "told you"); }};
    const ServiceAnswer answer = send();
    ASSERT_TRUE(answer.error) << one.code;
    EXPECT_EQ(answer.error->code(), one.meaning) << one.code << one.status;
    EXPECT_EQ(answer.error->service_code(), one.code);
    EXPECT_EQ(answer.error->message(), "told you");
    EXPECT_EQ(answer.error->http_status(), one.status);
    EXPECT_EQ(answer.error->request_id(), "REQ-1");
    EXPECT_EQ(answer.error->attempts(), 1);
    EXPECT_FALSE(answer.error_body.empty());
    EXPECT_EQ(seen.size(), 1u) << one.code;
  }
}

TEST_F(RequestPipelineTest, GivesTheLastErrorWithItsAttemptsAndId) {
  script = {[] { return error_answer(500, "InternalFailure", "first"); },
            [] { return error_answer(503, "ServiceUnavailable", "second"); },
            [] { return error_answer(400, "ThrottlingException", "third"); }};
  const ServiceAnswer answer = send();
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->code(), errc::throttled);
  EXPECT_EQ(answer.error->message(), "third");
  EXPECT_EQ(answer.error->attempts(), 3);
  EXPECT_TRUE(answer.error->retryable());
  EXPECT_THAT(answer.error->what(), HasSubstr("REQ-1"));
  seen.clear();
  options.rules.max_attempts = 1;
  EXPECT_EQ(send().error->attempts(), 1);
  EXPECT_EQ(seen.size(), 1u);
}

TEST_F(RequestPipelineTest, WhatWasNeverSentHasNoAttempts) {
  options.url.endpoint.port = 1;
  const ServiceAnswer answer = send();
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->code(), errc::connection);
  EXPECT_EQ(answer.error->attempts(), 0);
  options.credentials = std::make_shared<ChangingCredentials>();
  static_cast<ChangingCredentials&>(*options.credentials).error = Error(errc::no_credentials, "none at all");
  const ServiceAnswer nobody = send();
  EXPECT_EQ(nobody.error->code(), errc::no_credentials);
  EXPECT_EQ(nobody.error->attempts(), 0);
}

TEST_F(RequestPipelineTest, AnEmptyQuotaEndsRetries) {
  script = {[] { return error_answer(500, "InternalFailure"); }};
  RequestPipeline pipeline(options);
  std::size_t before = 0;
  int calls = 0;
  do {
    before = seen.size();
    send(pipeline);
    ++calls;
  } while (seen.size() - before == 3 && calls < 100);
  // 500 tokens at 14 a retry, two retries a call.
  EXPECT_EQ(calls, 18);
  EXPECT_EQ(seen.size(), 18u + 35u);
  before = seen.size();
  EXPECT_EQ(send(pipeline).error->attempts(), 1);
  EXPECT_EQ(seen.size() - before, 1u);
}

TEST_F(RequestPipelineTest, NonsenseIsAnErrorAndNoCrash) {
  const std::vector<std::function<http::ServerResponse()>> nonsense = {
      [] {
        return http::ServerResponse(400, http::Headers{{"content-type", "application/json"}},
                                    http::Body("{\"__type\":"));
      },
      [] {
        return http::ServerResponse(400, http::Headers{{"content-type", "application/x-amz-cbor-1.1"}},
                                    http::Body("\xbf\xff\xff"));
      },
      [] {
        return http::ServerResponse(400, http::Headers{{"content-type", "text/html"}}, http::Body("<html><body>no"));
      },
      [] { return http::ServerResponse(400); },
      [] {
        return http::ServerResponse(418, http::Headers{{"x-amzn-errortype", "a b\tc"}},
                                    http::Body(std::string(100'000, '{')));
      },
  };
  for (const auto& one : nonsense) {
    seen.clear();
    script = {one};
    const ServiceAnswer answer = send();
    ASSERT_TRUE(answer.error);
    EXPECT_EQ(answer.error->code(), errc::invalid_argument);
    EXPECT_EQ(seen.size(), 1u);
  }
}

TEST_F(RequestPipelineTest, AnAnswerThatDoesNotMatchItsCrcIsAskedForAgain) {
  const auto with_crc = [](std::string_view crc) {
    http::ServerResponse response = good_answer(R"({"a":1})");
    response.headers.add("x-amz-crc32", crc);
    response.headers.add("x-amzn-requestid", "REQ-1");
    return response;
  };
  const std::string right = std::to_string(core::crc32(as_bytes(R"({"a":1})")));
  script = {[&] { return with_crc("17"); }, [&] { return with_crc(right); }};
  const ServiceAnswer answer = send();
  ASSERT_TRUE(answer.response);
  EXPECT_EQ(answer.attempts, 2);
  script = {[&] { return with_crc("17"); }};
  const ServiceAnswer damaged = send();
  ASSERT_TRUE(damaged.error);
  EXPECT_THAT(damaged.error->what(), HasSubstr("x-amz-crc32"));
  EXPECT_EQ(damaged.error->request_id(), "REQ-1");
  EXPECT_EQ(damaged.error->attempts(), 3);
  script = {[&] { return with_crc("no number"); }};
  EXPECT_TRUE(send().response);
}

TEST_F(RequestPipelineTest, KeysThatNoHeaderCanHoldAreAnError) {
  credentials->current = ChangingCredentials::keys("AKID\r\nx: y", "secret", "");
  script = {[] { return good_answer(); }};
  const ServiceAnswer answer = send();
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->code(), errc::no_credentials);
  EXPECT_TRUE(seen.empty());
}

TEST_F(RequestPipelineTest, ACallMayGoToAnotherAddress) {
  script = {[] { return good_answer(); }};
  options.url = http::Url::parse("http://127.0.0.1:1/").value();
  RequestPipeline pipeline(options);
  auto task = [&]() -> awaitable<void> {
    ServiceCall call = list_shards();
    const std::string url = "http://127.0.0.1:" + std::to_string(server->port()) + "/base?x=1";
    call.url = std::make_shared<const http::Url>(http::Url::parse(url).value());
    const ServiceAnswer answer = co_await pipeline.send(std::move(call));
    EXPECT_TRUE(answer.response);
  };
  loop.run(task());
  EXPECT_EQ(seen.at(0).target, "/base?x=1");
}

}  // namespace
}  // namespace kinesis::aws
