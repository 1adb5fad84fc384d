#pragma once

#include "core/token_bucket.hpp"
#include <kinesis/clock.hpp>

#include <cstddef>

namespace kinesis::consumer {

/// When a shard may be read next: 5 calls and 2 MB a second, which all readers of a shard share (AWS, GetRecords). A
/// large answer is paid off afterwards: after 10 MB the next call waits 5 s. A value.
class ReadPace {
 public:
  explicit ReadPace(Clock::time_point now);

  /// A call is made now.
  void call(Clock::time_point now);
  /// Its answer had so many bytes.
  void answer(std::size_t bytes, Clock::time_point now);
  /// The earliest time of the next call.
  Clock::time_point next_call(Clock::time_point now) const;

 private:
  core::TokenBucket calls_;
  core::TokenBucket bytes_;
};

}  // namespace kinesis::consumer
