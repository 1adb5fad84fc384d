#include "emulator/logic/test_region.hpp"

namespace kinesis::emulator {
namespace {

using Strings = std::vector<std::string>;

RegionOptions slow() {
  RegionOptions options;
  options.stream_delay = milliseconds(500);
  return options;
}

TEST(Streams, AreCreatedDescribedAndDeleted) {
  TestRegion t;
  t.create("orders", 3);
  const auto summary = t.ok(DescribeStreamSummaryRequest("orders")).stream_description_summary;
  EXPECT_EQ(summary.stream_name, "orders");
  EXPECT_EQ(summary.stream_arn, t.arn("orders"));
  EXPECT_EQ(summary.stream_status, StreamStatus::active);
  EXPECT_EQ(summary.stream_mode_details->stream_mode, StreamMode::provisioned);
  EXPECT_EQ(summary.retention_period_hours, 24);
  EXPECT_EQ(summary.stream_creation_timestamp, t.now.wall);
  EXPECT_EQ(summary.open_shard_count, 3);
  EXPECT_EQ(summary.consumer_count, 0);
  EXPECT_EQ(summary.max_record_size_in_kib, 1024);
  EXPECT_EQ(summary.encryption_type, EncryptionType::none);
  ASSERT_EQ(summary.enhanced_monitoring.size(), 1u);
  EXPECT_TRUE(summary.enhanced_monitoring[0].shard_level_metrics.empty());
  t.ok(DeleteStreamRequest("orders"));
  EXPECT_EQ(t.failure(DescribeStreamSummaryRequest("orders")), "ResourceNotFoundException");
}

TEST(Streams, TakeTheirTimeThroughEveryState) {
  TestRegion t(slow());
  t.create("s", 2);
  EXPECT_EQ(t.status("s"), StreamStatus::creating);
  EXPECT_TRUE(t.ok(DescribeStreamRequest("s")).stream_description.shards.empty());
  EXPECT_EQ(t.failure(ListShardsRequest("s")), "ResourceInUseException");
  EXPECT_EQ(t.failure(PutRecordRequest("s", "d", "k")), "ResourceNotFoundException");
  EXPECT_EQ(t.failure(SplitShardRequest("s", "0", "100")), "ResourceInUseException");
  EXPECT_EQ(t.message, "Stream s under account 123456789012 not ACTIVE, instead in state CREATING");
  t.advance(milliseconds(500));
  EXPECT_EQ(t.status("s"), StreamStatus::active);
  EXPECT_EQ(t.shards("s").size(), 2u);

  t.ok(SplitShardRequest("s", "0", "100"));
  EXPECT_EQ(t.status("s"), StreamStatus::updating);
  t.put("s", "k", "written while it is updated");
  EXPECT_EQ(t.shards("s").size(), 2u);
  EXPECT_EQ(t.failure(MergeShardsRequest("s", "0", "1")), "ResourceInUseException");
  EXPECT_EQ(t.failure(DeleteStreamRequest("s")), "ResourceInUseException");
  t.advance(milliseconds(500));
  EXPECT_EQ(t.shards("s").size(), 4u);

  t.ok(DeleteStreamRequest("s"));
  EXPECT_EQ(t.status("s"), StreamStatus::deleting);
  EXPECT_EQ(t.failure(CreateStreamRequest("s", 1)), "ResourceInUseException");
  t.advance(milliseconds(500));
  EXPECT_EQ(t.failure(DescribeStreamSummaryRequest("s")), "ResourceNotFoundException");
  t.create("s", 1);
}

TEST(Streams, AreNamedByNameOrArn) {
  TestRegion t;
  t.create("s", 1);
  t.ok(DescribeStreamSummaryRequest(StreamId(t.arn("s"))));
  DescribeStreamSummaryRequest both("s");
  both.stream_arn = t.arn("s");
  t.ok(both);
  both.stream_arn = t.arn("other");
  EXPECT_EQ(t.failure(both), "InvalidArgumentException");
  EXPECT_EQ(t.failure(DescribeStreamSummaryRequest()), "InvalidArgumentException");
  EXPECT_EQ(t.failure(DescribeStreamSummaryRequest("arn:aws:kinesis:eu-west-1:123456789012:stream/s")),
            "ResourceNotFoundException");
  EXPECT_EQ(t.message, "Stream s under account 123456789012 not found.");
  DescribeStreamSummaryRequest bad;
  bad.stream_name = "a b";
  EXPECT_EQ(t.failure(bad), "ValidationException");
}

TEST(Streams, CreatingChecksWhatItIsGiven) {
  TestRegion t;
  EXPECT_EQ(t.failure(CreateStreamRequest("", 1)), "ValidationException");
  EXPECT_EQ(t.failure(CreateStreamRequest("s", 0)), "ValidationException");
  CreateStreamRequest without_count;
  without_count.stream_name = "s";
  EXPECT_EQ(t.failure(without_count), "ValidationException");
  t.advance(seconds(1));
  CreateStreamRequest on_demand("s", StreamMode::on_demand);
  on_demand.shard_count = 3;
  EXPECT_EQ(t.failure(on_demand), "ValidationException");
  CreateStreamRequest automatic("s", 1);
  automatic.record_distribution_strategy = RecordDistributionStrategy::automatic;
  EXPECT_EQ(t.failure(automatic), "InvalidArgumentException");
  CreateStreamRequest large("s", 1);
  large.max_record_size_in_kib = 10'241;
  EXPECT_EQ(t.failure(large), "ValidationException");
  large.max_record_size_in_kib = 2'048;
  large.tags = {{"team", "blue"}};
  t.ok(large);
  EXPECT_EQ(t.ok(DescribeStreamSummaryRequest("s")).stream_description_summary.max_record_size_in_kib, 2'048);
  EXPECT_EQ(t.ok(ListTagsForStreamRequest("s")).tags, std::vector<Tag>{Tag("team", "blue")});
  EXPECT_EQ(t.failure(CreateStreamRequest("s", 1)), "ResourceInUseException");
  EXPECT_EQ(t.message, "Stream s under account 123456789012 already exists.");
}

TEST(Streams, TheShardLimitIsOfTheAccount) {
  RegionOptions options;
  options.shard_limit = 10;
  TestRegion t(options);
  t.create("a", 8);
  EXPECT_EQ(t.failure(CreateStreamRequest("b", 3)), "LimitExceededException");
  EXPECT_NE(t.message.find("Current shard count for the account: 8. Limit: 10."), std::string::npos);
  t.create("b", 2);
  EXPECT_EQ(t.failure(SplitShardRequest("b", "0", "100")), "LimitExceededException");
  const auto limits = t.ok(DescribeLimitsRequest());
  EXPECT_EQ(limits.shard_limit, 10);
  EXPECT_EQ(limits.open_shard_count, 10);
  EXPECT_EQ(limits.on_demand_stream_count_limit, 50);
}

TEST(Streams, OnlyFiveAreCreatedAtATime) {
  TestRegion t(slow());
  for (int i = 0; i < 5; ++i) {
    t.create("s" + std::to_string(i), 1);
    t.advance(milliseconds(10));
  }
  t.advance(milliseconds(200));
  EXPECT_EQ(t.failure(CreateStreamRequest("s5", 1)), "LimitExceededException");
  t.advance(milliseconds(500));
  t.create("s5", 1);
}

TEST(Streams, ControlRatesBite) {
  TestRegion t;
  t.create("s", 1);
  for (int i = 0; i < 10; ++i) t.ok(DescribeStreamRequest("s"));
  EXPECT_EQ(t.failure(DescribeStreamRequest("s")), "LimitExceededException");
  EXPECT_EQ(t.message, "Rate exceeded for stream s under account 123456789012.");
  t.advance(milliseconds(100));
  t.ok(DescribeStreamRequest("s"));
  t.ok(DescribeLimitsRequest());
  EXPECT_EQ(t.failure(DescribeLimitsRequest()), "LimitExceededException");
}

TEST(Streams, DescribeStreamGivesAHundredShardsAPage) {
  TestRegion t;
  t.create("s", 250);
  DescribeStreamRequest request("s");
  request.limit = 10'000;
  std::size_t seen = 0;
  for (int page = 0; page < 3; ++page) {
    const auto description = t.ok(request).stream_description;
    seen += description.shards.size();
    EXPECT_EQ(description.has_more_shards, page < 2);
    request.exclusive_start_shard_id = description.shards.back().shard_id;
  }
  EXPECT_EQ(seen, 250u);
  request.exclusive_start_shard_id.reset();
  request.limit = 7;
  EXPECT_EQ(t.ok(request).stream_description.shards.size(), 7u);
  request.limit = 10'001;
  EXPECT_EQ(t.failure(request), "ValidationException");
}

TEST(ListStreams, PagesByNameOrToken) {
  TestRegion t(TestRegion::without_limits());
  for (int i = 0; i < 5; ++i) t.create("s" + std::to_string(i), 1);
  ListStreamsRequest request;
  request.limit = 2;
  const auto first = t.ok(request);
  EXPECT_EQ(first.stream_names, (Strings{"s0", "s1"}));
  EXPECT_TRUE(first.has_more_streams);
  ASSERT_EQ(first.stream_summaries.size(), 2u);
  EXPECT_EQ(first.stream_summaries[1].stream_arn, t.arn("s1"));
  request.next_token = first.next_token;
  const auto second = t.ok(request);
  EXPECT_EQ(second.stream_names, (Strings{"s2", "s3"}));
  request.next_token.reset();
  request.exclusive_start_stream_name = "s3";
  const auto third = t.ok(request);
  EXPECT_EQ(third.stream_names, Strings{"s4"});
  EXPECT_FALSE(third.has_more_streams);
  EXPECT_FALSE(third.next_token);

  request.next_token = first.next_token;
  EXPECT_EQ(t.failure(request), "InvalidArgumentException");
  request.exclusive_start_stream_name.reset();
  t.advance(seconds(301));
  EXPECT_EQ(t.failure(request), "ExpiredNextTokenException");
  request.next_token = "garbage";
  EXPECT_EQ(t.failure(request), "InvalidArgumentException");
}

TEST(ListShards, PagesAndRefusesATokenBesideAnythingElse) {
  TestRegion t;
  t.create("s", 5);
  ListShardsRequest request("s");
  request.max_results = 2;
  const auto first = t.ok(request);
  ASSERT_TRUE(first.next_token);
  EXPECT_EQ(first.shards[1].shard_id, "shardId-000000000001");

  ListShardsRequest next;
  next.next_token = first.next_token;
  next.max_results = 2;
  const auto second = t.ok(next);
  EXPECT_EQ(second.shards[0].shard_id, "shardId-000000000002");
  next.next_token = second.next_token;
  const auto third = t.ok(next);
  EXPECT_EQ(third.shards.size(), 1u);
  EXPECT_FALSE(third.next_token);

  ListShardsRequest both("s");
  both.next_token = first.next_token;
  EXPECT_EQ(t.failure(both), "InvalidArgumentException");
  EXPECT_EQ(t.message, "NextToken and StreamName cannot be provided together.");
  ListShardsRequest filtered;
  filtered.next_token = first.next_token;
  filtered.shard_filter = ShardFilter(ShardFilterType::at_latest);
  EXPECT_EQ(t.failure(filtered), "InvalidArgumentException");
  ListShardsRequest started;
  started.next_token = first.next_token;
  started.exclusive_start_shard_id = "shardId-000000000001";
  EXPECT_EQ(t.failure(started), "InvalidArgumentException");
  EXPECT_EQ(t.failure(ListShardsRequest()), "InvalidArgumentException");
  EXPECT_EQ(t.message, "Either NextToken or StreamName should be provided.");
  ListShardsRequest garbage;
  garbage.next_token = "garbage";
  EXPECT_EQ(t.failure(garbage), "InvalidArgumentException");

  t.advance(seconds(300));
  next.next_token = first.next_token;
  t.ok(next);
  t.advance(milliseconds(1));
  EXPECT_EQ(t.failure(next), "ExpiredNextTokenException");
}

TEST(ListShards, ATokenOfADeletedStreamIsOfNone) {
  TestRegion t;
  t.create("s", 3);
  ListShardsRequest request("s");
  request.max_results = 1;
  ListShardsRequest next;
  next.next_token = t.ok(request).next_token;
  t.ok(DeleteStreamRequest("s"));
  t.create("s", 3);
  EXPECT_EQ(t.failure(next), "ResourceNotFoundException");
}

TEST(ListShards, AllSixFilters) {
  TestRegion t;
  t.create("s", 2);
  const Moment created = t.now;
  t.advance(hours(1));
  t.ok(SplitShardRequest("s", "0", "1000"));  // makes 2, 3
  const Moment split = t.now;
  t.advance(hours(1));
  t.ok(MergeShardsRequest("s", "3", "1"));  // makes 4
  t.advance(hours(1));

  const auto filtered = [&](ShardFilterType type, std::optional<Timestamp> time = {}, std::optional<ShardId> id = {}) {
    ListShardsRequest request("s");
    request.shard_filter = ShardFilter(type);
    request.shard_filter->timestamp = time;
    request.shard_filter->shard_id = id;
    std::string out;
    for (const std::string& shard : t.shard_ids(request)) out += shard.back();
    return out;
  };
  EXPECT_EQ(filtered(ShardFilterType::from_trim_horizon), "01234");
  EXPECT_EQ(filtered(ShardFilterType::at_trim_horizon), "01");
  EXPECT_EQ(filtered(ShardFilterType::at_latest), "24");
  EXPECT_EQ(filtered(ShardFilterType::after_shard_id, {}, "shardId-000000000002"), "34");
  EXPECT_EQ(filtered(ShardFilterType::at_timestamp, created.wall), "01");
  EXPECT_EQ(filtered(ShardFilterType::at_timestamp, created.wall - hours(100)), "01");
  EXPECT_EQ(filtered(ShardFilterType::at_timestamp, split.wall), "01");
  EXPECT_EQ(filtered(ShardFilterType::at_timestamp, split.wall + hours(1) - seconds(1)), "123");
  EXPECT_EQ(filtered(ShardFilterType::at_timestamp, t.now.wall), "24");
  EXPECT_EQ(filtered(ShardFilterType::from_timestamp, split.wall + seconds(1)), "1234");
  EXPECT_EQ(filtered(ShardFilterType::from_timestamp, created.wall), "01234");

  ListShardsRequest future("s");
  future.shard_filter = ShardFilter(ShardFilterType::at_timestamp);
  EXPECT_EQ(t.failure(future), "InvalidArgumentException");
  future.shard_filter->timestamp = t.now.wall + hours(1);
  EXPECT_EQ(t.failure(future), "InvalidArgumentException");

  // At the trim horizon the generation of then is complete, also after the first one has expired.
  t.advance(hours(22) + seconds(1));
  EXPECT_EQ(filtered(ShardFilterType::at_trim_horizon), "123");
  t.advance(hours(1));
  EXPECT_EQ(filtered(ShardFilterType::at_trim_horizon), "24");
}

TEST(ListShards, StartsBehindAShardAndChecksTheCreationTime) {
  TestRegion t;
  t.create("s", 4);
  ListShardsRequest request("s");
  request.exclusive_start_shard_id = "shardId-000000000001";
  EXPECT_EQ(t.shard_ids(request), (Strings{"shardId-000000000002", "shardId-000000000003"}));
  request.stream_creation_timestamp = t.now.wall;
  t.ok(request);
  request.stream_creation_timestamp = t.now.wall - hours(1);
  EXPECT_EQ(t.failure(request), "ResourceNotFoundException");
}

TEST(ShardIterators, OfEveryType) {
  TestRegion t;
  t.create("s", 1);
  const auto one = t.put("s", "a", "1");
  t.advance(seconds(1));
  const Timestamp between = t.now.wall;
  t.advance(seconds(1));
  const auto two = t.put("s", "a", "2");
  t.advance(seconds(1));

  const auto read = [&](GetShardIteratorRequest request) {
    t.advance(seconds(1));
    return t.data(t.read(t.ok(request).shard_iterator.value()));
  };
  GetShardIteratorRequest request("s", "shardId-000000000000", ShardIteratorType::trim_horizon);
  EXPECT_EQ(read(request), (Strings{"1", "2"}));
  request.shard_iterator_type = ShardIteratorType::latest;
  EXPECT_EQ(read(request), Strings());
  request.shard_iterator_type = ShardIteratorType::at_sequence_number;
  request.starting_sequence_number = two.sequence_number;
  EXPECT_EQ(read(request), Strings{"2"});
  request.shard_iterator_type = ShardIteratorType::after_sequence_number;
  request.starting_sequence_number = one.sequence_number;
  EXPECT_EQ(read(request), Strings{"2"});
  request.starting_sequence_number = t.shards("s")[0].sequence_number_range.starting_sequence_number;
  EXPECT_EQ(read(request), (Strings{"1", "2"}));
  request.starting_sequence_number.reset();
  request.shard_iterator_type = ShardIteratorType::at_timestamp;
  request.timestamp = between;
  EXPECT_EQ(read(request), Strings{"2"});
  request.timestamp = between - hours(1);
  EXPECT_EQ(read(request), (Strings{"1", "2"}));
  request.timestamp = t.now.wall;  // after the last record: nothing, and no waiting
  EXPECT_EQ(read(request), Strings());
}

TEST(ShardIterators, ALatestOneSeesWhatComesAfterIt) {
  TestRegion t;
  t.create("s", 1);
  t.put("s", "a", "1");
  const std::string latest = t.iterator("s", "0", ShardIteratorType::latest);
  t.put("s", "a", "2");
  EXPECT_EQ(t.data(t.read(latest)), Strings{"2"});
  EXPECT_EQ(t.data(t.read(latest)), Strings{"2"});
}

TEST(ShardIterators, RefuseWhatMakesNoSense) {
  TestRegion t(TestRegion::without_limits());
  t.create("s", 2);
  const auto put = t.put_at("s", "0", "1");
  GetShardIteratorRequest request("s", "shardId-000000000000", ShardIteratorType::at_sequence_number);
  EXPECT_EQ(t.failure(request), "InvalidArgumentException");
  EXPECT_TRUE(t.message.ends_with("Request specified AT_SEQUENCE_NUMBER and no StartingSequenceNumber."));
  request.starting_sequence_number = put.sequence_number;
  request.shard_iterator_type = ShardIteratorType::latest;
  EXPECT_EQ(t.failure(request), "InvalidArgumentException");
  EXPECT_TRUE(t.message.ends_with("Request specified LATEST and also a StartingSequenceNumber."));
  request.shard_iterator_type = ShardIteratorType::at_sequence_number;
  request.shard_id = "shardId-000000000001";
  EXPECT_EQ(t.failure(request), "InvalidArgumentException");
  EXPECT_EQ(
      t.message,
      "Invalid StartingSequenceNumber. It encodes shardId-000000000000, while it was used in a call to a shard with "
      "shardId-000000000001");
  request.shard_id = "shardId-000000000000";
  request.starting_sequence_number = SequenceNumber("0");
  EXPECT_EQ(t.failure(request), "InvalidArgumentException");
  t.advance(seconds(10));
  t.create("later", 1);
  request.starting_sequence_number = put.sequence_number;
  request.stream_name = "later";
  EXPECT_EQ(t.failure(request), "InvalidArgumentException");
  EXPECT_TRUE(t.message.ends_with("because it did not come from this stream."));

  GetShardIteratorRequest time("s", "0", ShardIteratorType::at_timestamp);
  EXPECT_EQ(t.failure(time), "InvalidArgumentException");
  time.timestamp = t.now.wall + seconds(1);
  EXPECT_EQ(t.failure(time), "InvalidArgumentException");
  EXPECT_EQ(t.failure(GetShardIteratorRequest("s", "shardId-000000000009", ShardIteratorType::latest)),
            "ResourceNotFoundException");
  EXPECT_EQ(t.message, "Shard shardId-000000000009 in stream s under account 123456789012 does not exist");
  EXPECT_EQ(t.failure(GetShardIteratorRequest("s", "nonsense", ShardIteratorType::latest)),
            "ResourceNotFoundException");
  EXPECT_EQ(t.message, "Could not find shard nonsense in stream s under account 123456789012.");
}

TEST(ShardIterators, GarbageIsAnArgumentNotAFault) {
  TestRegion t;
  t.create("s", 1);
  EXPECT_EQ(t.failure(GetRecordsRequest("garbage")), "InvalidArgumentException");
  EXPECT_EQ(t.message, "Invalid ShardIterator.");
  EXPECT_EQ(t.failure(GetRecordsRequest("")), "ValidationException");
  EXPECT_EQ(t.failure(GetRecordsRequest(std::string(513, 'A'))), "ValidationException");
  GetRecordsRequest request(t.iterator("s", "0"));
  request.limit = 0;
  EXPECT_EQ(t.failure(request), "ValidationException");
  request.limit = 10'001;
  EXPECT_EQ(t.failure(request), "ValidationException");
}

TEST(ShardIterators, ExpireAfterFiveMinutes) {
  TestRegion t;
  t.create("s", 1);
  const std::string iterator = t.iterator("s", "0");
  t.advance(seconds(300));
  t.read(iterator);
  t.advance(milliseconds(1));
  EXPECT_EQ(t.failure(GetRecordsRequest(iterator)), "ExpiredIteratorException");
  EXPECT_EQ(
      t.message,
      "Iterator expired. The iterator was created at time Thu Jan 01 00:00:00 UTC 2026 while right now it is Thu Jan "
      "01 00:05:00 UTC 2026 which is further in the future than the tolerated delay of 300000 milliseconds.");
}

TEST(ShardIterators, OfADeletedStreamAreOfNoneEvenIfItIsMadeAgain) {
  TestRegion t;
  t.create("s", 1);
  const std::string iterator = t.iterator("s", "0");
  t.ok(DeleteStreamRequest("s"));
  EXPECT_EQ(t.failure(GetRecordsRequest(iterator)), "ResourceNotFoundException");
  EXPECT_EQ(t.message, "Shard shardId-000000000000 in stream s under account 123456789012 does not exist");
  t.create("s", 1);
  EXPECT_EQ(t.failure(GetRecordsRequest(iterator)), "ResourceNotFoundException");
}

}  // namespace
}  // namespace kinesis::emulator
