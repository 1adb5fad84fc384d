#include "producer/logic/shard_map.hpp"

#include "core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace kinesis::producer {
namespace {

using core::Uint128;

KinesisShard shard(std::string id, Uint128 first, Uint128 last) {
  KinesisShard shard;
  shard.shard_id = std::move(id);
  shard.hash_key_range = HashKeyRange(first.to_string(), last.to_string());
  return shard;
}

const Uint128 half(std::uint64_t{1} << 63, 0);

std::vector<KinesisShard> two_halves() {
  return {shard("b", half, Uint128::max()), shard("a", Uint128(), half - Uint128(1))};
}

TEST(ShardMap, FindsTheShardAtEveryEdge) {
  const ShardMap map = ShardMap::of(two_halves()).value();
  ASSERT_EQ(map.size(), 2u);
  const auto id_of = [&](Uint128 hash) { return map.shard_id(map.predict(hash).value()); };
  EXPECT_EQ(id_of(Uint128()), "a");
  EXPECT_EQ(id_of(half - Uint128(1)), "a");
  EXPECT_EQ(id_of(half), "b");
  EXPECT_EQ(id_of(Uint128::max()), "b");
  EXPECT_EQ(map.range(0), (HashRange{Uint128(), half - Uint128(1)}));
  EXPECT_EQ(map.find("b"), 1u);
  EXPECT_EQ(map.find("c"), std::nullopt);
}

TEST(ShardMap, AnEmptyMapPredictsNothing) {
  EXPECT_EQ(ShardMap().predict(half), std::nullopt);
  EXPECT_TRUE(ShardMap().empty());
}

// Compared as text, 9 comes after 10.
TEST(ShardMap, ComparesNumbersAndNotDigits) {
  const ShardMap map = ShardMap::of({shard("ten", 10, 99), shard("nine", 0, 9)}).value();
  EXPECT_EQ(map.shard_id(*map.predict(9)), "nine");
  EXPECT_EQ(map.shard_id(*map.predict(10)), "ten");
}

TEST(ShardMap, PredictsNothingInAHole) {
  const ShardMap map = ShardMap::of({shard("a", 10, 19), shard("b", 30, 39)}).value();
  for (const std::uint64_t hash : {0, 9, 20, 29, 40}) EXPECT_EQ(map.predict(hash), std::nullopt) << hash;
  for (const std::uint64_t hash : {10, 19, 30, 39}) EXPECT_NE(map.predict(hash), std::nullopt) << hash;
}

TEST(ShardMap, LeavesOutClosedShards) {
  std::vector<KinesisShard> shards = two_halves();
  shards.push_back(shard("parent", Uint128(), Uint128::max()));
  EXPECT_FALSE(ShardMap::of(shards));
  shards.back().sequence_number_range.ending_sequence_number = SequenceNumber("9");
  EXPECT_EQ(ShardMap::of(shards).value(), ShardMap::of(two_halves()).value());
}

TEST(ShardMap, RefusesListsThatAreNoMap) {
  const auto refused = [](std::vector<KinesisShard> shards) {
    const auto map = ShardMap::of(shards);
    return !map && map.error().code() == errc::protocol;
  };
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused({shard("a", 5, 4)}));
  EXPECT_TRUE(refused({shard("", 0, 9)}));
  EXPECT_TRUE(refused({shard("a", 0, 9), shard("a", 10, 19)}));
  EXPECT_TRUE(refused({shard("a", 0, 10), shard("b", 10, 19)}));
  EXPECT_TRUE(refused({shard("a", 0, 99), shard("b", 10, 19)}));
  KinesisShard malformed;
  malformed.shard_id = "a";
  malformed.hash_key_range = HashKeyRange("0", "340282366920938463463374607431768211456");
  EXPECT_TRUE(refused({malformed}));
  malformed.hash_key_range = HashKeyRange("", "9");
  EXPECT_TRUE(refused({malformed}));
}

TEST(ShardMap, PredictsAsALinearSearchDoes) {
  core::Random random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<Uint128> cuts;
    for (std::uint64_t i = 0; i < 1 + random.below(40); ++i) cuts.emplace_back(random(), random());
    std::sort(cuts.begin(), cuts.end());
    std::vector<KinesisShard> shards;
    Uint128 first;
    for (std::size_t i = 0; i < cuts.size(); ++i) {
      if (random.chance(0.9)) shards.push_back(shard("s" + std::to_string(i), first, cuts[i]));
      first = cuts[i] + Uint128(1);
    }
    if (shards.empty()) continue;
    const ShardMap map = ShardMap::of(shards).value();
    for (int probe = 0; probe < 200; ++probe) {
      const Uint128 hash(random(), random());
      std::optional<std::uint32_t> expected;
      for (std::uint32_t i = 0; i < map.size(); ++i) {
        if (map.range(i).contains(hash)) expected = i;
      }
      ASSERT_EQ(map.predict(hash), expected);
    }
  }
}

TEST(HashRange, ContainsBothEnds) {
  const HashRange range{10, 20};
  EXPECT_TRUE(range.contains(10, 20));
  EXPECT_FALSE(range.contains(9, 20));
  EXPECT_FALSE(range.contains(10, 21));
  EXPECT_TRUE(range.contains(15));
  EXPECT_FALSE(range.contains(21));
}

}  // namespace
}  // namespace kinesis::producer
