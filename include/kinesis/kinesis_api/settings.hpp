#pragma once

#include <kinesis/kinesis_api/common.hpp>

#include <utility>

// Settings of streams and of the account: retention, encryption, monitoring, limits, throughput, tags, policies.
namespace kinesis {

struct IncreaseStreamRetentionPeriodResponse {
  IncreaseStreamRetentionPeriodResponse() = default;
};

struct IncreaseStreamRetentionPeriodRequest : StreamRequest {
  using Response = IncreaseStreamRetentionPeriodResponse;
  static constexpr std::string_view operation = "IncreaseStreamRetentionPeriod";

  IncreaseStreamRetentionPeriodRequest() = default;
  IncreaseStreamRetentionPeriodRequest(const StreamId& stream, int retention_period_hours)
      : StreamRequest(stream), retention_period_hours(retention_period_hours) {}

  /// 24 to 8760, more than now.
  int retention_period_hours = 0;
};

struct DecreaseStreamRetentionPeriodResponse {
  DecreaseStreamRetentionPeriodResponse() = default;
};

struct DecreaseStreamRetentionPeriodRequest : StreamRequest {
  using Response = DecreaseStreamRetentionPeriodResponse;
  static constexpr std::string_view operation = "DecreaseStreamRetentionPeriod";

  DecreaseStreamRetentionPeriodRequest() = default;
  DecreaseStreamRetentionPeriodRequest(const StreamId& stream, int retention_period_hours)
      : StreamRequest(stream), retention_period_hours(retention_period_hours) {}

  /// 24 to 8760, less than now.
  int retention_period_hours = 0;
};

struct StartStreamEncryptionResponse {
  StartStreamEncryptionResponse() = default;
};

struct StartStreamEncryptionRequest : StreamRequest {
  using Response = StartStreamEncryptionResponse;
  static constexpr std::string_view operation = "StartStreamEncryption";

  StartStreamEncryptionRequest() = default;
  StartStreamEncryptionRequest(const StreamId& stream, std::string key_id)
      : StreamRequest(stream), key_id(std::move(key_id)) {}

  EncryptionType encryption_type = EncryptionType::kms;
  /// Id, ARN or alias ("alias/aws/kinesis") of the KMS key.
  std::string key_id;
};

struct StopStreamEncryptionResponse {
  StopStreamEncryptionResponse() = default;
};

struct StopStreamEncryptionRequest : StreamRequest {
  using Response = StopStreamEncryptionResponse;
  static constexpr std::string_view operation = "StopStreamEncryption";

  StopStreamEncryptionRequest() = default;
  StopStreamEncryptionRequest(const StreamId& stream, std::string key_id)
      : StreamRequest(stream), key_id(std::move(key_id)) {}

  EncryptionType encryption_type = EncryptionType::kms;
  std::string key_id;
};

struct EnhancedMonitoringResponse {
  EnhancedMonitoringResponse() = default;

  std::optional<std::string> stream_name;
  std::vector<MetricsName> current_shard_level_metrics;
  std::vector<MetricsName> desired_shard_level_metrics;
  std::optional<std::string> stream_arn;
};
using EnableEnhancedMonitoringResponse = EnhancedMonitoringResponse;
using DisableEnhancedMonitoringResponse = EnhancedMonitoringResponse;

struct EnableEnhancedMonitoringRequest : StreamRequest {
  using Response = EnableEnhancedMonitoringResponse;
  static constexpr std::string_view operation = "EnableEnhancedMonitoring";

  EnableEnhancedMonitoringRequest() = default;
  EnableEnhancedMonitoringRequest(const StreamId& stream, std::vector<MetricsName> shard_level_metrics)
      : StreamRequest(stream), shard_level_metrics(std::move(shard_level_metrics)) {}

  std::vector<MetricsName> shard_level_metrics;
};

struct DisableEnhancedMonitoringRequest : StreamRequest {
  using Response = DisableEnhancedMonitoringResponse;
  static constexpr std::string_view operation = "DisableEnhancedMonitoring";

  DisableEnhancedMonitoringRequest() = default;
  DisableEnhancedMonitoringRequest(const StreamId& stream, std::vector<MetricsName> shard_level_metrics)
      : StreamRequest(stream), shard_level_metrics(std::move(shard_level_metrics)) {}

  std::vector<MetricsName> shard_level_metrics;
};

struct DescribeLimitsResponse {
  DescribeLimitsResponse() = default;

  int shard_limit = 0;
  int open_shard_count = 0;
  int on_demand_stream_count = 0;
  int on_demand_stream_count_limit = 0;
  std::optional<int> channel_count;
  std::optional<int> channel_count_limit;
};

/// The account's limits in the region.
struct DescribeLimitsRequest {
  using Response = DescribeLimitsResponse;
  static constexpr std::string_view operation = "DescribeLimits";

  DescribeLimitsRequest() = default;
};

/// AWS's "MinimumThroughputBillingCommitment": `enabled` is the On-demand Advantage mode of an account.
struct BillingCommitment {
  BillingCommitment() = default;
  BillingCommitment(BillingCommitmentStatus status) : status(status) {}

  BillingCommitmentStatus status = BillingCommitmentStatus::unknown;
  /// In answers only.
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> ended_at;
  std::optional<Timestamp> earliest_allowed_end_at;
};

struct DescribeAccountSettingsResponse {
  DescribeAccountSettingsResponse() = default;

  std::optional<BillingCommitment> minimum_throughput_billing_commitment;
};

struct DescribeAccountSettingsRequest {
  using Response = DescribeAccountSettingsResponse;
  static constexpr std::string_view operation = "DescribeAccountSettings";

  DescribeAccountSettingsRequest() = default;
};

struct UpdateAccountSettingsResponse {
  UpdateAccountSettingsResponse() = default;

  std::optional<BillingCommitment> minimum_throughput_billing_commitment;
};

struct UpdateAccountSettingsRequest {
  using Response = UpdateAccountSettingsResponse;
  static constexpr std::string_view operation = "UpdateAccountSettings";

  UpdateAccountSettingsRequest() = default;
  explicit UpdateAccountSettingsRequest(BillingCommitmentStatus status)
      : minimum_throughput_billing_commitment(status) {}

  BillingCommitment minimum_throughput_billing_commitment;
};

struct UpdateMaxRecordSizeResponse {
  UpdateMaxRecordSizeResponse() = default;
};

/// Raises or lowers the largest record a stream takes. Needs the ARN.
struct UpdateMaxRecordSizeRequest {
  using Response = UpdateMaxRecordSizeResponse;
  static constexpr std::string_view operation = "UpdateMaxRecordSize";

  UpdateMaxRecordSizeRequest() = default;
  UpdateMaxRecordSizeRequest(std::string stream_arn, int max_record_size_in_kib)
      : stream_arn(std::move(stream_arn)), max_record_size_in_kib(max_record_size_in_kib) {}

  std::optional<std::string> stream_arn;
  std::optional<std::string> stream_id;
  /// 1024 to 10240.
  int max_record_size_in_kib = 0;
};

struct UpdateStreamWarmThroughputResponse {
  UpdateStreamWarmThroughputResponse() = default;

  std::optional<std::string> stream_arn;
  std::optional<std::string> stream_name;
  std::optional<WarmThroughput> warm_throughput;
};

struct UpdateStreamWarmThroughputRequest : StreamRequest {
  using Response = UpdateStreamWarmThroughputResponse;
  static constexpr std::string_view operation = "UpdateStreamWarmThroughput";

  UpdateStreamWarmThroughputRequest() = default;
  UpdateStreamWarmThroughputRequest(const StreamId& stream, int warm_throughput_mibps)
      : StreamRequest(stream), warm_throughput_mibps(warm_throughput_mibps) {}

  int warm_throughput_mibps = 0;
};

struct UpdateStreamRecordDistributionStrategyResponse {
  UpdateStreamRecordDistributionStrategyResponse() = default;
};

/// Needs the ARN.
struct UpdateStreamRecordDistributionStrategyRequest {
  using Response = UpdateStreamRecordDistributionStrategyResponse;
  static constexpr std::string_view operation = "UpdateStreamRecordDistributionStrategy";

  UpdateStreamRecordDistributionStrategyRequest() = default;
  UpdateStreamRecordDistributionStrategyRequest(std::string stream_arn, RecordDistributionStrategy strategy)
      : stream_arn(std::move(stream_arn)), record_distribution_strategy(strategy) {}

  std::string stream_arn;
  std::optional<std::string> stream_id;
  RecordDistributionStrategy record_distribution_strategy = RecordDistributionStrategy::unknown;
};

struct AddTagsToStreamResponse {
  AddTagsToStreamResponse() = default;
};

struct AddTagsToStreamRequest : StreamRequest {
  using Response = AddTagsToStreamResponse;
  static constexpr std::string_view operation = "AddTagsToStream";

  AddTagsToStreamRequest() = default;
  AddTagsToStreamRequest(const StreamId& stream, Tags tags) : StreamRequest(stream), tags(std::move(tags)) {}

  Tags tags;
};

struct RemoveTagsFromStreamResponse {
  RemoveTagsFromStreamResponse() = default;
};

struct RemoveTagsFromStreamRequest : StreamRequest {
  using Response = RemoveTagsFromStreamResponse;
  static constexpr std::string_view operation = "RemoveTagsFromStream";

  RemoveTagsFromStreamRequest() = default;
  RemoveTagsFromStreamRequest(const StreamId& stream, std::vector<std::string> tag_keys)
      : StreamRequest(stream), tag_keys(std::move(tag_keys)) {}

  std::vector<std::string> tag_keys;
};

struct ListTagsForStreamResponse {
  ListTagsForStreamResponse() = default;

  std::vector<Tag> tags;
  bool has_more_tags = false;
};

struct ListTagsForStreamRequest : StreamRequest {
  using Response = ListTagsForStreamResponse;
  static constexpr std::string_view operation = "ListTagsForStream";

  ListTagsForStreamRequest() = default;
  explicit ListTagsForStreamRequest(const StreamId& stream) : StreamRequest(stream) {}

  std::optional<std::string> exclusive_start_tag_key;
  /// 1 to 50.
  std::optional<int> limit;
};

/// A stream or a fan-out consumer, by its ARN.
struct ResourceRequest {
  ResourceRequest() = default;
  explicit ResourceRequest(std::string resource_arn) : resource_arn(std::move(resource_arn)) {}

  std::string resource_arn;
  std::optional<std::string> stream_id;
};

struct TagResourceResponse {
  TagResourceResponse() = default;
};

struct TagResourceRequest : ResourceRequest {
  using Response = TagResourceResponse;
  static constexpr std::string_view operation = "TagResource";

  TagResourceRequest() = default;
  TagResourceRequest(std::string resource_arn, Tags tags)
      : ResourceRequest(std::move(resource_arn)), tags(std::move(tags)) {}

  Tags tags;
};

struct UntagResourceResponse {
  UntagResourceResponse() = default;
};

struct UntagResourceRequest : ResourceRequest {
  using Response = UntagResourceResponse;
  static constexpr std::string_view operation = "UntagResource";

  UntagResourceRequest() = default;
  UntagResourceRequest(std::string resource_arn, std::vector<std::string> tag_keys)
      : ResourceRequest(std::move(resource_arn)), tag_keys(std::move(tag_keys)) {}

  std::vector<std::string> tag_keys;
};

struct ListTagsForResourceResponse {
  ListTagsForResourceResponse() = default;

  std::vector<Tag> tags;
};

struct ListTagsForResourceRequest : ResourceRequest {
  using Response = ListTagsForResourceResponse;
  static constexpr std::string_view operation = "ListTagsForResource";

  using ResourceRequest::ResourceRequest;
  ListTagsForResourceRequest() = default;
};

struct PutResourcePolicyResponse {
  PutResourcePolicyResponse() = default;
};

struct PutResourcePolicyRequest : ResourceRequest {
  using Response = PutResourcePolicyResponse;
  static constexpr std::string_view operation = "PutResourcePolicy";

  PutResourcePolicyRequest() = default;
  PutResourcePolicyRequest(std::string resource_arn, std::string policy)
      : ResourceRequest(std::move(resource_arn)), policy(std::move(policy)) {}

  /// A policy document in JSON.
  std::string policy;
};

struct GetResourcePolicyResponse {
  GetResourcePolicyResponse() = default;

  std::string policy;
};

struct GetResourcePolicyRequest : ResourceRequest {
  using Response = GetResourcePolicyResponse;
  static constexpr std::string_view operation = "GetResourcePolicy";

  using ResourceRequest::ResourceRequest;
  GetResourcePolicyRequest() = default;
};

struct DeleteResourcePolicyResponse {
  DeleteResourcePolicyResponse() = default;
};

struct DeleteResourcePolicyRequest : ResourceRequest {
  using Response = DeleteResourcePolicyResponse;
  static constexpr std::string_view operation = "DeleteResourcePolicy";

  using ResourceRequest::ResourceRequest;
  DeleteResourcePolicyRequest() = default;
};

}  // namespace kinesis
