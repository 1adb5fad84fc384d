#include "aws/credentials/refresh_rules.hpp"

#include <gtest/gtest.h>

namespace kinesis::aws {
namespace {

using namespace std::chrono_literals;
using Verdict = RefreshRules::Verdict;

Moment at(std::chrono::milliseconds time) {
  return Moment{Clock::wall_time_point(1'000'000h + time), Clock::time_point(24h + time)};
}

Credentials until(std::optional<std::chrono::milliseconds> time) {
  Credentials credentials;
  if (time) credentials.expiration = at(*time).wall;
  return credentials;
}

TEST(RefreshRulesTest, WithoutAnythingSomebodyMustFetch) {
  const RefreshRules rules(1);
  EXPECT_EQ(rules.ask(at(0s)), Verdict::wait);
  EXPECT_FALSE(rules.usable(at(0s)));
}

TEST(RefreshRulesTest, LongTermKeysAreNeverFetchedAgain) {
  RefreshRules rules(1);
  rules.fetched(until({}), false, at(0s));
  EXPECT_EQ(rules.ask(at(0s)), Verdict::serve);
  EXPECT_EQ(rules.ask(at(240h)), Verdict::serve);
}

TEST(RefreshRulesTest, TheySeeTheirSuccessorFiveMinutesOrATenthAhead) {
  for (std::uint64_t seed = 1; seed < 50; ++seed) {
    RefreshRules hour(seed);
    hour.fetched(until(1h), false, at(0s));
    EXPECT_EQ(hour.ask(at(52min)), Verdict::serve);  // a tenth and at most a fifth of it: from 52:48 on
    EXPECT_EQ(hour.ask(at(54min)), Verdict::serve_and_refresh);
    EXPECT_EQ(hour.ask(at(1h - 11s)), Verdict::serve_and_refresh);
    RefreshRules quarter(seed);
    quarter.fetched(until(15min), false, at(0s));
    EXPECT_EQ(quarter.ask(at(8min)), Verdict::serve);
    EXPECT_EQ(quarter.ask(at(10min)), Verdict::serve_and_refresh);
    RefreshRules six(seed);
    six.fetched(until(6h), false, at(0s));
    EXPECT_EQ(six.ask(at(5h)), Verdict::serve);
    EXPECT_EQ(six.ask(at(5h + 24min)), Verdict::serve_and_refresh);
  }
}

TEST(RefreshRulesTest, AFleetDoesNotRefreshAtOnce) {
  int early = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    RefreshRules rules(seed);
    rules.fetched(until(1h), false, at(0s));
    early += rules.ask(at(53min + 24s)) == Verdict::serve_and_refresh;
  }
  EXPECT_GT(early, 30);
  EXPECT_LT(early, 70);
}

TEST(RefreshRulesTest, AShortLifeIsRefreshedAtHalfOfIt) {
  RefreshRules rules(1);
  rules.fetched(until(1min), false, at(0s));
  EXPECT_EQ(rules.ask(at(29s)), Verdict::serve);
  EXPECT_EQ(rules.ask(at(30s)), Verdict::serve_and_refresh);
}

TEST(RefreshRulesTest, NoRequestStartsWithWhatEndsWithinTheSlack) {
  RefreshRules rules(1);
  rules.fetched(until(1h), false, at(0s));
  EXPECT_EQ(rules.ask(at(1h - 10'001ms)), Verdict::serve_and_refresh);
  EXPECT_EQ(rules.ask(at(1h - 10s)), Verdict::wait);
  EXPECT_TRUE(rules.usable(at(1h - 1ms)));
  EXPECT_FALSE(rules.usable(at(1h)));
}

TEST(RefreshRulesTest, AFailureLeavesTheOldUntilTheyHaveReallyExpired) {
  RefreshRules rules(1);
  rules.fetched(until(1h), false, at(0s));
  rules.failed(at(55min));
  EXPECT_EQ(rules.ask(at(55min)), Verdict::serve);
  EXPECT_EQ(rules.ask(at(55min + 1s)), Verdict::serve_and_refresh);
  rules.failed(at(1h - 5s));
  EXPECT_EQ(rules.ask(at(1h - 5s)), Verdict::serve);  // within the slack, but there are no others
  rules.failed(at(1h));
  EXPECT_EQ(rules.ask(at(1h)), Verdict::fail);
  EXPECT_EQ(rules.ask(at(1h + 5s)), Verdict::wait);
}

TEST(RefreshRulesTest, PausesGrowFromOneSecondToAMinute) {
  RefreshRules rules(1);
  auto now = 0ms;
  auto pause = 0ms;
  for (int failure = 0; failure < 10; ++failure) {
    rules.failed(at(now));
    pause = 0ms;
    while (rules.ask(at(now + pause)) == Verdict::fail) pause += 50ms;
    if (failure == 0) {
      EXPECT_GE(pause, 500ms);
      EXPECT_LE(pause, 1050ms);
    }
    now += pause;
  }
  EXPECT_GE(pause, 30s);
  EXPECT_LE(pause, 60'050ms);
  rules.fetched(until({}), false, at(now));
  rules.refused(at(now));
  rules.failed(at(now));
  EXPECT_EQ(rules.ask(at(now + 1s)), Verdict::wait) << "a success ends the growth";
}

TEST(RefreshRulesTest, ARefusalForcesOneFetch) {
  RefreshRules rules(1);
  rules.fetched(until({}), false, at(0s));
  rules.refused(at(1s));
  EXPECT_EQ(rules.ask(at(1s)), Verdict::wait);
  rules.fetched(until({}), true, at(1s));
  EXPECT_EQ(rules.ask(at(1s)), Verdict::serve);
  rules.refused(at(60s));
  EXPECT_EQ(rules.ask(at(60s)), Verdict::serve) << "the same keys again: a fetch would not help";
  rules.refused(at(61s));
  EXPECT_EQ(rules.ask(at(61s)), Verdict::wait);
  rules.fetched(until({}), false, at(61s));
  rules.refused(at(61s + 500ms));
  EXPECT_EQ(rules.ask(at(61s + 500ms)), Verdict::serve);
  rules.refused(at(62s));
  EXPECT_EQ(rules.ask(at(62s)), Verdict::wait);
}

TEST(RefreshRulesTest, WhatComesExpiredIsForTheServiceToJudge) {
  RefreshRules rules(1);
  rules.fetched(until(-2h), false, at(0s));
  EXPECT_EQ(rules.ask(at(0s)), Verdict::serve) << "our clock is wrong: asking again and again would not help";
  EXPECT_EQ(rules.ask(at(4min)), Verdict::serve);
  EXPECT_EQ(rules.ask(at(5min)), Verdict::serve_and_refresh);
}

TEST(RefreshRulesTest, AWallClockThatIsSetBackDoesNotStopRetries) {
  RefreshRules rules(1);
  rules.failed(at(0s));
  Moment later = at(2s);
  later.wall -= 10h;
  EXPECT_EQ(rules.ask(later), Verdict::wait);
}

}  // namespace
}  // namespace kinesis::aws
