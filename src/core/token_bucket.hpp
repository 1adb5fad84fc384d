#pragma once

#include <chrono>
#include <optional>

namespace kinesis::core {

/// A rate limit as arithmetic on a given time: it holds up to `capacity` tokens and gains `rate` a second. Starts full.
/// Times that go back are taken as no time having passed.
class TokenBucket {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `capacity` > 0; `rate` >= 0 tokens a second, 0 never refills.
  TokenBucket(double capacity, double rate, time_point now) noexcept;

  /// Takes `n` tokens if so many are there. More than the capacity are taken from a full bucket, which then owes the
  /// rest: otherwise a single item over the limit would wait for ever.
  bool try_take(double n, time_point now) noexcept;
  /// Takes `n` tokens whether they are there or not; the bucket may owe.
  void take(double n, time_point now) noexcept;
  /// Gives back `n` tokens, up to the capacity.
  void put_back(double n, time_point now) noexcept;
  /// Empties the bucket; a bucket that owes stays as it is.
  void drain(time_point now) noexcept;

  /// How many there are; negative if some are owed.
  double available(time_point now) const noexcept;
  /// When try_take(n) would succeed if nobody else took any: `now` if it would at once, nothing if never.
  std::optional<time_point> when_available(double n, time_point now) const noexcept;

  /// What has been gained up to `now` stays.
  void set_rate(double rate, time_point now) noexcept;
  void set_capacity(double capacity, time_point now) noexcept;
  double rate() const noexcept { return rate_; }
  double capacity() const noexcept { return capacity_; }

 private:
  void refill(time_point now) noexcept;

  double capacity_;
  double rate_;
  double tokens_;
  time_point at_;
};

}  // namespace kinesis::core
