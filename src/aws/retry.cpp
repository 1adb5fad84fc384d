#include "aws/retry.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace kinesis::aws {
namespace {

constexpr std::array<std::string_view, 13> throttle_codes = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "SlowDown",
    "EC2ThrottledException",
};

// The last two are what STS says when an identity provider is slow.
constexpr std::array<std::string_view, 5> transient_codes = {"RequestTimeout", "RequestTimeoutException",
                                                             "PriorRequestNotComplete", "IDPCommunicationError",
                                                             "IDPCommunicationErrorException"};

constexpr std::array<std::string_view, 4> credential_codes = {"ExpiredToken", "ExpiredTokenException",
                                                              "UnrecognizedClientException", "InvalidClientTokenId"};

template <std::size_t N>
bool is_one_of(std::string_view code, const std::array<std::string_view, N>& codes) noexcept {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

double seconds(AdaptiveRateLimiter::time_point time) noexcept {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

// CUBIC (RFC 8312) as the SDKs use it.
constexpr double beta = 0.7;
constexpr double scale = 0.4;
constexpr double smoothing = 0.8;
constexpr double half_second = 0.5;
constexpr double slowest_rate = 0.5;
constexpr double most_over_measured = 2;

/// The rate `since` seconds after a throttle at `rate_then`: flat around the rate that was too much, steeper away from
/// it.
double cubic(double rate_then, double since) noexcept {
  const double flat_at = std::cbrt(rate_then * (1 - beta) / scale);
  return scale * std::pow(since - flat_at, 3) + rate_then;
}

}  // namespace

FailureKind classify(const Error& error) noexcept {
  const std::string_view code = error.service_code();
  if (is_one_of(code, throttle_codes)) return FailureKind::throttled;
  if (is_one_of(code, transient_codes)) return FailureKind::transient;
  if (is_one_of(code, credential_codes)) return FailureKind::credentials;
  switch (error.http_status()) {
    case 500:
    case 502:
    case 503:
    case 504:
      return FailureKind::transient;
    case 429:
      return FailureKind::throttled;
    default:
      break;
  }
  switch (error.code()) {
    case errc::connection:
      return FailureKind::transient;
    case errc::service:
      return error.http_status() == 0 ? FailureKind::transient : FailureKind::permanent;
    case errc::timeout:
      return FailureKind::timeout;
    case errc::throttled:
      return FailureKind::throttled;
    case errc::expired_credentials:
      return FailureKind::credentials;
    default:
      return FailureKind::permanent;
  }
}

RetryRules RetryRules::before_2026() {
  RetryRules rules;
  rules.base = std::chrono::seconds(1);
  rules.throttled_base = std::chrono::seconds(1);
  rules.cost = 5;
  rules.timeout_cost = 10;
  rules.throttled_cost = 5;
  return rules;
}

RetryRules RetryRules::for_dynamodb() {
  RetryRules rules;
  rules.max_attempts = 4;
  rules.base = std::chrono::milliseconds(25);
  return rules;
}

bool RetryQuota::try_take(int tokens) noexcept {
  int before = tokens_.load(std::memory_order_relaxed);
  do {
    if (before < tokens) return false;
  } while (!tokens_.compare_exchange_weak(before, before - tokens, std::memory_order_relaxed));
  return true;
}

void RetryQuota::give_back(int tokens) noexcept {
  int before = tokens_.load(std::memory_order_relaxed);
  do {
    if (before >= capacity) return;  // The usual case: nothing was spent.
  } while (!tokens_.compare_exchange_weak(before, std::min(capacity, before + tokens), std::memory_order_relaxed));
}

std::optional<std::chrono::nanoseconds> CallRetries::failed(const Error& error, core::Random& random,
                                                            std::optional<std::chrono::milliseconds> retry_after) {
  const FailureKind kind = classify(error);
  if (kind == FailureKind::permanent || attempts_ >= rules_.max_attempts) return std::nullopt;
  if (kind == FailureKind::credentials) {
    if (credentials_renewed_) return std::nullopt;
    credentials_renewed_ = true;
    ++attempts_;
    return std::chrono::nanoseconds(0);
  }
  const bool throttled = kind == FailureKind::throttled;
  int cost = rules_.cost;
  if (throttled) cost = rules_.throttled_cost;
  if (kind == FailureKind::timeout) cost = rules_.timeout_cost;
  if (!quota_.try_take(cost)) return std::nullopt;
  last_cost_ = cost;

  core::Backoff backoff;
  backoff.base = throttled ? rules_.throttled_base : rules_.base;
  backoff.cap = rules_.cap;
  std::chrono::nanoseconds delay = backoff.delay(static_cast<std::uint32_t>(attempts_ - 1), random);
  if (retry_after) delay = std::clamp<std::chrono::nanoseconds>(*retry_after, delay, delay + std::chrono::seconds(5));
  ++attempts_;
  return delay;
}

void CallRetries::succeeded() noexcept { quota_.give_back(last_cost_ > 0 ? last_cost_ : 1); }

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view header) noexcept {
  while (header.starts_with(' ')) header.remove_prefix(1);
  while (header.ends_with(' ')) header.remove_suffix(1);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), value);
  if (error != std::errc() || end != header.data() + header.size()) return std::nullopt;
  return std::chrono::milliseconds(value);
}

AdaptiveRateLimiter::AdaptiveRateLimiter(time_point now) noexcept
    : bucket_(1, slowest_rate, now), measured_since_(std::floor(seconds(now))), throttled_at_(now) {}

AdaptiveRateLimiter::time_point AdaptiveRateLimiter::reserve(time_point now) noexcept {
  if (!enabled_) return now;
  const time_point when = bucket_.when_available(1, now).value_or(now);
  // Taken at once, so that whoever comes next waits behind this one.
  bucket_.take(1, now);
  return when;
}

void AdaptiveRateLimiter::measure(time_point now) noexcept {
  const double bucket = std::floor(seconds(now) / half_second) * half_second;
  ++count_;
  if (bucket <= measured_since_) return;
  const double current = count_ / (bucket - measured_since_);
  measured_rate_ = current * smoothing + measured_rate_ * (1 - smoothing);
  count_ = 0;
  measured_since_ = bucket;
}

void AdaptiveRateLimiter::answered(bool throttled, time_point now) noexcept {
  measure(now);
  double rate = 0;
  if (throttled) {
    rate_at_throttle_ = enabled_ ? std::min(measured_rate_, bucket_.rate()) : measured_rate_;
    throttled_at_ = now;
    rate = rate_at_throttle_ * beta;
    if (!enabled_) bucket_.drain(now);
    enabled_ = true;
  } else {
    rate = cubic(rate_at_throttle_, std::chrono::duration<double>(now - throttled_at_).count());
  }
  rate = std::min(rate, most_over_measured * measured_rate_);
  bucket_.set_rate(std::max(rate, slowest_rate), now);
  bucket_.set_capacity(std::max(rate, 1.0), now);
}

}  // namespace kinesis::aws
