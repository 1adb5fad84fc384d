#include "producer/logic/key_order.hpp"

#include <algorithm>
#include <utility>

namespace kinesis::producer {

const Entry* KeyOrder::holder(const PendingRecord& record) const {
  const auto it = keys_.find(record.record.partition_key);
  return it == keys_.end() ? nullptr : it->second.holder;
}

void KeyOrder::hold(const std::string& partition_key, const Entry* entry) { keys_[partition_key].holder = entry; }

void KeyOrder::count_in(const PendingRecord& record) {
  ++waiting_;
  oldest_ = std::min(oldest_, record.accepted);
}

void KeyOrder::wait(PendingPtr record) {
  count_in(*record);
  record->own_data();
  keys_[record->record.partition_key].waiting.push_back(std::move(record));
}

void KeyOrder::wait_first(PendingPtr record) {
  count_in(*record);
  Key& key = keys_[record->record.partition_key];
  if (key.holder == nullptr) freed_.push_back(record->record.partition_key);
  key.waiting.push_front(std::move(record));
}

void KeyOrder::release(const Entry* entry, const std::vector<PendingPtr>& records) {
  for (const PendingPtr& record : records) {
    const auto it = keys_.find(record->record.partition_key);
    if (it == keys_.end() || it->second.holder != entry) continue;
    it->second.holder = nullptr;
    if (it->second.waiting.empty()) {
      keys_.erase(it);
    } else {
      freed_.push_back(it->first);
    }
  }
}

PendingPtr KeyOrder::next() {
  while (!freed_.empty()) {
    const auto it = keys_.find(freed_.back());
    if (it == keys_.end() || it->second.holder != nullptr || it->second.waiting.empty()) {
      freed_.pop_back();
      // Nobody took its place: what waited has expired, or may not be sent.
      if (it != keys_.end() && it->second.holder == nullptr && it->second.waiting.empty()) keys_.erase(it);
      continue;
    }
    return take_first(it->second);
  }
  return nullptr;
}

PendingPtr KeyOrder::next_of(const std::string& partition_key) {
  const auto it = keys_.find(partition_key);
  return it == keys_.end() || it->second.waiting.empty() ? nullptr : take_first(it->second);
}

PendingPtr KeyOrder::take_first(Key& key) {
  PendingPtr record = std::move(key.waiting.front());
  key.waiting.pop_front();
  if (--waiting_ == 0) oldest_ = Clock::time_point::max();
  return record;
}

/// Looks at every key, so `oldest_` is exact afterwards; between two of these it may be too early.
std::vector<PendingPtr> KeyOrder::take_older(Clock::time_point cutoff) {
  std::vector<PendingPtr> taken;
  if (oldest_ > cutoff) return taken;
  auto oldest = Clock::time_point::max();
  for (auto& [key, state] : keys_) {
    // The first one of a key is its oldest.
    while (!state.waiting.empty() && state.waiting.front()->accepted <= cutoff) taken.push_back(take_first(state));
    if (!state.waiting.empty()) oldest = std::min(oldest, state.waiting.front()->accepted);
  }
  oldest_ = oldest;
  return taken;
}

bool KeyOrder::waits(const PendingRecord& record) const {
  if (waiting_ == 0) return false;
  const auto it = keys_.find(record.record.partition_key);
  return it != keys_.end() && !it->second.waiting.empty();
}

std::vector<PendingPtr> KeyOrder::drain() {
  std::vector<PendingPtr> all;
  for (auto& [key, state] : keys_)
    for (PendingPtr& record : state.waiting) all.push_back(std::move(record));
  keys_.clear();
  freed_.clear();
  waiting_ = 0;
  oldest_ = Clock::time_point::max();
  return all;
}

}  // namespace kinesis::producer
