#include "doctor_progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinesis::tool {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::int64_t second = 1'000;
constexpr std::int64_t hour = 3'600 * second;

/// A shard whose oldest record that is not done is so old, in ms; one without is at its tip.
ShardLag lag(std::string shard, std::optional<std::int64_t> oldest, std::int64_t behind = 0) {
  ShardLag lag;
  lag.shard_id = std::move(shard);
  lag.behind_ms = behind;
  lag.oldest_ms = oldest;
  return lag;
}

/// What is said of these shards of a stream that keeps records for a day.
Finding of(std::vector<ShardLag> lags, int retention_hours = 24) {
  Progress progress;
  progress.lags = std::move(lags);
  progress.retention_hours = retention_hours;
  const std::vector<Finding> findings = judge(progress);
  EXPECT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].check, "progress");
  return findings[0];
}

TEST(DoctorProgress, AllDone) {
  const Finding finding = of({lag("a", {}), lag("b", {})});
  EXPECT_EQ(finding.health, Health::ok);
  EXPECT_EQ(finding.what, "all 2 shards are done to their tip");
  EXPECT_EQ(finding.advice, "");
}

TEST(DoctorProgress, NoLeaseWithAPosition) {
  ShardLag latest;
  latest.shard_id = "a";
  for (const auto& lags : {std::vector<ShardLag>(), std::vector<ShardLag>{latest}}) {
    const Finding finding = of(lags);
    EXPECT_EQ(finding.health, Health::not_checked);
    EXPECT_EQ(finding.what, "no lease has a position to look at");
  }
}

TEST(DoctorProgress, AMinuteBehindIsFine) {
  const Finding finding = of({lag("a", 60 * second), lag("b", 2 * second), lag("c", {})});
  EXPECT_EQ(finding.health, Health::ok);
  EXPECT_EQ(finding.what,
            "the oldest record that is not done came 60.0 s ago, in a; 0 of 3 shards are more than a minute behind");
}

TEST(DoctorProgress, MoreThanAMinuteIsAWarning) {
  const Finding finding = of({lag("a", 2 * second), lag("b", 61 * second), lag("c", 12 * hour)});
  EXPECT_EQ(finding.health, Health::warning);
  EXPECT_EQ(finding.what,
            "the oldest record that is not done came 12.0 h ago, in c; 2 of 3 shards are more than a minute behind");
  EXPECT_EQ(finding.advice, "if it grows: more workers, up to one per shard; more shards; a faster handler");
}

TEST(DoctorProgress, WhatTheServiceSaysItIsBehindCountsToo) {
  const Finding finding = of({lag("a", second), lag("b", {}, 61 * second)});
  EXPECT_EQ(finding.health, Health::warning);
  EXPECT_THAT(finding.what, HasSubstr("came 1.0 s ago, in a; 1 of 2 shards"));
}

TEST(DoctorProgress, MoreThanHalfOfTheRetentionIsAWarningOfLoss) {
  const Finding finding = of({lag("a", 12 * hour + 1)});
  EXPECT_EQ(finding.health, Health::warning);
  EXPECT_EQ(finding.advice,
            "the stream keeps records for 24 h, and then they are lost: start or speed up workers, or raise the "
            "retention");
  EXPECT_THAT(of({lag("a", 12 * hour)}).advice, StartsWith("if it grows"));
  EXPECT_THAT(of({lag("a", 12 * hour + 1)}, 168).advice, StartsWith("if it grows")) << "of a week it is little";
}

TEST(DoctorProgress, MoreThanNineTenthsOfItAreAProblem) {
  const Finding finding = of({lag("a", 21 * hour + hour / 2), lag("b", 22 * hour)});
  EXPECT_EQ(finding.health, Health::problem);
  EXPECT_THAT(finding.what, HasSubstr("22.0 h ago, in b; 2 of 2"));
  EXPECT_EQ(finding.advice,
            "the stream keeps records for 24 h, and then they are lost: raise the retention now, then start or speed "
            "up workers");
  EXPECT_EQ(of({lag("a", 21 * hour + hour / 2)}).health, Health::warning);
}

TEST(DoctorProgress, AnUnknownRetentionIsNoReasonToWarn) {
  const Finding finding = of({lag("a", 100 * hour)}, 0);
  EXPECT_EQ(finding.health, Health::warning);
  EXPECT_THAT(finding.advice, StartsWith("if it grows"));
  EXPECT_THAT(finding.what, HasSubstr("came 4.2 days ago"));
}

TEST(DoctorProgress, CheckpointsThatCannotBeReadAtAreAProblemBesideTheRest) {
  Progress progress;
  progress.lags = {lag("a", {})};
  for (int i = 0; i < 7; ++i) progress.failed.push_back("shard-" + std::to_string(i) + ": no");
  const auto findings = judge(progress);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].health, Health::problem);
  EXPECT_THAT(findings[0].what, HasSubstr("at the checkpoint: shard-0: no, shard-1: no"));
  EXPECT_THAT(findings[0].what, HasSubstr("shard-4: no and 2 more"));
  EXPECT_THAT(findings[0].advice, HasSubstr("leases set-checkpoint"));
  EXPECT_EQ(findings[1].health, Health::ok);
}

}  // namespace
}  // namespace kinesis::tool
