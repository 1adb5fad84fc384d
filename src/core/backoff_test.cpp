#include "core/backoff.hpp"

#include <gtest/gtest.h>

namespace kinesis::core {
namespace {

using namespace std::chrono_literals;

Backoff make(Backoff::Jitter jitter) {
  Backoff backoff;
  backoff.base = 100ms;
  backoff.cap = 5s;
  backoff.jitter = jitter;
  return backoff;
}

TEST(BackoffTest, DoublesUpToTheCap) {
  Random random(1);
  const Backoff backoff = make(Backoff::Jitter::none);
  EXPECT_EQ(backoff.delay(0, random), 100ms);
  EXPECT_EQ(backoff.delay(1, random), 200ms);
  EXPECT_EQ(backoff.delay(5, random), 3200ms);
  EXPECT_EQ(backoff.delay(6, random), 5s);
  EXPECT_EQ(backoff.delay(0xffffffff, random), 5s);
}

TEST(BackoffTest, FullJitterSpreadsFromNothingToTheLimit) {
  Random random(1);
  const Backoff backoff = make(Backoff::Jitter::full);
  auto low = backoff.cap, high = 0ns;
  for (int i = 0; i < 1000; ++i) {
    const auto delay = backoff.delay(2, random);
    low = std::min(low, delay);
    high = std::max(high, delay);
  }
  EXPECT_LT(low, 20ms);
  EXPECT_GT(high, 380ms);
  EXPECT_LE(high, 400ms);
}

TEST(BackoffTest, HalfJitterNeverWaitsLessThanHalf) {
  Random random(1);
  const Backoff backoff = make(Backoff::Jitter::half);
  for (int i = 0; i < 1000; ++i) {
    const auto delay = backoff.delay(2, random);
    EXPECT_GE(delay, 200ms);
    EXPECT_LE(delay, 400ms);
  }
}

TEST(BackoffTest, OddSettingsGiveNoNegativeDelay) {
  Random random(1);
  Backoff backoff = make(Backoff::Jitter::full);
  backoff.base = 0ms;
  EXPECT_EQ(backoff.delay(5000, random), 0ns);
  backoff.base = -1s;
  EXPECT_EQ(backoff.delay(5, random), 0ns);
  backoff.base = 10s;
  EXPECT_LE(backoff.delay(0, random), 5s);
  backoff.cap = -1s;
  EXPECT_EQ(backoff.delay(0, random), 0ns);
}

}  // namespace
}  // namespace kinesis::core
