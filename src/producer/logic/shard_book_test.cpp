#include "producer/logic/shard_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinesis::producer {
namespace {

using namespace std::chrono_literals;
using core::Uint128;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr Clock::time_point start{1h};

KinesisShard shard(std::string id, std::uint64_t first, std::uint64_t last, bool open = true) {
  KinesisShard shard;
  shard.shard_id = std::move(id);
  shard.hash_key_range = HashKeyRange(std::to_string(first), std::to_string(last));
  if (!open) shard.sequence_number_range.ending_sequence_number = SequenceNumber("1");
  return shard;
}

const std::vector<KinesisShard> parent = {shard("p", 0, 99), shard("q", 100, 199)};
const std::vector<KinesisShard> children = {shard("c", 0, 49), shard("d", 50, 99), shard("q", 100, 199)};

MapChange refresh(ShardBook& book, const std::vector<KinesisShard>& shards, Clock::time_point now) {
  book.refresh_started(now);
  return book.refresh_finished(shards, now).value();
}

TEST(ShardBook, WantsItsFirstMapAtOnceAndThenEveryHalfToWholeMinute) {
  ShardBook book(1, start);
  EXPECT_EQ(book.next_refresh(), start);
  EXPECT_EQ(book.predict(5), std::nullopt);
  EXPECT_EQ(book.generation(), 0u);
  EXPECT_EQ(book.refresh_started(start), Listing::open);
  EXPECT_EQ(book.next_refresh(), Clock::time_point::max()) << "one at a time";
  const MapChange change = book.refresh_finished(parent, start + 20ms).value();
  EXPECT_EQ(change.opened.size(), 2u);
  EXPECT_THAT(change.closed, IsEmpty());
  EXPECT_EQ(book.shard_id(*book.predict(5)), "p");
  EXPECT_EQ(book.generation(), 1u);
  EXPECT_GE(book.next_refresh(), start + 20ms + 30s);
  EXPECT_LE(book.next_refresh(), start + 20ms + 60s);
}

TEST(ShardBook, PeriodsAreSpread) {
  std::set<Clock::duration> periods;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    ShardBook book(seed, start);
    refresh(book, parent, start);
    periods.insert(book.next_refresh() - start);
  }
  EXPECT_GT(periods.size(), 15u);
}

TEST(ShardBook, TheSameListChangesNothing) {
  ShardBook book(1, start);
  refresh(book, parent, start);
  const MapChange change = refresh(book, {parent[1], parent[0]}, start + 60s);
  EXPECT_FALSE(change.any());
  EXPECT_EQ(book.generation(), 1u);
}

TEST(ShardBook, SlotsStayWithTheirShards) {
  ShardBook book(1, start);
  refresh(book, parent, start);
  const ShardSlot p = *book.find("p");
  const ShardSlot q = *book.find("q");
  const MapChange change = refresh(book, children, start + 60s);
  EXPECT_EQ(book.generation(), 2u);
  EXPECT_EQ(book.find("q"), q);
  EXPECT_THAT(change.closed, ElementsAre(p));
  EXPECT_THAT(change.opened, UnorderedElementsAre(*book.find("c"), *book.find("d")));
  EXPECT_EQ(book.predict(60), book.find("d"));
  EXPECT_FALSE(book.is_open(p));
  EXPECT_TRUE(book.is_open(q));
}

// KPL #257: late answers of a shard that has just closed.
TEST(ShardBook, RemembersClosedShardsForAMinuteAndThenReusesTheirSlots) {
  ShardBook book(1, start);
  refresh(book, parent, start);
  const ShardSlot p = *book.find("p");
  refresh(book, children, start + 60s);
  EXPECT_EQ(book.range(*book.find("p")), (HashRange{0, 99}));
  refresh(book, children, start + 119s);
  EXPECT_EQ(book.find("p"), p);
  refresh(book, children, start + 120s);
  EXPECT_EQ(book.find("p"), std::nullopt);
  const std::size_t slots = book.slots();
  refresh(book, {shard("c", 0, 49), shard("d", 50, 99), shard("r", 100, 149), shard("s", 150, 199)}, start + 180s);
  EXPECT_TRUE(book.find("r") == p || book.find("s") == p);
  EXPECT_EQ(book.slots(), slots + 1);
}

TEST(ShardBook, AGuessChangesNothingOfWhatIsFound) {
  ShardBook book(1, start);
  EXPECT_EQ(book.find("p", ShardSlot{0}), std::nullopt);
  refresh(book, parent, start);
  refresh(book, children, start + 60s);
  const auto same = [&](const char* id) {
    for (ShardSlot guess = 0; guess < book.slots() + 2; ++guess) EXPECT_EQ(book.find(id, guess), book.find(id)) << id;
    EXPECT_EQ(book.find(id, std::nullopt), book.find(id));
  };
  for (const char* const id : {"p", "q", "c", "d", "nobody"}) same(id);
  refresh(book, children, start + 10min);
  EXPECT_EQ(book.find("p"), std::nullopt) << "forgotten, but its name is still in its slot";
  for (const char* const id : {"p", "q", "c", "d"}) same(id);
}

TEST(ShardBook, FitsOnlyWhatAnOpenShardContains) {
  ShardBook book(1, start);
  refresh(book, parent, start);
  const ShardSlot p = *book.find("p");
  EXPECT_TRUE(book.fits(p, 10, 90));
  EXPECT_FALSE(book.fits(p, 10, 100));
  refresh(book, children, start + 60s);
  EXPECT_FALSE(book.fits(p, 10, 20)) << "closed";
  EXPECT_FALSE(book.fits(*book.find("c"), 10, 90));
  EXPECT_FALSE(book.fits(99, 10, 20)) << "no slot";
}

// KPL #318: a stream that was deleted and created anew has the same ids.
TEST(ShardBook, AShardWithAnotherRangeIsAnotherShard) {
  ShardBook book(1, start);
  refresh(book, parent, start);
  const ShardSlot p = *book.find("p");
  const MapChange change = refresh(book, {shard("p", 0, 199)}, start + 60s);
  EXPECT_EQ(book.find("p"), p);
  EXPECT_THAT(change.opened, ElementsAre(p));
  EXPECT_THAT(change.closed, UnorderedElementsAre(p, *book.find("q")));
  EXPECT_EQ(book.range(p), (HashRange{0, 199}));
  EXPECT_TRUE(book.is_open(p));
}

// kpl.md, acceptance check 3, and the KPL's loss of aggregation while it refreshes.
TEST(ShardBook, TheOldMapServesWhileRefreshesFail) {
  ShardBook book(1, start);
  refresh(book, parent, start);
  Clock::time_point now = book.next_refresh();
  Clock::duration limit = 1s;
  for (int i = 0; i < 10; ++i) {
    book.refresh_started(now);
    EXPECT_EQ(book.shard_id(*book.predict(5)), "p");
    book.refresh_failed(now);
    EXPECT_EQ(book.shard_id(*book.predict(5)), "p");
    EXPECT_GE(book.next_refresh(), now + limit / 2);
    EXPECT_LE(book.next_refresh(), now + limit);
    EXPECT_FALSE(book.mispredicted(now, now)) << "the endpoint is in trouble already";
    now = book.next_refresh();
    limit = std::min<Clock::duration>(limit * 2, 30s);
  }
  EXPECT_EQ(book.failures(), 10u);
  EXPECT_EQ(book.generation(), 1u);
  refresh(book, children, now);
  EXPECT_EQ(book.failures(), 0u);
  EXPECT_EQ(book.shard_id(*book.predict(5)), "c");
}

TEST(ShardBook, AListThatIsNoMapIsAFailure) {
  ShardBook book(1, start);
  refresh(book, parent, start);
  book.refresh_started(start + 60s);
  const auto change = book.refresh_finished({shard("a", 0, 9), shard("b", 5, 14)}, start + 60s);
  ASSERT_FALSE(change);
  EXPECT_EQ(change.error().code(), errc::protocol);
  EXPECT_EQ(book.shard_id(*book.predict(5)), "p");
  EXPECT_LE(book.next_refresh(), start + 61s);
  EXPECT_EQ(book.failures(), 1u);
}

TEST(ShardBook, AMispredictionAsksOnlyIfTheAttemptBeganAfterTheLastRefresh) {
  ShardBook book(1, start);
  refresh(book, parent, start);
  EXPECT_FALSE(book.mispredicted(start - 10ms, start + 5s));
  EXPECT_TRUE(book.mispredicted(start + 10ms, start + 5s));
  EXPECT_EQ(book.next_refresh(), start + 5s);
  book.refresh_started(start + 5s);
  EXPECT_FALSE(book.mispredicted(start + 20ms, start + 5s)) << "one is under way";
  ASSERT_TRUE(book.refresh_finished(children, start + 6s));
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(book.mispredicted(start + 4s, start + 7s)) << "the map has the news";
  EXPECT_GE(book.next_refresh(), start + 36s);
}

TEST(ShardBook, MispredictionsDoNotRefreshMoreThanOnceASecond) {
  ShardBook book(1, start);
  refresh(book, parent, start);
  EXPECT_TRUE(book.mispredicted(start + 10ms, start + 30ms));
  EXPECT_EQ(book.next_refresh(), start + 1s);
}

TEST(ShardBook, WhoAsksAboutAShardThatHasClosedAlreadyGetsItsRange) {
  ShardBook book(1, start);
  refresh(book, parent, start);
  book.ask_about("x", start + 10s);
  EXPECT_EQ(book.next_refresh(), start + 10s);
  EXPECT_EQ(book.refresh_started(start + 10s), Listing::all);
  const MapChange change =
      book.refresh_finished({shard("old", 0, 99, false), shard("x", 0, 99, false), parent[0], parent[1]}, start + 10s)
          .value();
  EXPECT_FALSE(change.any());
  ASSERT_TRUE(book.find("x"));
  EXPECT_FALSE(book.is_open(*book.find("x")));
  EXPECT_EQ(book.range(*book.find("x")), (HashRange{0, 99}));
  EXPECT_EQ(book.find("old"), std::nullopt) << "nobody asked";
  EXPECT_TRUE(book.knows_all_of(start + 9s));
  EXPECT_FALSE(book.knows_all_of(start + 11s));
  refresh(book, parent, start + 71s);
  EXPECT_EQ(book.find("x"), std::nullopt);
}

TEST(ShardBook, WhoAsksDuringARefreshThatDoesNotHaveItGetsAnother) {
  ShardBook book(1, start);
  EXPECT_EQ(book.refresh_started(start), Listing::open);
  book.ask_about("x", start + 10ms);
  ASSERT_TRUE(book.refresh_finished(parent, start + 20ms));
  EXPECT_EQ(book.next_refresh(), start + 1s);
  EXPECT_EQ(book.refresh_started(start + 1s), Listing::all);
  ASSERT_TRUE(book.refresh_finished(parent, start + 1s));
  EXPECT_EQ(book.find("x"), std::nullopt);
  EXPECT_GE(book.next_refresh(), start + 31s) << "it does not exist";
}

TEST(ShardBook, WhoAsksDuringARefreshThatHasItIsContent) {
  ShardBook book(1, start);
  book.refresh_started(start);
  book.ask_about("q", start + 10ms);
  ASSERT_TRUE(book.refresh_finished(parent, start + 20ms));
  EXPECT_GE(book.next_refresh(), start + 30s);
  EXPECT_EQ(book.refresh_started(start + 30s), Listing::open);
}

TEST(ShardBook, ThousandsOfShardsAreSplitInNoTime) {
  std::vector<KinesisShard> before;
  std::vector<KinesisShard> after;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    before.push_back(shard("p" + std::to_string(i), i * 10, i * 10 + 9));
    after.push_back(shard("c" + std::to_string(i), i * 10, i * 10 + 4));
    after.push_back(shard("d" + std::to_string(i), i * 10 + 5, i * 10 + 9));
  }
  ShardBook book(1, start);
  refresh(book, before, start);
  const MapChange change = refresh(book, after, start + 60s);
  EXPECT_EQ(change.opened.size(), 10'000u);
  EXPECT_EQ(change.closed.size(), 5'000u);
  EXPECT_EQ(book.shard_id(*book.predict(49'999)), "d4999");
}

}  // namespace
}  // namespace kinesis::producer
