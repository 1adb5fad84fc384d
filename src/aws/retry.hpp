#pragma once

#include "core/backoff.hpp"
#include "core/random.hpp"
#include "core/token_bucket.hpp"
#include <kinesis/error.hpp>

#include <atomic>
#include <chrono>
#include <optional>
#include <string_view>

// When a failed call is made again: the "standard" and "adaptive" retry modes of AWS's SDKs
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html; numbers and lists as in
// botocore/retries, August 2026). Arithmetic on a given time; no I/O.
namespace kinesis::aws {

enum class FailureKind {
  permanent,    ///< The same request fails again.
  transient,    ///< The service or the way to it had a fault: try again.
  timeout,      ///< No answer in time: as transient, perhaps at another price.
  throttled,    ///< The service asks to slow down.
  credentials,  ///< The credentials were refused: worth one try with fresh ones.
};

/// By the service's error code first, then by HTTP status and by what the transport said.
FailureKind classify(const Error& error) noexcept;

/// How patient one call is, and what its retries cost.
struct RetryRules {
  /// Tries in all, 1 or more.
  int max_attempts = 3;
  /// Before jitter, ahead of the second try; doubles up to `cap`.
  std::chrono::nanoseconds base = std::chrono::milliseconds(50);
  std::chrono::nanoseconds throttled_base = std::chrono::seconds(1);
  std::chrono::nanoseconds cap = std::chrono::seconds(20);
  int cost = 14;
  int timeout_cost = 14;
  int throttled_cost = 5;

  /// What SDKs do today unless AWS_NEW_RETRIES_2026 is set: one second for everything, 5 tokens, 10 for a timeout.
  static RetryRules before_2026();
  /// The new numbers for DynamoDB: 4 tries, 25 ms.
  static RetryRules for_dynamodb();
};

/// What all calls of one client may spend on retries: when much fails, retries stop, so that an outage does not become
/// a storm. Thread-safe.
class RetryQuota {
 public:
  static constexpr int capacity = 500;
  bool try_take(int tokens) noexcept;
  /// Up to the capacity.
  void give_back(int tokens) noexcept;
  int available() const noexcept { return tokens_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int> tokens_ = capacity;
};

/// The tries of one call. `rules` and `quota` must outlive it.
class CallRetries {
 public:
  CallRetries(const RetryRules& rules, RetryQuota& quota) noexcept : rules_(rules), quota_(quota) {}

  /// A try has failed: how long to wait before the next, or nothing if there is none. `retry_after` is what the
  /// answer's header x-amz-retry-after said; it is heeded up to 5 s beyond one's own delay. Credentials are retried
  /// once, at once and for free.
  std::optional<std::chrono::nanoseconds> failed(const Error& error, core::Random& random,
                                                 std::optional<std::chrono::milliseconds> retry_after = {});
  /// The call has succeeded: gives back what its last retry cost, or one token if there was none.
  void succeeded() noexcept;
  /// Tries begun so far, the first included.
  int attempts() const noexcept { return attempts_; }

 private:
  const RetryRules& rules_;
  RetryQuota& quota_;
  int attempts_ = 1;
  int last_cost_ = 0;
  bool credentials_renewed_ = false;
};

/// The value of x-amz-retry-after, milliseconds as a whole number; nothing if it is none.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view header) noexcept;

/// The client-wide rate limit of the adaptive mode: unlimited until the service throttles; then 0.7 of the rate that
/// was too much, growing again along a cubic curve. Not thread-safe.
class AdaptiveRateLimiter {
 public:
  using time_point = core::TokenBucket::time_point;

  explicit AdaptiveRateLimiter(time_point now) noexcept;

  /// Takes the right to send one request; it may be sent at the time returned, `now` or later.
  time_point reserve(time_point now) noexcept;
  /// A try was answered, or failed.
  void answered(bool throttled, time_point now) noexcept;

  /// Whether the service has throttled yet.
  bool enabled() const noexcept { return enabled_; }
  /// Requests a second.
  double rate() const noexcept { return bucket_.rate(); }
  double measured_rate() const noexcept { return measured_rate_; }

 private:
  void measure(time_point now) noexcept;

  core::TokenBucket bucket_;
  bool enabled_ = false;
  double measured_rate_ = 0;
  double measured_since_;  ///< Start of the half second that is being counted, in seconds.
  double count_ = 0;
  double rate_at_throttle_ = 0;
  time_point throttled_at_;
};

}  // namespace kinesis::aws
