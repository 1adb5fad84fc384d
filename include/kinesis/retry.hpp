#pragma once

#include <chrono>

namespace kinesis {

/// How one call to AWS is retried. Delays are random between 0 and min(cap, base * 2^(n-1)) before try n + 1 ("full
/// jitter").
struct RetryPolicy {
  enum class Mode {
    automatic,  ///< What AWS_RETRY_MODE or the profile's retry_mode says, standard if neither does.
    standard,   ///< Retries draw on a shared quota of 500 tokens, so an outage does not become a storm.
    adaptive,   ///< The same, and the client slows down as a whole when it is throttled.
  };
  Mode mode = Mode::automatic;
  /// Tries in all, 1 or more. 0 takes AWS_MAX_ATTEMPTS, the profile's max_attempts, else 3.
  int max_attempts = 0;
  std::chrono::milliseconds base{50};
  std::chrono::milliseconds throttled_base{500};
  std::chrono::milliseconds cap{20'000};
};

}  // namespace kinesis
