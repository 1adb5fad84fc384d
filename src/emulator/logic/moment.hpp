#pragma once

#include <chrono>
#include <cstdint>

namespace kinesis::emulator {

/// What time it is: an argument of everything that depends on it. Rates, delays and deadlines follow the monotonic
/// time; what clients see, and what retention is counted from, is wall time.
struct Moment {
  using Monotonic = std::chrono::steady_clock::time_point;
  using Wall = std::chrono::system_clock::time_point;

  Monotonic monotonic;
  Wall wall;

  /// Wall time in milliseconds since 1970.
  std::int64_t millis() const noexcept {
    return std::chrono::floor<std::chrono::milliseconds>(wall).time_since_epoch().count();
  }
  /// The moment of an earlier monotonic time, as the clocks go now.
  Moment at(Monotonic earlier) const noexcept {
    return {earlier, wall - std::chrono::duration_cast<Wall::duration>(monotonic - earlier)};
  }
};

}  // namespace kinesis::emulator
