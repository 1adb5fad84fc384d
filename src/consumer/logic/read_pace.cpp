#include "consumer/logic/read_pace.hpp"

#include <algorithm>

namespace kinesis::consumer {
namespace {

using std::chrono::milliseconds;

constexpr double calls_a_second = 5;
constexpr double bytes_a_second = 2.0 * 1024 * 1024;
constexpr Clock::duration least_spacing = milliseconds(200);
constexpr Clock::duration most_spacing = milliseconds(2'000);

}  // namespace

ReadPace::ReadPace(Clock::time_point now)
    : calls_(calls_a_second, calls_a_second, now), bytes_(bytes_a_second, bytes_a_second, now), last_call_(now) {}

void ReadPace::call(Clock::time_point now) {
  calls_.take(1, now);
  last_call_ = now;
}

void ReadPace::answer(std::size_t bytes, Clock::time_point now) {
  bytes_.take(static_cast<double>(bytes), now);
  spacing_ -= spacing_ / 8;
  if (spacing_ < least_spacing) spacing_ = Clock::duration::zero();
}

void ReadPace::throttled() { spacing_ = std::clamp(spacing_ * 2, least_spacing * 2, most_spacing); }

Clock::time_point ReadPace::next_call(Clock::time_point now) const {
  const auto by_limits =
      std::max(calls_.when_available(1, now).value_or(now), bytes_.when_available(1, now).value_or(now));
  return std::max(by_limits, last_call_ + spacing_);
}

Clock::duration IdlePace::pause(bool brought_records) {
  if (brought_records) next_ = interval_ / 4;
  const Clock::duration pause = next_;
  next_ = std::min(next_ * 2, interval_);
  return pause;
}

}  // namespace kinesis::consumer
