#include "consumer/logic/subscription_pace.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace kinesis::consumer {
namespace {

using namespace std::chrono_literals;
using time_point = SubscriptionPace::time_point;

const time_point start(1h);

TEST(SubscriptionPace, AfterAnOrderlyEndItIsAtOnce) {
  core::Random random(1);
  SubscriptionPace pace;
  pace.call(start);
  pace.accepted();
  pace.event(false, start + 5s);
  EXPECT_EQ(pace.after_end(start + 5min, random), start + 5min);
}

TEST(SubscriptionPace, NeverMoreThanOneCallASecond) {
  core::Random random(1);
  SubscriptionPace pace;
  for (time_point now = start; now < start + 1min;) {
    pace.call(now);
    pace.accepted();
    pace.event(true, now + 1ms);
    const time_point next = pace.after_end(now + 2ms, random);
    ASSERT_GE(next - now, 1s);
    now = next;
  }
}

TEST(SubscriptionPace, AnEndThatBroughtNothingIsAFailure) {
  core::Random random(1);
  SubscriptionPace pace;
  std::size_t calls = 0;
  for (time_point now = start; now < start + 10min; ++calls) {
    pace.call(now);
    pace.accepted();
    now = pace.after_end(now + 1ms, random);
  }
  EXPECT_LT(calls, 200u) << "a call every 5 s or so, and not every second";
}

TEST(SubscriptionPace, FailuresGrowToTenSecondsAndAreForgottenWithARecord) {
  core::Random random(1);
  SubscriptionPace pace;
  const auto longest_of = [&](int count) {
    Clock::duration longest{0};
    for (int i = 0; i < count; ++i) longest = std::max(longest, pace.after_failure(start, random) - start);
    return longest;
  };
  const auto grown = longest_of(60);
  EXPECT_GT(grown, 7s);
  EXPECT_LE(grown, 10s);
  pace.event(true, start);
  EXPECT_LE(pace.after_failure(start, random) - start, 200ms);
  longest_of(60);
  pace.call(start);
  pace.event(false, start + 10ms);
  EXPECT_GT(longest_of(60), 3s) << "a heartbeat before it breaks is no success";
  pace.event(false, start + 5s);
  EXPECT_LE(pace.after_failure(start + 5s, random) - (start + 5s), 200ms) << "of one that lasted it is";
}

// It waited up to 2 s beyond the 5 s for which the service refuses.
TEST(SubscriptionPace, ATakeOverIsTriedEachSecondOrSo) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    core::Random random(seed);
    SubscriptionPace pace;
    time_point now = start;
    pace.call(now);
    while (now < start + 5s) {
      const time_point next = pace.after_refusal(now + 2ms, random);
      EXPECT_GE(next - now, 1s) << "the limit of the service";
      EXPECT_LE(next - now, 1250ms);
      now = next;
      pace.call(now);
    }
    EXPECT_LE(now - start, 6250ms);
    EXPECT_LE(pace.refusals(), 5u);
  }
}

TEST(SubscriptionPace, RefusalsThatGoOnForMoreThanTenSecondsAreWaitedForLongerUpToFive) {
  core::Random random(1);
  SubscriptionPace pace;
  time_point now = start;
  std::size_t calls = 0;
  Clock::duration longest{0};
  for (; now < start + 10min; ++calls) {
    pace.call(now);
    const time_point next = pace.after_refusal(now, random);
    EXPECT_LE(next - now, 5s);
    if (now - start < 10s) {
      EXPECT_LE(next - now, 1250ms);
    }
    if (now - start > 20s) {
      EXPECT_GE(next - now, 2s);
    }
    longest = std::max(longest, next - now);
    now = next;
  }
  EXPECT_GT(longest, 4s);
  EXPECT_EQ(pace.refusals(), calls);
  pace.accepted();
  EXPECT_EQ(pace.refusals(), 0u);
  EXPECT_LE(pace.after_refusal(now, random) - now, 1250ms) << "and then it is a take-over again";
}

TEST(SubscriptionPace, ARefusalIsNoFailure) {
  core::Random random(1);
  SubscriptionPace pace;
  for (int i = 0; i < 50; ++i) pace.after_refusal(start, random);
  EXPECT_EQ(pace.refusals(), 50u);
  EXPECT_LE(pace.after_failure(start, random) - start, 200ms);
}

TEST(SubscriptionPace, WhatSomebodyHasToMendIsAskedForSeldom) {
  core::Random random(1);
  const SubscriptionPace pace;
  for (int i = 0; i < 50; ++i) {
    const auto wait = pace.after_hopeless(start, random) - start;
    EXPECT_GE(wait, 5s);
    EXPECT_LE(wait, 10s);
  }
}

}  // namespace
}  // namespace kinesis::consumer
