#include "emulator/logic/test_region.hpp"

namespace kinesis::emulator {
namespace {

using Strings = std::vector<std::string>;

StreamDescriptionSummary summary(TestRegion& t, const std::string& stream) {
  return t.ok(DescribeStreamSummaryRequest(stream)).stream_description_summary;
}

TEST(Resharding, SplitRefusesWhatAwsRefuses) {
  TestRegion t(TestRegion::without_limits());
  t.create("s", 2);
  EXPECT_EQ(t.failure(SplitShardRequest("s", "shardId-000000000007", "5")), "ResourceNotFoundException");
  EXPECT_EQ(t.message, "Could not find shard shardId-000000000007 in stream s under account 123456789012.");
  EXPECT_EQ(t.failure(SplitShardRequest("s", "0", "x")), "ValidationException");
  for (const std::string hash :
       {"0", "1", "170141183460469231731687303715884105727", "340282366920938463463374607431768211455"}) {
    EXPECT_EQ(t.failure(SplitShardRequest("s", "0", hash)), "InvalidArgumentException") << hash;
  }
  EXPECT_TRUE(
      t.message.starts_with("NewStartingHashKey 340282366920938463463374607431768211455 used in SplitShard() on "
                            "shard shardId-000000000000 in stream s under account 123456789012 is not both greater "
                            "than one plus the shard's StartingHashKey 0 and less than"));
  t.ok(SplitShardRequest("s", "0", "2"));
  EXPECT_EQ(t.failure(SplitShardRequest("s", "0", "5")), "InvalidArgumentException");
  EXPECT_TRUE(
      t.message.ends_with("has already been merged or split, and thus is not eligible for merging or splitting."));
}

TEST(Resharding, MergeWantsOpenNeighboursInEitherOrder) {
  TestRegion t(TestRegion::without_limits());
  t.create("s", 4);
  EXPECT_EQ(t.failure(MergeShardsRequest("s", "0", "2")), "InvalidArgumentException");
  EXPECT_EQ(t.message,
            "Shards shardId-000000000000 and shardId-000000000002 in stream s under account 123456789012 are not an "
            "adjacent pair of shards eligible for merging");
  EXPECT_EQ(t.failure(MergeShardsRequest("s", "1", "1")), "InvalidArgumentException");
  t.ok(MergeShardsRequest("s", "1", "0"));
  EXPECT_EQ(t.failure(MergeShardsRequest("s", "0", "1")), "InvalidArgumentException");
  t.ok(MergeShardsRequest("s", "4", "2"));
  EXPECT_EQ(summary(t, "s").open_shard_count, 2);
}

TEST(Resharding, UpdateShardCountKeepsWithinHalfAndDouble) {
  TestRegion t;
  t.create("s", 4);
  EXPECT_EQ(t.failure(UpdateShardCountRequest("s", 9)), "LimitExceededException");
  EXPECT_EQ(
      t.message,
      "UpdateShardCount cannot scale up over double your current open shard count. Current open shard count: 4 Target "
      "shard count: 9");
  EXPECT_EQ(t.failure(UpdateShardCountRequest("s", 1)), "LimitExceededException");
  EXPECT_EQ(t.failure(UpdateShardCountRequest("s", 0)), "ValidationException");
  const auto answer = t.ok(UpdateShardCountRequest("s", 6));
  EXPECT_EQ(answer.current_shard_count, 4);
  EXPECT_EQ(answer.target_shard_count, 6);
  EXPECT_EQ(answer.stream_arn, t.arn("s"));
  EXPECT_EQ(summary(t, "s").open_shard_count, 6);
}

TEST(Resharding, UpdateShardCountTenTimesADay) {
  TestRegion t;
  t.create("s", 2);
  for (int i = 0; i < 10; ++i) {
    t.ok(UpdateShardCountRequest("s", i % 2 ? 2 : 3));
    t.advance(hours(1));
  }
  EXPECT_EQ(t.failure(UpdateShardCountRequest("s", 3)), "LimitExceededException");
  t.advance(hours(14));
  t.ok(UpdateShardCountRequest("s", 3));
}

TEST(Modes, OnDemandStreamsHaveFourShardsAndScaleThemselves) {
  TestRegion t(TestRegion::without_limits());
  t.ok(CreateStreamRequest("s", StreamMode::on_demand));
  EXPECT_EQ(summary(t, "s").open_shard_count, 4);
  EXPECT_EQ(summary(t, "s").stream_mode_details->stream_mode, StreamMode::on_demand);
  EXPECT_EQ(t.failure(SplitShardRequest("s", "0", "5")), "ValidationException");
  EXPECT_EQ(t.message, "Request is invalid. Stream s under account 123456789012 is in On-Demand mode.");
  EXPECT_EQ(t.failure(MergeShardsRequest("s", "0", "1")), "ValidationException");
  EXPECT_EQ(t.failure(UpdateShardCountRequest("s", 8)), "ValidationException");
  EXPECT_TRUE(t.region.split_in_half("s", "shardId-000000000002", t.now));
  EXPECT_EQ(summary(t, "s").open_shard_count, 5);
  EXPECT_FALSE(t.region.split_in_half("s", "shardId-000000000002", t.now));
  EXPECT_EQ(t.ok(DescribeLimitsRequest()).on_demand_stream_count, 1);
}

TEST(Modes, ChangeTwiceADay) {
  TestRegion t;
  t.create("s", 2);
  t.ok(UpdateStreamModeRequest(t.arn("s"), StreamMode::on_demand));
  EXPECT_EQ(summary(t, "s").open_shard_count, 2);
  EXPECT_EQ(t.failure(UpdateStreamModeRequest(t.arn("s"), StreamMode::on_demand)), "InvalidArgumentException");
  t.ok(UpdateStreamModeRequest(t.arn("s"), StreamMode::provisioned));
  EXPECT_EQ(t.failure(UpdateStreamModeRequest(t.arn("s"), StreamMode::on_demand)), "LimitExceededException");
  t.advance(hours(24));
  t.ok(UpdateStreamModeRequest(t.arn("s"), StreamMode::on_demand));
}

TEST(Settings, RetentionFromADayToAYear) {
  TestRegion t(TestRegion::without_limits());
  t.create("s", 1);
  t.put("s", "a", "1");
  EXPECT_EQ(t.failure(IncreaseStreamRetentionPeriodRequest("s", 23)), "InvalidArgumentException");
  EXPECT_EQ(t.failure(IncreaseStreamRetentionPeriodRequest("s", 8'761)), "InvalidArgumentException");
  EXPECT_EQ(t.failure(DecreaseStreamRetentionPeriodRequest("s", 48)), "InvalidArgumentException");
  t.ok(IncreaseStreamRetentionPeriodRequest("s", 48));
  EXPECT_EQ(summary(t, "s").retention_period_hours, 48);
  EXPECT_EQ(t.failure(IncreaseStreamRetentionPeriodRequest("s", 47)), "InvalidArgumentException");
  EXPECT_EQ(t.message,
            "Requested retention period (47 hours) for stream s can not be shorter than existing retention period (48 "
            "hours). Use DecreaseRetentionPeriod API.");
  t.advance(hours(30));
  EXPECT_EQ(t.read(t.iterator("s", "0")).records.size(), 1u);
  t.ok(DecreaseStreamRetentionPeriodRequest("s", 24));
  EXPECT_TRUE(t.read(t.iterator("s", "0")).records.empty());
  t.ok(IncreaseStreamRetentionPeriodRequest("s", 8'760));
  EXPECT_TRUE(t.read(t.iterator("s", "0")).records.empty());
}

TEST(Settings, EncryptionIsStartedAndStopped) {
  TestRegion t;
  t.create("s", 1);
  EXPECT_EQ(t.failure(StartStreamEncryptionRequest("s", "")), "ValidationException");
  StartStreamEncryptionRequest none("s", "key");
  none.encryption_type = EncryptionType::none;
  EXPECT_EQ(t.failure(none), "ValidationException");
  t.ok(StartStreamEncryptionRequest("s", "alias/aws/kinesis"));
  EXPECT_EQ(summary(t, "s").encryption_type, EncryptionType::kms);
  EXPECT_EQ(summary(t, "s").key_id, "alias/aws/kinesis");
  t.ok(StopStreamEncryptionRequest("s", "alias/aws/kinesis"));
  EXPECT_EQ(summary(t, "s").encryption_type, EncryptionType::none);
  EXPECT_FALSE(summary(t, "s").key_id);
}

TEST(Settings, MonitoringOfShards) {
  TestRegion t;
  t.create("s", 1);
  const auto enabled =
      t.ok(EnableEnhancedMonitoringRequest("s", {MetricsName::incoming_bytes, MetricsName::outgoing_bytes}));
  EXPECT_TRUE(enabled.current_shard_level_metrics.empty());
  EXPECT_EQ(enabled.desired_shard_level_metrics.size(), 2u);
  const auto disabled = t.ok(DisableEnhancedMonitoringRequest("s", {MetricsName::incoming_bytes}));
  EXPECT_EQ(disabled.desired_shard_level_metrics, std::vector<MetricsName>{MetricsName::outgoing_bytes});
  EXPECT_EQ(t.ok(EnableEnhancedMonitoringRequest("s", {MetricsName::all})).desired_shard_level_metrics.size(), 7u);
  EXPECT_EQ(summary(t, "s").enhanced_monitoring[0].shard_level_metrics.size(), 7u);
  EXPECT_EQ(t.failure(EnableEnhancedMonitoringRequest("s", {})), "ValidationException");
  EXPECT_EQ(t.failure(EnableEnhancedMonitoringRequest("s", {MetricsName::unknown})), "ValidationException");
}

TEST(Settings, WarmThroughputNeedsTheCommitment) {
  TestRegion t;
  t.ok(CreateStreamRequest("s", StreamMode::on_demand));
  EXPECT_EQ(t.failure(UpdateStreamWarmThroughputRequest("s", 10)), "ValidationException");
  CreateStreamRequest warm("warm", StreamMode::on_demand);
  warm.warm_throughput_mibps = 7;
  EXPECT_EQ(t.failure(warm), "ValidationException");
  const auto settings = t.ok(UpdateAccountSettingsRequest(BillingCommitmentStatus::enabled));
  EXPECT_EQ(settings.minimum_throughput_billing_commitment->status, BillingCommitmentStatus::enabled);
  const auto answer = t.ok(UpdateStreamWarmThroughputRequest("s", 10));
  EXPECT_EQ(answer.warm_throughput->target_mibps, 10);
  EXPECT_EQ(summary(t, "s").warm_throughput->current_mibps, 10);
  EXPECT_EQ(summary(t, "s").open_shard_count, 10);
  t.ok(warm);
  EXPECT_EQ(summary(t, "warm").open_shard_count, 7);
  t.create("provisioned", 1);
  EXPECT_EQ(t.failure(UpdateStreamWarmThroughputRequest("provisioned", 10)), "ValidationException");
  EXPECT_EQ(t.ok(UpdateAccountSettingsRequest(BillingCommitmentStatus::disabled))
                .minimum_throughput_billing_commitment->status,
            BillingCommitmentStatus::enabled_until_earliest_allowed_end);
  EXPECT_EQ(t.ok(DescribeAccountSettingsRequest()).minimum_throughput_billing_commitment->status,
            BillingCommitmentStatus::enabled_until_earliest_allowed_end);
}

TEST(Settings, TheDistributionStrategyIsOfOnDemandStreams) {
  TestRegion t;
  t.create("s", 1);
  EXPECT_EQ(t.failure(UpdateStreamRecordDistributionStrategyRequest(t.arn("s"), RecordDistributionStrategy::automatic)),
            "InvalidArgumentException");
  t.ok(CreateStreamRequest("d", StreamMode::on_demand));
  t.ok(UpdateStreamRecordDistributionStrategyRequest(t.arn("d"), RecordDistributionStrategy::automatic));
  EXPECT_EQ(summary(t, "d").record_distribution_strategy, RecordDistributionStrategy::automatic);
}

TEST(Tags, AreTheSameByBothApis) {
  TestRegion t(TestRegion::without_limits());
  t.create("s", 1);
  t.ok(AddTagsToStreamRequest("s", {{"a", "1"}, {"b", "2"}}));
  t.ok(TagResourceRequest(t.arn("s"), {{"b", "3"}, {"c", "4"}}));
  const std::vector<Tag> all = {Tag("a", "1"), Tag("b", "3"), Tag("c", "4")};
  EXPECT_EQ(t.ok(ListTagsForStreamRequest("s")).tags, all);
  EXPECT_EQ(t.ok(ListTagsForResourceRequest(t.arn("s"))).tags, all);
  t.ok(RemoveTagsFromStreamRequest("s", {"a"}));
  t.ok(UntagResourceRequest(t.arn("s"), {"c", "none"}));
  EXPECT_EQ(t.ok(ListTagsForStreamRequest("s")).tags, std::vector<Tag>{Tag("b", "3")});
}

TEST(Tags, PageAndAreLimited) {
  TestRegion t(TestRegion::without_limits());
  t.create("s", 1);
  Tags fifty;
  for (int i = 10; i < 60; ++i) fifty["k" + std::to_string(i)] = "v";
  t.ok(AddTagsToStreamRequest("s", fifty));
  EXPECT_EQ(t.failure(AddTagsToStreamRequest("s", {{"one more", "v"}})), "InvalidArgumentException");
  ListTagsForStreamRequest request("s");
  request.limit = 20;
  const auto first = t.ok(request);
  EXPECT_EQ(first.tags.size(), 20u);
  EXPECT_TRUE(first.has_more_tags);
  request.exclusive_start_tag_key = first.tags.back().key;
  request.limit = 50;
  const auto second = t.ok(request);
  EXPECT_EQ(second.tags.size(), 30u);
  EXPECT_FALSE(second.has_more_tags);
  request.limit = 51;
  EXPECT_EQ(t.failure(request), "ValidationException");
  EXPECT_EQ(t.failure(AddTagsToStreamRequest("s", {{"bad!", "v"}})), "InvalidArgumentException");
  EXPECT_EQ(t.failure(AddTagsToStreamRequest("s", {{"aws:x", "v"}})), "InvalidArgumentException");
  EXPECT_EQ(t.failure(AddTagsToStreamRequest("s", {{std::string(129, 'k'), "v"}})), "ValidationException");
  EXPECT_EQ(t.failure(AddTagsToStreamRequest("s", {})), "ValidationException");
  EXPECT_EQ(t.failure(RemoveTagsFromStreamRequest("s", {})), "ValidationException");
}

TEST(Policies, OfStreamsAndConsumers) {
  TestRegion t(TestRegion::without_limits());
  t.create("s", 1);
  const std::string policy = R"({"Version":"2012-10-17","Statement":[]})";
  EXPECT_EQ(t.failure(GetResourcePolicyRequest(t.arn("s"))), "ResourceNotFoundException");
  t.ok(PutResourcePolicyRequest(t.arn("s"), policy));
  EXPECT_EQ(t.ok(GetResourcePolicyRequest(t.arn("s"))).policy, policy);
  EXPECT_EQ(t.failure(PutResourcePolicyRequest(t.arn("s"), "{")), "InvalidArgumentException");
  const std::string consumer = t.ok(RegisterStreamConsumerRequest(t.arn("s"), "app")).consumer.consumer_arn;
  t.ok(PutResourcePolicyRequest(consumer, policy));
  t.ok(DeleteResourcePolicyRequest(consumer));
  EXPECT_EQ(t.failure(DeleteResourcePolicyRequest(consumer)), "ResourceNotFoundException");
  EXPECT_EQ(t.failure(GetResourcePolicyRequest("arn:aws:s3:::bucket")), "ValidationException");
}

TEST(Consumers, AreRegisteredDescribedListedAndDeregistered) {
  RegionOptions options = TestRegion::without_limits();
  options.stream_delay = milliseconds(500);
  TestRegion t(options);
  t.create("s", 1);
  t.advance(milliseconds(500));
  const auto registered = t.ok(RegisterStreamConsumerRequest(t.arn("s"), "app")).consumer;
  EXPECT_EQ(registered.consumer_status, ConsumerStatus::creating);
  EXPECT_EQ(registered.consumer_arn, t.arn("s") + "/consumer/app:1767225600");
  EXPECT_EQ(t.failure(RegisterStreamConsumerRequest(t.arn("s"), "app")), "ResourceInUseException");
  EXPECT_EQ(t.failure(DeregisterStreamConsumerRequest(registered.consumer_arn)), "ResourceInUseException");
  t.advance(milliseconds(500));
  const auto described = t.ok(DescribeStreamConsumerRequest(t.arn("s"), "app")).consumer_description;
  EXPECT_EQ(described.consumer_status, ConsumerStatus::active);
  EXPECT_EQ(described.stream_arn, t.arn("s"));
  EXPECT_EQ(t.ok(ListStreamConsumersRequest(t.arn("s"))).consumers.size(), 1u);
  EXPECT_EQ(summary(t, "s").consumer_count, 1);
  t.ok(DeregisterStreamConsumerRequest(registered.consumer_arn));
  EXPECT_EQ(t.ok(DescribeStreamConsumerRequest(registered.consumer_arn)).consumer_description.consumer_status,
            ConsumerStatus::deleting);
  t.advance(milliseconds(500));
  EXPECT_EQ(t.failure(DescribeStreamConsumerRequest(registered.consumer_arn)), "ResourceNotFoundException");
}

TEST(Consumers, TwentyToAStreamAPageAtATime) {
  TestRegion t(TestRegion::without_limits());
  t.create("s", 1);
  for (int i = 10; i < 30; ++i) t.ok(RegisterStreamConsumerRequest(t.arn("s"), "app" + std::to_string(i)));
  EXPECT_EQ(t.failure(RegisterStreamConsumerRequest(t.arn("s"), "one-more")), "LimitExceededException");
  ListStreamConsumersRequest request(t.arn("s"));
  request.max_results = 15;
  const auto first = t.ok(request);
  EXPECT_EQ(first.consumers.size(), 15u);
  request.next_token = first.next_token;
  const auto second = t.ok(request);
  EXPECT_EQ(second.consumers.size(), 5u);
  EXPECT_FALSE(second.next_token);
  request.stream_creation_timestamp = t.now.wall;
  EXPECT_EQ(t.failure(request), "InvalidArgumentException");
}

TEST(Consumers, ArnAndNamesMustAgreeAndAnOldArnIsNobodys) {
  TestRegion t(TestRegion::without_limits());
  t.create("s", 1);
  const std::string arn = t.ok(RegisterStreamConsumerRequest(t.arn("s"), "app")).consumer.consumer_arn;
  DescribeStreamConsumerRequest request(arn);
  request.consumer_name = "other";
  EXPECT_EQ(t.failure(request), "InvalidArgumentException");
  EXPECT_EQ(t.failure(DescribeStreamConsumerRequest()), "InvalidArgumentException");
  EXPECT_EQ(t.failure(DescribeStreamConsumerRequest("nonsense")), "ValidationException");
  t.ok(DeregisterStreamConsumerRequest(arn));
  t.advance(seconds(5));
  t.ok(RegisterStreamConsumerRequest(t.arn("s"), "app"));
  EXPECT_EQ(t.failure(DescribeStreamConsumerRequest(arn)), "ResourceNotFoundException");
}

TEST(Consumers, KeepTheirStreamUnlessTold) {
  TestRegion t;
  t.create("s", 1);
  t.ok(RegisterStreamConsumerRequest(t.arn("s"), "app"));
  EXPECT_EQ(t.failure(DeleteStreamRequest("s")), "ResourceInUseException");
  DeleteStreamRequest request("s");
  request.enforce_consumer_deletion = true;
  t.ok(request);
}

}  // namespace
}  // namespace kinesis::emulator
