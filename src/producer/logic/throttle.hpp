#pragma once

#include "core/token_bucket.hpp"
#include <kinesis/clock.hpp>

#include <cstdint>
#include <optional>

namespace kinesis::producer {

/// Admission to one shard at the rate that this producer's share of it bears, learned from what the service takes and
/// throttles.
///
/// A shard takes 1000 records and 1 MiB (data and partition keys) a second unless the service has made it larger, with
/// a burst of a second. Both rates are multiplied with one number, the factor: it begins with 0.5 and is 1 after two
/// seconds without a refusal, less where other producers write to the same shard, more where the shard turns out to be
/// larger and there is use for it. An entry counts as the service counts it: an aggregate is one record.
///
/// Simulated (throttle_test.cpp), answers after 20 ms: three busy producers use all of a shard, each within a fifth of
/// a third over the first minute; 2 % of their entries are refused, 3 to 4 % in the minute in which all begin. Ten
/// producers see 6 %, 12 % in that minute. A shard of four times the default is found in 20 s, with entries of 50 KB in
/// 45 s. What is asked for below the rate of the shard is not delayed. Shares are less even (half to twice) where a
/// producer gets only two entries or so a second.
///
/// A value; time is an argument. Not thread-safe.
class ShardThrottle {
 public:
  /// What a factor of 1 stands for: what the service promises for every shard.
  static constexpr double default_records_per_second = 1000;
  static constexpr double default_bytes_per_second = 1024.0 * 1024.0;
  /// Bounds of the factor.
  static constexpr double least_factor = 0.002;
  static constexpr double most_factor = 16;

  explicit ShardThrottle(Clock::time_point now) noexcept;

  /// Whether `records` entries of `bytes` together may be sent now; takes their tokens if so. What is larger than a
  /// burst passes when a burst is there and is paid off afterwards.
  bool try_take(std::uint64_t records, std::uint64_t bytes, Clock::time_point now) noexcept;
  /// When `try_take` will say yes if nothing else is taken and no answer changes the rate: `now` or later.
  Clock::time_point ready_at(std::uint64_t records, std::uint64_t bytes, Clock::time_point now) const noexcept;

  /// An answer: so many entries were stored on the shard, and so many refused for its rate. Entries that failed for
  /// other reasons, or with their whole call, say nothing about the shard.
  void on_delivered(std::uint64_t records, std::uint64_t bytes, Clock::time_point now) noexcept;
  void on_throttled(std::uint64_t records, std::uint64_t bytes, Clock::time_point now) noexcept;

  double factor() const noexcept { return factor_; }
  double records_per_second() const noexcept { return factor_ * default_records_per_second; }
  double bytes_per_second() const noexcept { return factor_ * default_bytes_per_second; }

 private:
  /// What answers said in the round that is being counted. Costs are in seconds of a default shard.
  struct Round {
    double delivered = 0;
    double throttled = 0;
    double entries = 0;
  };

  void end_round(Clock::time_point now) noexcept;
  double step() const noexcept;
  double decline(double refused) const noexcept;
  double grown(double factor, double time, Clock::time_point now) const noexcept;
  void set_factor(double factor, Clock::time_point now) noexcept;

  core::TokenBucket records_;
  core::TokenBucket bytes_;
  double factor_ = 0.5;
  Clock::time_point round_began_;
  Round round_;
  /// Whether the rate held anybody up in this round.
  bool limited_ = false;
  /// Nothing has been refused yet.
  bool starting_ = true;
  std::optional<Clock::time_point> last_throttled_;
  /// Entries stored since the last one that was refused.
  double calm_ = 0;
  /// Of an entry; 0: not known yet.
  double mean_cost_ = 0;
};

}  // namespace kinesis::producer
