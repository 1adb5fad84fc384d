#include "doctor_progress.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace kinesis::tool {
namespace {

/// Behind so much, somebody should know.
constexpr std::int64_t behind_warning_ms = 60'000;
/// Parts of the retention that the oldest record may have reached.
constexpr double retention_warning = 0.5;
constexpr double retention_problem = 0.9;

Finding finding(Health health, std::string what, std::string advice) {
  return Finding{"progress", health, std::move(what), std::move(advice)};
}

Finding judge_age(std::int64_t age_ms, bool behind, int retention_hours, std::string text) {
  const double part = static_cast<double>(age_ms) / (retention_hours * 3'600'000.0);
  const std::string keep =
      "the stream keeps records for " + std::to_string(retention_hours) + " h, and then they are lost: ";
  if (retention_hours > 0 && part > retention_problem)
    return finding(Health::problem, std::move(text), keep + "raise the retention now, then start or speed up workers");
  if (retention_hours > 0 && part > retention_warning)
    return finding(Health::warning, std::move(text), keep + "start or speed up workers, or raise the retention");
  if (behind)
    return finding(Health::warning, std::move(text),
                   "if it grows: more workers, up to one per shard; more shards; a faster handler");
  return finding(Health::ok, std::move(text), "");
}

Finding judge_lags(const Progress& progress) {
  const ShardLag* oldest = nullptr;
  std::size_t behind = 0;
  std::size_t told = 0;
  for (const ShardLag& lag : progress.lags) {
    if (lag.behind_ms) ++told;
    // What is not done yet counts by its age: the answer that had it may say it is at the tip.
    const std::int64_t age = std::max(lag.oldest_ms.value_or(0), lag.behind_ms.value_or(0));
    if (age > behind_warning_ms) ++behind;
    if (lag.oldest_ms && (oldest == nullptr || *oldest->oldest_ms < *lag.oldest_ms)) oldest = &lag;
  }
  if (told == 0) return finding(Health::not_checked, "no lease has a position to look at", "");
  if (oldest == nullptr)
    return finding(Health::ok, "all " + std::to_string(told) + " shards are done to their tip", "");
  std::string text = "the oldest record that is not done came " + human_time(*oldest->oldest_ms) + " ago, in " +
                     oldest->shard_id + "; " + std::to_string(behind) + " of " + std::to_string(told) +
                     " shards are more than a minute behind";
  return judge_age(*oldest->oldest_ms, behind > 0, progress.retention_hours, std::move(text));
}

}  // namespace

std::vector<Finding> judge(const Progress& progress) {
  std::vector<Finding> findings;
  if (!progress.failed.empty())
    findings.push_back(finding(Health::problem, "cannot be read at the checkpoint: " + some_of(progress.failed),
                               "allow kinesis:GetShardIterator and GetRecords; a checkpoint that is refused can be set "
                               "anew with kinesis leases set-checkpoint"));
  findings.push_back(judge_lags(progress));
  return findings;
}

}  // namespace kinesis::tool
