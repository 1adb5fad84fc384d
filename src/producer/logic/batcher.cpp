#include "producer/logic/batcher.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kinesis::producer {

void Batcher::add(PendingPtr record) {
  fresh_bytes_ += record->bytes();
  fresh_.push_back(std::move(record));
}

void Batcher::add_again(PendingPtr record, Clock::time_point when) { again_.emplace(when, std::move(record)); }

std::vector<PendingPtr> Batcher::next(Clock::time_point now) {
  std::vector<PendingPtr> batch;
  std::size_t bytes = 0;
  const auto fits = [&](const PendingRecord& record) {
    return batch.size() < limits_.records && (batch.empty() || bytes + record.bytes() <= limits_.bytes);
  };
  while (!again_.empty() && again_.begin()->first <= now && fits(*again_.begin()->second)) {
    bytes += again_.begin()->second->bytes();
    batch.push_back(std::move(again_.begin()->second));
    again_.erase(again_.begin());
  }
  // Once a batch goes anyway, it takes along whatever fits.
  const bool due = !batch.empty() || full() || flush_first_ > 0 ||
                   (!fresh_.empty() && fresh_.front()->accepted + limits_.linger <= now);
  if (!due) return batch;
  while (!fresh_.empty() && fits(*fresh_.front())) {
    bytes += fresh_.front()->bytes();
    fresh_bytes_ -= fresh_.front()->bytes();
    if (flush_first_ > 0) --flush_first_;
    batch.push_back(std::move(fresh_.front()));
    fresh_.pop_front();
  }
  return batch;
}

std::optional<Clock::time_point> Batcher::ready_at() const {
  std::optional<Clock::time_point> at;
  if (!again_.empty()) at = again_.begin()->first;
  if (fresh_.empty()) return at;
  const bool now = full() || flush_first_ > 0;
  const Clock::time_point fresh_at = now ? Clock::time_point::min() : fresh_.front()->accepted + limits_.linger;
  return at ? std::min(*at, fresh_at) : fresh_at;
}

std::vector<PendingPtr> Batcher::expired(Clock::time_point now, Clock::duration time_to_live) {
  std::vector<PendingPtr> expired;
  if (time_to_live <= Clock::duration::zero()) return expired;
  while (!fresh_.empty() && fresh_.front()->accepted + time_to_live <= now) {
    fresh_bytes_ -= fresh_.front()->bytes();
    if (flush_first_ > 0) --flush_first_;
    expired.push_back(std::move(fresh_.front()));
    fresh_.pop_front();
  }
  // The others are tried before they expire.
  for (auto it = again_.begin(); it != again_.end() && it->first <= now;) {
    if (it->second->accepted + time_to_live > now) {
      ++it;
      continue;
    }
    expired.push_back(std::move(it->second));
    it = again_.erase(it);
  }
  return expired;
}

std::optional<Clock::time_point> Batcher::expires_at(Clock::duration time_to_live) const {
  if (time_to_live <= Clock::duration::zero() || empty()) return std::nullopt;
  auto oldest = Clock::time_point::max();
  if (!fresh_.empty()) oldest = fresh_.front()->accepted;
  if (!again_.empty()) oldest = std::min(oldest, again_.begin()->second->accepted);
  return oldest + time_to_live;
}

std::vector<PendingPtr> Batcher::drain() {
  std::vector<PendingPtr> all;
  for (auto& [when, record] : again_) all.push_back(std::move(record));
  std::move(fresh_.begin(), fresh_.end(), std::back_inserter(all));
  again_.clear();
  fresh_.clear();
  fresh_bytes_ = 0;
  flush_first_ = 0;
  return all;
}

}  // namespace kinesis::producer
