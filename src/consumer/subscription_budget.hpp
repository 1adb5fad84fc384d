#pragma once

#include "core/token_bucket.hpp"
#include <kinesis/clock.hpp>

#include <cstddef>
#include <mutex>

namespace kinesis::consumer {

/// The SubscribeToShard calls that the shards of a worker may make together. Who asks gets a time of its own, one after
/// the other in the order of asking, so that none waits longer than its turn. From any thread.
class SubscriptionBudget {
 public:
  SubscriptionBudget(std::size_t calls_a_second, Clock::time_point now)
      : calls_(1, static_cast<double>(calls_a_second), now) {}

  /// When the caller may make its call.
  Clock::time_point turn(Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    calls_.take(1, now);
    return calls_.when_available(0, now).value_or(now);
  }

 private:
  std::mutex mutex_;
  core::TokenBucket calls_;
};

}  // namespace kinesis::consumer
