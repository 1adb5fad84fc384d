#pragma once

#include "aws/records.hpp"
#include "core/buffer_pool.hpp"
#include <kinesis/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace kinesis::emulator {

/// Consecutive records as they were read: pieces of CBOR that can be sent as they are.
struct RecordSlice {
  std::vector<Blob> fragments;
  std::size_t records = 0;
  /// Bytes of data and partition keys.
  std::uint64_t payload = 0;
  /// When the last of them arrived, in milliseconds since 1970; 0 without records.
  std::int64_t last_arrival_millis = 0;
  /// The index from which the next read goes on.
  std::uint64_t next_index = 0;
};

/// Where logs get their memory.
struct LogMemory {
  std::shared_ptr<core::BufferPool> pool;
  /// The largest piece a log takes at once, records that are larger aside.
  std::size_t most_chunk = std::size_t{1} << 20;
};

/// The records of one shard. Each is encoded once, when it is put, as it stands in a GetRecords answer in CBOR, into
/// memory that is only ever appended to: readers get pieces of that memory, without a copy, and may keep them as long
/// as they like.
///
/// Records are found by their index (which grows, with gaps) and by their time (which never goes back).
class ShardLog {
 public:
  explicit ShardLog(LogMemory memory) : source_(std::move(memory)) {}

  /// `index` is above all before; an earlier arrival than the last record's is taken as that.
  void append(std::uint64_t index, const aws::StoredRecordView& record);

  /// Up to `most_records` from the first with an index of at least `from` on, as many as `most_payload` has room for,
  /// but at least one.
  RecordSlice read(std::uint64_t from, std::size_t most_records, std::uint64_t most_payload) const;

  /// True if there is a record of that index or above.
  bool has(std::uint64_t index) const noexcept { return !chunks_.empty() && last_index_ >= index; }
  /// The index of the first record that arrived at `millis` or later.
  std::optional<std::uint64_t> index_at(std::int64_t millis) const;
  /// Arrival of the first record with at least this index.
  std::optional<std::int64_t> arrival_from(std::uint64_t index) const;
  std::optional<std::int64_t> oldest_arrival() const;
  std::int64_t last_arrival() const noexcept { return last_arrival_; }

  /// Forgets what arrived before `millis`.
  void drop_before(std::int64_t millis);
  /// Forgets the oldest piece of memory, whatever is in it. Returns how many records that were.
  std::size_t drop_oldest();
  void clear();

  std::size_t records() const noexcept { return records_; }
  /// Memory held, that of the index included.
  std::size_t memory() const noexcept { return memory_; }

 private:
  struct Entry {
    std::uint64_t index;
    std::int64_t arrival_millis;
    std::uint32_t offset;
    std::uint32_t size;
    std::uint32_t payload;
  };
  struct Chunk {
    core::Buffer bytes;
    std::vector<Entry> entries;
  };
  struct Place {
    std::size_t chunk;
    std::size_t entry;
  };

  void make_room(std::size_t bytes);
  void remove_front();
  /// The first record for which `less` is false; the end is {chunks_.size(), 0}.
  template <class Less>
  Place find(Less less) const;
  const Entry& at(Place place) const { return chunks_[place.chunk]->entries[place.entry]; }

  LogMemory source_;
  std::deque<std::shared_ptr<Chunk>> chunks_;
  std::size_t dropped_ = 0;  // entries of the first chunk that are forgotten
  std::size_t records_ = 0;
  std::size_t memory_ = 0;
  std::uint64_t last_index_ = 0;
  std::int64_t last_arrival_ = 0;
};

}  // namespace kinesis::emulator
