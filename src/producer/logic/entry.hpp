#pragma once

#include "producer/logic/entry_memory.hpp"
#include "producer/logic/pending_record.hpp"
#include "producer/logic/shard_book.hpp"
#include <kinesis/kinesis_api.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace kinesis::producer {

/// How records are packed into entries: `Aggregation`, flattened.
struct Packing {
  enum class Mode { alone, by_shard, by_key };

  static Packing of(const Aggregation& aggregation);

  Mode mode = Mode::alone;
  /// Data and partition key of an aggregate.
  std::size_t max_bytes = 0;
  std::size_t max_records = 1;
  /// Null: each entry makes its own.
  EntryMemory* memory = nullptr;
};

/// One Kinesis record to be: a user record as it is, or an aggregate of several.
///
/// The data of aggregated records are in the aggregate, and nowhere else: they come back when the entry is taken apart.
/// What waits to be sent is sealed: as many bytes as are sent, without the tables and the room of one that grows.
class Entry {
 public:
  Entry(std::optional<ShardSlot> slot, Packing packing) : slot_(slot), packing_(packing) {}
  /// As if it were new, with the memory that it has.
  void begin_again(std::optional<ShardSlot> slot, Packing packing);

  /// Adds `record` if it fits, and leaves it alone otherwise. The first one always does.
  bool add(PendingPtr& record);
  /// Nothing is added any more.
  void seal();
  const std::vector<PendingPtr>& records() const noexcept { return records_; }
  const RecordSums& sums() const noexcept { return sums_; }
  /// Takes the entry apart: its records with their data. What the entry was sent counts as attempts of theirs.
  std::vector<PendingPtr> take_records();
  /// Its records where nobody needs their data any more, to be moved away.
  std::vector<PendingPtr>& records_without_data();

  /// Has the processor fetch what `record` will be written to: first where that is, then that itself.
  void prefetch_writer() const noexcept;
  void prefetch_room_for(const PendingRecord& record) const noexcept;

  /// Its memory is little enough to be kept for a next one, once its records are gone.
  bool can_begin_again() const noexcept { return records_.capacity() <= most_kept_records; }

  /// What the service counts: data and partition key.
  std::size_t bytes() const noexcept { return bytes_; }
  /// Whether it is sent as an aggregate.
  bool aggregated() const noexcept { return sealed_ || writer_; }
  /// No other record would fit.
  bool full() const noexcept { return records_.size() >= packing_.max_records || bytes_ >= packing_.max_bytes; }
  /// The smallest and the largest hash of its records.
  core::Uint128 low() const noexcept { return low_; }
  core::Uint128 high() const noexcept { return high_; }
  /// The shard it is for; nothing if there was no map to say so.
  std::optional<ShardSlot> slot() const noexcept { return slot_; }
  /// When its oldest record was accepted.
  Clock::time_point oldest() const noexcept { return oldest_; }
  /// The end of an attempt, after which it waits for the next.
  void answered(Clock::time_point now) noexcept { answered_ = now; }
  Clock::time_point waits_since() const noexcept { return std::max(oldest_, answered_); }
  /// It goes into a call.
  void sent() noexcept { ++times_sent_; }
  /// How often a record in it was sent, in this entry and before.
  int attempts_of(const PendingRecord& record) const noexcept { return record.attempts + times_sent_; }
  int attempts() const noexcept { return attempts_of(*records_.front()); }

 private:
  static constexpr std::size_t most_kept_records = 64;

  std::vector<PendingPtr>& leave();
  void begin_to_pack(PendingRecord& record);
  void forget_writer();
  void pack(PendingRecord& record);
  bool pack_another(PendingRecord& record);
  std::size_t outer_key_size() const noexcept;
  PutRecordsRequestEntry to_request() const;
  friend std::vector<PutRecordsRequestEntry> to_request(std::span<const std::unique_ptr<Entry>> entries);

  std::vector<PendingPtr> records_;
  RecordSums sums_;
  int times_sent_ = 0;
  std::unique_ptr<aggregation::AggregateWriter> writer_;  ///< Null while there is but a record that goes as it is.
  std::shared_ptr<SealedBytes> sealed_;                   ///< Instead of the writer.
  bool checked_ = false;                                  ///< Its checksum comes when it is sent.
  std::optional<ShardSlot> slot_;
  Packing packing_;
  std::size_t bytes_ = 0;
  core::Uint128 low_ = core::Uint128::max();
  core::Uint128 high_;
  Clock::time_point oldest_ = Clock::time_point::max();
  Clock::time_point answered_ = Clock::time_point::min();
};
using EntryPtr = std::unique_ptr<Entry>;

/// As PutRecords wants them. A single record is sent as it is, unless its data begin like an aggregate, which readers
/// would take apart. The aggregates of a call are finished together: their checksums go side by side.
std::vector<PutRecordsRequestEntry> to_request(std::span<const EntryPtr> entries);

}  // namespace kinesis::producer
