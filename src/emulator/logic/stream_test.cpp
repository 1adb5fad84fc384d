#include "emulator/logic/stream.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace kinesis::emulator {
namespace {

Moment start() { return {Moment::Monotonic(std::chrono::hours(1)), Moment::Wall(std::chrono::seconds(1'767'225'600))}; }

Stream make_stream(std::uint32_t shards) {
  LogMemory memory;
  memory.pool = core::BufferPool::create();
  Stream stream("s", "arn", 1, start(), memory);
  stream.change(StreamStatus::creating, start().monotonic, start(),
                [shards](Stream& created, Moment at) { created.make_first_shards(shards, at); });
  return stream;
}

// Open shards cover every hash key once, in order.
void expect_complete(const Stream& stream) {
  core::Uint128 next = 0;
  const auto open = stream.open_by_hash();
  for (std::size_t i = 0; i < open.size(); ++i) {
    const HashRange range = stream.shards()[open[i]].range;
    EXPECT_EQ(range.first, next);
    EXPECT_LE(range.first, range.last);
    if (i + 1 == open.size()) {
      EXPECT_EQ(range.last, core::Uint128::max());
    }
    next = range.last + 1;
  }
}

// Every child is made of what its parents covered, and its numbers are above theirs.
void expect_lineage(const Stream& stream) {
  for (const Shard& shard : stream.shards()) {
    for (const std::uint32_t number : shard.parents) {
      const Shard& parent = stream.shards()[number];
      EXPECT_FALSE(parent.is_open());
      EXPECT_LT(parent.sequence.text(last_sequence_index, 2'000'000'000), shard.sequence.text(0, 0));
      EXPECT_NE(std::find(parent.children.begin(), parent.children.end(), shard.number), parent.children.end());
    }
    EXPECT_TRUE(shard.is_open() || !shard.children.empty());
  }
}

std::vector<HashRange> open_ranges(const Stream& stream) {
  std::vector<HashRange> out;
  for (const std::uint32_t number : stream.open_by_hash()) out.push_back(stream.shards()[number].range);
  return out;
}

TEST(UniformRanges, AreTheRangesOfAws) {
  const auto four = uniform_ranges(4);
  EXPECT_EQ(four[0].last.to_string(), "85070591730234615865843651857942052863");
  EXPECT_EQ(four[1].first.to_string(), "85070591730234615865843651857942052864");
  EXPECT_EQ(four[3].last.to_string(), "340282366920938463463374607431768211455");
  const auto three = uniform_ranges(3);
  EXPECT_EQ(three[0].last.to_string(), "113427455640312821154458202477256070484");
  EXPECT_EQ(three[1].first.to_string(), "113427455640312821154458202477256070485");
  EXPECT_EQ(three[2].first.to_string(), "226854911280625642308916404954512140970");
  EXPECT_EQ(uniform_ranges(1)[0], (HashRange{0, core::Uint128::max()}));
}

TEST(StreamShards, RouteEveryKey) {
  Stream stream = make_stream(4);
  EXPECT_EQ(stream.route(0).number, 0u);
  EXPECT_EQ(stream.route(core::Uint128::max()).number, 3u);
  EXPECT_EQ(stream.route(stream.shards()[2].range.first).number, 2u);
  EXPECT_EQ(stream.route(stream.shards()[2].range.last).number, 2u);
  expect_complete(stream);
}

TEST(StreamShards, ASplitClosesTheParentAndMakesTwo) {
  Stream stream = make_stream(2);
  stream.split(0, 1'000, start());
  ASSERT_EQ(stream.shards().size(), 4u);
  EXPECT_EQ(stream.shards()[2].range, (HashRange{0, 999}));
  EXPECT_EQ(stream.shards()[3].range.first, core::Uint128(1'000));
  EXPECT_EQ(stream.shards()[2].parents, std::vector<std::uint32_t>{0});
  EXPECT_EQ(stream.open_shards(), 3u);
  expect_complete(stream);
  expect_lineage(stream);
}

TEST(StreamShards, AMergeNamesBothParents) {
  Stream stream = make_stream(3);
  stream.merge(2, 1, start());
  ASSERT_EQ(stream.shards().size(), 4u);
  EXPECT_EQ(stream.shards()[3].parents, (std::vector<std::uint32_t>{2, 1}));
  const KinesisShard described = stream.shards()[3].describe();
  EXPECT_EQ(described.parent_shard_id, "shardId-000000000002");
  EXPECT_EQ(described.adjacent_parent_shard_id, "shardId-000000000001");
  expect_complete(stream);
  expect_lineage(stream);
}

TEST(StreamShards, ScalingEndsInUniformRangesWhateverWasBefore) {
  for (const std::uint32_t from : {1u, 2u, 3u, 4u, 7u, 10u}) {
    for (std::uint32_t to = (from + 1) / 2; to <= 2 * from; ++to) {
      Stream stream = make_stream(from);
      stream.scale_to(to, start());
      EXPECT_EQ(open_ranges(stream), uniform_ranges(to)) << from << " to " << to;
      expect_complete(stream);
      expect_lineage(stream);
    }
  }
}

TEST(StreamShards, ScalingAfterAnUnevenSplitEvensOut) {
  Stream stream = make_stream(2);
  stream.split(0, 12'345, start());
  stream.scale_to(4, start());
  EXPECT_EQ(open_ranges(stream), uniform_ranges(4));
  expect_lineage(stream);
}

TEST(StreamShards, AThousandAreScaledInNoTime) {
  Stream stream = make_stream(1'000);
  stream.scale_to(1'333, start());
  EXPECT_EQ(stream.open_shards(), 1'333u);
  expect_complete(stream);
}

TEST(StreamShards, OpenAtATimeAreExactlyOneGeneration) {
  Stream stream = make_stream(2);
  const Moment later = {start().monotonic + std::chrono::seconds(10), start().wall + std::chrono::seconds(10)};
  stream.scale_to(3, later);
  const auto open_at = [&](std::int64_t millis) {
    std::vector<std::uint32_t> out;
    for (const Shard& shard : stream.shards()) {
      if (shard.open_at(millis)) out.push_back(shard.number);
    }
    return out;
  };
  const std::vector<std::uint32_t> first = {0, 1};
  EXPECT_EQ(open_at(start().millis()), first);
  EXPECT_EQ(open_at(later.millis()), first);
  std::vector<std::uint32_t> now = stream.open_by_hash();
  std::sort(now.begin(), now.end());
  EXPECT_EQ(open_at(later.millis() + 1), now);
}

TEST(StreamShards, EndingNumbersAreRealAndAboveTheStart) {
  Stream stream = make_stream(1);
  EXPECT_FALSE(stream.shards()[0].describe().sequence_number_range.ending_sequence_number);
  stream.split(0, 1'000, start());
  const auto range = stream.shards()[0].describe().sequence_number_range;
  ASSERT_TRUE(range.ending_sequence_number);
  EXPECT_GT(*range.ending_sequence_number, range.starting_sequence_number);
  EXPECT_LT(*range.ending_sequence_number,
            stream.shards()[1].describe().sequence_number_range.starting_sequence_number);
}

TEST(StreamChanges, TakeTheirTime) {
  Stream stream = make_stream(1);
  Moment now = start();
  stream.change(StreamStatus::updating, now.monotonic + std::chrono::seconds(5), now,
                [](Stream& s, Moment at) { s.split(0, 1'000, at); });
  EXPECT_EQ(stream.status(), StreamStatus::updating);
  EXPECT_EQ(stream.open_shards(), 1u);
  EXPECT_EQ(stream.next_due(), now.monotonic + std::chrono::seconds(5));
  const Moment late = {now.monotonic + std::chrono::seconds(60), now.wall + std::chrono::seconds(60)};
  EXPECT_FALSE(stream.advance(late));
  EXPECT_EQ(stream.status(), StreamStatus::active);
  EXPECT_EQ(stream.open_shards(), 2u);
  // It happened when it was due, not when somebody looked.
  EXPECT_EQ(stream.shards()[0].closed_millis, now.millis() + 5'000);
}

}  // namespace
}  // namespace kinesis::emulator
