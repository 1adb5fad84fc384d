#pragma once

#include <kinesis/kinesis_api/common.hpp>

#include <utility>

// Streams and their shards: create, delete, describe, list, scale, split, merge.
namespace kinesis {

struct CreateStreamResponse {
  CreateStreamResponse() = default;
};

/// Starts making a stream; it can be used once its status is `active`.
struct CreateStreamRequest {
  using Response = CreateStreamResponse;
  static constexpr std::string_view operation = "CreateStream";

  CreateStreamRequest() = default;
  /// A provisioned stream.
  CreateStreamRequest(std::string stream_name, int shard_count)
      : stream_name(std::move(stream_name)), shard_count(shard_count) {}
  CreateStreamRequest(std::string stream_name, StreamMode mode)
      : stream_name(std::move(stream_name)), stream_mode_details(mode) {}

  std::string stream_name;
  /// Required for provisioned streams, not allowed for on-demand ones.
  std::optional<int> shard_count;
  std::optional<StreamModeDetails> stream_mode_details;
  Tags tags;
  std::optional<int> warm_throughput_mibps;
  /// 1024 to 10240; the service's default is 1024.
  std::optional<int> max_record_size_in_kib;
  RecordDistributionStrategy record_distribution_strategy = RecordDistributionStrategy::unknown;
};

struct DeleteStreamResponse {
  DeleteStreamResponse() = default;
};

struct DeleteStreamRequest : StreamRequest {
  using Response = DeleteStreamResponse;
  static constexpr std::string_view operation = "DeleteStream";

  DeleteStreamRequest() = default;
  explicit DeleteStreamRequest(const StreamId& stream) : StreamRequest(stream) {}

  /// Without it, a stream that has fan-out consumers is not deleted.
  std::optional<bool> enforce_consumer_deletion;
};

struct EnhancedMetrics {
  EnhancedMetrics() = default;

  std::vector<MetricsName> shard_level_metrics;
};

struct StreamDescription {
  StreamDescription() = default;

  std::string stream_name;
  std::string stream_arn;
  StreamStatus stream_status = StreamStatus::unknown;
  std::optional<StreamModeDetails> stream_mode_details;
  std::vector<KinesisShard> shards;
  bool has_more_shards = false;
  int retention_period_hours = 0;
  Timestamp stream_creation_timestamp;
  std::vector<EnhancedMetrics> enhanced_monitoring;
  EncryptionType encryption_type = EncryptionType::unknown;
  std::optional<std::string> key_id;
};

struct DescribeStreamResponse {
  DescribeStreamResponse() = default;

  StreamDescription stream_description;
};

/// Describes a stream with its shards, a page at a time. DescribeStreamSummary and ListShards are cheaper and have
/// higher limits.
struct DescribeStreamRequest : StreamRequest {
  using Response = DescribeStreamResponse;
  static constexpr std::string_view operation = "DescribeStream";

  DescribeStreamRequest() = default;
  explicit DescribeStreamRequest(const StreamId& stream) : StreamRequest(stream) {}

  /// Shards per page: 1 to 10,000, of which the service gives up to 100.
  std::optional<int> limit;
  std::optional<ShardId> exclusive_start_shard_id;
};

struct StreamDescriptionSummary {
  StreamDescriptionSummary() = default;

  std::string stream_name;
  std::string stream_arn;
  std::optional<std::string> stream_id;
  StreamStatus stream_status = StreamStatus::unknown;
  std::optional<StreamModeDetails> stream_mode_details;
  int retention_period_hours = 0;
  Timestamp stream_creation_timestamp;
  std::vector<EnhancedMetrics> enhanced_monitoring;
  EncryptionType encryption_type = EncryptionType::unknown;
  std::optional<std::string> key_id;
  int open_shard_count = 0;
  std::optional<int> consumer_count;
  std::optional<WarmThroughput> warm_throughput;
  std::optional<int> max_record_size_in_kib;
  std::optional<int> channel_count;
  RecordDistributionStrategy record_distribution_strategy = RecordDistributionStrategy::unknown;
  std::optional<int> queue_count;
};

struct DescribeStreamSummaryResponse {
  DescribeStreamSummaryResponse() = default;

  StreamDescriptionSummary stream_description_summary;
};

/// Describes a stream without its shards.
struct DescribeStreamSummaryRequest : StreamRequest {
  using Response = DescribeStreamSummaryResponse;
  static constexpr std::string_view operation = "DescribeStreamSummary";

  DescribeStreamSummaryRequest() = default;
  explicit DescribeStreamSummaryRequest(const StreamId& stream) : StreamRequest(stream) {}
};

struct StreamSummary {
  StreamSummary() = default;

  std::string stream_name;
  std::string stream_arn;
  StreamStatus stream_status = StreamStatus::unknown;
  std::optional<StreamModeDetails> stream_mode_details;
  std::optional<Timestamp> stream_creation_timestamp;
};

struct ListStreamsResponse {
  ListStreamsResponse() = default;

  std::vector<std::string> stream_names;
  bool has_more_streams = false;
  std::optional<std::string> next_token;
  std::vector<StreamSummary> stream_summaries;
};

/// Lists the account's streams of the region, a page at a time.
struct ListStreamsRequest {
  using Response = ListStreamsResponse;
  static constexpr std::string_view operation = "ListStreams";

  ListStreamsRequest() = default;

  /// 1 to 10,000; the service's default is 100.
  std::optional<int> limit;
  std::optional<std::string> exclusive_start_stream_name;
  std::optional<std::string> next_token;
};

/// Which shards ListShards gives.
struct ShardFilter {
  ShardFilter() = default;
  explicit ShardFilter(ShardFilterType type) : type(type) {}

  ShardFilterType type = ShardFilterType::unknown;
  /// For after_shard_id.
  std::optional<ShardId> shard_id;
  /// For at_timestamp and from_timestamp.
  std::optional<Timestamp> timestamp;
};

struct ListShardsResponse {
  ListShardsResponse() = default;

  std::vector<KinesisShard> shards;
  /// Valid for 5 minutes.
  std::optional<std::string> next_token;
};

/// Lists a stream's shards, a page at a time. With `next_token` the service refuses stream, filter and start.
struct ListShardsRequest : StreamRequest {
  using Response = ListShardsResponse;
  static constexpr std::string_view operation = "ListShards";

  ListShardsRequest() = default;
  explicit ListShardsRequest(const StreamId& stream) : StreamRequest(stream) {}

  std::optional<std::string> next_token;
  std::optional<ShardId> exclusive_start_shard_id;
  /// 1 to 10,000; the service's default is 1,000.
  std::optional<int> max_results;
  std::optional<Timestamp> stream_creation_timestamp;
  std::optional<ShardFilter> shard_filter;
};

struct SplitShardResponse {
  SplitShardResponse() = default;
};

/// Splits an open shard in two; the second starts at `new_starting_hash_key`.
struct SplitShardRequest : StreamRequest {
  using Response = SplitShardResponse;
  static constexpr std::string_view operation = "SplitShard";

  SplitShardRequest() = default;
  SplitShardRequest(const StreamId& stream, ShardId shard_to_split, std::string new_starting_hash_key)
      : StreamRequest(stream),
        shard_to_split(std::move(shard_to_split)),
        new_starting_hash_key(std::move(new_starting_hash_key)) {}

  ShardId shard_to_split;
  std::string new_starting_hash_key;
};

struct MergeShardsResponse {
  MergeShardsResponse() = default;
};

/// Merges two open shards whose hash keys are adjacent.
struct MergeShardsRequest : StreamRequest {
  using Response = MergeShardsResponse;
  static constexpr std::string_view operation = "MergeShards";

  MergeShardsRequest() = default;
  MergeShardsRequest(const StreamId& stream, ShardId shard_to_merge, ShardId adjacent_shard_to_merge)
      : StreamRequest(stream),
        shard_to_merge(std::move(shard_to_merge)),
        adjacent_shard_to_merge(std::move(adjacent_shard_to_merge)) {}

  ShardId shard_to_merge;
  ShardId adjacent_shard_to_merge;
};

struct UpdateShardCountResponse {
  UpdateShardCountResponse() = default;

  std::optional<std::string> stream_name;
  std::optional<int> current_shard_count;
  std::optional<int> target_shard_count;
  std::optional<std::string> stream_arn;
};

/// Splits and merges until the stream has `target_shard_count` shards: at most double, at least half of now.
struct UpdateShardCountRequest : StreamRequest {
  using Response = UpdateShardCountResponse;
  static constexpr std::string_view operation = "UpdateShardCount";

  UpdateShardCountRequest() = default;
  UpdateShardCountRequest(const StreamId& stream, int target_shard_count)
      : StreamRequest(stream), target_shard_count(target_shard_count) {}

  int target_shard_count = 0;
  ScalingType scaling_type = ScalingType::uniform_scaling;
};

struct UpdateStreamModeResponse {
  UpdateStreamModeResponse() = default;
};

/// Makes a stream provisioned or on-demand. Needs the ARN.
struct UpdateStreamModeRequest {
  using Response = UpdateStreamModeResponse;
  static constexpr std::string_view operation = "UpdateStreamMode";

  UpdateStreamModeRequest() = default;
  UpdateStreamModeRequest(std::string stream_arn, StreamMode mode)
      : stream_arn(std::move(stream_arn)), stream_mode_details(mode) {}

  std::string stream_arn;
  StreamModeDetails stream_mode_details;
  std::optional<std::string> stream_id;
  std::optional<int> warm_throughput_mibps;
};

}  // namespace kinesis
