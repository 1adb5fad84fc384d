#pragma once

#include "core/random.hpp"
#include <kinesis/clock.hpp>

#include <cstdint>

namespace kinesis::consumer {

/// When a shard is subscribed again: never within a second of the last call, which is the service's limit; at once
/// after an end in order; with jitter and longer and longer after failures. Only what came counts as success: a service
/// that accepts each subscription and then breaks it is asked less often, too. A value.
class SubscriptionPace {
 public:
  using time_point = Clock::time_point;

  /// A call is made now.
  void call(time_point now);
  /// The service has accepted it.
  void accepted() { refusals_ = 0; }
  /// An event came, with or without records.
  void event(bool brought_records, time_point now);

  // Each is the earliest time of the next call.

  /// The service ended the subscription in order.
  time_point after_end(time_point now, core::Random& random);
  time_point after_failure(time_point now, core::Random& random);
  /// Another subscription is younger than 5 s: after those, this one takes its place. About a second, as often as the
  /// service allows to ask; longer and longer, up to 5 s, once refusals have gone on for 10 s and are about something
  /// else.
  time_point after_refusal(time_point now, core::Random& random);
  /// What stood in the way is gone.
  time_point at_once(time_point now) const { return not_before(now); }
  /// Somebody has to mend it.
  time_point after_hopeless(time_point now, core::Random& random) const;

  /// Refusals one after the other.
  std::uint32_t refusals() const noexcept { return refusals_; }

 private:
  time_point not_before(time_point when) const;

  bool called_ = false;
  time_point last_call_{};
  /// Since the last call.
  bool came_ = false;
  std::uint32_t failures_ = 0;
  std::uint32_t refusals_ = 0;
  /// Of the refusals one after the other.
  time_point first_refusal_{};
  std::uint32_t late_refusals_ = 0;
};

}  // namespace kinesis::consumer
