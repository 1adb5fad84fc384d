#include "emulator/logic/test_region.hpp"

#include <algorithm>

namespace kinesis::emulator {
namespace {

using Strings = std::vector<std::string>;

PutRecordsRequest put_records(const std::string& stream, std::size_t count, std::size_t size) {
  PutRecordsRequest request;
  request.stream_name = stream;
  for (std::size_t i = 0; i < count; ++i) {
    request.records.emplace_back(Blob(std::string(size, 'x')), "key-" + std::to_string(i));
  }
  return request;
}

TEST(Records, ComeBackInOrderWithGrowingNumbers) {
  TestRegion t;
  t.create("s", 1);
  const auto first = t.put("s", "a", "1");
  t.advance(seconds(1));
  const auto second = t.put("s", "b", "2");
  EXPECT_EQ(first.shard_id, "shardId-000000000000");
  EXPECT_GT(second.sequence_number, first.sequence_number);
  const auto answer = t.read(t.iterator("s", "shardId-000000000000"));
  EXPECT_EQ(t.data(answer), (Strings{"1", "2"}));
  EXPECT_EQ(answer.records[0].sequence_number, first.sequence_number);
  EXPECT_EQ(answer.records[1].partition_key, "b");
  EXPECT_EQ(answer.records[1].approximate_arrival_timestamp, t.now.wall);
  EXPECT_EQ(answer.millis_behind_latest, 0);
  ASSERT_TRUE(answer.next_shard_iterator);
  t.put("s", "c", "3");
  EXPECT_EQ(t.data(t.read(*answer.next_shard_iterator)), Strings{"3"});
}

TEST(Records, GoToTheShardOfTheirKeysMd5OrExplicitHash) {
  TestRegion t;
  t.create("s", 2);
  // MD5("a") = 0cc1..., MD5("b") = 92eb...
  EXPECT_EQ(t.put("s", "a", "1").shard_id, "shardId-000000000000");
  EXPECT_EQ(t.put("s", "b", "1").shard_id, "shardId-000000000001");
  EXPECT_EQ(t.put_at("s", "0", "1").shard_id, "shardId-000000000000");
  EXPECT_EQ(t.put_at("s", std::string(half_of_all), "1").shard_id, "shardId-000000000001");
  EXPECT_EQ(t.put_at("s", std::string(last_of_all), "1").shard_id, "shardId-000000000001");
}

TEST(Records, PutRecordsAnswersEachEntryInOrder) {
  TestRegion t;
  t.create("s", 4);
  const auto answer = t.ok(put_records("s", 500, 10));
  EXPECT_EQ(answer.failed_record_count, 0);
  ASSERT_EQ(answer.records.size(), 500u);
  std::size_t read = 0;
  for (const KinesisShard& shard : t.shards("s")) {
    const auto records = t.read(t.iterator("s", shard.shard_id)).records;
    read += records.size();
    EXPECT_TRUE(std::is_sorted(records.begin(), records.end(),
                               [](const auto& a, const auto& b) { return a.sequence_number < b.sequence_number; }));
  }
  EXPECT_EQ(read, 500u);
}

TEST(Records, MembersAreChecked) {
  TestRegion t;
  t.create("s", 1);
  EXPECT_EQ(t.failure(PutRecordRequest("s", "d", "")), "ValidationException");
  EXPECT_NE(t.message.find("at 'partitionKey'"), std::string::npos);
  EXPECT_EQ(t.failure(PutRecordRequest("s", "d", std::string(257, 'k'))), "ValidationException");
  std::string umlauts;
  for (int i = 0; i < 256; ++i) umlauts += "\xC3\xA4";
  t.ok(PutRecordRequest("s", "d", umlauts));
  EXPECT_EQ(t.failure(PutRecordRequest("s", "d", umlauts + "x")), "ValidationException");

  PutRecordRequest request("s", "d", "k");
  request.explicit_hash_key = "01";
  EXPECT_EQ(t.failure(request), "ValidationException");
  EXPECT_NE(t.message.find("0|([1-9]\\d{0,38})"), std::string::npos);
  request.explicit_hash_key = "340282366920938463463374607431768211456";
  EXPECT_EQ(t.failure(request), "InvalidArgumentException");
  EXPECT_EQ(t.message,
            "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was "
            "340282366920938463463374607431768211456");

  PutRecordsRequest many = put_records("s", 3, 1);
  many.records[1].partition_key = std::string(300, 'k');
  EXPECT_EQ(t.failure(many), "ValidationException");
  EXPECT_NE(t.message.find("at 'records.2.member.partitionKey'"), std::string::npos);
  EXPECT_EQ(t.failure(put_records("s", 0, 0)), "ValidationException");
  EXPECT_EQ(t.failure(put_records("none", 1, 1)), "ResourceNotFoundException");
  EXPECT_EQ(t.message, "Stream none under account 123456789012 not found.");
}

TEST(Records, SizesAreLimitedPerRecordAndPerCall) {
  TestRegion t(TestRegion::without_limits());
  t.create("s", 1);
  t.ok(PutRecordRequest("s", std::string((1 << 20) - 1, 'x'), "k"));
  EXPECT_EQ(t.failure(PutRecordRequest("s", std::string(1 << 20, 'x'), "k")), "InvalidArgumentException");
  EXPECT_EQ(t.failure(PutRecordRequest("s", std::string((1 << 20) + 1, 'x'), "k")), "ValidationException");
  EXPECT_NE(t.message.find("java.nio.HeapByteBuffer[pos=0 lim=1048577 cap=1048577]"), std::string::npos);
  EXPECT_NE(t.message.find("less than or equal to 1048576"), std::string::npos);

  t.ok(UpdateMaxRecordSizeRequest(t.arn("s"), 10'240));
  const std::string nearly_all((10 << 20) - 1, 'x');
  t.ok(PutRecordRequest("s", nearly_all, "k"));
  const auto answer = t.read(t.iterator("s", "shardId-000000000000", ShardIteratorType::trim_horizon), 1);
  EXPECT_EQ(answer.records.size(), 1u);

  EXPECT_EQ(t.failure(put_records("s", 11, 1'000'000)), "InvalidArgumentException");
  EXPECT_NE(t.message.find("10 MB"), std::string::npos);
  t.ok(put_records("s", 10, 1'000'000));
}

TEST(Records, AnswersStayBelowTenMebibytesAndTenThousand) {
  TestRegion t(TestRegion::without_limits());
  t.create("s", 1);
  for (int i = 0; i < 3; ++i) t.ok(put_records("s", 10, 1'000'000));
  const auto first = t.read(t.iterator("s", "0"));
  EXPECT_EQ(first.records.size(), 10u);
  EXPECT_EQ(t.read(*first.next_shard_iterator).records.size(), 10u);
  t.create("many", 1);
  for (int i = 0; i < 21; ++i) t.ok(put_records("many", 500, 1));
  const auto many = t.read(t.iterator("many", "0"));
  EXPECT_EQ(many.records.size(), 10'000u);
  EXPECT_EQ(t.read(*many.next_shard_iterator).records.size(), 500u);
}

TEST(Records, MillisBehindLatestIsAgainstTheClock) {
  TestRegion t;
  t.create("s", 1);
  t.put("s", "a", "1");
  t.advance(seconds(10));
  t.put("s", "a", "2");
  t.advance(seconds(5));
  const auto first = t.read(t.iterator("s", "0"), 1);
  EXPECT_EQ(first.millis_behind_latest, 15'000);
  const auto second = t.read(*first.next_shard_iterator, 1);
  EXPECT_EQ(second.millis_behind_latest, 0);
  EXPECT_EQ(t.read(*second.next_shard_iterator).millis_behind_latest, 0);
}

TEST(Records, TheLastReadOfAClosedShardNamesItsChildren) {
  TestRegion t;
  t.create("s", 1);
  t.put("s", "a", "1");
  t.put("s", "a", "2");
  const std::string from_start = t.iterator("s", "0");
  const std::string latest = t.iterator("s", "0", ShardIteratorType::latest);
  t.ok(SplitShardRequest("s", "shardId-000000000000", std::string(half_of_all)));
  t.advance(seconds(3));
  const auto first = t.read(from_start, 1);
  EXPECT_TRUE(first.next_shard_iterator);
  EXPECT_TRUE(first.child_shards.empty());
  const auto last = t.read(*first.next_shard_iterator, 1);
  EXPECT_EQ(t.data(last), Strings{"2"});
  EXPECT_FALSE(last.next_shard_iterator);
  ASSERT_EQ(last.child_shards.size(), 2u);
  EXPECT_EQ(last.child_shards[0].shard_id, "shardId-000000000001");
  EXPECT_EQ(last.child_shards[1].parent_shards, Strings{"shardId-000000000000"});
  EXPECT_EQ(last.child_shards[1].hash_key_range.starting_hash_key, half_of_all);
  EXPECT_EQ(last.millis_behind_latest, 3'000);

  const auto empty = t.read(latest);
  EXPECT_TRUE(empty.records.empty());
  EXPECT_FALSE(empty.next_shard_iterator);
  EXPECT_EQ(empty.child_shards.size(), 2u);
}

TEST(Records, AMergedShardsChildNamesBothParents) {
  TestRegion t;
  t.create("s", 2);
  t.ok(MergeShardsRequest("s", "shardId-000000000000", "shardId-000000000001"));
  const auto end = t.read(t.iterator("s", "1"));
  ASSERT_EQ(end.child_shards.size(), 1u);
  EXPECT_EQ(end.child_shards[0].parent_shards, (Strings{"shardId-000000000000", "shardId-000000000001"}));
}

TEST(Records, NumbersOfChildrenAreAboveTheirParents) {
  TestRegion t;
  t.create("s", 1);
  const auto before = t.put("s", "a", "1");
  t.ok(SplitShardRequest("s", "0", std::string(half_of_all)));
  const auto after = t.put("s", "a", "2");
  EXPECT_EQ(after.shard_id, "shardId-000000000001");
  EXPECT_GT(after.sequence_number, before.sequence_number);
}

TEST(Records, AnOrderingNumberHasToBeOne) {
  TestRegion t;
  t.create("s", 1);
  PutRecordRequest request("s", "d", "k");
  request.sequence_number_for_ordering = t.put("s", "k", "1").sequence_number;
  t.ok(request);
  request.sequence_number_for_ordering = SequenceNumber("12345");
  EXPECT_EQ(t.failure(request), "InvalidArgumentException");
  EXPECT_EQ(
      t.message,
      "ExclusiveMinimumSequenceNumber 12345 used in PutRecord on stream s under account 123456789012 is invalid.");
}

TEST(Records, ADryRunWritesNothing) {
  TestRegion t;
  t.create("s", 1);
  PutRecordRequest request("s", "d", "k");
  request.dry_run = true;
  EXPECT_EQ(t.failure(request), "DryRunOperationException");
  EXPECT_TRUE(t.read(t.iterator("s", "0")).records.empty());
}

TEST(Records, AreEncryptedInNameWhileTheStreamIs) {
  TestRegion t;
  t.create("s", 1);
  EXPECT_EQ(t.put("s", "a", "1").encryption_type, EncryptionType::none);
  t.ok(StartStreamEncryptionRequest("s", "alias/aws/kinesis"));
  EXPECT_EQ(t.put("s", "a", "2").encryption_type, EncryptionType::kms);
  const auto records = t.read(t.iterator("s", "0")).records;
  EXPECT_EQ(records[0].encryption_type, EncryptionType::unknown);
  EXPECT_EQ(records[1].encryption_type, EncryptionType::kms);
}

TEST(Limits, EachEntryIsThrottledByItsShard) {
  TestRegion t;
  t.create("s", 2);
  PutRecordsRequest request;
  request.stream_name = "s";
  for (int i = 0; i < 6; ++i) request.records.emplace_back(Blob(std::string(300'000, 'x')), i % 2 ? "b" : "a");
  const auto answer = t.ok(request);
  EXPECT_EQ(answer.failed_record_count, 0);
  const auto second = t.ok(request);
  EXPECT_EQ(second.failed_record_count, 6);
  EXPECT_EQ(second.records[1].error_code, "ProvisionedThroughputExceededException");
  EXPECT_EQ(second.records[1].error_message,
            "Rate exceeded for shard shardId-000000000001 in stream s under account 123456789012.");
  EXPECT_FALSE(second.records[1].sequence_number);
  PutRecordRequest single("s", std::string(300'000, 'x'), "a");
  EXPECT_EQ(t.failure(single), "ProvisionedThroughputExceededException");
  t.advance(seconds(1));
  t.ok(single);
}

TEST(Limits, AThousandRecordsASecondAndShard) {
  TestRegion t;
  t.create("s", 1);
  EXPECT_EQ(t.ok(put_records("s", 500, 1)).failed_record_count, 0);
  EXPECT_EQ(t.ok(put_records("s", 500, 1)).failed_record_count, 0);
  EXPECT_EQ(t.ok(put_records("s", 500, 1)).failed_record_count, 500);
  t.advance(milliseconds(100));
  EXPECT_EQ(t.ok(put_records("s", 500, 1)).failed_record_count, 400);
}

TEST(Limits, FiveReadsASecond) {
  TestRegion t;
  t.create("s", 1);
  const std::string iterator = t.iterator("s", "0");
  for (int i = 0; i < 5; ++i) t.read(iterator);
  EXPECT_EQ(t.failure(GetRecordsRequest(iterator)), "ProvisionedThroughputExceededException");
  EXPECT_EQ(t.message, "Rate exceeded for shard shardId-000000000000 in stream s under account 123456789012.");
  t.advance(milliseconds(200));
  t.read(iterator);
}

TEST(Limits, CanBeSwitchedOff) {
  TestRegion t(TestRegion::without_limits());
  t.create("s", 1);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(t.ok(put_records("s", 500, 1'000)).failed_record_count, 0);
  const std::string iterator = t.iterator("s", "0");
  for (int i = 0; i < 50; ++i) t.read(iterator);
  for (int i = 0; i < 50; ++i) t.ok(DescribeLimitsRequest());
}

TEST(Memory, TheOldestRecordsGoFirstAcrossStreams) {
  RegionOptions options = TestRegion::without_limits();
  options.memory_bytes = 8 << 20;
  TestRegion t(options);
  t.create("old", 1);
  t.create("new", 1);
  for (int i = 0; i < 3; ++i) t.ok(put_records("old", 10, 100'000));
  t.advance(seconds(1));
  EXPECT_EQ(t.region.take_evicted(), 0u);
  for (int i = 0; i < 6; ++i) t.ok(put_records("new", 10, 100'000));
  EXPECT_GT(t.region.take_evicted(), 0u);
  EXPECT_LE(t.region.memory(), 8u << 20);
  const auto old = t.read(t.iterator("old", "0")).records.size();
  const auto fresh = t.read(t.iterator("new", "0")).records.size();
  EXPECT_LT(old, 30u);
  EXPECT_EQ(fresh, 60u);
}

TEST(Retention, OldRecordsAndShardsAreGone) {
  TestRegion t;
  t.create("s", 1);
  t.put("s", "a", "old");
  t.ok(SplitShardRequest("s", "0", std::string(half_of_all)));
  t.advance(hours(23));
  t.put("s", "a", "young");
  EXPECT_EQ(t.shards("s").size(), 3u);
  t.advance(hours(2));
  EXPECT_EQ(t.shards("s").size(), 2u);
  EXPECT_EQ(t.shards("s")[0].parent_shard_id, "shardId-000000000000");
  EXPECT_EQ(t.failure(GetShardIteratorRequest("s", "0", ShardIteratorType::trim_horizon)), "ResourceNotFoundException");
  EXPECT_EQ(t.data(t.read(t.iterator("s", "1"))), Strings{"young"});
  t.advance(hours(23));
  EXPECT_TRUE(t.read(t.iterator("s", "1")).records.empty());
}

TEST(OnDemand, SpreadsRecordsEvenlyWhenItChoosesTheShard) {
  TestRegion t;
  t.ok(CreateStreamRequest("s", StreamMode::on_demand));
  EXPECT_EQ(t.failure(PutRecordRequest("s", "d", "")), "ValidationException");
  t.ok(UpdateStreamRecordDistributionStrategyRequest(t.arn("s"), RecordDistributionStrategy::automatic));
  std::map<std::string, int> counts;
  for (int i = 0; i < 40; ++i) ++counts[t.ok(PutRecordRequest("s", "d", i % 2 ? "same" : "")).shard_id];
  EXPECT_EQ(counts.size(), 4u);
  for (const auto& [shard, count] : counts) EXPECT_EQ(count, 10) << shard;
  EXPECT_EQ(t.read(t.iterator("s", "0")).records.size(), 10u);
}

TEST(OnDemand, AShardThatRefusesForSomeTimeIsSplit) {
  TestRegion t;
  t.ok(CreateStreamRequest("s", StreamMode::on_demand));
  EXPECT_EQ(t.shards("s").size(), 4u);
  PutRecordsRequest busy = put_records("s", 10, 200'000);
  for (auto& record : busy.records) record.partition_key = "a";
  for (int second = 0; second < 4; ++second) {
    t.ok(busy);
    t.advance(seconds(1));
  }
  EXPECT_EQ(t.shards("s").size(), 6u);
  EXPECT_EQ(t.ok(DescribeStreamSummaryRequest("s")).stream_description_summary.open_shard_count, 5);
}

}  // namespace
}  // namespace kinesis::emulator
