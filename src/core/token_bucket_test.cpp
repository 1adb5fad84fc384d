#include "core/token_bucket.hpp"

#include <gtest/gtest.h>

namespace kinesis::core {
namespace {

using namespace std::chrono_literals;
constexpr TokenBucket::time_point start(1h);

TEST(TokenBucketTest, StartsFullAndRefillsAtItsRateUpToItsCapacity) {
  TokenBucket bucket(10, 2, start);
  EXPECT_TRUE(bucket.try_take(10, start));
  EXPECT_FALSE(bucket.try_take(1, start));
  EXPECT_FALSE(bucket.try_take(1, start + 499ms));
  EXPECT_TRUE(bucket.try_take(1, start + 500ms));
  EXPECT_DOUBLE_EQ(bucket.available(start + 1h), 10);
}

TEST(TokenBucketTest, ARefusedTakeTakesNothing) {
  TokenBucket bucket(10, 1, start);
  EXPECT_TRUE(bucket.try_take(8, start));
  EXPECT_FALSE(bucket.try_take(3, start));
  EXPECT_DOUBLE_EQ(bucket.available(start), 2);
}

TEST(TokenBucketTest, SaysWhenATakeWillSucceedAndItThenDoes) {
  TokenBucket bucket(1000, 3, start);
  bucket.take(1000, start);
  for (const double n : {0.1, 1.0, 7.0, 333.3, 1000.0}) {
    TokenBucket copy = bucket;
    const auto when = copy.when_available(n, start);
    ASSERT_TRUE(when.has_value());
    EXPECT_FALSE(copy.try_take(n, *when - 10ms)) << n;
    EXPECT_TRUE(copy.try_take(n, *when)) << n;
  }
  EXPECT_EQ(bucket.when_available(0, start), start);
}

TEST(TokenBucketTest, MoreThanTheCapacityWaitsForAFullBucketAndOwesTheRest) {
  TokenBucket bucket(10, 1, start);
  EXPECT_TRUE(bucket.try_take(25, start));
  EXPECT_DOUBLE_EQ(bucket.available(start), -15);
  EXPECT_FALSE(bucket.try_take(1, start + 15s));
  EXPECT_TRUE(bucket.try_take(1, start + 16s));
  EXPECT_EQ(bucket.when_available(25, start + 16s), start + 26s);
}

TEST(TokenBucketTest, WithoutARateNothingEverComesBack) {
  TokenBucket bucket(1, 0, start);
  EXPECT_TRUE(bucket.try_take(1, start));
  EXPECT_EQ(bucket.when_available(1, start), std::nullopt);
  EXPECT_FALSE(bucket.try_take(1, start + 1000h));
}

TEST(TokenBucketTest, ChangingTheRateKeepsWhatWasGained) {
  TokenBucket bucket(100, 10, start);
  bucket.take(100, start);
  bucket.set_rate(1, start + 2s);
  EXPECT_DOUBLE_EQ(bucket.available(start + 2s), 20);
  EXPECT_DOUBLE_EQ(bucket.available(start + 4s), 22);
  bucket.set_capacity(5, start + 4s);
  EXPECT_DOUBLE_EQ(bucket.available(start + 4s), 5);
}

TEST(TokenBucketTest, DrainEmptiesAndPutBackDoesNotOverfill) {
  TokenBucket bucket(10, 1, start);
  bucket.drain(start);
  EXPECT_DOUBLE_EQ(bucket.available(start), 0);
  bucket.put_back(50, start);
  EXPECT_DOUBLE_EQ(bucket.available(start), 10);
  bucket.take(30, start);
  bucket.drain(start);
  EXPECT_DOUBLE_EQ(bucket.available(start), -20);
}

TEST(TokenBucketTest, TimeThatGoesBackGivesNothing) {
  TokenBucket bucket(10, 1, start);
  bucket.take(10, start + 10s);
  EXPECT_DOUBLE_EQ(bucket.available(start), 0);
  EXPECT_FALSE(bucket.try_take(1, start + 10s));
  EXPECT_TRUE(bucket.try_take(1, start + 11s));
}

}  // namespace
}  // namespace kinesis::core
