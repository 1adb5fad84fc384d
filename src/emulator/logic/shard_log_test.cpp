#include "emulator/logic/shard_log.hpp"

#include "aws/records_cbor.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kinesis::emulator {
namespace {

LogMemory small_memory() {
  LogMemory memory;
  memory.pool = core::BufferPool::create();
  return memory;
}

aws::StoredRecordView record(std::string_view data, std::int64_t millis) {
  aws::StoredRecordView out;
  out.sequence_number = "49543463076548007577105092703039560359975228518395019266";
  out.approximate_arrival_millis = millis;
  out.data = as_bytes(data);
  out.partition_key = "k";
  return out;
}

std::vector<std::string> data_of(const RecordSlice& slice) {
  std::vector<std::string> out;
  for (const Blob& fragment : slice.fragments) {
    BytesView rest = fragment.bytes();
    aws::StoredRecordView one;
    while (!rest.empty()) {
      if (!aws::read_record_cbor(rest, one)) return {"unreadable"};
      out.emplace_back(as_text(one.data));
    }
  }
  return out;
}

TEST(ShardLog, GivesWhatWasPutInOrderFromAnyIndex) {
  ShardLog log(small_memory());
  for (std::uint64_t i = 1; i <= 5; ++i) log.append(i * 10, record("d" + std::to_string(i), 1'000));
  EXPECT_EQ(data_of(log.read(0, 100, 1 << 20)), (std::vector<std::string>{"d1", "d2", "d3", "d4", "d5"}));
  EXPECT_EQ(data_of(log.read(10, 2, 1 << 20)), (std::vector<std::string>{"d1", "d2"}));
  EXPECT_EQ(log.read(10, 2, 1 << 20).next_index, 21u);
  EXPECT_EQ(data_of(log.read(21, 2, 1 << 20)), (std::vector<std::string>{"d3", "d4"}));
  EXPECT_EQ(log.read(51, 2, 1 << 20).records, 0u);
  EXPECT_EQ(log.read(51, 2, 1 << 20).next_index, 51u);
  EXPECT_TRUE(log.has(50));
  EXPECT_FALSE(log.has(51));
}

TEST(ShardLog, BoundsAreRecordsAndBytesButOneRecordAlwaysComes) {
  ShardLog log(small_memory());
  for (std::uint64_t i = 1; i <= 4; ++i) log.append(i, record(std::string(999, 'x'), 1'000));
  EXPECT_EQ(log.read(0, 100, 2'000).records, 2u);
  EXPECT_EQ(log.read(0, 100, 2'999).records, 2u);
  EXPECT_EQ(log.read(0, 100, 1).records, 1u);
  EXPECT_EQ(log.read(0, 100, 1 << 20).payload, 4'000u);
}

TEST(ShardLog, GoesOnAcrossPiecesOfMemory) {
  ShardLog log(small_memory());
  constexpr std::uint64_t count = 3'000;
  for (std::uint64_t i = 1; i <= count; ++i)
    log.append(i, record(std::string(1'000, static_cast<char>('a' + i % 26)), 5));
  const RecordSlice all = log.read(0, 10'000, std::uint64_t{1} << 30);
  EXPECT_EQ(all.records, count);
  EXPECT_GE(all.fragments.size(), 3u);
  EXPECT_EQ(data_of(all).size(), count);
  std::uint64_t next = 0;
  std::size_t seen = 0;
  for (;;) {
    const RecordSlice part = log.read(next, 7, 1 << 20);
    if (part.records == 0) break;
    seen += part.records;
    next = part.next_index;
  }
  EXPECT_EQ(seen, count);
}

TEST(ShardLog, TakesRecordsLargerThanItsPieces) {
  ShardLog log(small_memory());
  log.append(1, record("small", 5));
  log.append(2, record(std::string(std::size_t{10} << 20, 'x'), 5));
  log.append(3, record("after", 5));
  const RecordSlice all = log.read(0, 10, std::uint64_t{20} << 20);
  EXPECT_EQ(all.records, 3u);
  EXPECT_EQ(data_of(all)[2], "after");
}

TEST(ShardLog, FindsByTimeAndNeverLetsTimeGoBack) {
  ShardLog log(small_memory());
  log.append(1, record("a", 1'000));
  log.append(2, record("b", 2'000));
  log.append(3, record("c", 1'500));
  EXPECT_EQ(log.index_at(0), 1u);
  EXPECT_EQ(log.index_at(1'001), 2u);
  EXPECT_EQ(log.index_at(2'000), 2u);
  EXPECT_FALSE(log.index_at(2'001));
  EXPECT_EQ(log.arrival_from(3), 2'000);
}

TEST(ShardLog, ForgetsTheOldByTimeAlsoWithinAPiece) {
  ShardLog log(small_memory());
  for (std::uint64_t i = 1; i <= 10; ++i) log.append(i, record("d" + std::to_string(i), static_cast<std::int64_t>(i)));
  log.drop_before(4);
  EXPECT_EQ(log.records(), 7u);
  EXPECT_EQ(data_of(log.read(0, 2, 100)), (std::vector<std::string>{"d4", "d5"}));
  EXPECT_EQ(log.oldest_arrival(), 4);
  EXPECT_EQ(log.index_at(1), 4u);
  log.drop_before(100);
  EXPECT_EQ(log.records(), 0u);
  EXPECT_EQ(log.memory(), 0u);
  log.append(11, record("d11", 100));
  EXPECT_EQ(data_of(log.read(0, 2, 100)), (std::vector<std::string>{"d11"}));
}

TEST(ShardLog, WhatAReaderHasOutlivesTheLog) {
  RecordSlice slice;
  {
    ShardLog log(small_memory());
    log.append(1, record("kept", 5));
    slice = log.read(0, 1, 100);
    EXPECT_EQ(log.drop_oldest(), 1u);
    log.append(2, record("other", 5));
  }
  EXPECT_EQ(data_of(slice), std::vector<std::string>{"kept"});
}

TEST(ShardLog, CountsItsMemory) {
  ShardLog log(small_memory());
  EXPECT_EQ(log.memory(), 0u);
  log.append(1, record("a", 5));
  const std::size_t first = log.memory();
  EXPECT_GE(first, 4'096u);
  for (std::uint64_t i = 2; i <= 100; ++i) log.append(i, record(std::string(1'000, 'x'), 5));
  EXPECT_GE(log.memory(), 100'000u);
  while (log.drop_oldest() > 0) {
  }
  EXPECT_EQ(log.memory(), 0u);
}

}  // namespace
}  // namespace kinesis::emulator
