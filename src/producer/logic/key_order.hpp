#pragma once

#include "producer/logic/entry.hpp"

#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

namespace kinesis::producer {

/// Keeps the records of a partition key in order: they are in one entry at a time, and later ones wait until that entry
/// is answered, however often it is sent. Other keys are not held up. A value.
class KeyOrder {
 public:
  /// The entry that holds the key of `record`; null if the key is free.
  const Entry* holder(const PendingRecord& record) const;
  /// From now on `entry` holds the key.
  void hold(const std::string& partition_key, const Entry* entry);
  /// Behind everything of its key that waits.
  void wait(PendingPtr record);
  /// Before everything of its key that waits; `next` gives it if the key is free.
  void wait_first(PendingPtr record);

  /// `entry` is done with: `records`, which were its own, hold their keys no more. Frees each key that `entry` holds.
  void release(const Entry* entry, const std::vector<PendingPtr>& records);
  /// Whether records of this one's key wait: then it has to, too.
  bool waits(const PendingRecord& record) const;
  /// The first that waits of a key that is free now; null if there is none.
  PendingPtr next();
  /// The first that waits of this key; null if none does.
  PendingPtr next_of(const std::string& partition_key);

  /// Those that wait and were accepted at `cutoff` or before, the records of a key in order.
  std::vector<PendingPtr> take_older(Clock::time_point cutoff);
  /// No record that waits was accepted before; max() if none waits.
  Clock::time_point oldest() const noexcept { return oldest_; }
  /// Everything that waits, the records of a key in order.
  std::vector<PendingPtr> drain();
  bool empty() const noexcept { return waiting_ == 0; }

 private:
  struct Key {
    const Entry* holder = nullptr;
    std::deque<PendingPtr> waiting;
  };
  void count_in(const PendingRecord& record);
  PendingPtr take_first(Key& key);

  std::unordered_map<std::string, Key> keys_;
  std::vector<std::string> freed_;
  std::size_t waiting_ = 0;
  Clock::time_point oldest_ = Clock::time_point::max();
};

}  // namespace kinesis::producer
