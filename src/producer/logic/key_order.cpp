#include "producer/logic/key_order.hpp"

#include <utility>

namespace kinesis::producer {

const Entry* KeyOrder::holder(const PendingRecord& record) const {
  const auto it = keys_.find(record.record.partition_key);
  return it == keys_.end() ? nullptr : it->second.holder;
}

void KeyOrder::hold(const std::string& partition_key, const Entry* entry) { keys_[partition_key].holder = entry; }

void KeyOrder::wait(PendingPtr record) {
  ++waiting_;
  keys_[record->record.partition_key].waiting.push_back(std::move(record));
}

void KeyOrder::wait_first(PendingPtr record) {
  ++waiting_;
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
  --waiting_;
  return record;
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
  return all;
}

}  // namespace kinesis::producer
