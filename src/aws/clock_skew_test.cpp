#include "aws/clock_skew.hpp"

#include <gtest/gtest.h>

namespace kinesis::aws {
namespace {

using namespace std::chrono_literals;

// "Sun, 06 Nov 1994 08:49:37 GMT"
const core::WallTime date{784111777s};
constexpr const char* date_text = "Sun, 06 Nov 1994 08:49:37 GMT";

TimeEvidence evidence(core::WallTime sent, core::WallTime received) {
  TimeEvidence result;
  result.date = date_text;
  result.sent = sent;
  result.received = received;
  return result;
}

Error error(const char* code) { return Error(errc::access_denied, "x").with_service(code, 400, ""); }

TEST(ClockSkewTest, IsTheDateAgainstTheMiddleOfTheExchange) {
  ClockSkew clock;
  EXPECT_EQ(clock.skew(), 0s);
  EXPECT_EQ(clock.observe(evidence(date - 11s, date - 9s)), 10s);
  EXPECT_EQ(clock.skew(), 10s);
  EXPECT_EQ(clock.corrected(date), date + 10s);
  EXPECT_EQ(clock.observe(evidence(date + 1h, date + 1h)), -1h);
  EXPECT_EQ(clock.corrected(date + 1h), date);
}

TEST(ClockSkewTest, TheLatestAnswerCounts) {
  ClockSkew clock;
  clock.observe(evidence(date - 10min, date - 10min));
  clock.observe(evidence(date, date));
  EXPECT_EQ(clock.skew(), 0s);
}

TEST(ClockSkewTest, AnswersThatCannotTellChangeNothing) {
  ClockSkew clock;
  clock.observe(evidence(date - 10s, date - 10s));
  TimeEvidence cached = evidence(date, date);
  cached.has_age = true;
  EXPECT_EQ(clock.observe(cached), std::nullopt);
  TimeEvidence dateless = evidence(date, date);
  dateless.date = "";
  EXPECT_EQ(clock.observe(dateless), std::nullopt);
  dateless.date = "yesterday";
  EXPECT_EQ(clock.observe(dateless), std::nullopt);
  EXPECT_EQ(clock.observe(evidence(date - 16min, date)), std::nullopt);
  EXPECT_EQ(clock.observe(evidence(date, date - 1s)), std::nullopt);
  EXPECT_EQ(clock.skew(), 10s);
}

TEST(ClockSkewTest, ExplainsRefusalsWhenTheClockWasFarOff) {
  for (const char* code :
       {"InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure", "AccessDeniedException"}) {
    EXPECT_TRUE(ClockSkew::explains(error(code), 0s, 5min)) << code;
    EXPECT_TRUE(ClockSkew::explains(error(code), 0s, -5min)) << code;
    EXPECT_FALSE(ClockSkew::explains(error(code), 0s, 4min)) << code;
  }
  EXPECT_FALSE(ClockSkew::explains(error("ResourceNotFoundException"), 0s, 1h));
  EXPECT_FALSE(ClockSkew::explains(error("InvalidSignatureException"), 0s, std::nullopt));
}

TEST(ClockSkewTest, DoesNotExplainARefusalOfARequestSignedWithTheRightTime) {
  EXPECT_FALSE(ClockSkew::explains(error("InvalidSignatureException"), 1h, 1h + 1s));
  EXPECT_FALSE(ClockSkew::explains(error("RequestTimeTooSkewed"), 1h, 1h + 1s));
}

TEST(ClockSkewTest, SomeErrorsAlwaysMeanTheClock) {
  for (const char* code : {"RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"}) {
    EXPECT_TRUE(ClockSkew::explains(error(code), 0s, 1min)) << code;
  }
}

}  // namespace
}  // namespace kinesis::aws
