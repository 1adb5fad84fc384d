#pragma once

#include "core/time_format.hpp"
#include <kinesis/error.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

// How far the machine's wall clock is off, learnt from the services' answers. A signature more than five minutes off is
// refused, so a machine with a wrong clock would otherwise never get through. No I/O and no clock.
namespace kinesis::aws {

/// What one answer says about the time.
struct TimeEvidence {
  /// The `date` header, empty if there was none.
  std::string_view date;
  /// The answer has an `age` header: it comes from a cache, and its date from the past.
  bool has_age = false;
  /// By the machine's clock, uncorrected.
  core::WallTime sent;
  core::WallTime received;
};

/// The skew of one client; its answers correct it, its requests are signed with it. Thread-safe.
class ClockSkew {
 public:
  using duration = core::WallTime::duration;

  /// The server's clock minus ours. Zero until an answer said otherwise.
  duration skew() const noexcept { return duration(skew_.load(std::memory_order_relaxed)); }
  /// What the server's clock shows when ours shows `now`.
  core::WallTime corrected(core::WallTime now) const noexcept { return now + skew(); }

  /// Takes what an answer says, whether it was a success or an error: the date against the middle of sending and
  /// receiving. Nothing if the answer does not tell, or took longer than 15 minutes.
  std::optional<duration> observe(const TimeEvidence& evidence) noexcept;

  /// Whether a request that was signed with `used` and failed with `error` is worth another try now that its answer has
  /// shown `observed`: the error may come from a wrong clock, and the clock was more than four minutes off, or the
  /// error says that it was.
  static bool explains(const Error& error, duration used, std::optional<duration> observed) noexcept;

 private:
  std::atomic<std::int64_t> skew_ = 0;
};

}  // namespace kinesis::aws
