#include "consumer/logic/lease_cleanup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinesis::consumer {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Clock::time_point now{1h};
constexpr Clock::time_point later = now + 1min;
const std::string top = "340282366920938463463374607431768211455";

Lease row(std::string key, std::string from, std::string to, Checkpoint checkpoint = Checkpoint::trim_horizon()) {
  Lease lease(std::move(key));
  lease.starting_hash_key = std::move(from);
  lease.ending_hash_key = std::move(to);
  lease.checkpoint = std::move(checkpoint);
  return lease;
}
Checkpoint number(const char* digits) { return Checkpoint::at(RecordPosition{SequenceNumber(digits), 0}); }

LeaseBook book(std::vector<Lease> rows) {
  LeaseBook book(10s);
  book.observe_all(std::move(rows), now);
  return book;
}
KinesisShard shard(std::string id, std::optional<std::string> parent = std::nullopt, const char* from = "100") {
  KinesisShard shard;
  shard.shard_id = std::move(id);
  shard.parent_shard_id = std::move(parent);
  shard.hash_key_range = HashKeyRange("0", top);
  shard.sequence_number_range.starting_sequence_number = SequenceNumber(from);
  return shard;
}
std::vector<std::string> keys(const std::vector<Lease>& leases) {
  std::vector<std::string> keys;
  for (const Lease& lease : leases) keys.push_back(lease.key);
  return keys;
}

/// P was split into C1 and C2.
std::vector<Lease> a_split() {
  std::vector<Lease> rows = {row("c1", "0", "9", number("200")), row("c2", "10", top, number("200")),
                             row("p", "0", top, Checkpoint::shard_end())};
  rows[0].parent_shard_ids = {"p"};
  rows[1].parent_shard_ids = {"p"};
  rows[2].child_shard_ids = {"c1", "c2"};
  return rows;
}

TEST(LeaseCleanup, AFinishedLeaseStandsForAWhile) {
  EXPECT_THAT(done_with(book(a_split()), {}, later - 1s), IsEmpty()) << "somebody may be about to make it";
  EXPECT_THAT(keys(done_with(book(a_split()), {}, later)), ElementsAre("p"));
}

TEST(LeaseCleanup, AFinishedLeaseGoesWhenAllItsChildrenWereBegunWith) {
  EXPECT_THAT(keys(done_with(book(a_split()), {}, later)), ElementsAre("p"));
  auto rows = a_split();
  rows[1].checkpoint = Checkpoint::trim_horizon();
  EXPECT_THAT(done_with(book(rows), {}, later), IsEmpty()) << "nobody knows whether the second child can be read";
  rows[1].checkpoint = Checkpoint::latest();
  EXPECT_THAT(keys(done_with(book(rows), {}, later)), ElementsAre("p"));
  rows.erase(rows.begin() + 1);
  EXPECT_THAT(done_with(book(rows), {}, later), IsEmpty()) << "a child without a lease";
  rows = a_split();
  rows[2].checkpoint = number("150");
  EXPECT_THAT(done_with(book(rows), {}, later), IsEmpty()) << "not finished";
}

TEST(LeaseCleanup, ParentsGoBeforeTheirChildren) {
  auto rows = a_split();
  Lease grandparent = row("g", "0", top, Checkpoint::shard_end());
  grandparent.child_shard_ids = {"p"};
  rows[2].parent_shard_ids = {"g"};
  rows.push_back(grandparent);
  EXPECT_THAT(keys(done_with(book(rows), {}, later)), ElementsAre("g"));
}

TEST(LeaseCleanup, TheListOfShardsTellsChildrenTheRowDoesNotName) {
  auto rows = a_split();
  rows[2].child_shard_ids.clear();
  EXPECT_THAT(done_with(book(rows), {}, later), IsEmpty());
  EXPECT_THAT(keys(done_with(book(rows), {shard("p"), shard("c1", "p"), shard("c2", "p")}, later)), ElementsAre("p"));
}

TEST(LeaseCleanup, LeasesOfForgottenShardsGoUnlessTheListKnowsNone) {
  const auto table = book(a_split());
  EXPECT_THAT(keys(outlived(table, {shard("c1"), shard("c2")})), ElementsAre("p"));
  EXPECT_THAT(outlived(table, {}), IsEmpty());
  EXPECT_THAT(outlived(table, {shard("x")}), IsEmpty());
}

TEST(LeaseCleanup, ACheckpointBeforeItsShardIsOfAnotherStream) {
  const auto table = book({row("s", "0", top, number("99"))});
  EXPECT_EQ(from_another_stream(table, {shard("s")}), "s");
  EXPECT_EQ(from_another_stream(book({row("s", "0", top, number("100"))}), {shard("s")}), std::nullopt);
  EXPECT_EQ(from_another_stream(book({row("s", "0", top)}), {shard("s")}), std::nullopt);
}

TEST(LeaseCleanup, AHoleIsAHashKeyThatNoUnfinishedLeaseCovers) {
  EXPECT_EQ(find_hole(book(a_split())), std::nullopt);
  auto rows = a_split();
  rows.erase(rows.begin());
  EXPECT_EQ(find_hole(book(rows)), "0") << "the parent is finished";
  rows = a_split();
  rows.erase(rows.begin() + 1);
  EXPECT_EQ(find_hole(book(rows)), "10");
  rows[0].starting_hash_key.reset();
  EXPECT_EQ(find_hole(book(rows)), std::nullopt) << "not known";
  EXPECT_EQ(keys(ranges_to_fill_in(book(rows), {shard("c1")})), std::vector<std::string>{"c1"});
}

TEST(LeaseCleanup, TheFirstLivingWorkerByNameKeepsHouse) {
  auto rows = a_split();
  rows[0].owner = "b";
  rows[1].owner = "c";
  rows[2].owner = "a";
  LeaseBook table = book(rows);
  EXPECT_TRUE(keeps_house(table, "b", now));
  EXPECT_FALSE(keeps_house(table, "c", now));
  EXPECT_FALSE(keeps_house(table, "d", now)) << "has nothing yet";
  rows[1].counter = 1;
  table.observe_all(rows, now + 9s);
  EXPECT_TRUE(keeps_house(table, "c", now + 10s)) << "the first is dead";
  EXPECT_TRUE(keeps_house(LeaseBook(10s), "d", now));
}

}  // namespace
}  // namespace kinesis::consumer
