#include "emulator/logic/throughput.hpp"

#include <gtest/gtest.h>

namespace kinesis::emulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Moment at(std::chrono::nanoseconds time) {
  return {Moment::Monotonic(std::chrono::hours(1)) + time, Moment::Wall(seconds(1'767'225'600))};
}

TEST(ShardThroughput, AThousandRecordsASecond) {
  ShardThroughput shard(at(seconds(0)));
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(shard.admit_write(10, at(seconds(0))));
  EXPECT_FALSE(shard.admit_write(10, at(seconds(0))));
  EXPECT_TRUE(shard.admit_write(10, at(milliseconds(1))));
  EXPECT_FALSE(shard.admit_write(10, at(milliseconds(1))));
}

TEST(ShardThroughput, AMebibyteASecondAndARefusalCostsNothing) {
  ShardThroughput shard(at(seconds(0)));
  EXPECT_TRUE(shard.admit_write(1 << 20, at(seconds(0))));
  for (int i = 0; i < 5'000; ++i) EXPECT_FALSE(shard.admit_write(1'000, at(seconds(0))));
  EXPECT_TRUE(shard.admit_write(1 << 19, at(milliseconds(500))));
  EXPECT_FALSE(shard.admit_write(1 << 10, at(milliseconds(500))));
}

TEST(ShardThroughput, ALargeRecordIsLetThroughAndPaidOff) {
  ShardThroughput shard(at(seconds(0)));
  EXPECT_TRUE(shard.admit_write(10 << 20, at(seconds(0))));
  EXPECT_FALSE(shard.admit_write(1, at(milliseconds(8'999))));
  EXPECT_TRUE(shard.admit_write(1, at(milliseconds(9'100))));
}

TEST(ShardThroughput, FiveReadsASecond) {
  ShardThroughput shard(at(seconds(0)));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(shard.admit_read(at(seconds(0))));
  EXPECT_FALSE(shard.admit_read(at(seconds(0))));
  EXPECT_TRUE(shard.admit_read(at(milliseconds(200))));
  EXPECT_FALSE(shard.admit_read(at(milliseconds(200))));
}

TEST(ShardThroughput, TenMebibytesBlockTheShardForFiveSeconds) {
  ShardThroughput shard(at(seconds(0)));
  EXPECT_TRUE(shard.admit_read(at(seconds(0))));
  shard.charge_read(10 << 20, at(seconds(0)));
  EXPECT_FALSE(shard.admit_read(at(milliseconds(4'900))));
  EXPECT_TRUE(shard.admit_read(at(milliseconds(5'001))));
}

TEST(ShardThroughput, TwoMebibytesASecondInSmallAnswers) {
  ShardThroughput shard(at(seconds(0)));
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(shard.admit_read(at(seconds(0))));
    shard.charge_read(512 << 10, at(seconds(0)));
  }
  EXPECT_FALSE(shard.admit_read(at(seconds(0))));
  EXPECT_TRUE(shard.admit_read(at(milliseconds(250))));
}

TEST(ControlRates, SomeArePerAccountSomePerStream) {
  ControlRates rates;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(rates.admit("CreateStream", i % 2 ? "a" : "b", at(seconds(0))));
  EXPECT_FALSE(rates.admit("CreateStream", "c", at(seconds(0))));
  EXPECT_TRUE(rates.admit("CreateStream", "c", at(milliseconds(200))));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(rates.admit("ListStreamConsumers", "a", at(seconds(0))));
  EXPECT_FALSE(rates.admit("ListStreamConsumers", "a", at(seconds(0))));
  EXPECT_TRUE(rates.admit("ListStreamConsumers", "b", at(seconds(0))));
  for (int i = 0; i < 5'000; ++i) EXPECT_TRUE(rates.admit("PutRecords", "a", at(seconds(0))));
}

}  // namespace
}  // namespace kinesis::emulator
