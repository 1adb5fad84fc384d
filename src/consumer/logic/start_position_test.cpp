#include "consumer/logic/start_position.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kinesis::consumer {
namespace {

using namespace std::chrono_literals;

const Clock::wall_time_point noon(1'767'225'600'123ms);
const std::string shard = "shardId-000000000007";

std::string from(const Checkpoint& checkpoint, const StartPosition& start,
                 std::optional<Clock::wall_time_point> pinned = {}) {
  return to_string(start_position(checkpoint, start, shard, pinned));
}

TEST(StartPosition, ARecordsCheckpointIsReadOnceMore) {
  const Checkpoint checkpoint = Checkpoint::at(RecordPosition{SequenceNumber("4711"), 3});
  EXPECT_EQ(from(checkpoint, TrimHorizon{}), "AT_SEQUENCE_NUMBER 4711") << "it may be an aggregate that is half done";
  EXPECT_EQ(from(checkpoint, AtTimestamp{noon}), "AT_SEQUENCE_NUMBER 4711");
  EXPECT_EQ(to_string(after(SequenceNumber("4711"))), "AFTER_SEQUENCE_NUMBER 4711");
}

TEST(StartPosition, LatestIsWhereItWasPinned) {
  EXPECT_EQ(from(Checkpoint::latest(), Latest{}), "LATEST");
  EXPECT_EQ(from(Checkpoint::latest(), Latest{}, noon), "AT_TIMESTAMP 1767225600123");
  EXPECT_EQ(from(Checkpoint::at(RecordPosition{SequenceNumber("1"), 0}), Latest{}, noon), "AT_SEQUENCE_NUMBER 1");
}

TEST(StartPosition, IsWhatTheOptionsSay) {
  EXPECT_EQ(from(Checkpoint::at_timestamp(), AtTimestamp{noon}), "AT_TIMESTAMP 1767225600123");
  EXPECT_EQ(from(Checkpoint::at_timestamp(), TrimHorizon{}), "TRIM_HORIZON") << "of a worker with other options";
  EXPECT_EQ(from(Checkpoint::trim_horizon(), TrimHorizon{}), "TRIM_HORIZON");
  EXPECT_EQ(from(Checkpoint::trim_horizon(), AtSequenceNumbers{{{shard, SequenceNumber("12")}}}),
            "AT_SEQUENCE_NUMBER 12");
  EXPECT_EQ(from(Checkpoint::trim_horizon(), AtSequenceNumbers{{{"another", SequenceNumber("12")}}}), "TRIM_HORIZON");
}

}  // namespace
}  // namespace kinesis::consumer
