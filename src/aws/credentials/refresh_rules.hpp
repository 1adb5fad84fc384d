#pragma once

#include "core/backoff.hpp"
#include "core/random.hpp"
#include <kinesis/credentials.hpp>

#include <chrono>
#include <optional>

// When to fetch credentials anew. Times are told; no I/O, no clock.
namespace kinesis::aws {

/// Both clocks at one moment: credentials expire by the wall, pauses are measured by the other.
struct Moment {
  Clock::wall_time_point wall;
  Clock::time_point steady;
};

/// The life of the credentials of one provider.
class RefreshRules {
 public:
  enum class Verdict {
    serve,              ///< What there is is good.
    serve_and_refresh,  ///< It is good, and it is time to fetch its successor beside.
    wait,               ///< There is none, or it ends now, or it was refused: fetch first.
    fail,               ///< As `wait`, but the last try failed only now: say so again.
  };

  /// Credentials are renewed when less than this is left, or a tenth of their life, whichever is more; spread by up to
  /// a fifth of it.
  static constexpr std::chrono::minutes refresh_ahead{5};
  /// So close to their end nobody starts a request with them, if there are others.
  static constexpr std::chrono::seconds expiry_slack{10};
  /// After credentials that are expired as they come: the clock here is wrong, and the service will judge.
  static constexpr std::chrono::minutes blind_refresh{5};
  static constexpr std::chrono::seconds first_pause{1};
  static constexpr std::chrono::seconds longest_pause{60};

  explicit RefreshRules(std::uint64_t seed);

  Verdict ask(Moment now) const;
  /// A fetch brought these. `same` if they are the ones there were.
  void fetched(const Credentials& credentials, bool same, Moment now);
  void failed(Moment now);
  /// The service refused what there is. Heeded once; for the same keys not again for a minute, for others not for a
  /// second.
  void refused(Moment now);
  /// Whether what there is may still be used after a fetch that failed.
  bool usable(Moment now) const;

 private:
  bool may_fetch(Moment now) const { return now.steady >= retry_at_; }

  core::Random random_;
  core::Backoff pause_;
  bool have_ = false;
  bool refused_ = false;
  Clock::time_point heed_refusals_at_ = Clock::time_point::min();
  Clock::time_point retry_at_ = Clock::time_point::min();
  std::uint32_t failures_ = 0;
  // Nothing: long-term keys, or an expiration we cannot believe.
  std::optional<Clock::wall_time_point> refresh_at_;
  std::optional<Clock::wall_time_point> slack_at_;
  std::optional<Clock::wall_time_point> expires_at_;
  std::optional<Clock::time_point> blind_refresh_at_;
};

}  // namespace kinesis::aws
