#include "aws/clock_skew.hpp"

#include <algorithm>
#include <array>

namespace kinesis::aws {
namespace {

constexpr std::chrono::minutes slowest_answer(15);
constexpr std::chrono::minutes most_harmless(4);

/// Errors that always mean the clock.
constexpr std::array<std::string_view, 3> definite = {"RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"};
/// Errors that may mean the clock.
constexpr std::array<std::string_view, 4> possible = {"InvalidSignatureException", "SignatureDoesNotMatch",
                                                      "AuthFailure", "AccessDeniedException"};

template <std::size_t N>
bool is_one_of(std::string_view code, const std::array<std::string_view, N>& codes) noexcept {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

std::optional<ClockSkew::duration> ClockSkew::observe(const TimeEvidence& evidence) noexcept {
  if (evidence.has_age || evidence.date.empty()) return std::nullopt;
  const duration took = evidence.received - evidence.sent;
  // Also if our clock was set back meanwhile.
  if (took < duration::zero() || took > slowest_answer) return std::nullopt;
  const std::optional<core::WallTime> date = core::parse_http_date(evidence.date);
  if (!date) return std::nullopt;
  const duration observed = *date - (evidence.sent + took / 2);
  skew_.store(observed.count(), std::memory_order_relaxed);
  return observed;
}

bool ClockSkew::explains(const Error& error, duration used, std::optional<duration> observed) noexcept {
  if (!observed) return false;
  const std::string_view code = error.service_code();
  const duration off = *observed > used ? *observed - used : used - *observed;
  // Dates have whole seconds: below two, nothing would change.
  if (is_one_of(code, definite)) return off >= std::chrono::seconds(2);
  return is_one_of(code, possible) && off > most_harmless;
}

}  // namespace kinesis::aws
