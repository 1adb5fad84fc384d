#include "aws/retry.hpp"

#include <gtest/gtest.h>

namespace kinesis::aws {
namespace {

using namespace std::chrono_literals;

Error service_error(const char* code, int status = 400) {
  return Error(errc::invalid_argument, "x").with_service(code, status, "id");
}

TEST(ClassifyTest, CodesDecideBeforeStatuses) {
  for (const char* code : {"ThrottlingException", "ProvisionedThroughputExceededException", "LimitExceededException",
                           "SlowDown", "RequestLimitExceeded", "TooManyRequestsException"}) {
    EXPECT_EQ(classify(service_error(code)), FailureKind::throttled) << code;
  }
  for (const char* code :
       {"RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete", "IDPCommunicationError"}) {
    EXPECT_EQ(classify(service_error(code)), FailureKind::transient) << code;
  }
  for (const char* code :
       {"ExpiredTokenException", "UnrecognizedClientException", "ExpiredToken", "InvalidClientTokenId"}) {
    EXPECT_EQ(classify(service_error(code)), FailureKind::credentials) << code;
  }
  for (const char* code :
       {"ResourceNotFoundException", "ValidationException", "AccessDeniedException", "ExpiredIteratorException", ""}) {
    EXPECT_EQ(classify(service_error(code)), FailureKind::permanent) << code;
  }
  EXPECT_EQ(classify(service_error("SlowDown", 503)), FailureKind::throttled);
}

TEST(ClassifyTest, StatusesAndTheTransportDecideTheRest) {
  for (const int status : {500, 502, 503, 504}) {
    EXPECT_EQ(classify(service_error("InternalFailure", status)), FailureKind::transient) << status;
  }
  EXPECT_EQ(classify(Error(errc::service, "x").with_service("", 501, "")), FailureKind::permanent);
  EXPECT_EQ(classify(Error(errc::connection, "reset")), FailureKind::transient);
  EXPECT_EQ(classify(Error(errc::timeout, "late")), FailureKind::timeout);
  EXPECT_EQ(classify(Error(errc::tls, "bad certificate")), FailureKind::permanent);
  EXPECT_EQ(classify(Error(errc::cancelled, "")), FailureKind::permanent);
}

class CallRetriesTest : public testing::Test {
 protected:
  RetryRules rules;
  RetryQuota quota;
  core::Random random{1};
  const Error transient = Error(errc::connection, "reset");
  const Error throttled = service_error("ThrottlingException");
};

TEST_F(CallRetriesTest, StopsAfterTheLastAttempt) {
  CallRetries call(rules, quota);
  EXPECT_TRUE(call.failed(transient, random));
  EXPECT_TRUE(call.failed(transient, random));
  EXPECT_FALSE(call.failed(transient, random));
  EXPECT_EQ(call.attempts(), 3);
}

TEST_F(CallRetriesTest, APermanentFailureIsNotRetriedAndCostsNothing) {
  CallRetries call(rules, quota);
  EXPECT_FALSE(call.failed(service_error("ValidationException"), random));
  EXPECT_EQ(quota.available(), 500);
}

TEST_F(CallRetriesTest, DelaysAreRandomBelowALimitThatDoublesUpToTheCap) {
  rules.max_attempts = 100;
  for (int round = 0; round < 20; ++round) {
    RetryQuota fresh;
    CallRetries call(rules, fresh);
    EXPECT_LE(*call.failed(transient, random), 50ms);
    EXPECT_LE(*call.failed(transient, random), 100ms);
    EXPECT_LE(*call.failed(throttled, random), 4s);
    for (int i = 0; i < 20; ++i) EXPECT_LE(*call.failed(throttled, random), 20s);
  }
}

TEST_F(CallRetriesTest, TheServicesOwnDelayIsHeededWithinFiveSeconds) {
  for (int round = 0; round < 20; ++round) {
    RetryQuota fresh;
    CallRetries call(rules, fresh);
    const auto delay = *call.failed(transient, random, 1500ms);
    EXPECT_EQ(delay, 1500ms);
    CallRetries far(rules, fresh);
    const auto long_delay = *far.failed(transient, random, 1h);
    EXPECT_GE(long_delay, 5s);
    EXPECT_LE(long_delay, 5s + 50ms);
    CallRetries none(rules, fresh);
    EXPECT_LE(*none.failed(transient, random, 0ms), 50ms);
  }
}

TEST_F(CallRetriesTest, AnOutageEmptiesTheQuotaAndRetriesStop) {
  int retries = 0;
  for (int i = 0; i < 100; ++i) {
    CallRetries call(rules, quota);
    while (call.failed(transient, random)) ++retries;
  }
  EXPECT_EQ(retries, 500 / 14);
  CallRetries call(rules, quota);
  EXPECT_FALSE(call.failed(transient, random));
}

TEST_F(CallRetriesTest, SuccessGivesBackTheLastCostOrOneToken) {
  EXPECT_TRUE(quota.try_take(100));
  CallRetries first(rules, quota);
  first.succeeded();
  EXPECT_EQ(quota.available(), 401);
  CallRetries second(rules, quota);
  EXPECT_TRUE(second.failed(throttled, random));
  EXPECT_TRUE(second.failed(transient, random));
  EXPECT_EQ(quota.available(), 401 - 5 - 14);
  second.succeeded();
  EXPECT_EQ(quota.available(), 401 - 5);
  quota.give_back(10'000);
  EXPECT_EQ(quota.available(), 500);
}

TEST_F(CallRetriesTest, TheNumbersBefore2026AreThereToo) {
  rules = RetryRules::before_2026();
  CallRetries call(rules, quota);
  EXPECT_LE(*call.failed(Error(errc::timeout, ""), random), 1s);
  EXPECT_EQ(quota.available(), 490);
  EXPECT_LE(*call.failed(transient, random), 2s);
  EXPECT_EQ(quota.available(), 485);
}

TEST_F(CallRetriesTest, FreshCredentialsAreTriedOnceForFree) {
  rules.max_attempts = 10;
  CallRetries call(rules, quota);
  EXPECT_EQ(call.failed(service_error("ExpiredTokenException"), random), 0ns);
  EXPECT_FALSE(call.failed(service_error("ExpiredTokenException"), random));
  EXPECT_EQ(quota.available(), 500);
}

TEST(RetryAfterTest, IsAWholeNumberOfMilliseconds) {
  EXPECT_EQ(parse_retry_after("1500"), 1500ms);
  EXPECT_EQ(parse_retry_after(" 0 "), 0ms);
  for (const char* text : {"", "-1", "1.5", "soon", "99999999999999999999", "1s"}) {
    EXPECT_EQ(parse_retry_after(text), std::nullopt) << text;
  }
}

constexpr AdaptiveRateLimiter::time_point start(1000h);

/// Sends `rate` requests a second for `time`, none of them throttled.
AdaptiveRateLimiter::time_point send(AdaptiveRateLimiter& limiter, AdaptiveRateLimiter::time_point now, double rate,
                                     std::chrono::milliseconds time) {
  const auto step = std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / rate));
  const auto end = now + time;
  for (; now < end; now += step) limiter.answered(false, now);
  return now;
}

TEST(AdaptiveRateLimiterTest, DoesNotLimitBeforeTheFirstThrottle) {
  AdaptiveRateLimiter limiter(start);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(limiter.reserve(start), start);
  send(limiter, start, 100, 5s);
  EXPECT_FALSE(limiter.enabled());
  EXPECT_NEAR(limiter.measured_rate(), 100, 5);
}

TEST(AdaptiveRateLimiterTest, AThrottleCutsToSeventyPercentOfWhatWasMeasured) {
  AdaptiveRateLimiter limiter(start);
  const auto now = send(limiter, start, 100, 10s);
  limiter.answered(true, now);
  EXPECT_TRUE(limiter.enabled());
  EXPECT_NEAR(limiter.rate(), 70, 5);
}

TEST(AdaptiveRateLimiterTest, RequestsAreSpacedByTheRate) {
  AdaptiveRateLimiter limiter(start);
  auto now = send(limiter, start, 100, 10s);
  limiter.answered(true, now);
  const double rate = limiter.rate();
  auto last = now;
  for (int i = 0; i < 70; ++i) last = limiter.reserve(now);
  EXPECT_NEAR(std::chrono::duration<double>(last - now).count(), 70 / rate, 0.05);
}

TEST(AdaptiveRateLimiterTest, TheRateGrowsAgainButNotFarBeyondWhatIsUsed) {
  AdaptiveRateLimiter limiter(start);
  auto now = send(limiter, start, 100, 10s);
  limiter.answered(true, now);
  const double cut = limiter.rate();
  now = send(limiter, now, 60, 2s);
  EXPECT_GT(limiter.rate(), cut);
  now = send(limiter, now, 60, 60s);
  EXPECT_NEAR(limiter.rate(), 2 * limiter.measured_rate(), 1);
}

TEST(AdaptiveRateLimiterTest, NeverGoesBelowOneRequestInTwoSeconds) {
  AdaptiveRateLimiter limiter(start);
  auto now = start;
  for (int i = 0; i < 50; ++i) {
    now += 10s;
    limiter.answered(true, now);
  }
  EXPECT_EQ(limiter.rate(), 0.5);
  EXPECT_LE(limiter.reserve(now), now + 2s);
}

}  // namespace
}  // namespace kinesis::aws
