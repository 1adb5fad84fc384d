#include "consumer/logic/subscription_pace.hpp"

#include "core/backoff.hpp"

#include <algorithm>
#include <chrono>

namespace kinesis::consumer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr core::Backoff failure_backoff{milliseconds(200), seconds(10)};
/// A take-over is refused for 5 s at most. The jitter keeps workers apart, and calls from being a second apart here and
/// less than that at the service.
constexpr seconds longest_takeover{10};
constexpr milliseconds takeover_jitter{250};
constexpr core::Backoff refusal_backoff{seconds(2), seconds(5), 2, core::Backoff::Jitter::half};
constexpr core::Backoff hopeless_backoff{seconds(10), seconds(10), 1, core::Backoff::Jitter::half};
constexpr seconds least_spacing{1};
/// A subscription that lasted so long, with an event at its end, was worth the call even if no record came.
constexpr seconds lasting{5};

}  // namespace

void SubscriptionPace::call(time_point now) {
  called_ = true;
  last_call_ = now;
  came_ = false;
}

void SubscriptionPace::event(bool brought_records, time_point now) {
  came_ = true;
  if (brought_records || now - last_call_ >= lasting) failures_ = 0;
}

SubscriptionPace::time_point SubscriptionPace::not_before(time_point when) const {
  return called_ ? std::max(when, last_call_ + least_spacing) : when;
}

SubscriptionPace::time_point SubscriptionPace::after_end(time_point now, core::Random& random) {
  if (!came_) return after_failure(now, random);
  return not_before(now);
}

SubscriptionPace::time_point SubscriptionPace::after_failure(time_point now, core::Random& random) {
  return not_before(now + failure_backoff.delay(failures_++, random));
}

SubscriptionPace::time_point SubscriptionPace::after_refusal(time_point now, core::Random& random) {
  if (refusals_++ == 0) {
    first_refusal_ = now;
    late_refusals_ = 0;
  }
  if (now - first_refusal_ < longest_takeover) {
    const auto jitter = std::chrono::duration_cast<Clock::duration>(takeover_jitter * random.unit());
    return not_before(now) + jitter;
  }
  return not_before(now + refusal_backoff.delay(late_refusals_++, random));
}

SubscriptionPace::time_point SubscriptionPace::after_hopeless(time_point now, core::Random& random) const {
  return not_before(now + hopeless_backoff.delay(0, random));
}

}  // namespace kinesis::consumer
