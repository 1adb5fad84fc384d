#include "consumer/logic/shard_graph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace kinesis::consumer {
namespace {

KinesisShard shard(int id, std::vector<int> parents, int from, bool open) {
  KinesisShard shard;
  shard.shard_id = std::to_string(id);
  if (!parents.empty()) shard.parent_shard_id = std::to_string(parents[0]);
  if (parents.size() > 1) shard.adjacent_parent_shard_id = std::to_string(parents[1]);
  shard.hash_key_range = HashKeyRange("0", "9");
  shard.sequence_number_range.starting_sequence_number = SequenceNumber(std::to_string(from));
  if (!open) shard.sequence_number_range.ending_sequence_number = SequenceNumber(std::to_string(from + 100));
  return shard;
}

/// The worked example of the KCL's tests: 0 to 5, then 0+1 -> 6 and 2+3 -> 7, then 6+7 -> 8 and 5 -> 9, 10. Open: 4, 8,
/// 9, 10.
std::vector<KinesisShard> three_generations() {
  return {shard(0, {}, 1, false),       shard(1, {}, 1, false),       shard(2, {}, 1, false),
          shard(3, {}, 1, false),       shard(4, {}, 1, true),        shard(5, {}, 1, false),
          shard(6, {0, 1}, 103, false), shard(7, {2, 3}, 103, false), shard(8, {6, 7}, 206, true),
          shard(9, {5}, 206, true),     shard(10, {5}, 206, true)};
}

using LeasesByKey = std::map<std::string, Lease>;

FindLease in(const LeasesByKey& table) {
  return [table](const std::string& key) {
    const auto it = table.find(key);
    return it == table.end() ? nullptr : &it->second;
  };
}

LeasesByKey leases(std::vector<std::string> keys) {
  LeasesByKey map;
  for (std::string& key : keys) map.emplace(key, Lease(key));
  return map;
}

std::vector<std::string> keys(const std::vector<Lease>& leases) {
  std::vector<std::string> keys;
  for (const Lease& lease : leases) keys.push_back(lease.key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

TEST(ShardGraph, AnEmptyTableGetsALeaseOfEveryShardListed) {
  const auto missing = first_leases(three_generations(), TrimHorizon{});
  EXPECT_EQ(missing.size(), 11u);
  EXPECT_EQ(missing[6].parent_shard_ids, (std::vector<std::string>{"0", "1"}));
}

TEST(ShardGraph, OnlyTheOldestNeededGenerationGetsLeases) {
  const auto from_now = missing_leases(three_generations(), in(leases({"4", "5", "7"})), Latest{});
  EXPECT_EQ(keys(from_now), (std::vector<std::string>{"6"}));
  EXPECT_EQ(from_now[0].checkpoint, Checkpoint::latest());

  const auto from_start = missing_leases(three_generations(), in(leases({"4", "5", "7"})), TrimHorizon{});
  EXPECT_EQ(keys(from_start), (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(from_start[0].checkpoint, Checkpoint::trim_horizon());

  const auto from_time = missing_leases(three_generations(), in(leases({"4", "5", "7"})), AtTimestamp{});
  EXPECT_EQ(keys(from_time), (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(from_time[0].checkpoint, Checkpoint::at_timestamp());
}

TEST(ShardGraph, NothingIsMissingWhileAncestorsHaveLeases) {
  EXPECT_TRUE(missing_leases(three_generations(), in(leases({"0", "1", "2", "3", "4", "5"})), Latest{}).empty());
}

TEST(ShardGraph, AChildThatWasLostIsMadeAnewWhenItsParentsAreDone) {
  LeasesByKey table = leases({"4", "5", "6", "7"});
  table.at("5").checkpoint = Checkpoint::shard_end();
  table.at("6").checkpoint = Checkpoint::shard_end();
  // 9 and 10 are children of 5; 8 still waits for 7.
  const auto missing = missing_leases(three_generations(), in(table), Latest{});
  EXPECT_EQ(keys(missing), (std::vector<std::string>{"10", "9"}));
  EXPECT_EQ(missing[0].checkpoint, Checkpoint::trim_horizon()) << "nobody read it, wherever the application started";
}

TEST(ShardGraph, AChildWaitsForAllItsParents) {
  LeasesByKey table = leases({"6", "7", "8"});
  table.at("8").parent_shard_ids = {"6", "7"};
  EXPECT_FALSE(parents_done(table.at("8"), in(table)));
  table.at("6").checkpoint = Checkpoint::shard_end();
  EXPECT_FALSE(parents_done(table.at("8"), in(table)));
  table.at("7").checkpoint = Checkpoint::shard_end();
  EXPECT_TRUE(parents_done(table.at("8"), in(table)));
  table.erase("7");
  EXPECT_TRUE(parents_done(table.at("8"), in(table)));
}

TEST(ShardGraph, ParentsThatNobodyListsAreNoReasonToLeaveAChildOut) {
  const std::vector<KinesisShard> listed = {shard(8, {6, 7}, 206, true), shard(9, {5}, 206, true)};
  EXPECT_EQ(keys(missing_leases(listed, in({}), TrimHorizon{})), (std::vector<std::string>{"8", "9"}));
  EXPECT_EQ(keys(missing_leases(listed, in(leases({"9"})), TrimHorizon{})), (std::vector<std::string>{"8"}));
}

TEST(ShardGraph, AListOfShardsThatAreEachOthersParentsEnds) {
  const std::vector<KinesisShard> listed = {shard(1, {2}, 1, true), shard(2, {1}, 1, true), shard(3, {3}, 1, true)};
  EXPECT_LE(missing_leases(listed, in({}), TrimHorizon{}).size(), 3u);
  EXPECT_LE(missing_leases(listed, in(leases({"1"})), Latest{}).size(), 2u);
}

TEST(ShardGraph, AShardThatIsListedTwiceGetsOneLease) {
  const std::vector<KinesisShard> listed = {shard(1, {}, 1, true), shard(1, {}, 1, true)};
  EXPECT_EQ(keys(missing_leases(listed, in({}), TrimHorizon{})), (std::vector<std::string>{"1"}));
}

TEST(ShardGraph, AChildStartsAtItsBeginning) {
  ChildShard child;
  child.shard_id = "8";
  child.parent_shards = {"6", "7"};
  child.hash_key_range = HashKeyRange("0", "9");
  EXPECT_EQ(lease_for(child).checkpoint, Checkpoint::trim_horizon());
  EXPECT_EQ(lease_for(child).parent_shard_ids, (std::vector<std::string>{"6", "7"}));
}

TEST(ShardGraph, FindsAHoleInTheHashKeys) {
  const std::string top = "340282366920938463463374607431768211455";
  std::vector<KinesisShard> shards = {shard(0, {}, 1, true), shard(1, {}, 1, true)};
  shards[0].hash_key_range = HashKeyRange("0", "99");
  shards[1].hash_key_range = HashKeyRange("100", top);
  EXPECT_TRUE(check_coverage(shards));
  shards[1].hash_key_range = HashKeyRange("101", top);
  ASSERT_FALSE(check_coverage(shards));
  EXPECT_THAT(check_coverage(shards).error().message(), testing::HasSubstr("hash key 100"));
  shards[1].hash_key_range = HashKeyRange("100", "200");
  EXPECT_FALSE(check_coverage(shards));
  EXPECT_FALSE(check_coverage({}));
}

}  // namespace
}  // namespace kinesis::consumer
