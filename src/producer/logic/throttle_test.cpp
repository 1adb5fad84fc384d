#include "producer/logic/throttle.hpp"

#include "producer/logic/test_throttle_simulation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace kinesis::producer {
namespace {

using namespace std::chrono_literals;
using testing::SimulatedProducer;
using testing::ThrottleSimulation;

constexpr Clock::time_point start{1h};
constexpr std::uint64_t small = 200;
constexpr std::uint64_t large = 50'000;

SimulatedProducer busy(std::uint64_t bytes) {
  SimulatedProducer producer;
  producer.bytes = bytes;
  return producer;
}

SimulatedProducer wants(double demand, std::uint64_t bytes, int burst = 1) {
  SimulatedProducer producer = busy(bytes);
  producer.demand = demand;
  producer.burst = burst;
  return producer;
}

/// Entries a second that a shard takes.
double capacity(double shard_factor, std::uint64_t bytes) {
  return shard_factor * std::min(1000.0, 1024.0 * 1024.0 / static_cast<double>(bytes));
}

struct Outcome {
  double goodput = 0;  ///< Of the capacity.
  double refused = 0;  ///< Of the entries sent.
  double least = 1;    ///< The smallest and the largest producer's part of what an even share is.
  double most = 1;
};

Outcome outcome(const ThrottleSimulation& simulation, double capacity, std::size_t from, std::size_t to) {
  double taken = 0;
  double refused = 0;
  double least = 1e9;
  double most = 0;
  for (std::size_t i = 0; i < simulation.size(); ++i) {
    const double part = simulation[i].taken_between(from, to);
    taken += part;
    refused += simulation[i].refused_between(from, to);
    least = std::min(least, part);
    most = std::max(most, part);
  }
  const double even = taken / static_cast<double>(simulation.size());
  return {taken / capacity / static_cast<double>(to - from), refused / (taken + refused), least / even, most / even};
}

TEST(ShardThrottle, KeepsThePromiseOfReadyAt) {
  ShardThrottle throttle(start);
  Clock::time_point now = start;
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t bytes = i % 7 == 0 ? 30'000 : 500;
    now = throttle.ready_at(1, bytes, now);
    ASSERT_TRUE(throttle.try_take(1, bytes, now)) << i;
    if (i % 3 == 0) throttle.on_delivered(1, bytes, now);
    if (i % 50 == 0) throttle.on_throttled(1, bytes, now);
  }
}

TEST(ShardThrottle, ARefusedTakeTakesNothing) {
  ShardThrottle throttle(start);
  ASSERT_TRUE(throttle.try_take(1, std::uint64_t{256} * 1024, start));
  const auto ready = throttle.ready_at(1, 1024, start);
  EXPECT_GT(ready, start);
  EXPECT_FALSE(throttle.try_take(200, 1024, start)) << "there are records left, but no bytes";
  EXPECT_EQ(throttle.ready_at(1, 1024, start), ready);
  EXPECT_EQ(throttle.ready_at(200, 1, ready), ready) << "all of the records are still there";
}

TEST(ShardThrottle, ARecordLargerThanABurstPassesAndIsPaidOff) {
  ShardThrottle throttle(start);
  constexpr std::uint64_t ten_mebibytes = std::uint64_t{10} << 20;
  const auto first = throttle.ready_at(1, ten_mebibytes, start);
  EXPECT_LE(first, start + 2s);
  ASSERT_TRUE(throttle.try_take(1, ten_mebibytes, first));
  const auto second = throttle.ready_at(1, 1, first);
  EXPECT_GE(second, first + 9s);
  EXPECT_LE(second, first + 20s);
}

TEST(ShardThrottle, ReachesTheDefaultInTwoSecondsIfNothingIsRefused) {
  ShardThrottle throttle(start);
  Clock::time_point now = start;
  for (; now < start + 2s + 200ms; now += 10ms) {
    if (throttle.try_take(1, 100, now)) throttle.on_delivered(1, 100, now);
  }
  EXPECT_DOUBLE_EQ(throttle.records_per_second(), 1000);
  EXPECT_DOUBLE_EQ(throttle.bytes_per_second(), 1024 * 1024);
}

TEST(ShardThrottle, WhatNobodyAsksForIsNotProbed) {
  ShardThrottle throttle(start);
  for (Clock::time_point now = start; now < start + 10min; now += 10ms) {
    if (throttle.try_take(1, 100, now)) throttle.on_delivered(1, 100, now);
  }
  EXPECT_DOUBLE_EQ(throttle.factor(), 1);
}

TEST(ShardThrottle, StaysWithinItsBoundsAndRecovers) {
  for (const std::uint64_t bytes : {small, large}) {
    ShardThrottle throttle(start);
    Clock::time_point now = start;
    for (; now < start + 5min; now += 10ms) {
      while (throttle.try_take(1, bytes, now)) throttle.on_throttled(1, bytes, now);
      ASSERT_GE(throttle.factor(), ShardThrottle::least_factor);
    }
    EXPECT_LT(throttle.factor(), 0.1);
    const Clock::time_point over = now;
    for (; throttle.factor() < 0.9 && now < over + 10min; now += 10ms) {
      while (throttle.try_take(1, bytes, now)) throttle.on_delivered(1, bytes, now);
    }
    EXPECT_LE(now - over, bytes == small ? 20s : 90s) << bytes;
    for (; now < over + 5min; now += 10ms) {
      while (throttle.try_take(1, bytes, now)) throttle.on_delivered(1, bytes, now);
      ASSERT_LE(throttle.factor(), ShardThrottle::most_factor);
    }
    EXPECT_DOUBLE_EQ(throttle.factor(), ShardThrottle::most_factor) << "nothing says that there is an end";
  }
}

TEST(ShardThrottle, TakesTimeThatGoesBackAsNoTime) {
  ShardThrottle throttle(start);
  EXPECT_TRUE(throttle.try_take(1, 100, start + 1s));
  EXPECT_TRUE(throttle.try_take(1, 100, start));
  throttle.on_throttled(1, 100, start - 1s);
  EXPECT_GT(throttle.factor(), 0);
}

// kpl.md, acceptance check 4, for entries of several sizes and several courses of chance.
class SharedShard : public ::testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(EntryBytes, SharedShard, ::testing::Values(small, 5000, large),
                         [](const auto& entry) { return std::to_string(entry.param); });

TEST_P(SharedShard, ThreeBusyProducersUseItAllWithFewRefusalsAndEvenly) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    ThrottleSimulation simulation(1, seed);
    for (int i = 0; i < 3; ++i) simulation.add(busy(GetParam()));
    simulation.run(60s);
    const Outcome o = outcome(simulation, capacity(1, GetParam()), 0, 60);
    EXPECT_GE(o.goodput, 0.95) << seed;
    EXPECT_LE(o.refused, 0.05) << seed;
    EXPECT_GE(o.least, 0.75) << seed;
    EXPECT_LE(o.most, 1.25) << seed;
  }
}

TEST_P(SharedShard, OneThatJoinsLateGetsItsShareAndOneThatLeavesGivesItUp) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    ThrottleSimulation simulation(1, seed);
    for (int i = 0; i < 3; ++i) {
      SimulatedProducer producer = busy(GetParam());
      if (i == 2) producer.starts = 60s;
      if (i == 0) producer.stops = 150s;
      simulation.add(std::move(producer));
    }
    simulation.run(240s);
    const double most = capacity(1, GetParam());
    const Outcome three = outcome(simulation, most, 90, 150);
    EXPECT_GE(three.goodput, 0.95) << seed;
    EXPECT_LE(three.refused, 0.05) << seed;
    EXPECT_GE(three.least, 0.75) << seed;
    EXPECT_LE(three.most, 1.25) << seed;
    const double two = simulation[1].taken_between(180, 240) + simulation[2].taken_between(180, 240);
    EXPECT_GE(two, 0.95 * most * 60) << seed;
    EXPECT_LE(outcome(simulation, most, 180, 240).refused, 0.05) << seed;
  }
}

TEST_P(SharedShard, AShardOfFourTimesTheDefaultIsFoundInAMinute) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    ThrottleSimulation simulation(4, seed);
    simulation.add(busy(GetParam()));
    simulation.run(90s);
    const double most = capacity(4, GetParam());
    const std::size_t found = GetParam() == large ? 45 : 20;
    EXPECT_GE(outcome(simulation, most, found, found + 10).goodput, 0.9) << seed;
    EXPECT_GE(outcome(simulation, most, 60, 90).goodput, 0.95) << seed;
    EXPECT_LE(outcome(simulation, most, 0, 90).refused, 0.02) << seed;
  }
}

TEST(SharedShard, ALoneProducerIsHardlyEverRefused) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    ThrottleSimulation simulation(1, seed);
    simulation.add(busy(small));
    simulation.run(120s);
    const Outcome o = outcome(simulation, capacity(1, small), 0, 120);
    EXPECT_GE(o.goodput, 0.98);
    EXPECT_LE(o.refused, 0.005);
  }
}

TEST(SharedShard, TenProducersShareEvenly) {
  ThrottleSimulation simulation(1, 1);
  for (int i = 0; i < 10; ++i) simulation.add(busy(small));
  simulation.run(60s);
  const Outcome o = outcome(simulation, capacity(1, small), 0, 60);
  EXPECT_GE(o.goodput, 0.95);
  EXPECT_LE(o.refused, 0.13) << "half of it in the first two seconds";
  EXPECT_GE(o.least, 0.75);
  EXPECT_LE(o.most, 1.25);
}

// What an entry may wait for a call that gathers others.
constexpr Clock::duration no_delay = 20ms;

TEST(SharedShard, DemandBelowTheCapacityIsNotDelayed) {
  const auto check = [](double demand, std::uint64_t bytes, int burst, Clock::duration settled) {
    ThrottleSimulation simulation(1, 1);
    SimulatedProducer producer = wants(demand, bytes, burst);
    producer.settled = settled;
    simulation.add(std::move(producer));
    simulation.run(40s);
    EXPECT_LE(simulation[0].longest_wait, no_delay) << demand << " of " << bytes;
    EXPECT_EQ(simulation[0].throttled, 0u) << demand << " of " << bytes;
  };
  check(900, small, 1, 0s);
  check(500, small, 500, 0s);
  check(10, large, 1, 0s);
  // What did not go at the cautious start is caught up with.
  check(18, large, 1, 5s);
  check(18, large, 18, 15s);
}

TEST(SharedShard, ThreeThatAskForLessThanItHasAreNotDelayed) {
  ThrottleSimulation simulation(1, 1);
  for (int i = 0; i < 3; ++i) simulation.add(wants(300, small));
  simulation.run(30s);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_LE(simulation[i].longest_wait, no_delay);
    EXPECT_EQ(simulation[i].throttled, 0u);
  }
}

TEST(SharedShard, WhoAsksForLittleGetsItBesideTheGreedy) {
  ThrottleSimulation simulation(1, 1);
  simulation.add(wants(100, small));
  simulation.add(busy(small));
  simulation.add(busy(small));
  simulation.run(60s);
  EXPECT_GE(simulation[0].taken_between(0, 60), 0.98 * 100 * 60);
  EXPECT_LE(simulation[0].longest_wait, no_delay);
  EXPECT_LE(simulation[0].throttled_share(), 0.05);
}

}  // namespace
}  // namespace kinesis::producer
