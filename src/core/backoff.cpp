#include "core/backoff.hpp"

#include <algorithm>
#include <cmath>

namespace kinesis::core {

std::chrono::nanoseconds Backoff::limit(std::uint32_t attempt) const {
  const double most = static_cast<double>(std::max<std::int64_t>(cap.count(), 0));
  const double wanted = static_cast<double>(std::max<std::int64_t>(base.count(), 0)) * std::pow(factor, attempt);
  // Also true for infinity, which pow gives for large attempts (and for 0 times it: not a number).
  if (!(wanted < most))
    return base.count() > 0 ? std::chrono::nanoseconds(std::max<std::int64_t>(cap.count(), 0))
                            : std::chrono::nanoseconds(0);
  return std::chrono::nanoseconds(static_cast<std::int64_t>(wanted));
}

std::chrono::nanoseconds Backoff::delay(std::uint32_t attempt, Random& random) const {
  const std::chrono::nanoseconds most = limit(attempt);
  switch (jitter) {
    case Jitter::none:
      return most;
    case Jitter::full:
      return std::chrono::nanoseconds(random.below(static_cast<std::uint64_t>(most.count()) + 1));
    case Jitter::half: {
      const std::chrono::nanoseconds least = most / 2;
      return least + std::chrono::nanoseconds(random.below(static_cast<std::uint64_t>((most - least).count()) + 1));
    }
  }
  return most;
}

}  // namespace kinesis::core
