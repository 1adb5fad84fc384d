#pragma once

#include <kinesis/bytes.hpp>
#include <kinesis/kinesis_api/common.hpp>

#include <cstdint>
#include <utility>

// Writing and reading records: PutRecord, PutRecords, GetShardIterator, GetRecords; and the events of
// SubscribeToShard, which is in subscriptions.hpp.
namespace kinesis {

/// A record as GetRecords and SubscribeToShard hand it out: possibly an aggregate of many user records.
struct KinesisRecord {
  KinesisRecord() = default;

  SequenceNumber sequence_number;
  /// When Kinesis stored it, to the millisecond; not strictly ordered. 1970 if the service did not say.
  Timestamp approximate_arrival_timestamp;
  /// Shares the storage of the answer it came in (see `Blob`).
  Blob data;
  /// Empty for records that were put without one (RecordDistributionStrategy::automatic).
  std::string partition_key;
  EncryptionType encryption_type = EncryptionType::unknown;
};

struct PutRecordResponse {
  PutRecordResponse() = default;

  ShardId shard_id;
  SequenceNumber sequence_number;
  EncryptionType encryption_type = EncryptionType::unknown;
};

/// Writes one record. Data and partition key together up to the stream's limit (1 MiB unless raised).
struct PutRecordRequest : StreamRequest {
  using Response = PutRecordResponse;
  static constexpr std::string_view operation = "PutRecord";

  PutRecordRequest() = default;
  PutRecordRequest(const StreamId& stream, Blob data, std::string partition_key)
      : StreamRequest(stream), data(std::move(data)), partition_key(std::move(partition_key)) {}

  Blob data;
  /// 1 to 256 Unicode characters; may only be missing on streams with RecordDistributionStrategy::automatic.
  std::string partition_key;
  /// A decimal number from 0 to 2^128 - 1 that replaces the hash of the partition key.
  std::optional<std::string> explicit_hash_key;
  std::optional<SequenceNumber> sequence_number_for_ordering;
  /// Only check permissions: the service answers DryRunOperationException.
  std::optional<bool> dry_run;
};

struct PutRecordsRequestEntry {
  PutRecordsRequestEntry() = default;
  PutRecordsRequestEntry(Blob data, std::string partition_key)
      : data(std::move(data)), partition_key(std::move(partition_key)) {}

  Blob data;
  std::string partition_key;
  std::optional<std::string> explicit_hash_key;
};

/// One record's fate: sequence number and shard, or an error code and its message.
struct PutRecordsResultEntry {
  PutRecordsResultEntry() = default;

  std::optional<SequenceNumber> sequence_number;
  ShardId shard_id;
  /// "ProvisionedThroughputExceededException", "InternalFailure" or "ServiceUnavailable"; empty if the record was
  /// stored.
  std::string error_code;
  std::string error_message;
};

struct PutRecordsResponse {
  PutRecordsResponse() = default;

  std::optional<int> failed_record_count;
  /// As many as the request had records, in the same order.
  std::vector<PutRecordsResultEntry> records;
  EncryptionType encryption_type = EncryptionType::unknown;
  /// The service's id of the call, from the headers of its answer, for a support case. Empty if there was none.
  std::string request_id;
};

/// Writes 1 to 500 records, up to 10 MiB together. Each succeeds or fails on its own.
struct PutRecordsRequest : StreamRequest {
  using Response = PutRecordsResponse;
  static constexpr std::string_view operation = "PutRecords";

  PutRecordsRequest() = default;
  PutRecordsRequest(const StreamId& stream, std::vector<PutRecordsRequestEntry> records)
      : StreamRequest(stream), records(std::move(records)) {}

  std::vector<PutRecordsRequestEntry> records;
  std::optional<bool> dry_run;
};

struct GetShardIteratorResponse {
  GetShardIteratorResponse() = default;

  std::optional<std::string> shard_iterator;
};

/// Makes the iterator that the first GetRecords of a shard needs. It is valid for 5 minutes.
struct GetShardIteratorRequest : StreamRequest {
  using Response = GetShardIteratorResponse;
  static constexpr std::string_view operation = "GetShardIterator";

  GetShardIteratorRequest() = default;
  GetShardIteratorRequest(const StreamId& stream, ShardId shard_id, ShardIteratorType type)
      : StreamRequest(stream), shard_id(std::move(shard_id)), shard_iterator_type(type) {}

  ShardId shard_id;
  ShardIteratorType shard_iterator_type = ShardIteratorType::unknown;
  /// For at_sequence_number and after_sequence_number.
  std::optional<SequenceNumber> starting_sequence_number;
  /// For at_timestamp.
  std::optional<Timestamp> timestamp;
  std::optional<bool> dry_run;
};

struct GetRecordsResponse {
  GetRecordsResponse() = default;

  std::vector<KinesisRecord> records;
  /// Absent once the shard is closed and read to its end.
  std::optional<std::string> next_shard_iterator;
  /// How far the last record is behind the tip of the stream.
  std::optional<std::int64_t> millis_behind_latest;
  /// Given with the last records of a closed shard.
  std::vector<ChildShard> child_shards;
};

/// Reads up to 10,000 records or 10 MiB from where the iterator points.
struct GetRecordsRequest {
  using Response = GetRecordsResponse;
  static constexpr std::string_view operation = "GetRecords";

  GetRecordsRequest() = default;
  explicit GetRecordsRequest(std::string shard_iterator) : shard_iterator(std::move(shard_iterator)) {}

  std::string shard_iterator;
  /// 1 to 10,000; the service's default is 10,000.
  std::optional<int> limit;
  std::optional<std::string> stream_arn;
  std::optional<std::string> stream_id;
  std::optional<bool> dry_run;
};

/// Where a subscription starts.
struct StartingPosition {
  StartingPosition() = default;
  explicit StartingPosition(ShardIteratorType type) : type(type) {}

  ShardIteratorType type = ShardIteratorType::unknown;
  std::optional<SequenceNumber> sequence_number;
  std::optional<Timestamp> timestamp;
};

/// One event of the stream that answers SubscribeToShard.
struct SubscribeToShardEvent {
  SubscribeToShardEvent() = default;

  std::vector<KinesisRecord> records;
  /// Where the next subscription starts (after it). Absent at the end of the shard.
  std::optional<SequenceNumber> continuation_sequence_number;
  std::optional<std::int64_t> millis_behind_latest;
  std::vector<ChildShard> child_shards;
};

}  // namespace kinesis
