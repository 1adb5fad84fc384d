#include "aws/kinesis_shapes.hpp"

#include "aws/shape_macros.hpp"

namespace kinesis {
namespace aws {

KINESIS_ENUM(EncryptionType, {VALUE(none), "NONE"}, {VALUE(kms), "KMS"})
KINESIS_ENUM(StreamMode, {VALUE(provisioned), "PROVISIONED"}, {VALUE(on_demand), "ON_DEMAND"})
KINESIS_ENUM(StreamStatus, {VALUE(creating), "CREATING"}, {VALUE(deleting), "DELETING"}, {VALUE(active), "ACTIVE"},
             {VALUE(updating), "UPDATING"})
KINESIS_ENUM(ConsumerStatus, {VALUE(creating), "CREATING"}, {VALUE(deleting), "DELETING"}, {VALUE(active), "ACTIVE"})
KINESIS_ENUM(ScalingType, {VALUE(uniform_scaling), "UNIFORM_SCALING"})
KINESIS_ENUM(RecordDistributionStrategy, {VALUE(automatic), "AUTO"}, {VALUE(user_partition_key), "USER_PARTITION_KEY"})
KINESIS_ENUM(MetricsName, {VALUE(incoming_bytes), "IncomingBytes"}, {VALUE(incoming_records), "IncomingRecords"},
             {VALUE(outgoing_bytes), "OutgoingBytes"}, {VALUE(outgoing_records), "OutgoingRecords"},
             {VALUE(write_provisioned_throughput_exceeded), "WriteProvisionedThroughputExceeded"},
             {VALUE(read_provisioned_throughput_exceeded), "ReadProvisionedThroughputExceeded"},
             {VALUE(iterator_age_milliseconds), "IteratorAgeMilliseconds"}, {VALUE(all), "ALL"})
KINESIS_ENUM(ShardIteratorType, {VALUE(at_sequence_number), "AT_SEQUENCE_NUMBER"},
             {VALUE(after_sequence_number), "AFTER_SEQUENCE_NUMBER"}, {VALUE(trim_horizon), "TRIM_HORIZON"},
             {VALUE(latest), "LATEST"}, {VALUE(at_timestamp), "AT_TIMESTAMP"})
KINESIS_ENUM(ShardFilterType, {VALUE(after_shard_id), "AFTER_SHARD_ID"}, {VALUE(at_trim_horizon), "AT_TRIM_HORIZON"},
             {VALUE(from_trim_horizon), "FROM_TRIM_HORIZON"}, {VALUE(at_latest), "AT_LATEST"},
             {VALUE(at_timestamp), "AT_TIMESTAMP"}, {VALUE(from_timestamp), "FROM_TIMESTAMP"})
KINESIS_ENUM(BillingCommitmentStatus, {VALUE(enabled), "ENABLED"}, {VALUE(disabled), "DISABLED"},
             {VALUE(enabled_until_earliest_allowed_end), "ENABLED_UNTIL_EARLIEST_ALLOWED_END"})
KINESIS_STRUCTURE(HashKeyRange, REQUIRED(starting_hash_key, "StartingHashKey"),
                  REQUIRED(ending_hash_key, "EndingHashKey"))
KINESIS_STRUCTURE(SequenceNumberRange, REQUIRED(starting_sequence_number, "StartingSequenceNumber"),
                  OPTIONAL(ending_sequence_number, "EndingSequenceNumber"))
KINESIS_STRUCTURE(KinesisShard, REQUIRED(shard_id, "ShardId"), OPTIONAL(parent_shard_id, "ParentShardId"),
                  OPTIONAL(adjacent_parent_shard_id, "AdjacentParentShardId"), REQUIRED(hash_key_range, "HashKeyRange"),
                  REQUIRED(sequence_number_range, "SequenceNumberRange"))
KINESIS_STRUCTURE(ChildShard, REQUIRED(shard_id, "ShardId"), REQUIRED(parent_shards, "ParentShards"),
                  REQUIRED(hash_key_range, "HashKeyRange"))
KINESIS_STRUCTURE(StreamModeDetails, REQUIRED(stream_mode, "StreamMode"))
KINESIS_STRUCTURE(WarmThroughput, OPTIONAL(target_mibps, "TargetMiBps"), OPTIONAL(current_mibps, "CurrentMiBps"))
KINESIS_STRUCTURE(Tag, REQUIRED(key, "Key"), OPTIONAL(value, "Value"))
KINESIS_STRUCTURE(KinesisRecord, REQUIRED(sequence_number, "SequenceNumber"),
                  OPTIONAL(approximate_arrival_timestamp, "ApproximateArrivalTimestamp"), REQUIRED(data, "Data"),
                  OPTIONAL(partition_key, "PartitionKey"), OPTIONAL(encryption_type, "EncryptionType"))
KINESIS_STRUCTURE(PutRecordResponse, REQUIRED(shard_id, "ShardId"), REQUIRED(sequence_number, "SequenceNumber"),
                  OPTIONAL(encryption_type, "EncryptionType"))
KINESIS_STRUCTURE(PutRecordRequest, OPTIONAL(stream_name, "StreamName"), OPTIONAL(stream_arn, "StreamARN"),
                  OPTIONAL(stream_id, "StreamId"), REQUIRED(data, "Data"), OPTIONAL(partition_key, "PartitionKey"),
                  OPTIONAL(explicit_hash_key, "ExplicitHashKey"),
                  OPTIONAL(sequence_number_for_ordering, "SequenceNumberForOrdering"), OPTIONAL(dry_run, "DryRun"))
KINESIS_STRUCTURE(PutRecordsRequestEntry, REQUIRED(data, "Data"), OPTIONAL(partition_key, "PartitionKey"),
                  OPTIONAL(explicit_hash_key, "ExplicitHashKey"))
KINESIS_STRUCTURE(PutRecordsResultEntry, OPTIONAL(sequence_number, "SequenceNumber"), OPTIONAL(shard_id, "ShardId"),
                  OPTIONAL(error_code, "ErrorCode"), OPTIONAL(error_message, "ErrorMessage"))
KINESIS_STRUCTURE(PutRecordsResponse, OPTIONAL(failed_record_count, "FailedRecordCount"), REQUIRED(records, "Records"),
                  OPTIONAL(encryption_type, "EncryptionType"))
KINESIS_STRUCTURE(PutRecordsRequest, OPTIONAL(stream_name, "StreamName"), OPTIONAL(stream_arn, "StreamARN"),
                  OPTIONAL(stream_id, "StreamId"), REQUIRED(records, "Records"), OPTIONAL(dry_run, "DryRun"))
KINESIS_STRUCTURE(GetShardIteratorResponse, OPTIONAL(shard_iterator, "ShardIterator"))
KINESIS_STRUCTURE(GetShardIteratorRequest, OPTIONAL(stream_name, "StreamName"), OPTIONAL(stream_arn, "StreamARN"),
                  OPTIONAL(stream_id, "StreamId"), REQUIRED(shard_id, "ShardId"),
                  REQUIRED(shard_iterator_type, "ShardIteratorType"),
                  OPTIONAL(starting_sequence_number, "StartingSequenceNumber"), OPTIONAL(timestamp, "Timestamp"),
                  OPTIONAL(dry_run, "DryRun"))
KINESIS_STRUCTURE(GetRecordsResponse, REQUIRED(records, "Records"), OPTIONAL(next_shard_iterator, "NextShardIterator"),
                  OPTIONAL(millis_behind_latest, "MillisBehindLatest"), OPTIONAL(child_shards, "ChildShards"))
KINESIS_STRUCTURE(GetRecordsRequest, REQUIRED(shard_iterator, "ShardIterator"), OPTIONAL(limit, "Limit"),
                  OPTIONAL(stream_arn, "StreamARN"), OPTIONAL(stream_id, "StreamId"), OPTIONAL(dry_run, "DryRun"))
KINESIS_STRUCTURE(StartingPosition, REQUIRED(type, "Type"), OPTIONAL(sequence_number, "SequenceNumber"),
                  OPTIONAL(timestamp, "Timestamp"))
KINESIS_STRUCTURE(SubscribeToShardEvent, REQUIRED(records, "Records"),
                  OPTIONAL(continuation_sequence_number, "ContinuationSequenceNumber"),
                  OPTIONAL(millis_behind_latest, "MillisBehindLatest"), OPTIONAL(child_shards, "ChildShards"))
KINESIS_STRUCTURE(SubscribeToShardRequest, REQUIRED(consumer_arn, "ConsumerARN"), REQUIRED(shard_id, "ShardId"),
                  REQUIRED(starting_position, "StartingPosition"), OPTIONAL(stream_id, "StreamId"),
                  OPTIONAL(dry_run, "DryRun"))
KINESIS_EMPTY(CreateStreamResponse)
KINESIS_STRUCTURE(CreateStreamRequest, REQUIRED(stream_name, "StreamName"), OPTIONAL(shard_count, "ShardCount"),
                  OPTIONAL(stream_mode_details, "StreamModeDetails"), OPTIONAL(tags, "Tags"),
                  OPTIONAL(warm_throughput_mibps, "WarmThroughputMiBps"),
                  OPTIONAL(max_record_size_in_kib, "MaxRecordSizeInKiB"),
                  OPTIONAL(record_distribution_strategy, "RecordDistributionStrategy"))
KINESIS_EMPTY(DeleteStreamResponse)
KINESIS_STRUCTURE(DeleteStreamRequest, OPTIONAL(stream_name, "StreamName"), OPTIONAL(stream_arn, "StreamARN"),
                  OPTIONAL(stream_id, "StreamId"), OPTIONAL(enforce_consumer_deletion, "EnforceConsumerDeletion"))
KINESIS_STRUCTURE(EnhancedMetrics, REQUIRED(shard_level_metrics, "ShardLevelMetrics"))
KINESIS_STRUCTURE(StreamDescription, REQUIRED(stream_name, "StreamName"), REQUIRED(stream_arn, "StreamARN"),
                  REQUIRED(stream_status, "StreamStatus"), OPTIONAL(stream_mode_details, "StreamModeDetails"),
                  REQUIRED(shards, "Shards"), REQUIRED(has_more_shards, "HasMoreShards"),
                  REQUIRED(retention_period_hours, "RetentionPeriodHours"),
                  REQUIRED(stream_creation_timestamp, "StreamCreationTimestamp"),
                  REQUIRED(enhanced_monitoring, "EnhancedMonitoring"), OPTIONAL(encryption_type, "EncryptionType"),
                  OPTIONAL(key_id, "KeyId"))
KINESIS_STRUCTURE(DescribeStreamResponse, REQUIRED(stream_description, "StreamDescription"))
KINESIS_STRUCTURE(DescribeStreamRequest, OPTIONAL(stream_name, "StreamName"), OPTIONAL(stream_arn, "StreamARN"),
                  OPTIONAL(stream_id, "StreamId"), OPTIONAL(limit, "Limit"),
                  OPTIONAL(exclusive_start_shard_id, "ExclusiveStartShardId"))
KINESIS_STRUCTURE(StreamDescriptionSummary, REQUIRED(stream_name, "StreamName"), REQUIRED(stream_arn, "StreamARN"),
                  OPTIONAL(stream_id, "StreamId"), REQUIRED(stream_status, "StreamStatus"),
                  OPTIONAL(stream_mode_details, "StreamModeDetails"),
                  REQUIRED(retention_period_hours, "RetentionPeriodHours"),
                  REQUIRED(stream_creation_timestamp, "StreamCreationTimestamp"),
                  REQUIRED(enhanced_monitoring, "EnhancedMonitoring"), OPTIONAL(encryption_type, "EncryptionType"),
                  OPTIONAL(key_id, "KeyId"), REQUIRED(open_shard_count, "OpenShardCount"),
                  OPTIONAL(consumer_count, "ConsumerCount"), OPTIONAL(warm_throughput, "WarmThroughput"),
                  OPTIONAL(max_record_size_in_kib, "MaxRecordSizeInKiB"), OPTIONAL(channel_count, "ChannelCount"),
                  OPTIONAL(record_distribution_strategy, "RecordDistributionStrategy"),
                  OPTIONAL(queue_count, "QueueCount"))
KINESIS_STRUCTURE(DescribeStreamSummaryResponse, REQUIRED(stream_description_summary, "StreamDescriptionSummary"))
KINESIS_STRUCTURE(DescribeStreamSummaryRequest, OPTIONAL(stream_name, "StreamName"), OPTIONAL(stream_arn, "StreamARN"),
                  OPTIONAL(stream_id, "StreamId"))
KINESIS_STRUCTURE(StreamSummary, REQUIRED(stream_name, "StreamName"), REQUIRED(stream_arn, "StreamARN"),
                  REQUIRED(stream_status, "StreamStatus"), OPTIONAL(stream_mode_details, "StreamModeDetails"),
                  OPTIONAL(stream_creation_timestamp, "StreamCreationTimestamp"))
KINESIS_STRUCTURE(ListStreamsResponse, REQUIRED(stream_names, "StreamNames"),
                  REQUIRED(has_more_streams, "HasMoreStreams"), OPTIONAL(next_token, "NextToken"),
                  OPTIONAL(stream_summaries, "StreamSummaries"))
KINESIS_STRUCTURE(ListStreamsRequest, OPTIONAL(limit, "Limit"),
                  OPTIONAL(exclusive_start_stream_name, "ExclusiveStartStreamName"), OPTIONAL(next_token, "NextToken"))
KINESIS_STRUCTURE(ShardFilter, REQUIRED(type, "Type"), OPTIONAL(shard_id, "ShardId"), OPTIONAL(timestamp, "Timestamp"))
KINESIS_STRUCTURE(ListShardsResponse, REQUIRED(shards, "Shards"), OPTIONAL(next_token, "NextToken"))
KINESIS_STRUCTURE(ListShardsRequest, OPTIONAL(stream_name, "StreamName"), OPTIONAL(stream_arn, "StreamARN"),
                  OPTIONAL(stream_id, "StreamId"), OPTIONAL(next_token, "NextToken"),
                  OPTIONAL(exclusive_start_shard_id, "ExclusiveStartShardId"), OPTIONAL(max_results, "MaxResults"),
                  OPTIONAL(stream_creation_timestamp, "StreamCreationTimestamp"), OPTIONAL(shard_filter, "ShardFilter"))
KINESIS_EMPTY(SplitShardResponse)
KINESIS_STRUCTURE(SplitShardRequest, OPTIONAL(stream_name, "StreamName"), OPTIONAL(stream_arn, "StreamARN"),
                  OPTIONAL(stream_id, "StreamId"), REQUIRED(shard_to_split, "ShardToSplit"),
                  REQUIRED(new_starting_hash_key, "NewStartingHashKey"))
KINESIS_EMPTY(MergeShardsResponse)
KINESIS_STRUCTURE(MergeShardsRequest, OPTIONAL(stream_name, "StreamName"), OPTIONAL(stream_arn, "StreamARN"),
                  OPTIONAL(stream_id, "StreamId"), REQUIRED(shard_to_merge, "ShardToMerge"),
                  REQUIRED(adjacent_shard_to_merge, "AdjacentShardToMerge"))
KINESIS_STRUCTURE(UpdateShardCountResponse, OPTIONAL(stream_name, "StreamName"),
                  OPTIONAL(current_shard_count, "CurrentShardCount"), OPTIONAL(target_shard_count, "TargetShardCount"),
                  OPTIONAL(stream_arn, "StreamARN"))
KINESIS_STRUCTURE(UpdateShardCountRequest, OPTIONAL(stream_name, "StreamName"), OPTIONAL(stream_arn, "StreamARN"),
                  OPTIONAL(stream_id, "StreamId"), REQUIRED(target_shard_count, "TargetShardCount"),
                  REQUIRED(scaling_type, "ScalingType"))
KINESIS_EMPTY(UpdateStreamModeResponse)
KINESIS_STRUCTURE(UpdateStreamModeRequest, REQUIRED(stream_arn, "StreamARN"),
                  REQUIRED(stream_mode_details, "StreamModeDetails"), OPTIONAL(stream_id, "StreamId"),
                  OPTIONAL(warm_throughput_mibps, "WarmThroughputMiBps"))
KINESIS_STRUCTURE(KinesisConsumer, REQUIRED(consumer_name, "ConsumerName"), REQUIRED(consumer_arn, "ConsumerARN"),
                  REQUIRED(consumer_status, "ConsumerStatus"),
                  REQUIRED(consumer_creation_timestamp, "ConsumerCreationTimestamp"))
KINESIS_STRUCTURE(KinesisConsumerDescription, REQUIRED(consumer_name, "ConsumerName"),
                  REQUIRED(consumer_arn, "ConsumerARN"), REQUIRED(consumer_status, "ConsumerStatus"),
                  REQUIRED(consumer_creation_timestamp, "ConsumerCreationTimestamp"), REQUIRED(stream_arn, "StreamARN"))
KINESIS_STRUCTURE(RegisterStreamConsumerResponse, REQUIRED(consumer, "Consumer"))
KINESIS_STRUCTURE(RegisterStreamConsumerRequest, REQUIRED(stream_arn, "StreamARN"),
                  REQUIRED(consumer_name, "ConsumerName"), OPTIONAL(stream_id, "StreamId"), OPTIONAL(tags, "Tags"))
KINESIS_EMPTY(DeregisterStreamConsumerResponse)
KINESIS_STRUCTURE(DeregisterStreamConsumerRequest, OPTIONAL(stream_arn, "StreamARN"),
                  OPTIONAL(consumer_name, "ConsumerName"), OPTIONAL(consumer_arn, "ConsumerARN"),
                  OPTIONAL(stream_id, "StreamId"))
KINESIS_STRUCTURE(DescribeStreamConsumerResponse, REQUIRED(consumer_description, "ConsumerDescription"))
KINESIS_STRUCTURE(DescribeStreamConsumerRequest, OPTIONAL(stream_arn, "StreamARN"),
                  OPTIONAL(consumer_name, "ConsumerName"), OPTIONAL(consumer_arn, "ConsumerARN"),
                  OPTIONAL(stream_id, "StreamId"))
KINESIS_STRUCTURE(ListStreamConsumersResponse, REQUIRED(consumers, "Consumers"), OPTIONAL(next_token, "NextToken"))
KINESIS_STRUCTURE(ListStreamConsumersRequest, REQUIRED(stream_arn, "StreamARN"), OPTIONAL(next_token, "NextToken"),
                  OPTIONAL(max_results, "MaxResults"), OPTIONAL(stream_creation_timestamp, "StreamCreationTimestamp"),
                  OPTIONAL(stream_id, "StreamId"))
KINESIS_EMPTY(IncreaseStreamRetentionPeriodResponse)
KINESIS_STRUCTURE(IncreaseStreamRetentionPeriodRequest, OPTIONAL(stream_name, "StreamName"),
                  OPTIONAL(stream_arn, "StreamARN"), OPTIONAL(stream_id, "StreamId"),
                  REQUIRED(retention_period_hours, "RetentionPeriodHours"))
KINESIS_EMPTY(DecreaseStreamRetentionPeriodResponse)
KINESIS_STRUCTURE(DecreaseStreamRetentionPeriodRequest, OPTIONAL(stream_name, "StreamName"),
                  OPTIONAL(stream_arn, "StreamARN"), OPTIONAL(stream_id, "StreamId"),
                  REQUIRED(retention_period_hours, "RetentionPeriodHours"))
KINESIS_EMPTY(StartStreamEncryptionResponse)
KINESIS_STRUCTURE(StartStreamEncryptionRequest, OPTIONAL(stream_name, "StreamName"), OPTIONAL(stream_arn, "StreamARN"),
                  OPTIONAL(stream_id, "StreamId"), REQUIRED(encryption_type, "EncryptionType"),
                  REQUIRED(key_id, "KeyId"))
KINESIS_EMPTY(StopStreamEncryptionResponse)
KINESIS_STRUCTURE(StopStreamEncryptionRequest, OPTIONAL(stream_name, "StreamName"), OPTIONAL(stream_arn, "StreamARN"),
                  OPTIONAL(stream_id, "StreamId"), REQUIRED(encryption_type, "EncryptionType"),
                  REQUIRED(key_id, "KeyId"))
KINESIS_STRUCTURE(EnhancedMonitoringResponse, OPTIONAL(stream_name, "StreamName"),
                  REQUIRED(current_shard_level_metrics, "CurrentShardLevelMetrics"),
                  REQUIRED(desired_shard_level_metrics, "DesiredShardLevelMetrics"), OPTIONAL(stream_arn, "StreamARN"))
KINESIS_STRUCTURE(EnableEnhancedMonitoringRequest, OPTIONAL(stream_name, "StreamName"),
                  OPTIONAL(stream_arn, "StreamARN"), OPTIONAL(stream_id, "StreamId"),
                  REQUIRED(shard_level_metrics, "ShardLevelMetrics"))
KINESIS_STRUCTURE(DisableEnhancedMonitoringRequest, OPTIONAL(stream_name, "StreamName"),
                  OPTIONAL(stream_arn, "StreamARN"), OPTIONAL(stream_id, "StreamId"),
                  REQUIRED(shard_level_metrics, "ShardLevelMetrics"))
KINESIS_STRUCTURE(DescribeLimitsResponse, REQUIRED(shard_limit, "ShardLimit"),
                  REQUIRED(open_shard_count, "OpenShardCount"), REQUIRED(on_demand_stream_count, "OnDemandStreamCount"),
                  REQUIRED(on_demand_stream_count_limit, "OnDemandStreamCountLimit"),
                  OPTIONAL(channel_count, "ChannelCount"), OPTIONAL(channel_count_limit, "ChannelCountLimit"))
KINESIS_EMPTY(DescribeLimitsRequest)
KINESIS_STRUCTURE(BillingCommitment, REQUIRED(status, "Status"), OPTIONAL(started_at, "StartedAt"),
                  OPTIONAL(ended_at, "EndedAt"), OPTIONAL(earliest_allowed_end_at, "EarliestAllowedEndAt"))
KINESIS_STRUCTURE(DescribeAccountSettingsResponse,
                  OPTIONAL(minimum_throughput_billing_commitment, "MinimumThroughputBillingCommitment"))
KINESIS_EMPTY(DescribeAccountSettingsRequest)
KINESIS_STRUCTURE(UpdateAccountSettingsResponse,
                  OPTIONAL(minimum_throughput_billing_commitment, "MinimumThroughputBillingCommitment"))
KINESIS_STRUCTURE(UpdateAccountSettingsRequest,
                  REQUIRED(minimum_throughput_billing_commitment, "MinimumThroughputBillingCommitment"))
KINESIS_EMPTY(UpdateMaxRecordSizeResponse)
KINESIS_STRUCTURE(UpdateMaxRecordSizeRequest, OPTIONAL(stream_arn, "StreamARN"), OPTIONAL(stream_id, "StreamId"),
                  REQUIRED(max_record_size_in_kib, "MaxRecordSizeInKiB"))
KINESIS_STRUCTURE(UpdateStreamWarmThroughputResponse, OPTIONAL(stream_arn, "StreamARN"),
                  OPTIONAL(stream_name, "StreamName"), OPTIONAL(warm_throughput, "WarmThroughput"))
KINESIS_STRUCTURE(UpdateStreamWarmThroughputRequest, OPTIONAL(stream_name, "StreamName"),
                  OPTIONAL(stream_arn, "StreamARN"), OPTIONAL(stream_id, "StreamId"),
                  REQUIRED(warm_throughput_mibps, "WarmThroughputMiBps"))
KINESIS_EMPTY(UpdateStreamRecordDistributionStrategyResponse)
KINESIS_STRUCTURE(UpdateStreamRecordDistributionStrategyRequest, REQUIRED(stream_arn, "StreamARN"),
                  OPTIONAL(stream_id, "StreamId"), REQUIRED(record_distribution_strategy, "RecordDistributionStrategy"))
KINESIS_EMPTY(AddTagsToStreamResponse)
KINESIS_STRUCTURE(AddTagsToStreamRequest, OPTIONAL(stream_name, "StreamName"), OPTIONAL(stream_arn, "StreamARN"),
                  OPTIONAL(stream_id, "StreamId"), REQUIRED(tags, "Tags"))
KINESIS_EMPTY(RemoveTagsFromStreamResponse)
KINESIS_STRUCTURE(RemoveTagsFromStreamRequest, OPTIONAL(stream_name, "StreamName"), OPTIONAL(stream_arn, "StreamARN"),
                  OPTIONAL(stream_id, "StreamId"), REQUIRED(tag_keys, "TagKeys"))
KINESIS_STRUCTURE(ListTagsForStreamResponse, REQUIRED(tags, "Tags"), REQUIRED(has_more_tags, "HasMoreTags"))
KINESIS_STRUCTURE(ListTagsForStreamRequest, OPTIONAL(stream_name, "StreamName"), OPTIONAL(stream_arn, "StreamARN"),
                  OPTIONAL(stream_id, "StreamId"), OPTIONAL(exclusive_start_tag_key, "ExclusiveStartTagKey"),
                  OPTIONAL(limit, "Limit"))
KINESIS_EMPTY(TagResourceResponse)
KINESIS_STRUCTURE(TagResourceRequest, REQUIRED(resource_arn, "ResourceARN"), OPTIONAL(stream_id, "StreamId"),
                  REQUIRED(tags, "Tags"))
KINESIS_EMPTY(UntagResourceResponse)
KINESIS_STRUCTURE(UntagResourceRequest, REQUIRED(resource_arn, "ResourceARN"), OPTIONAL(stream_id, "StreamId"),
                  REQUIRED(tag_keys, "TagKeys"))
KINESIS_STRUCTURE(ListTagsForResourceResponse, REQUIRED(tags, "Tags"))
KINESIS_STRUCTURE(ListTagsForResourceRequest, REQUIRED(resource_arn, "ResourceARN"), OPTIONAL(stream_id, "StreamId"))
KINESIS_EMPTY(PutResourcePolicyResponse)
KINESIS_STRUCTURE(PutResourcePolicyRequest, REQUIRED(resource_arn, "ResourceARN"), OPTIONAL(stream_id, "StreamId"),
                  REQUIRED(policy, "Policy"))
KINESIS_STRUCTURE(GetResourcePolicyResponse, REQUIRED(policy, "Policy"))
KINESIS_STRUCTURE(GetResourcePolicyRequest, REQUIRED(resource_arn, "ResourceARN"), OPTIONAL(stream_id, "StreamId"))
KINESIS_EMPTY(DeleteResourcePolicyResponse)
KINESIS_STRUCTURE(DeleteResourcePolicyRequest, REQUIRED(resource_arn, "ResourceARN"), OPTIONAL(stream_id, "StreamId"))

}  // namespace aws

std::string_view to_string(EncryptionType value) noexcept {
  return aws::enum_name(aws::type_of<EncryptionType>(), static_cast<int>(value));
}
std::string_view to_string(StreamMode value) noexcept {
  return aws::enum_name(aws::type_of<StreamMode>(), static_cast<int>(value));
}
std::string_view to_string(StreamStatus value) noexcept {
  return aws::enum_name(aws::type_of<StreamStatus>(), static_cast<int>(value));
}
std::string_view to_string(ConsumerStatus value) noexcept {
  return aws::enum_name(aws::type_of<ConsumerStatus>(), static_cast<int>(value));
}
std::string_view to_string(ScalingType value) noexcept {
  return aws::enum_name(aws::type_of<ScalingType>(), static_cast<int>(value));
}
std::string_view to_string(RecordDistributionStrategy value) noexcept {
  return aws::enum_name(aws::type_of<RecordDistributionStrategy>(), static_cast<int>(value));
}
std::string_view to_string(MetricsName value) noexcept {
  return aws::enum_name(aws::type_of<MetricsName>(), static_cast<int>(value));
}
std::string_view to_string(ShardIteratorType value) noexcept {
  return aws::enum_name(aws::type_of<ShardIteratorType>(), static_cast<int>(value));
}
std::string_view to_string(ShardFilterType value) noexcept {
  return aws::enum_name(aws::type_of<ShardFilterType>(), static_cast<int>(value));
}
std::string_view to_string(BillingCommitmentStatus value) noexcept {
  return aws::enum_name(aws::type_of<BillingCommitmentStatus>(), static_cast<int>(value));
}

}  // namespace kinesis
