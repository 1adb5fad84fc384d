#pragma once

#include "core/async.hpp"
#include "core/waiter.hpp"
#include "emulator/logic/subscription.hpp"
#include <kinesis/clock.hpp>
#include <kinesis/kinesis_api/subscriptions.hpp>

#include <atomic>
#include <memory>
#include <mutex>

namespace kinesis::emulator {

class SharedRegion;

/// Wakes a coroutine that waits, from any thread. A wake-up that finds nobody waiting is kept for the next wait.
class Wakeup {
 public:
  void wake();
  /// Until woken or `when`. Returns early if the coroutine is being cancelled: its next await throws. One at a time.
  core::awaitable<void> wait_until(Clock& clock, Clock::time_point when);

 private:
  std::mutex mutex_;
  bool woken_ = false;
  std::shared_ptr<core::Waiter> waiter_;
};

/// An accepted subscription and the wait for its events. Letting go of it ends it.
class LiveSubscription {
 public:
  /// Subscribes; the service's errors otherwise.
  static Result<std::shared_ptr<LiveSubscription>> open(std::shared_ptr<SharedRegion> region,
                                                        const SubscribeToShardRequest& request);
  LiveSubscription(std::shared_ptr<SharedRegion> region, std::shared_ptr<Wakeup> wakeup, Subscription subscription);
  ~LiveSubscription();
  LiveSubscription(const LiveSubscription&) = delete;
  LiveSubscription& operator=(const LiveSubscription&) = delete;

  /// The next event, the end, or a failure, waited for; Error(cancelled) as a failure after `cancel`. By one coroutine
  /// at a time.
  core::awaitable<SubscriptionStep> next();
  /// Until `cancel`, whatever happens. Instead of `next`.
  core::awaitable<void> wait_for_cancel();
  /// Sends no heartbeats any more. Between two calls of `next`.
  void silence() noexcept { subscription_.silent = true; }
  /// The reader is gone. From any thread.
  void cancel();

 private:
  std::shared_ptr<SharedRegion> region_;
  std::shared_ptr<Wakeup> wakeup_;
  std::atomic<bool> cancelled_{false};
  /// Moved on under the region's lock.
  Subscription subscription_;
};

}  // namespace kinesis::emulator
