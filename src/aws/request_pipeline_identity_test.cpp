#include "aws/test_pipeline.hpp"

#include <gmock/gmock.h>

namespace kinesis::aws {
namespace {

using ::testing::HasSubstr;

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

}  // namespace
}  // namespace kinesis::aws
