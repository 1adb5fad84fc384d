#pragma once

#include "aggregation/aggregate_reader.hpp"
#include "aggregation/hash_key.hpp"
#include "core/md5.hpp"
#include <kinesis/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kinesis::aggregation {

/// What a Kinesis record turned out to be, by the rules of the KCL.
enum class RecordForm : std::uint8_t {
  raw,           ///< The user's own bytes: no aggregate, a wrong checksum, or not the format inside.
  user_records,  ///< An aggregate; of 0 records, in strange cases.
  /// An aggregate of which a user record does not belong to the range. The KCL drops it, whole: a producer that did not
  /// know of a reshard has put it into a wrong shard, has noticed, and has put its records again.
  out_of_range,
  /// The format, and a record in it names a key that is not there, or an explicit hash key is not a number. The KCL
  /// hands out the records before it and drops the rest.
  malformed,
};

/// One Kinesis record as read: its user records are `count` of Deaggregator::user_records() from `first` on. An
/// aggregate out of range has them, too, for who wants to tell of them; raw and malformed ones have none.
struct ReadRecord {
  RecordForm form = RecordForm::raw;
  std::size_t first = 0;
  std::size_t count = 0;
};

/// Reads the Kinesis records of one answer, aggregates and others, all at once: checksums and hash keys side by side in
/// vector lanes, each key of an aggregate hashed once, none if the range is all there is. Keeps its memory from one
/// answer to the next. Not thread-safe.
///
/// Decides as the KCL 3.5 does, with these differences: malformed aggregates are a value, not half of their records; a
/// partition key that is not UTF-8 is hashed as its bytes are, where Java replaces them first; and see
/// AggregateReader::read on groups.
class Deaggregator {
 public:
  /// `records` are the data of Kinesis records, in order. What this returns, and user_records(), are valid until the
  /// next call, and views into `records`.
  std::span<const ReadRecord> read(std::span<const BytesView> records, const HashRange& range);

  /// The same in portions: `begin`, which verifies all checksums, then `next` until it gives nothing. `records` must
  /// stay.
  void begin(std::span<const BytesView> records);
  /// The next ones that have not been read: as many as it takes for `at_least` user records, plain records counted as
  /// one, or all that are left. What this returns, and user_records(), are valid until the next call.
  std::span<const ReadRecord> next(const HashRange& range, std::size_t at_least);

  std::span<const UserRecordView> user_records() const noexcept { return user_records_; }

 private:
  /// The keys of an aggregate that must be hashed: `count` of keys_ from `first` on.
  struct Keys {
    std::size_t record;
    std::size_t first;
    std::size_t count;
  };

  void read_one(BytesView aggregate, ReadRecord& record, const HashRange& range);
  void collect_keys(std::size_t record);
  void check_keys(const HashRange& range);

  AggregateReader reader_;
  std::span<const BytesView> records_;
  std::size_t next_ = 0;
  std::size_t next_aggregate_ = 0;
  std::vector<ReadRecord> read_;
  std::vector<UserRecordView> user_records_;
  std::vector<std::size_t> aggregates_;
  std::vector<std::uint8_t> key_seen_;
  std::vector<BytesView> keys_;
  std::vector<Keys> keys_of_;
  std::vector<core::Md5Digest> digests_;
};

/// Whether the effective hash key of every record (the explicit one if it has one, else the partition key's) is in the
/// range. False also for an explicit hash key that is not a number.
bool all_within(std::span<const UserRecordView> records, const HashRange& range);

}  // namespace kinesis::aggregation
