#include "aws/request_pipeline.hpp"

#include "aws/credentials/test_sources.hpp"
#include "aws/sigv4_verify.hpp"
#include "core/digest.hpp"
#include "core/hex.hpp"
#include "core/test_loop.hpp"
#include "http/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace kinesis::aws {
namespace {

using namespace std::chrono_literals;
using core::awaitable;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view json_type = "application/x-amz-json-1.1";

ServiceCall list_shards() {
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
std::string judge_signature(const http::ServerRequest& request, const std::string& secret, core::WallTime now) {
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

http::ServerResponse error_answer(int status, std::string_view code, std::string_view message = "no") {
  http::Headers headers{{"content-type", json_type}, {"x-amzn-requestid", "REQ-1"}};
  return http::ServerResponse(
      status, std::move(headers),
      http::Body("{\"__type\":\"" + std::string(code) + "\",\"message\":\"" + std::string(message) + "\"}"));
}
http::ServerResponse good_answer(std::string body = "{}") {
  return http::ServerResponse(200, http::Headers{{"content-type", json_type}}, http::Body(std::move(body)));
}
http::ServerResponse broken(http::Fault::Kind kind, std::size_t bytes = 0) {
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

TEST_F(RequestPipelineTest, AnExpiredTokenIsReplacedOnce) {
  for (const char* code : {"ExpiredTokenException", "UnrecognizedClientException", "ExpiredToken"}) {
    seen.clear();
    credentials->current = ChangingCredentials::keys("OLD", "old", "");
    credentials->refusals = 0;
    credentials->on_refused = [this] { credentials->current = ChangingCredentials::keys("NEW", "new", ""); };
    script = {[&] { return error_answer(400, code); }, [] { return good_answer(); }};
    const ServiceAnswer answer = send();
    ASSERT_TRUE(answer.response) << code;
    EXPECT_EQ(credentials->refusals, 1);
    EXPECT_THAT(header(0, "authorization"), HasSubstr("Credential=OLD/"));
    EXPECT_THAT(header(1, "authorization"), HasSubstr("Credential=NEW/"));
  }
  seen.clear();
  int made = 0;
  credentials->on_refused = [&] {
    credentials->current = ChangingCredentials::keys("K" + std::to_string(++made), "s", "");
  };
  script = {[] { return error_answer(400, "ExpiredTokenException"); }};
  const ServiceAnswer stubborn = send();
  ASSERT_TRUE(stubborn.error);
  EXPECT_EQ(stubborn.error->code(), errc::expired_credentials);
  EXPECT_EQ(stubborn.error->attempts(), 2);
  EXPECT_EQ(seen.size(), 2u);
}

TEST_F(RequestPipelineTest, RefusedKeysAreNotSentTwice) {
  script = {[] {
    return error_answer(400, "UnrecognizedClientException", "The security token included in the request is invalid.");
  }};
  const ServiceAnswer answer = send();
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->service_code(), "UnrecognizedClientException");
  EXPECT_EQ(answer.error->attempts(), 1);
  EXPECT_EQ(credentials->refusals, 1);
  EXPECT_EQ(seen.size(), 1u);
}

TEST_F(RequestPipelineTest, AWrongClockIsCorrectedAndTheCallSentAgain) {
  for (const char* code :
       {"InvalidSignatureException", "RequestTimeTooSkewed", "SignatureDoesNotMatch", "RequestExpired"}) {
    for (const auto skew : {-2h, 2h}) {
      seen.clear();
      const auto service_time = [skew] { return Clock::system()->wall_now() + skew; };
      const auto dated = [&](http::ServerResponse response) {
        response.headers.set("date", core::format_http_date(service_time()));
        return response;
      };
      const auto judge = [&] {
        const std::string wrong = judge_signature(seen.back(), "secret", service_time());
        return dated(wrong.empty() ? good_answer() : error_answer(400, code, wrong));
      };
      script = {judge};
      options.rules.max_attempts = 1;  // the correction is no retry
      RequestPipeline pipeline(options);
      const ServiceAnswer answer = send(pipeline);
      ASSERT_TRUE(answer.response) << code << ": " << answer.error->what();
      EXPECT_EQ(answer.attempts, 2);
      ASSERT_TRUE(send(pipeline).response);
      EXPECT_EQ(seen.size(), 3u) << "later calls are right at once";
    }
  }
}

TEST_F(RequestPipelineTest, AWrongSignatureThatIsNotTheClocksIsNotSentAgain) {
  script = {[] {
    http::ServerResponse response = error_answer(400, "InvalidSignatureException");
    response.headers.set("date", core::format_http_date(Clock::system()->wall_now()));
    return response;
  }};
  EXPECT_EQ(send().error->attempts(), 1);
  seen.clear();
  script = {[this] {  // and one whose clock runs away
    http::ServerResponse response = error_answer(400, "RequestTimeTooSkewed");
    response.headers.set("date", core::format_http_date(Clock::system()->wall_now() +
                                                        std::chrono::hours(10) * static_cast<int>(seen.size())));
    return response;
  }};
  EXPECT_EQ(send().error->code(), errc::access_denied);
  EXPECT_LE(seen.size(), 2u);
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

/// Without a network, in virtual time.
class RequestPipelineTimeTest : public ::testing::Test {
 protected:
  core::TestLoop loop;
  std::shared_ptr<Clock> clock = borrowed(loop.clock);
  std::shared_ptr<FakeHttp> http;
  PipelineOptions options;

  RequestPipelineTimeTest() {
    options.url = http::Url::parse("https://kinesis.us-east-1.amazonaws.com").value();
    options.region = "us-east-1";
    options.credentials = static_credentials("AKID", "secret");
    options.clock = clock;
  }
  void answer(FakeHttp::Function function) {
    http = std::make_shared<FakeHttp>(clock, std::move(function));
    options.http = http;
  }
  static Result<http::Response> throttled(std::string_view retry_after = "") {
    http::Response response = answer_of(400, R"({"__type":"ThrottlingException"})");
    if (!retry_after.empty()) response.headers.add("x-amz-retry-after", retry_after);
    return response;
  }
  std::optional<ServiceAnswer> send(RequestPipeline& pipeline) {
    std::optional<ServiceAnswer> answer;
    auto task = [&]() -> awaitable<void> {
      ServiceCall call = list_shards();
      answer.emplace(co_await pipeline.send(std::move(call)));
    };
    loop.run(task());
    return answer;
  }
  std::vector<Clock::duration> pauses() const {
    std::vector<Clock::duration> pauses;
    for (std::size_t i = 1; i < http->seen.size(); ++i) pauses.push_back(http->seen[i].when - http->seen[i - 1].when);
    return pauses;
  }
};

TEST_F(RequestPipelineTimeTest, PausesGrowAndAreRandom) {
  answer([](const FakeHttp::Seen&) -> Result<http::Response> { return answer_of(500, ""); });
  options.rules.max_attempts = 12;
  std::set<Clock::duration> firsts;
  Clock::duration longest{};
  for (int i = 0; i < 20; ++i) {
    http->seen.clear();
    RequestPipeline pipeline(options);
    send(pipeline);
    ASSERT_EQ(http->seen.size(), 12u);
    const auto all = pauses();
    EXPECT_LE(all[0], 50ms);
    EXPECT_LE(all[1], 100ms);
    EXPECT_LE(all[10], 20s);
    firsts.insert(all[0]);
    longest = std::max(longest, all[10]);
  }
  EXPECT_GT(firsts.size(), 15u);
  EXPECT_GT(longest, 5s);
}

TEST_F(RequestPipelineTimeTest, AServiceMayAskForALongerPause) {
  int asked = 0;
  answer([&](const FakeHttp::Seen&) -> Result<http::Response> {
    ++asked;
    if (asked == 1) return throttled("3000");
    if (asked == 2) return throttled("3600000");
    return answer_of(200, "{}");
  });
  RequestPipeline pipeline(options);
  ASSERT_TRUE(send(pipeline)->response);
  EXPECT_GE(pauses()[0], 3s);
  EXPECT_LE(pauses()[0], 6s);
  EXPECT_GE(pauses()[1], 5s) << "at most five seconds beyond one's own";
  EXPECT_LE(pauses()[1], 7s);
}

TEST_F(RequestPipelineTimeTest, TheAdaptiveModeSlowsTheClientDownAndLetsItRecover) {
  options.retry_mode = RetryPolicy::Mode::adaptive;
  options.rules.max_attempts = 1;
  bool throttle = false;
  answer(
      [&](const FakeHttp::Seen&) -> Result<http::Response> { return throttle ? throttled() : answer_of(200, "{}"); });
  RequestPipeline pipeline(options);
  const auto calls_within = [&](Clock::duration time) {
    const auto end = clock->now() + time;
    int calls = 0;
    auto task = [&]() -> awaitable<void> {
      while (clock->now() < end) {
        ServiceCall call = list_shards();
        co_await pipeline.send(std::move(call));
        co_await core::sleep_for(*clock, 10ms);
        ++calls;
      }
    };
    loop.run(task());
    return calls;
  };
  EXPECT_GT(calls_within(10s), 900) << "nothing slows it down before the service does";
  throttle = true;
  calls_within(2s);
  throttle = false;
  EXPECT_LT(calls_within(2s), 160);
  calls_within(60s);
  EXPECT_GT(calls_within(10s), 800);
}

TEST_F(RequestPipelineTimeTest, TheStandardModeDoesNotSlowDown) {
  options.rules.max_attempts = 1;
  answer([&](const FakeHttp::Seen&) -> Result<http::Response> { return throttled(); });
  RequestPipeline pipeline(options);
  const auto start = clock->now();
  for (int i = 0; i < 100; ++i) send(pipeline);
  EXPECT_EQ(clock->now(), start);
}

TEST_F(RequestPipelineTimeTest, ACancelledCallStopsWaiting) {
  answer([](const FakeHttp::Seen&) -> Result<http::Response> { return throttled("5000"); });
  RequestPipeline pipeline(options);
  core::TaskGroup group(loop.executor());
  auto task = [&]() -> awaitable<void> {
    ServiceCall call = list_shards();
    co_await pipeline.send(std::move(call));
    ADD_FAILURE() << "it was cancelled";
  };
  group.spawn(task());
  loop.run_for(100ms);
  EXPECT_EQ(http->seen.size(), 1u);
  group.cancel();
  loop.run(group.join());
  EXPECT_EQ(http->seen.size(), 1u);
}

}  // namespace
}  // namespace kinesis::aws
