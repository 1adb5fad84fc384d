#include <kinesis/error.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace kinesis {
namespace {

TEST(ErrorTest, SaysEverythingInOneLine) {
  const Error error = Error(errc::not_found, "no stream\nof that name")
                          .with_service("ResourceNotFoundException", 400, "abc-1")
                          .with_attempts(3);
  EXPECT_STREQ(error.what(),
               "not_found: no stream of that name (ResourceNotFoundException, HTTP 400, attempts 3, request abc-1)");
  EXPECT_EQ(error.message(), "no stream\nof that name");
  EXPECT_EQ(error.service_code(), "ResourceNotFoundException");
  EXPECT_EQ(error.request_id(), "abc-1");
  EXPECT_EQ(error.http_status(), 400);
  EXPECT_EQ(error.attempts(), 3);
}

TEST(ErrorTest, LeavesOutWhatIsNotKnown) { EXPECT_STREQ(Error(errc::closed, "gone").what(), "closed: gone"); }

TEST(ErrorTest, KnowsWhichCodesMaySucceedLater) {
  EXPECT_TRUE(Error(errc::throttled, "").retryable());
  EXPECT_TRUE(Error(errc::connection, "").retryable());
  EXPECT_FALSE(Error(errc::invalid_argument, "").retryable());
  EXPECT_FALSE(Error(errc::throttled, "").with_retryable(false).retryable());
}

TEST(ErrorTest, ChangingOneDetailLeavesTheOriginalAndTheOthersAlone) {
  const Error first = Error(errc::service, "boom").with_service("InternalFailure", 500, "r");
  const Error second = first.with_context("put to s1");
  EXPECT_EQ(first.message(), "boom");
  EXPECT_EQ(second.message(), "put to s1: boom");
  EXPECT_EQ(second.service_code(), "InternalFailure");
  EXPECT_EQ(second.code(), errc::service);
}

TEST(ErrorTest, AMovedFromErrorIsStillReadable) {
  Error first(errc::timeout, "late");
  const Error second = std::move(first);        // NOLINT(performance-move-const-arg)
  EXPECT_STREQ(first.what(), "timeout: late");  // NOLINT(bugprone-use-after-move)
  EXPECT_STREQ(second.what(), "timeout: late");
}

TEST(ErrorTest, EveryCodeHasItsOwnName) {
  for (int code = 0; code <= static_cast<int>(errc::internal); ++code) {
    EXPECT_NE(to_string(static_cast<errc>(code)), "unknown") << code;
  }
}

TEST(ResultTest, HoldsAMoveOnlyValue) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(**result, 7);
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 7);
}

TEST(ResultTest, TakingTheValueOfAFailureThrowsItsError) {
  const Result<int> result(Error(errc::full, "no room"));
  EXPECT_FALSE(result);
  EXPECT_EQ(result.error().code(), errc::full);
  EXPECT_THROW(result.value(), Error);
}

TEST(ResultTest, OfNothingIsSuccessOrAnError) {
  const Result<void> good;
  EXPECT_TRUE(good);
  EXPECT_NO_THROW(good.value());
  const Result<void> bad(Error(errc::storage, "disk full"));
  EXPECT_THROW(bad.value(), Error);
}

}  // namespace
}  // namespace kinesis
