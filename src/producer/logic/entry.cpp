#include "producer/logic/entry.hpp"

#include "aggregation/aggregate_reader.hpp"

#include <algorithm>
#include <utility>

namespace kinesis::producer {
namespace {

/// The partition key of aggregates whose explicit hash key tells the shard, as the KPL has it: the shortest.
constexpr std::string_view any_key = "a";

aggregation::HashedKey key_of(const PendingRecord& record) {
  if (record.record.explicit_hash_key) return aggregation::hashed(record.record.partition_key);
  return {record.record.partition_key, record.hash};
}

std::optional<core::Uint128> explicit_hash_key(const PendingRecord& record) {
  if (!record.record.explicit_hash_key) return std::nullopt;
  return record.hash;
}

}  // namespace

Packing Packing::of(const Aggregation& aggregation) {
  if (const auto* by_shard = std::get_if<AggregateByShard>(&aggregation))
    return Packing{Mode::by_shard, by_shard->max_bytes, by_shard->max_records};
  if (const auto* by_key = std::get_if<AggregateByKey>(&aggregation))
    return Packing{Mode::by_key, by_key->max_bytes, by_key->max_records};
  return Packing{};
}

bool Entry::add(PendingPtr& record) {
  const bool may_pack = packing_.mode != Packing::Mode::alone;
  if (records_.empty()) {
    bytes_ = record->bytes;
    if (may_pack && aggregation::looks_like_aggregate(record->record.data.bytes())) pack(*record);
  } else {
    if (records_.size() >= packing_.max_records) return false;
    if (!may_pack || !pack_another(*record)) return false;
  }
  low_ = std::min(low_, record->hash);
  high_ = std::max(high_, record->hash);
  oldest_ = std::min(oldest_, record->accepted);
  records_.push_back(std::move(record));
  return true;
}

void Entry::pack(PendingRecord& record) {
  writer_.add(key_of(record), explicit_hash_key(record), record.record.data.bytes());
  record.record.data = Blob();
  bytes_ = writer_.size() + outer_key_size();
}

bool Entry::pack_another(PendingRecord& record) {
  const std::size_t key = outer_key_size();
  const std::size_t room = packing_.max_bytes > key ? packing_.max_bytes - key : 0;
  const aggregation::AggregateLimits limits{room, packing_.max_records};
  PendingRecord& first = *records_.front();
  // The first one was to go as it is, and does so after all if the second has no room beside it.
  const bool alone = writer_.empty();
  if (alone) writer_.add(key_of(first), explicit_hash_key(first), first.record.data.bytes());
  if (!writer_.try_add(key_of(record), explicit_hash_key(record), record.record.data.bytes(), limits)) {
    if (alone) writer_.clear();
    return false;
  }
  if (alone) first.record.data = Blob();
  record.record.data = Blob();
  bytes_ = writer_.size() + outer_key_size();
  return true;
}

void Entry::seal() {
  if (writer_.empty()) return;
  sealed_ = std::make_shared<Bytes>();
  writer_.write_unchecked(*sealed_);
  writer_ = aggregation::AggregateWriter();
}

std::vector<PendingPtr> Entry::take_records() {
  seal();
  if (!sealed_) return std::move(records_);
  std::vector<aggregation::UserRecordView> views;
  aggregation::AggregateReader().read(*sealed_, views);
  for (std::size_t i = 0; i < records_.size(); ++i) records_[i]->record.data = Blob(views[i].data, sealed_);
  sealed_ = nullptr;
  return std::move(records_);
}

std::size_t Entry::outer_key_size() const noexcept {
  if (packing_.mode == Packing::Mode::by_shard) return any_key.size();
  return records_.empty() ? 0 : records_.front()->record.partition_key.size();
}

std::vector<PutRecordsRequestEntry> to_request(std::span<const EntryPtr> entries) {
  std::vector<Bytes*> aggregates;
  for (const EntryPtr& entry : entries) {
    entry->seal();
    if (entry->sealed_ && !std::exchange(entry->checked_, true)) aggregates.push_back(entry->sealed_.get());
  }
  aggregation::add_checksums(aggregates);
  std::vector<PutRecordsRequestEntry> request;
  request.reserve(entries.size());
  for (const EntryPtr& entry : entries) request.push_back(entry->to_request());
  return request;
}

PutRecordsRequestEntry Entry::to_request() const {
  const OutgoingRecord<Blob>& first = records_.front()->record;
  const bool by_shard = aggregated() && packing_.mode == Packing::Mode::by_shard;
  PutRecordsRequestEntry entry(sealed_ ? Blob(*sealed_, sealed_) : first.data,
                               by_shard ? std::string(any_key) : first.partition_key);
  // Where it goes is told by number: the outer key says nothing.
  if (by_shard) {
    entry.explicit_hash_key = records_.front()->hash.to_string();
  } else {
    entry.explicit_hash_key = first.explicit_hash_key;
  }
  return entry;
}

}  // namespace kinesis::producer
