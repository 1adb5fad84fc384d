#include "aws/unsupported.hpp"
#include <kinesis/kinesis_api.hpp>

namespace kinesis {

using aws::unsupported;

asio::awaitable<Result<PutRecordResponse>> KinesisApi::put_record(PutRecordRequest) {
  return unsupported<PutRecordRequest>();
}
asio::awaitable<Result<PutRecordsResponse>> KinesisApi::put_records(PutRecordsRequest) {
  return unsupported<PutRecordsRequest>();
}
asio::awaitable<Result<GetShardIteratorResponse>> KinesisApi::get_shard_iterator(GetShardIteratorRequest) {
  return unsupported<GetShardIteratorRequest>();
}
asio::awaitable<Result<GetRecordsResponse>> KinesisApi::get_records(GetRecordsRequest) {
  return unsupported<GetRecordsRequest>();
}
asio::awaitable<Result<ShardSubscription>> KinesisApi::subscribe_to_shard(SubscribeToShardRequest) {
  return unsupported<SubscribeToShardRequest>();
}
asio::awaitable<Result<CreateStreamResponse>> KinesisApi::create_stream(CreateStreamRequest) {
  return unsupported<CreateStreamRequest>();
}
asio::awaitable<Result<DeleteStreamResponse>> KinesisApi::delete_stream(DeleteStreamRequest) {
  return unsupported<DeleteStreamRequest>();
}
asio::awaitable<Result<DescribeStreamResponse>> KinesisApi::describe_stream(DescribeStreamRequest) {
  return unsupported<DescribeStreamRequest>();
}
asio::awaitable<Result<DescribeStreamSummaryResponse>> KinesisApi::describe_stream_summary(
    DescribeStreamSummaryRequest) {
  return unsupported<DescribeStreamSummaryRequest>();
}
asio::awaitable<Result<ListStreamsResponse>> KinesisApi::list_streams(ListStreamsRequest) {
  return unsupported<ListStreamsRequest>();
}
asio::awaitable<Result<ListShardsResponse>> KinesisApi::list_shards(ListShardsRequest) {
  return unsupported<ListShardsRequest>();
}
asio::awaitable<Result<SplitShardResponse>> KinesisApi::split_shard(SplitShardRequest) {
  return unsupported<SplitShardRequest>();
}
asio::awaitable<Result<MergeShardsResponse>> KinesisApi::merge_shards(MergeShardsRequest) {
  return unsupported<MergeShardsRequest>();
}
asio::awaitable<Result<UpdateShardCountResponse>> KinesisApi::update_shard_count(UpdateShardCountRequest) {
  return unsupported<UpdateShardCountRequest>();
}
asio::awaitable<Result<UpdateStreamModeResponse>> KinesisApi::update_stream_mode(UpdateStreamModeRequest) {
  return unsupported<UpdateStreamModeRequest>();
}
asio::awaitable<Result<RegisterStreamConsumerResponse>> KinesisApi::register_stream_consumer(
    RegisterStreamConsumerRequest) {
  return unsupported<RegisterStreamConsumerRequest>();
}
asio::awaitable<Result<DeregisterStreamConsumerResponse>> KinesisApi::deregister_stream_consumer(
    DeregisterStreamConsumerRequest) {
  return unsupported<DeregisterStreamConsumerRequest>();
}
asio::awaitable<Result<DescribeStreamConsumerResponse>> KinesisApi::describe_stream_consumer(
    DescribeStreamConsumerRequest) {
  return unsupported<DescribeStreamConsumerRequest>();
}
asio::awaitable<Result<ListStreamConsumersResponse>> KinesisApi::list_stream_consumers(ListStreamConsumersRequest) {
  return unsupported<ListStreamConsumersRequest>();
}
asio::awaitable<Result<IncreaseStreamRetentionPeriodResponse>> KinesisApi::increase_stream_retention_period(
    IncreaseStreamRetentionPeriodRequest) {
  return unsupported<IncreaseStreamRetentionPeriodRequest>();
}
asio::awaitable<Result<DecreaseStreamRetentionPeriodResponse>> KinesisApi::decrease_stream_retention_period(
    DecreaseStreamRetentionPeriodRequest) {
  return unsupported<DecreaseStreamRetentionPeriodRequest>();
}
asio::awaitable<Result<StartStreamEncryptionResponse>> KinesisApi::start_stream_encryption(
    StartStreamEncryptionRequest) {
  return unsupported<StartStreamEncryptionRequest>();
}
asio::awaitable<Result<StopStreamEncryptionResponse>> KinesisApi::stop_stream_encryption(StopStreamEncryptionRequest) {
  return unsupported<StopStreamEncryptionRequest>();
}
asio::awaitable<Result<EnableEnhancedMonitoringResponse>> KinesisApi::enable_enhanced_monitoring(
    EnableEnhancedMonitoringRequest) {
  return unsupported<EnableEnhancedMonitoringRequest>();
}
asio::awaitable<Result<DisableEnhancedMonitoringResponse>> KinesisApi::disable_enhanced_monitoring(
    DisableEnhancedMonitoringRequest) {
  return unsupported<DisableEnhancedMonitoringRequest>();
}
asio::awaitable<Result<DescribeLimitsResponse>> KinesisApi::describe_limits(DescribeLimitsRequest) {
  return unsupported<DescribeLimitsRequest>();
}
asio::awaitable<Result<DescribeAccountSettingsResponse>> KinesisApi::describe_account_settings(
    DescribeAccountSettingsRequest) {
  return unsupported<DescribeAccountSettingsRequest>();
}
asio::awaitable<Result<UpdateAccountSettingsResponse>> KinesisApi::update_account_settings(
    UpdateAccountSettingsRequest) {
  return unsupported<UpdateAccountSettingsRequest>();
}
asio::awaitable<Result<UpdateMaxRecordSizeResponse>> KinesisApi::update_max_record_size(UpdateMaxRecordSizeRequest) {
  return unsupported<UpdateMaxRecordSizeRequest>();
}
asio::awaitable<Result<UpdateStreamWarmThroughputResponse>> KinesisApi::update_stream_warm_throughput(
    UpdateStreamWarmThroughputRequest) {
  return unsupported<UpdateStreamWarmThroughputRequest>();
}
asio::awaitable<Result<UpdateStreamRecordDistributionStrategyResponse>>
KinesisApi::update_stream_record_distribution_strategy(UpdateStreamRecordDistributionStrategyRequest) {
  return unsupported<UpdateStreamRecordDistributionStrategyRequest>();
}
asio::awaitable<Result<AddTagsToStreamResponse>> KinesisApi::add_tags_to_stream(AddTagsToStreamRequest) {
  return unsupported<AddTagsToStreamRequest>();
}
asio::awaitable<Result<RemoveTagsFromStreamResponse>> KinesisApi::remove_tags_from_stream(RemoveTagsFromStreamRequest) {
  return unsupported<RemoveTagsFromStreamRequest>();
}
asio::awaitable<Result<ListTagsForStreamResponse>> KinesisApi::list_tags_for_stream(ListTagsForStreamRequest) {
  return unsupported<ListTagsForStreamRequest>();
}
asio::awaitable<Result<TagResourceResponse>> KinesisApi::tag_resource(TagResourceRequest) {
  return unsupported<TagResourceRequest>();
}
asio::awaitable<Result<UntagResourceResponse>> KinesisApi::untag_resource(UntagResourceRequest) {
  return unsupported<UntagResourceRequest>();
}
asio::awaitable<Result<ListTagsForResourceResponse>> KinesisApi::list_tags_for_resource(ListTagsForResourceRequest) {
  return unsupported<ListTagsForResourceRequest>();
}
asio::awaitable<Result<PutResourcePolicyResponse>> KinesisApi::put_resource_policy(PutResourcePolicyRequest) {
  return unsupported<PutResourcePolicyRequest>();
}
asio::awaitable<Result<GetResourcePolicyResponse>> KinesisApi::get_resource_policy(GetResourcePolicyRequest) {
  return unsupported<GetResourcePolicyRequest>();
}
asio::awaitable<Result<DeleteResourcePolicyResponse>> KinesisApi::delete_resource_policy(DeleteResourcePolicyRequest) {
  return unsupported<DeleteResourcePolicyRequest>();
}

}  // namespace kinesis
