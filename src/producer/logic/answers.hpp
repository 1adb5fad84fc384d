#pragma once

#include "producer/logic/pending_record.hpp"

#include <cstddef>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace kinesis::producer {

/// Where an entry was stored.
struct Stored {
  ShardName shard_id;
  SequenceNumber sequence_number;
  bool aggregated = false;
  Clock::time_point answered;
};

/// What became of some records: those of an entry that was stored, in its order, or one that failed.
struct Fate {
  std::size_t records = 0;
  RecordSums sums;
  std::variant<Stored, Error> what;
};

/// Records that are done with, one after the other, each group of them with its fate. A value; moves.
class Answers {
 public:
  /// Leaves nulls in `records`.
  void add(std::span<PendingPtr> records, const RecordSums& sums, Stored stored) {
    fates_.push_back(Fate{records.size(), sums, std::move(stored)});
    for (PendingPtr& record : records) records_.push_back(std::move(record));
  }
  void add(PendingPtr record, Error error) {
    Fate& fate = fates_.emplace_back(Fate{1, {}, std::move(error)});
    fate.sums.add(*record);
    records_.push_back(std::move(record));
  }

  bool empty() const noexcept { return fates_.empty(); }
  const std::vector<Fate>& fates() const noexcept { return fates_; }
  std::vector<PendingPtr>& records() noexcept { return records_; }
  /// `step(fate, its records)`.
  template <class Step>
  void for_each_fate(Step step) {
    std::span<PendingPtr> left(records_);
    for (const Fate& fate : fates_) {
      step(fate, left.first(fate.records));
      left = left.subspan(fate.records);
    }
  }

 private:
  std::vector<PendingPtr> records_;
  std::vector<Fate> fates_;
};

/// Calls the record's handler. `index`: its place among those of that fate.
void complete(PendingRecord& record, const Fate& fate, std::size_t index);

}  // namespace kinesis::producer
