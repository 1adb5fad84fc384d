#pragma once

#include <kinesis/clock.hpp>

#include <chrono>
#include <cstddef>
#include <variant>

namespace kinesis {

/// Where a shard without a checkpoint begins.
struct TrimHorizon {};  ///< The oldest record the stream still has.
struct Latest {};       ///< What arrives from now on.
struct AtTimestamp {    ///< The first record at or after a time. All workers of an application must name the same one.
  Clock::wall_time_point time;
};
using StartPosition = std::variant<TrimHorizon, Latest, AtTimestamp>;

/// Reads with GetRecords, which all readers of a shard share: 5 calls and 2 MB a second.
struct Polling {
  /// Pause after an answer that brought no records or reached the tip. 0 asks again as fast as the shard's limit
  /// allows.
  std::chrono::milliseconds idle_interval{1'000};
  /// Records of one answer, 1 to 10,000.
  std::size_t max_records = 10'000;
  /// Answers read ahead while the handler works, 1 or more. Each may hold up to 10 MiB.
  std::size_t prefetch = 2;
};

}  // namespace kinesis
