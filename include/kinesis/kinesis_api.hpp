#pragma once

#include <kinesis/error.hpp>
#include <kinesis/kinesis_api/consumers.hpp>
#include <kinesis/kinesis_api/records.hpp>
#include <kinesis/kinesis_api/settings.hpp>
#include <kinesis/kinesis_api/streams.hpp>
#include <kinesis/kinesis_api/subscriptions.hpp>

#include <boost/asio/awaitable.hpp>

#include <utility>

namespace kinesis {

namespace asio = boost::asio;

/// The operations of Kinesis Data Streams, one call each, without retries being visible. Producer and consumer use
/// nothing else of the service, so a fake or another client can take its place: it overrides the operations it has, and
/// every other one answers Error(unsupported). Queues and channels are not here: they are products
/// of their own.
///
/// The calls are coroutines: they do nothing until awaited, run on the awaiting coroutine's executor, and can be
/// cancelled. They report what went wrong in the result and throw only for cancellation and defects. `Client`'s may be
/// called from any thread.
class KinesisApi {
 public:
  virtual ~KinesisApi() = default;

  virtual asio::awaitable<Result<PutRecordResponse>> put_record(PutRecordRequest request);
  virtual asio::awaitable<Result<PutRecordsResponse>> put_records(PutRecordsRequest request);
  virtual asio::awaitable<Result<GetShardIteratorResponse>> get_shard_iterator(GetShardIteratorRequest request);
  virtual asio::awaitable<Result<GetRecordsResponse>> get_records(GetRecordsRequest request);
  /// Returns once the service has accepted the subscription. Not retried: it may have been accepted, and the caller
  /// knows better where to begin then.
  virtual asio::awaitable<Result<ShardSubscription>> subscribe_to_shard(SubscribeToShardRequest request);

  virtual asio::awaitable<Result<CreateStreamResponse>> create_stream(CreateStreamRequest request);
  virtual asio::awaitable<Result<DeleteStreamResponse>> delete_stream(DeleteStreamRequest request);
  virtual asio::awaitable<Result<DescribeStreamResponse>> describe_stream(DescribeStreamRequest request);
  virtual asio::awaitable<Result<DescribeStreamSummaryResponse>> describe_stream_summary(
      DescribeStreamSummaryRequest request);
  virtual asio::awaitable<Result<ListStreamsResponse>> list_streams(ListStreamsRequest request);
  virtual asio::awaitable<Result<ListShardsResponse>> list_shards(ListShardsRequest request);
  virtual asio::awaitable<Result<SplitShardResponse>> split_shard(SplitShardRequest request);
  virtual asio::awaitable<Result<MergeShardsResponse>> merge_shards(MergeShardsRequest request);
  virtual asio::awaitable<Result<UpdateShardCountResponse>> update_shard_count(UpdateShardCountRequest request);
  virtual asio::awaitable<Result<UpdateStreamModeResponse>> update_stream_mode(UpdateStreamModeRequest request);

  virtual asio::awaitable<Result<RegisterStreamConsumerResponse>> register_stream_consumer(
      RegisterStreamConsumerRequest request);
  virtual asio::awaitable<Result<DeregisterStreamConsumerResponse>> deregister_stream_consumer(
      DeregisterStreamConsumerRequest request);
  virtual asio::awaitable<Result<DescribeStreamConsumerResponse>> describe_stream_consumer(
      DescribeStreamConsumerRequest request);
  virtual asio::awaitable<Result<ListStreamConsumersResponse>> list_stream_consumers(
      ListStreamConsumersRequest request);

  virtual asio::awaitable<Result<IncreaseStreamRetentionPeriodResponse>> increase_stream_retention_period(
      IncreaseStreamRetentionPeriodRequest request);
  virtual asio::awaitable<Result<DecreaseStreamRetentionPeriodResponse>> decrease_stream_retention_period(
      DecreaseStreamRetentionPeriodRequest request);
  virtual asio::awaitable<Result<StartStreamEncryptionResponse>> start_stream_encryption(
      StartStreamEncryptionRequest request);
  virtual asio::awaitable<Result<StopStreamEncryptionResponse>> stop_stream_encryption(
      StopStreamEncryptionRequest request);
  virtual asio::awaitable<Result<EnableEnhancedMonitoringResponse>> enable_enhanced_monitoring(
      EnableEnhancedMonitoringRequest request);
  virtual asio::awaitable<Result<DisableEnhancedMonitoringResponse>> disable_enhanced_monitoring(
      DisableEnhancedMonitoringRequest request);
  virtual asio::awaitable<Result<DescribeLimitsResponse>> describe_limits(DescribeLimitsRequest request);
  virtual asio::awaitable<Result<DescribeAccountSettingsResponse>> describe_account_settings(
      DescribeAccountSettingsRequest request);
  virtual asio::awaitable<Result<UpdateAccountSettingsResponse>> update_account_settings(
      UpdateAccountSettingsRequest request);
  virtual asio::awaitable<Result<UpdateMaxRecordSizeResponse>> update_max_record_size(
      UpdateMaxRecordSizeRequest request);
  virtual asio::awaitable<Result<UpdateStreamWarmThroughputResponse>> update_stream_warm_throughput(
      UpdateStreamWarmThroughputRequest request);
  virtual asio::awaitable<Result<UpdateStreamRecordDistributionStrategyResponse>>
  update_stream_record_distribution_strategy(UpdateStreamRecordDistributionStrategyRequest request);
  virtual asio::awaitable<Result<AddTagsToStreamResponse>> add_tags_to_stream(AddTagsToStreamRequest request);
  virtual asio::awaitable<Result<RemoveTagsFromStreamResponse>> remove_tags_from_stream(
      RemoveTagsFromStreamRequest request);
  virtual asio::awaitable<Result<ListTagsForStreamResponse>> list_tags_for_stream(ListTagsForStreamRequest request);
  virtual asio::awaitable<Result<TagResourceResponse>> tag_resource(TagResourceRequest request);
  virtual asio::awaitable<Result<UntagResourceResponse>> untag_resource(UntagResourceRequest request);
  virtual asio::awaitable<Result<ListTagsForResourceResponse>> list_tags_for_resource(
      ListTagsForResourceRequest request);
  virtual asio::awaitable<Result<PutResourcePolicyResponse>> put_resource_policy(PutResourcePolicyRequest request);
  virtual asio::awaitable<Result<GetResourcePolicyResponse>> get_resource_policy(GetResourcePolicyRequest request);
  virtual asio::awaitable<Result<DeleteResourcePolicyResponse>> delete_resource_policy(
      DeleteResourcePolicyRequest request);
};

/// The operation that a request is for, chosen by its type: `dispatch(api, ListShardsRequest("orders"))`.
inline auto dispatch(KinesisApi& api, PutRecordRequest request) { return api.put_record(std::move(request)); }
inline auto dispatch(KinesisApi& api, PutRecordsRequest request) { return api.put_records(std::move(request)); }
inline auto dispatch(KinesisApi& api, GetShardIteratorRequest request) {
  return api.get_shard_iterator(std::move(request));
}
inline auto dispatch(KinesisApi& api, GetRecordsRequest request) { return api.get_records(std::move(request)); }
inline auto dispatch(KinesisApi& api, SubscribeToShardRequest request) {
  return api.subscribe_to_shard(std::move(request));
}
inline auto dispatch(KinesisApi& api, CreateStreamRequest request) { return api.create_stream(std::move(request)); }
inline auto dispatch(KinesisApi& api, DeleteStreamRequest request) { return api.delete_stream(std::move(request)); }
inline auto dispatch(KinesisApi& api, DescribeStreamRequest request) { return api.describe_stream(std::move(request)); }
inline auto dispatch(KinesisApi& api, DescribeStreamSummaryRequest request) {
  return api.describe_stream_summary(std::move(request));
}
inline auto dispatch(KinesisApi& api, ListStreamsRequest request) { return api.list_streams(std::move(request)); }
inline auto dispatch(KinesisApi& api, ListShardsRequest request) { return api.list_shards(std::move(request)); }
inline auto dispatch(KinesisApi& api, SplitShardRequest request) { return api.split_shard(std::move(request)); }
inline auto dispatch(KinesisApi& api, MergeShardsRequest request) { return api.merge_shards(std::move(request)); }
inline auto dispatch(KinesisApi& api, UpdateShardCountRequest request) {
  return api.update_shard_count(std::move(request));
}
inline auto dispatch(KinesisApi& api, UpdateStreamModeRequest request) {
  return api.update_stream_mode(std::move(request));
}
inline auto dispatch(KinesisApi& api, RegisterStreamConsumerRequest request) {
  return api.register_stream_consumer(std::move(request));
}
inline auto dispatch(KinesisApi& api, DeregisterStreamConsumerRequest request) {
  return api.deregister_stream_consumer(std::move(request));
}
inline auto dispatch(KinesisApi& api, DescribeStreamConsumerRequest request) {
  return api.describe_stream_consumer(std::move(request));
}
inline auto dispatch(KinesisApi& api, ListStreamConsumersRequest request) {
  return api.list_stream_consumers(std::move(request));
}
inline auto dispatch(KinesisApi& api, IncreaseStreamRetentionPeriodRequest request) {
  return api.increase_stream_retention_period(std::move(request));
}
inline auto dispatch(KinesisApi& api, DecreaseStreamRetentionPeriodRequest request) {
  return api.decrease_stream_retention_period(std::move(request));
}
inline auto dispatch(KinesisApi& api, StartStreamEncryptionRequest request) {
  return api.start_stream_encryption(std::move(request));
}
inline auto dispatch(KinesisApi& api, StopStreamEncryptionRequest request) {
  return api.stop_stream_encryption(std::move(request));
}
inline auto dispatch(KinesisApi& api, EnableEnhancedMonitoringRequest request) {
  return api.enable_enhanced_monitoring(std::move(request));
}
inline auto dispatch(KinesisApi& api, DisableEnhancedMonitoringRequest request) {
  return api.disable_enhanced_monitoring(std::move(request));
}
inline auto dispatch(KinesisApi& api, DescribeLimitsRequest request) { return api.describe_limits(request); }
inline auto dispatch(KinesisApi& api, DescribeAccountSettingsRequest request) {
  return api.describe_account_settings(request);
}
inline auto dispatch(KinesisApi& api, UpdateAccountSettingsRequest request) {
  return api.update_account_settings(request);
}
inline auto dispatch(KinesisApi& api, UpdateMaxRecordSizeRequest request) {
  return api.update_max_record_size(std::move(request));
}
inline auto dispatch(KinesisApi& api, UpdateStreamWarmThroughputRequest request) {
  return api.update_stream_warm_throughput(std::move(request));
}
inline auto dispatch(KinesisApi& api, UpdateStreamRecordDistributionStrategyRequest request) {
  return api.update_stream_record_distribution_strategy(std::move(request));
}
inline auto dispatch(KinesisApi& api, AddTagsToStreamRequest request) {
  return api.add_tags_to_stream(std::move(request));
}
inline auto dispatch(KinesisApi& api, RemoveTagsFromStreamRequest request) {
  return api.remove_tags_from_stream(std::move(request));
}
inline auto dispatch(KinesisApi& api, ListTagsForStreamRequest request) {
  return api.list_tags_for_stream(std::move(request));
}
inline auto dispatch(KinesisApi& api, TagResourceRequest request) { return api.tag_resource(std::move(request)); }
inline auto dispatch(KinesisApi& api, UntagResourceRequest request) { return api.untag_resource(std::move(request)); }
inline auto dispatch(KinesisApi& api, ListTagsForResourceRequest request) {
  return api.list_tags_for_resource(std::move(request));
}
inline auto dispatch(KinesisApi& api, PutResourcePolicyRequest request) {
  return api.put_resource_policy(std::move(request));
}
inline auto dispatch(KinesisApi& api, GetResourcePolicyRequest request) {
  return api.get_resource_policy(std::move(request));
}
inline auto dispatch(KinesisApi& api, DeleteResourcePolicyRequest request) {
  return api.delete_resource_policy(std::move(request));
}

}  // namespace kinesis
