#pragma once

#include "core/random.hpp"

#include <chrono>
#include <cstdint>

namespace kinesis::core {

/// How long to wait before trying again: min(cap, base * factor^attempt), then jittered.
struct Backoff {
  enum class Jitter {
    none,  ///< Exactly that.
    full,  ///< Uniform between 0 and that.
    half,  ///< Uniform between half of that and that: spreads callers and still waits.
  };

  std::chrono::nanoseconds base = std::chrono::milliseconds(100);
  std::chrono::nanoseconds cap = std::chrono::seconds(20);
  double factor = 2;
  Jitter jitter = Jitter::full;

  /// `attempt` is 0 before the first retry. Never negative, never over `cap`; a base above the cap counts as the cap.
  std::chrono::nanoseconds delay(std::uint32_t attempt, Random& random) const;
  /// The same before jitter.
  std::chrono::nanoseconds limit(std::uint32_t attempt) const;
};

}  // namespace kinesis::core
