#include "core/token_bucket.hpp"

#include <algorithm>
#include <cmath>

namespace kinesis::core {
namespace {

/// What rounding may take away between when_available() and try_take() at that very time.
constexpr double slack = 1e-6;

double seconds(TokenBucket::time_point from, TokenBucket::time_point to) noexcept {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

TokenBucket::TokenBucket(double capacity, double rate, time_point now) noexcept
    : capacity_(capacity), rate_(rate), tokens_(capacity), at_(now) {}

double TokenBucket::available(time_point now) const noexcept {
  if (now <= at_) return tokens_;
  return std::min(capacity_, tokens_ + rate_ * seconds(at_, now));
}

void TokenBucket::refill(time_point now) noexcept {
  tokens_ = available(now);
  at_ = std::max(at_, now);
}

bool TokenBucket::try_take(double n, time_point now) noexcept {
  refill(now);
  const double needed = std::min(n, capacity_);
  if (tokens_ + slack * std::max(1.0, needed) < needed) return false;
  tokens_ -= n;
  return true;
}

void TokenBucket::take(double n, time_point now) noexcept {
  refill(now);
  tokens_ -= n;
}

void TokenBucket::put_back(double n, time_point now) noexcept {
  refill(now);
  tokens_ = std::min(capacity_, tokens_ + n);
}

void TokenBucket::drain(time_point now) noexcept {
  refill(now);
  tokens_ = std::min(tokens_, 0.0);
}

std::optional<TokenBucket::time_point> TokenBucket::when_available(double n, time_point now) const noexcept {
  const double missing = std::min(n, capacity_) - available(now);
  if (missing <= 0) return now;
  if (rate_ <= 0) return std::nullopt;
  const double wait = std::ceil(missing / rate_ * 1e9);
  const double room = static_cast<double>((time_point::max() - now).count());
  if (wait >= room) return std::nullopt;
  return std::max(now, at_) + std::chrono::nanoseconds(static_cast<std::int64_t>(wait));
}

void TokenBucket::set_rate(double rate, time_point now) noexcept {
  refill(now);
  rate_ = rate;
}

void TokenBucket::set_capacity(double capacity, time_point now) noexcept {
  refill(now);
  capacity_ = capacity;
  tokens_ = std::min(tokens_, capacity);
}

}  // namespace kinesis::core
