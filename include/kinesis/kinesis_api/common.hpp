#pragma once

#include <kinesis/identifiers.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What the request and response types of Kinesis have in common.
//
// Their members have AWS's names in snake_case and AWS's meaning;
// https://docs.aws.amazon.com/kinesis/latest/APIReference/ describes them. None is an aggregate: g++ 12 corrupts braced
// aggregates in an expression with `co_await` (CONTRIBUTING.md). A member that AWS does not require is a std::optional,
// or a string, list, map or enum whose empty or `unknown` value means "not given".
namespace kinesis {

/// Wall time. AWS keeps milliseconds.
using Timestamp = std::chrono::system_clock::time_point;
/// Tags by key.
using Tags = std::map<std::string, std::string, std::less<>>;

// Enums: `unknown` stands for "not given" in requests, and for "absent, or a value this library does not know" in
// responses.

enum class EncryptionType { unknown, none, kms };
enum class StreamMode { unknown, provisioned, on_demand };
enum class StreamStatus { unknown, creating, deleting, active, updating };
enum class ConsumerStatus { unknown, creating, deleting, active };
enum class ScalingType { unknown, uniform_scaling };
/// Who chooses the shard of a record: its partition key, or (on-demand streams) Kinesis itself.
enum class RecordDistributionStrategy { unknown, automatic, user_partition_key };
enum class MetricsName {
  unknown,
  incoming_bytes,
  incoming_records,
  outgoing_bytes,
  outgoing_records,
  write_provisioned_throughput_exceeded,
  read_provisioned_throughput_exceeded,
  iterator_age_milliseconds,
  all,
};
enum class ShardIteratorType {
  unknown,
  at_sequence_number,
  after_sequence_number,
  trim_horizon,
  latest,
  at_timestamp,
};
enum class ShardFilterType {
  unknown,
  after_shard_id,
  at_trim_horizon,
  from_trim_horizon,
  at_latest,
  at_timestamp,
  from_timestamp,
};
enum class BillingCommitmentStatus { unknown, enabled, disabled, enabled_until_earliest_allowed_end };

/// AWS's spelling, such as "ACTIVE"; "" of `unknown`.
std::string_view to_string(EncryptionType value) noexcept;
std::string_view to_string(StreamMode value) noexcept;
std::string_view to_string(StreamStatus value) noexcept;
std::string_view to_string(ConsumerStatus value) noexcept;
std::string_view to_string(ScalingType value) noexcept;
std::string_view to_string(RecordDistributionStrategy value) noexcept;
std::string_view to_string(MetricsName value) noexcept;
std::string_view to_string(ShardIteratorType value) noexcept;
std::string_view to_string(ShardFilterType value) noexcept;
std::string_view to_string(BillingCommitmentStatus value) noexcept;

/// The stream a request is about: by name, by ARN, or both. AWS recommends the ARN and demands it for streams of other
/// accounts.
struct StreamRequest {
  StreamRequest() = default;
  StreamRequest(const StreamId& stream) {
    if (stream.is_arn()) {
      stream_arn = stream.arn();
    } else {
      stream_name = stream.name();
    }
  }

  std::optional<std::string> stream_name;
  std::optional<std::string> stream_arn;
  /// An opaque id of 24 characters that AWS reserves for future use; not the library's `StreamId`.
  std::optional<std::string> stream_id;
};

/// The hash keys of a shard, both ends inclusive: decimal numbers from 0 to 2^128 - 1.
struct HashKeyRange {
  HashKeyRange() = default;
  HashKeyRange(std::string starting, std::string ending)
      : starting_hash_key(std::move(starting)), ending_hash_key(std::move(ending)) {}

  std::string starting_hash_key;
  std::string ending_hash_key;
  friend bool operator==(const HashKeyRange&, const HashKeyRange&) = default;
};

/// The sequence numbers of a shard. `ending_sequence_number` is there once the shard is closed; no record has to have
/// it.
struct SequenceNumberRange {
  SequenceNumberRange() = default;

  SequenceNumber starting_sequence_number;
  std::optional<SequenceNumber> ending_sequence_number;
  friend bool operator==(const SequenceNumberRange&, const SequenceNumberRange&) = default;
};

/// AWS's "Shard": what a stream is made of. (`Shard<T>` is a shard that a consumer owns.)
struct KinesisShard {
  KinesisShard() = default;

  ShardId shard_id;
  std::optional<ShardId> parent_shard_id;
  std::optional<ShardId> adjacent_parent_shard_id;
  HashKeyRange hash_key_range;
  SequenceNumberRange sequence_number_range;
  friend bool operator==(const KinesisShard&, const KinesisShard&) = default;
};

/// A shard that goes on where one or two others ended. Given with the last records of those.
struct ChildShard {
  ChildShard() = default;

  ShardId shard_id;
  std::vector<ShardId> parent_shards;
  HashKeyRange hash_key_range;
  friend bool operator==(const ChildShard&, const ChildShard&) = default;
};

struct StreamModeDetails {
  StreamModeDetails() = default;
  StreamModeDetails(StreamMode mode) : stream_mode(mode) {}

  StreamMode stream_mode = StreamMode::unknown;
  friend bool operator==(const StreamModeDetails&, const StreamModeDetails&) = default;
};

/// Write throughput an on-demand stream is kept ready for, in MiB/s.
struct WarmThroughput {
  WarmThroughput() = default;

  std::optional<int> target_mibps;
  std::optional<int> current_mibps;
  friend bool operator==(const WarmThroughput&, const WarmThroughput&) = default;
};

/// A tag in a list; `Tags` is AWS's other form.
struct Tag {
  Tag() = default;
  Tag(std::string key, std::string value) : key(std::move(key)), value(std::move(value)) {}

  std::string key;
  std::optional<std::string> value;
  friend bool operator==(const Tag&, const Tag&) = default;
};

}  // namespace kinesis
