#include "consumer/logic/fan_out_position.hpp"

#include "consumer/logic/start_position.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kinesis::consumer {
namespace {

const SequenceNumber five("5");
const SequenceNumber seven("7");
const SequenceNumber nine("9");

std::string next(const FanOutPosition& position) {
  return to_string(position.next(StartingPosition(ShardIteratorType::trim_horizon)));
}

TEST(FanOutPosition, BeginsWhereTheShardBegins) {
  const FanOutPosition position;
  EXPECT_EQ(next(position), "TRIM_HORIZON");
  EXPECT_FALSE(position.moved());
}

TEST(FanOutPosition, AResubscriptionGoesOnAndNeverBackWhereTheLastOneBegan) {
  // zio-kinesis went back to where the subscription that failed had begun: up to 5 minutes came again.
  FanOutPosition position;
  position.delivered(five, five);
  EXPECT_EQ(next(position), "AFTER_SEQUENCE_NUMBER 5");
  position.delivered(seven, nine);
  EXPECT_EQ(next(position), "AFTER_SEQUENCE_NUMBER 9");
  EXPECT_TRUE(position.moved());
}

TEST(FanOutPosition, AnEventWithoutRecordsMovesItToo) {
  FanOutPosition position;
  position.delivered(five, five);
  position.delivered(std::nullopt, seven);
  EXPECT_EQ(next(position), "AFTER_SEQUENCE_NUMBER 7");
}

TEST(FanOutPosition, ARefusedContinuationFallsBackToTheLastRecord) {
  FanOutPosition position;
  position.delivered(five, five);
  position.delivered(std::nullopt, seven);
  EXPECT_TRUE(position.refused());
  EXPECT_EQ(next(position), "AFTER_SEQUENCE_NUMBER 5");
  EXPECT_FALSE(position.refused()) << "there is no other";
  EXPECT_EQ(next(position), "AFTER_SEQUENCE_NUMBER 5");
}

TEST(FanOutPosition, ARefusedRecordIsNotTriedUnderAnotherName) {
  FanOutPosition position;
  EXPECT_FALSE(position.refused());
  position.delivered(five, five);
  EXPECT_FALSE(position.refused());
  EXPECT_EQ(next(position), "AFTER_SEQUENCE_NUMBER 5");
}

TEST(FanOutPosition, WithoutARecordItFallsBackToTheBeginning) {
  FanOutPosition position;
  position.delivered(std::nullopt, seven);
  EXPECT_TRUE(position.refused());
  EXPECT_EQ(next(position), "TRIM_HORIZON");
}

TEST(FanOutPosition, AnEventThatSaysNothingChangesNothing) {
  FanOutPosition position;
  position.delivered(five, seven);
  position.delivered(std::nullopt, std::nullopt);
  EXPECT_EQ(next(position), "AFTER_SEQUENCE_NUMBER 7");
  position.delivered(nine, std::nullopt);
  EXPECT_EQ(next(position), "AFTER_SEQUENCE_NUMBER 9");
}

}  // namespace
}  // namespace kinesis::consumer
