#include "consumer/logic/read_pace.hpp"

#include <algorithm>

namespace kinesis::consumer {
namespace {

constexpr double calls_a_second = 5;
constexpr double bytes_a_second = 2.0 * 1024 * 1024;

}  // namespace

ReadPace::ReadPace(Clock::time_point now)
    : calls_(calls_a_second, calls_a_second, now), bytes_(bytes_a_second, bytes_a_second, now) {}

void ReadPace::call(Clock::time_point now) { calls_.take(1, now); }

void ReadPace::answer(std::size_t bytes, Clock::time_point now) { bytes_.take(static_cast<double>(bytes), now); }

Clock::time_point ReadPace::next_call(Clock::time_point now) const {
  return std::max(calls_.when_available(1, now).value_or(now), bytes_.when_available(1, now).value_or(now));
}

}  // namespace kinesis::consumer
