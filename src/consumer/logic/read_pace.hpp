#pragma once

#include "core/token_bucket.hpp"
#include <kinesis/clock.hpp>

#include <cstddef>

namespace kinesis::consumer {

/// When a shard may be read next: 5 calls and 2 MB a second, which all readers of a shard share (AWS, GetRecords). A
/// large answer is paid off afterwards: after 10 MB the next call waits 5 s. Where others read the shard too, the
/// service throttles calls that this pace allows: then it asks less often, and more often again as calls succeed. A
/// value.
class ReadPace {
 public:
  explicit ReadPace(Clock::time_point now);

  /// A call is made now.
  void call(Clock::time_point now);
  /// Its answer had so many bytes.
  void answer(std::size_t bytes, Clock::time_point now);
  /// It was refused: others use the shard's budget.
  void throttled();
  /// The earliest time of the next call.
  Clock::time_point next_call(Clock::time_point now) const;

 private:
  core::TokenBucket calls_;
  core::TokenBucket bytes_;
  Clock::time_point last_call_;
  /// Between two calls, because of others. 0: nobody else is there.
  Clock::duration spacing_{0};
};

/// How long to wait at the tip of a shard: a quarter of the interval after an answer with records, twice as long after
/// each one without, up to the interval. A value.
class IdlePace {
 public:
  explicit IdlePace(Clock::duration interval) : interval_(interval), next_(interval) {}

  /// The pause after an answer.
  Clock::duration pause(bool brought_records);

 private:
  Clock::duration interval_;
  Clock::duration next_;
};

}  // namespace kinesis::consumer
