#pragma once

#include <kinesis/kinesis_api/records.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What records_cbor and records_json have in common: the views a server needs of requests, and the pieces of its
// answers. Clients use PutRecordsRequest, GetRecordsResponse and their like.
namespace kinesis::aws {

/// AWS's limit of entries in one PutRecords call.
inline constexpr std::size_t max_put_records = 500;

/// A record of a PutRecords request.
struct PutRecordView {
  PutRecordView() {}

  BytesView data;
  /// Empty if there was none.
  std::string_view partition_key;
  std::optional<std::string_view> explicit_hash_key;
};

/// A PutRecords request as parts of its body. Nothing was allocated per record.
struct PutRecordsView {
  PutRecordsView() {}

  std::optional<std::string_view> stream_name;
  std::optional<std::string_view> stream_arn;
  std::optional<std::string_view> stream_id;
  bool dry_run = false;
  std::vector<PutRecordView> records;
  /// Keeps alive what the views are parts of: `Blob(record.data, view.owner)`.
  std::shared_ptr<const void> owner;
};

/// One record's fate, for an answer to PutRecords: number and shard, or error code and message.
struct PutRecordsResultView {
  PutRecordsResultView() {}

  std::string_view sequence_number;
  std::string_view shard_id;
  std::string_view error_code;
  std::string_view error_message;
};

/// A record of a shard, as a server writes it.
struct StoredRecordView {
  StoredRecordView() {}

  std::string_view sequence_number;
  std::int64_t approximate_arrival_millis = 0;
  BytesView data;
  std::string_view partition_key;
  EncryptionType encryption_type = EncryptionType::unknown;
};

/// What stands behind the records of a GetRecords answer or of a fan-out event.
struct RecordsEnd {
  RecordsEnd() {}

  /// NextShardIterator of an answer, ContinuationSequenceNumber of an event. Absent at the end of the shard.
  std::optional<std::string_view> next;
  std::optional<std::int64_t> millis_behind_latest;
  std::span<const ChildShard> child_shards;
};

/// An answer without its records. The answer is head, the records' own bytes as they were encoded once when they were
/// put, and tail: a server that keeps consecutive records behind each other sends any number of them as one piece,
/// without copying.
struct RecordsFrame {
  RecordsFrame() {}

  std::string head;
  std::string tail;
};

/// The error of a PutRecords request with more than `max` entries, in AWS's words.
Error too_many_put_records(std::size_t max);

/// The same request as views of `request`, for what the fast readers leave to the generic ones.
PutRecordsView view_of(std::shared_ptr<const PutRecordsRequest> request);

}  // namespace kinesis::aws
