#include "consumer/logic/checkpoint_state.hpp"

#include <gtest/gtest.h>

namespace kinesis::consumer {
namespace {

RecordPosition at(const char* digits, std::uint64_t sub = 0) { return RecordPosition{SequenceNumber(digits), sub}; }

TEST(CheckpointState, WritesNothingUntilSomethingIsStaged) {
  CheckpointState state(Checkpoint::trim_horizon());
  EXPECT_EQ(state.to_write(), std::nullopt);
  state.deliver(at("5"));
  EXPECT_EQ(state.to_write(), std::nullopt);
  ASSERT_TRUE(state.stage(at("5")));
  EXPECT_EQ(state.to_write(), Checkpoint::at(at("5")));
  state.store(Checkpoint::at(at("5")));
  EXPECT_EQ(state.to_write(), std::nullopt);
}

TEST(CheckpointState, NeverMovesBack) {
  CheckpointState state(Checkpoint::at(at("10")));
  state.deliver(at("20"));
  ASSERT_TRUE(state.stage(at("15")));
  ASSERT_TRUE(state.stage(at("12")));
  EXPECT_EQ(state.to_write(), Checkpoint::at(at("15")));
  state.store(Checkpoint::at(at("15")));
  ASSERT_TRUE(state.stage(at("11")));
  EXPECT_EQ(state.to_write(), std::nullopt);
  state.store(Checkpoint::at(at("9")));
  EXPECT_EQ(state.stored(), Checkpoint::at(at("15")));
}

TEST(CheckpointState, RefusesWhatWasNeverDelivered) {
  CheckpointState state(Checkpoint::trim_horizon());
  EXPECT_FALSE(state.stage(at("1")));
  state.deliver(at("5"));
  EXPECT_FALSE(state.stage(at("5", 1)));
  EXPECT_FALSE(state.stage(at("6")));
  EXPECT_EQ(state.to_write(), std::nullopt);
}

TEST(CheckpointState, EndsTheShardOnlyWhenEverythingDeliveredIsStaged) {
  CheckpointState state(Checkpoint::trim_horizon());
  state.deliver(at("5"));
  state.see_end();
  ASSERT_TRUE(state.stage(at("4")));
  EXPECT_EQ(state.to_write(), Checkpoint::at(at("4")));
  ASSERT_TRUE(state.stage(at("5")));
  EXPECT_EQ(state.to_write(), Checkpoint::shard_end());
  state.store(Checkpoint::shard_end());
  EXPECT_TRUE(state.finished());
  EXPECT_EQ(state.to_write(), std::nullopt);
}

// zio-kinesis 4.5: a closed shard that was consumed to its end and resumed there never got its SHARD_END, and blocked
// its children.
TEST(CheckpointState, EndsAShardThatWasResumedAtItsEnd) {
  CheckpointState state(Checkpoint::at(at("99")));
  EXPECT_EQ(state.to_write(), std::nullopt);
  state.see_end();
  EXPECT_EQ(state.to_write(), Checkpoint::shard_end());
}

TEST(CheckpointState, EndsAnEmptyShard) {
  CheckpointState state(Checkpoint::trim_horizon());
  state.see_end();
  EXPECT_EQ(state.to_write(), Checkpoint::shard_end());
}

TEST(CheckpointState, CountsRecordsWithinAnAggregate) {
  CheckpointState state(Checkpoint::at(at("5", 2)));
  state.deliver(at("5", 9));
  ASSERT_TRUE(state.stage(at("5", 2)));
  EXPECT_EQ(state.to_write(), std::nullopt);
  ASSERT_TRUE(state.stage(at("5", 3)));
  EXPECT_EQ(state.to_write(), Checkpoint::at(at("5", 3)));
}

}  // namespace
}  // namespace kinesis::consumer
