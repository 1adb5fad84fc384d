#include <kinesis/lease.hpp>

#include <gtest/gtest.h>

namespace kinesis {
namespace {

Checkpoint number(const char* digits) { return Checkpoint::at(RecordPosition{SequenceNumber(digits), 0}); }

Lease row() {
  Lease lease("shardId-000000000001");
  lease.owner = "a";
  lease.counter = 7;
  lease.owner_switches_since_checkpoint = 2;
  lease.checkpoint = number("100");
  lease.pending_checkpoint = number("110");
  lease.pending_checkpoint_state = Blob("state");
  lease.checkpoint_owner = "old";
  lease.parent_shard_ids = {"shardId-000000000000"};
  return lease;
}

TEST(LeaseUpdate, RenewOnlyCounts) {
  const Lease before = row();
  const LeaseUpdate renew = LeaseUpdate::renew(before);
  ASSERT_TRUE(renew.applies_to(before));
  Lease expected = before;
  expected.counter = 8;
  EXPECT_EQ(renew.apply(before), expected);
}

TEST(LeaseUpdate, OwnersWritesNeedTheCounterTheyKnow) {
  Lease moved_on = row();
  moved_on.counter = 8;
  EXPECT_FALSE(LeaseUpdate::renew(row()).applies_to(moved_on));
  EXPECT_FALSE(LeaseUpdate::take(row(), "b").applies_to(moved_on));
  EXPECT_FALSE(LeaseUpdate::checkpoint(row(), number("200")).applies_to(moved_on));
  EXPECT_FALSE(LeaseUpdate::prepare_checkpoint(row(), number("200"), {}).applies_to(moved_on));
  EXPECT_FALSE(LeaseUpdate::release(row()).applies_to(moved_on));
  EXPECT_FALSE(LeaseUpdate::checkpoint_and_release(row(), number("200")).applies_to(moved_on));
}

TEST(LeaseUpdate, NotesThatAnyWorkerMayWriteDoNotTouchTheCounter) {
  Lease moved_on = row();
  moved_on.counter = 8;
  const LeaseUpdate children = LeaseUpdate::child_shards(row(), {"c1", "c2"});
  ASSERT_TRUE(children.applies_to(moved_on));
  EXPECT_EQ(children.apply(moved_on).counter, 8);
  EXPECT_EQ(children.apply(moved_on).child_shard_ids, (std::vector<std::string>{"c1", "c2"}));
  const LeaseUpdate range = LeaseUpdate::hash_key_range(row(), "0", "9");
  ASSERT_TRUE(range.applies_to(moved_on));
  EXPECT_EQ(range.apply(moved_on).ending_hash_key, "9");
  EXPECT_EQ(range.apply(moved_on).counter, 8);
}

TEST(LeaseUpdate, TakeCountsASwitchOnlyFromAnotherOwner) {
  Lease owned = row();
  owned.checkpoint_owner.reset();
  EXPECT_EQ(LeaseUpdate::take(owned, "b").apply(owned).owner_switches_since_checkpoint, 3);
  EXPECT_EQ(LeaseUpdate::take(owned, "a").apply(owned).owner_switches_since_checkpoint, 2);
  Lease free = owned;
  free.owner.reset();
  const Lease taken = LeaseUpdate::take(free, "b").apply(free);
  EXPECT_EQ(taken.owner_switches_since_checkpoint, 2);
  EXPECT_EQ(taken.owner, "b");
  EXPECT_EQ(taken.counter, 8);
  EXPECT_EQ(taken.checkpoint, free.checkpoint);
}

TEST(LeaseUpdate, TakeEndsAHandOver) {
  EXPECT_EQ(LeaseUpdate::take(row(), "a").apply(row()).checkpoint_owner, std::nullopt);
  EXPECT_EQ(LeaseUpdate::take(row(), "a").apply(row()).owner_switches_since_checkpoint, 3)
      << "from the one that did not hand it over";
}

TEST(LeaseUpdate, AHandOverIsAskedForAnsweredAndDone) {
  Lease before = row();
  before.checkpoint_owner.reset();
  const Lease asked = LeaseUpdate::ask_hand_over(before, "b").apply(before);
  EXPECT_EQ(asked.owner, "b");
  EXPECT_EQ(asked.checkpoint_owner, "a");
  EXPECT_EQ(asked.counter, 8);
  EXPECT_EQ(asked.owner_switches_since_checkpoint, 2) << "it may be given over without a loss";
  EXPECT_FALSE(LeaseUpdate::renew(before).applies_to(asked)) << "so the owner learns of it";
  const LeaseUpdate renew = LeaseUpdate::renew(asked);
  ASSERT_TRUE(renew.applies_to(asked)) << "and can keep the lease while it finishes";
  const Lease kept = renew.apply(asked);
  const LeaseUpdate done = LeaseUpdate::hand_over(kept, number("200"));
  ASSERT_TRUE(done.applies_to(kept));
  const Lease after = done.apply(kept);
  EXPECT_EQ(after.owner, "b");
  EXPECT_EQ(after.checkpoint_owner, std::nullopt);
  EXPECT_EQ(after.checkpoint, number("200"));
  EXPECT_EQ(after.counter, 10);
  EXPECT_EQ(LeaseUpdate::hand_over(kept, std::nullopt).apply(kept).checkpoint, before.checkpoint);
}

TEST(LeaseUpdate, AHandOverIsRefusedWhereItCannotBe) {
  EXPECT_FALSE(LeaseUpdate::ask_hand_over(row(), "b").applies_to(row())) << "another one is under way";
  Lease before = row();
  before.checkpoint_owner.reset();
  Lease of_another = before;
  of_another.owner = "c";
  EXPECT_FALSE(LeaseUpdate::ask_hand_over(before, "b").applies_to(of_another));
  const Lease asked = LeaseUpdate::ask_hand_over(before, "b").apply(before);
  EXPECT_FALSE(LeaseUpdate::hand_over(asked, std::nullopt).applies_to(LeaseUpdate::take(asked, "b").apply(asked)));
}

TEST(LeaseUpdate, ARenewalFindsAHandOverThatLeftTheCounter) {
  // As the leader of a KCL 3.x fleet asks.
  Lease before = row();
  before.checkpoint_owner.reset();
  Lease asked = before;
  asked.owner = "b";
  asked.checkpoint_owner = "a";
  EXPECT_FALSE(LeaseUpdate::renew(before).applies_to(asked));
  EXPECT_TRUE(LeaseUpdate::checkpoint(before, number("200")).applies_to(asked)) << "a checkpoint still counts";
}

TEST(LeaseUpdate, AHandOverThatIsNotWantedAnyMoreLeavesTheLeaseWhereItIs) {
  const Lease after = LeaseUpdate::cancel_hand_over(row()).apply(row());
  EXPECT_EQ(after.owner, "old");
  EXPECT_EQ(after.checkpoint_owner, std::nullopt);
  EXPECT_EQ(after.counter, 8);
}

TEST(LeaseUpdate, RenewTellsTheThroughput) {
  const Lease after = LeaseUpdate::renew(row(), 12.5).apply(row());
  EXPECT_EQ(after.throughput_kbps, 12.5);
  EXPECT_EQ(LeaseUpdate::renew(after).apply(after).throughput_kbps, 12.5) << "not known: what the row says stays";
}

TEST(LeaseUpdate, CheckpointClearsWhatWasPreparedAndTheSwitches) {
  const Lease after = LeaseUpdate::checkpoint(row(), number("200")).apply(row());
  EXPECT_EQ(after.checkpoint, number("200"));
  EXPECT_EQ(after.pending_checkpoint, std::nullopt);
  EXPECT_EQ(after.pending_checkpoint_state, std::nullopt);
  EXPECT_EQ(after.owner_switches_since_checkpoint, 0);
  EXPECT_EQ(after.owner, "a");
}

TEST(LeaseUpdate, PrepareLeavesTheCheckpointWhereItIs) {
  const Lease after = LeaseUpdate::prepare_checkpoint(row(), number("300"), Blob("s")).apply(row());
  EXPECT_EQ(after.checkpoint, number("100"));
  EXPECT_EQ(after.pending_checkpoint, number("300"));
  EXPECT_EQ(after.pending_checkpoint_state, Blob("s"));
  EXPECT_EQ(LeaseUpdate::prepare_checkpoint(row(), number("300"), {}).apply(row()).pending_checkpoint_state,
            std::nullopt);
}

TEST(LeaseUpdate, ReleaseRemovesTheOwnerAndStillCounts) {
  EXPECT_EQ(LeaseUpdate::release(row()).apply(row()).owner, std::nullopt);
  EXPECT_EQ(LeaseUpdate::release(row()).apply(row()).counter, 8);
  const Lease both = LeaseUpdate::checkpoint_and_release(row(), Checkpoint::shard_end()).apply(row());
  EXPECT_EQ(both.owner, std::nullopt);
  EXPECT_TRUE(both.checkpoint.is_shard_end());
}

}  // namespace
}  // namespace kinesis
