#include "producer/logic/batcher.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kinesis::producer {
namespace {

using namespace std::chrono_literals;
constexpr Clock::time_point start{1h};

PendingPtr record(Clock::time_point accepted, std::size_t bytes = 10) {
  // One byte of the size is the key.
  return std::make_unique<PendingRecord>(OutgoingRecord<Blob>("k", Blob(std::string(bytes - 1, 'x'))), accepted);
}

Batcher batcher(std::size_t records, std::size_t bytes, Clock::duration linger) {
  return Batcher(BatchLimits{records, bytes, linger});
}

TEST(Batcher, WaitsForCompanyUntilTheOldestHasLingered) {
  Batcher b = batcher(10, 1000, 10ms);
  b.add(record(start));
  b.add(record(start + 5ms));
  EXPECT_EQ(b.ready_at(), start + 10ms);
  EXPECT_TRUE(b.next(start + 9ms).empty());
  EXPECT_EQ(b.next(start + 10ms).size(), 2u);
  EXPECT_TRUE(b.empty());
  EXPECT_EQ(b.ready_at(), std::nullopt);
}

TEST(Batcher, AFullBatchGoesAtOnce) {
  Batcher b = batcher(3, 1000, 1h);
  for (int i = 0; i < 7; ++i) b.add(record(start));
  EXPECT_EQ(b.next(start).size(), 3u);
  EXPECT_EQ(b.next(start).size(), 3u);
  EXPECT_TRUE(b.next(start).empty());
}

TEST(Batcher, CutsByBytes) {
  Batcher b = batcher(500, 25, 0ms);
  for (int i = 0; i < 3; ++i) b.add(record(start, 10));
  EXPECT_EQ(b.next(start).size(), 2u);
  EXPECT_EQ(b.next(start).size(), 1u);
}

TEST(Batcher, ARecordLargerThanABatchGoesAlone) {
  Batcher b = batcher(500, 25, 0ms);
  b.add(record(start, 100));
  b.add(record(start, 10));
  EXPECT_EQ(b.next(start).size(), 1u);
  EXPECT_EQ(b.next(start).size(), 1u);
}

TEST(Batcher, AFlushWaitsForNobodyButLaterRecordsDo) {
  Batcher b = batcher(2, 1000, 1h);
  for (int i = 0; i < 3; ++i) b.add(record(start));
  b.flush();
  EXPECT_EQ(b.next(start).size(), 2u);
  EXPECT_EQ(b.next(start).size(), 1u);
  b.add(record(start));
  EXPECT_TRUE(b.next(start).empty());
}

TEST(Batcher, RetriesGoFirstOnceTheirDelayIsOverAndTakeOthersAlong) {
  Batcher b = batcher(10, 1000, 1h);
  b.add_again(record(start - 1s), start + 50ms);
  b.add(record(start));
  EXPECT_EQ(b.ready_at(), start + 50ms);
  EXPECT_TRUE(b.next(start + 49ms).empty());
  const auto batch = b.next(start + 50ms);
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_EQ(batch[0]->accepted, start - 1s);
}

TEST(Batcher, GivesUpOnRecordsWhoseTimeIsOver) {
  Batcher b = batcher(10, 1000, 1h);
  b.add(record(start));
  b.add(record(start + 1s));
  EXPECT_EQ(b.expires_at(5s), start + 5s);
  EXPECT_TRUE(b.expired(start + 4s, 5s).empty());
  EXPECT_EQ(b.expired(start + 5s, 5s).size(), 1u);
  EXPECT_EQ(b.expires_at(5s), start + 6s);
  EXPECT_EQ(b.expires_at(0s), std::nullopt);
  EXPECT_TRUE(b.expired(start + 1h, 0s).empty());
}

TEST(Batcher, DrainsEverything) {
  Batcher b = batcher(10, 1000, 1h);
  b.add(record(start));
  b.add_again(record(start), start + 1h);
  EXPECT_EQ(b.drain().size(), 2u);
  EXPECT_TRUE(b.empty());
}

}  // namespace
}  // namespace kinesis::producer
