#pragma once

#include "aggregation/aggregate_format.hpp"
#include <kinesis/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace kinesis::aggregation {

/// One user record of an aggregate: views into the aggregate's bytes, as they stand there (nobody has checked that keys
/// are UTF-8, or that an explicit hash key is a number).
struct UserRecordView {
  std::string_view partition_key;
  std::optional<std::string_view> explicit_hash_key;
  BytesView data;
  /// Place of partition_key in the aggregate's table: records of one place have one key. The reverse is not promised.
  std::uint32_t key_index = 0;
};

/// Whether `data` has magic and checksum around a message of at least one byte, right or not. What has not is
/// somebody's own bytes, as the KCL sees it.
bool is_candidate(BytesView data) noexcept;
/// The message of a candidate: what is between magic and checksum.
BytesView message_of(BytesView candidate) noexcept;
/// Whether the last 16 bytes of a candidate are the MD5 of its message. What has them not is somebody's own bytes.
bool checksum_matches(BytesView candidate) noexcept;

/// Appends to `found` the positions in `data` of all candidates whose checksum matches, in order. The checksums are
/// taken side by side in vector lanes: give all records of an answer at once.
void find_aggregates(std::span<const BytesView> data, std::vector<std::size_t>& found);

/// What the message of an aggregate turned out to be.
enum class ReadOutcome {
  user_records,  ///< Right; possibly of no records.
  not_protobuf,  ///< Not a message of this format: the KCL then hands out the Kinesis record as it is.
  bad_index,  ///< A record names a place outside of the tables: the KCL hands out the records before it, and drops the
              ///< rest.
};

/// Reads messages of aggregates. Keeps its memory from one to the next. Not thread-safe.
class AggregateReader {
 public:
  /// Appends the user records of an aggregate that find_aggregates found, in order; nothing unless the outcome is
  /// user_records: all lengths and places are checked before. Copies no bytes, and allocates in proportion to the
  /// records that are there, never to a length that is claimed. Fields in any order; unknown ones and tags are skipped.
  /// A group (a form of field that Protocol Buffers gave up) counts as not_protobuf; Java would skip it.
  ReadOutcome read(BytesView aggregate, std::vector<UserRecordView>& out);

  /// How many partition keys the last one's table has.
  std::size_t partition_keys() const noexcept { return partition_keys_.size(); }

 private:
  void collect(BytesView message);
  bool read_record(BytesView message, UserRecordView& record);

  std::vector<std::string_view> partition_keys_;
  std::vector<std::string_view> explicit_hash_keys_;
  std::vector<BytesView> records_;
};

}  // namespace kinesis::aggregation
