#include "producer/logic/entry.hpp"

#include "aggregation/aggregate_reader.hpp"
#include "core/prefetch.hpp"

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

void Entry::begin_again(std::optional<ShardSlot> slot, Packing packing) {
  std::vector<PendingPtr> records = std::move(records_);
  records.clear();
  *this = Entry(slot, packing);
  records_ = std::move(records);
}

bool Entry::add(PendingPtr& record) {
  const bool may_pack = packing_.mode != Packing::Mode::alone;
  if (records_.empty()) {
    if (packing_.memory && packing_.mode == Packing::Mode::by_shard) records_.reserve(packing_.memory->records());
    bytes_ = record->bytes;
    if (may_pack && aggregation::looks_like_aggregate(record->record.data.bytes())) {
      pack(*record);
    } else {
      record->own_data();
    }
  } else {
    if (records_.size() >= packing_.max_records) return false;
    if (!may_pack || !pack_another(*record)) return false;
    if (records_.size() == 1) records_.reserve(16);
  }
  sums_.add(*record);
  low_ = std::min(low_, record->hash);
  high_ = std::max(high_, record->hash);
  oldest_ = std::min(oldest_, record->accepted);
  records_.push_back(std::move(record));
  return true;
}

void Entry::prefetch_writer() const noexcept {
  core::prefetch_lines<1>(records_.data() + records_.size());
  if (writer_) core::prefetch_lines<4>(writer_.get());
}

void Entry::prefetch_room_for(const PendingRecord& record) const noexcept {
  if (writer_) writer_->prefetch(record.hash);
}

void Entry::begin_to_pack(PendingRecord& record) {
  writer_ = packing_.memory ? packing_.memory->writer() : std::make_unique<aggregation::AggregateWriter>();
  writer_->add(key_of(record), explicit_hash_key(record), record.record.data.bytes());
}

void Entry::forget_writer() {
  if (packing_.memory) packing_.memory->give_back(std::move(writer_));
  writer_ = nullptr;
}

void Entry::pack(PendingRecord& record) {
  begin_to_pack(record);
  record.drop_data();
  bytes_ = writer_->size() + outer_key_size();
}

bool Entry::pack_another(PendingRecord& record) {
  const std::size_t key = outer_key_size();
  const std::size_t room = packing_.max_bytes > key ? packing_.max_bytes - key : 0;
  const aggregation::AggregateLimits limits{room, packing_.max_records};
  PendingRecord& first = *records_.front();
  // The first one was to go as it is, and does so after all if the second has no room beside it.
  const bool alone = !writer_;
  if (alone) begin_to_pack(first);
  if (!writer_->try_add(key_of(record), explicit_hash_key(record), record.record.data.bytes(), limits)) {
    if (alone) forget_writer();
    return false;
  }
  if (alone) first.drop_data();
  record.drop_data();
  bytes_ = writer_->size() + outer_key_size();
  return true;
}

void Entry::seal() {
  if (!writer_) return;
  const std::size_t size = writer_->size();
  if (packing_.memory) packing_.memory->expect_records(records_.size());
  sealed_ = packing_.memory ? packing_.memory->bytes(size) : std::make_shared<SealedBytes>(size);
  writer_->write_unchecked(sealed_->span());
  forget_writer();
}

std::vector<PendingPtr> Entry::take_records() {
  seal();
  if (!sealed_) return std::move(leave());
  std::vector<aggregation::UserRecordView> views;
  aggregation::AggregateReader().read(sealed_->span(), views);
  for (std::size_t i = 0; i < records_.size(); ++i) records_[i]->put_back(Blob(views[i].data, sealed_));
  sealed_ = nullptr;
  return std::move(leave());
}

std::vector<PendingPtr>& Entry::records_without_data() {
  if (sealed_ && packing_.memory && sealed_.use_count() == 1) packing_.memory->give_back(*sealed_);
  sealed_ = nullptr;
  return leave();
}

std::vector<PendingPtr>& Entry::leave() {
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (i + 6 < records_.size()) records_[i + 6]->prefetch();
    records_[i]->attempts += times_sent_;
  }
  times_sent_ = 0;
  return records_;
}

std::size_t Entry::outer_key_size() const noexcept {
  if (packing_.mode == Packing::Mode::by_shard) return any_key.size();
  return records_.empty() ? 0 : records_.front()->record.partition_key.size();
}

std::vector<PutRecordsRequestEntry> to_request(std::span<const EntryPtr> entries) {
  std::vector<std::span<std::byte>> aggregates;
  for (const EntryPtr& entry : entries) {
    entry->seal();
    if (entry->sealed_ && !std::exchange(entry->checked_, true)) aggregates.push_back(entry->sealed_->span());
  }
  aggregation::add_checksums(aggregates);
  std::vector<PutRecordsRequestEntry> request;
  request.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i + 4 < entries.size()) core::prefetch_lines<2>(entries[i + 4]->records_.front().get());
    request.push_back(entries[i]->to_request());
  }
  return request;
}

PutRecordsRequestEntry Entry::to_request() const {
  const OutgoingRecord<Blob>& first = records_.front()->record;
  const bool by_shard = aggregated() && packing_.mode == Packing::Mode::by_shard;
  PutRecordsRequestEntry entry(sealed_ ? Blob(sealed_->span(), sealed_) : first.data,
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
