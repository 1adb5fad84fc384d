#include "aws/credentials/refresh_rules.hpp"

#include <algorithm>

namespace kinesis::aws {

RefreshRules::RefreshRules(std::uint64_t seed) : random_(seed) {
  pause_.base = first_pause;
  pause_.cap = longest_pause;
  pause_.jitter = core::Backoff::Jitter::half;
}

RefreshRules::Verdict RefreshRules::ask(Moment now) const {
  const bool may = may_fetch(now);
  if (!have_ || (expires_at_ && now.wall >= *expires_at_)) return may ? Verdict::wait : Verdict::fail;
  if (!may) return Verdict::serve;
  if (refused_ || (slack_at_ && now.wall >= *slack_at_)) return Verdict::wait;
  const bool due = (refresh_at_ && now.wall >= *refresh_at_) || (blind_refresh_at_ && now.steady >= *blind_refresh_at_);
  return due ? Verdict::serve_and_refresh : Verdict::serve;
}

void RefreshRules::fetched(const Credentials& credentials, bool same, Moment now) {
  if (refused_) heed_refusals_at_ = now.steady + (same ? longest_pause : first_pause);
  have_ = true;
  refused_ = false;
  failures_ = 0;
  retry_at_ = Clock::time_point::min();
  refresh_at_.reset();
  slack_at_.reset();
  expires_at_.reset();
  blind_refresh_at_.reset();
  if (!credentials.expiration) return;
  const Clock::wall_time_point expires = *credentials.expiration;
  if (expires <= now.wall) {
    blind_refresh_at_ = now.steady + blind_refresh;
    return;
  }
  using Duration = Clock::wall_time_point::duration;
  const Duration life = expires - now.wall;
  Duration ahead = std::max<Duration>(refresh_ahead, life / 10);
  ahead += Duration(static_cast<Duration::rep>(random_.below(static_cast<std::uint64_t>((ahead / 5).count()))));
  refresh_at_ = expires - std::min(ahead, life / 2);
  slack_at_ = expires - std::min<Duration>(expiry_slack, life / 4);
  expires_at_ = expires;
}

void RefreshRules::failed(Moment now) {
  retry_at_ = now.steady + std::chrono::duration_cast<Clock::duration>(pause_.delay(failures_, random_));
  ++failures_;
}

void RefreshRules::refused(Moment now) {
  if (now.steady >= heed_refusals_at_) refused_ = true;
}

bool RefreshRules::usable(Moment now) const { return have_ && !(expires_at_ && now.wall >= *expires_at_); }

}  // namespace kinesis::aws
