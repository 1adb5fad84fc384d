#include "producer/logic/entry_memory.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace kinesis::producer {
namespace {

TEST(EntryMemoryTest, BytesOfAboutTheSameSizeAreUsedAgain) {
  EntryMemory memory;
  const auto first = memory.bytes(51'200);
  EXPECT_EQ(first->span().size(), 51'200u);
  std::memset(first->span().data(), 1, first->span().size());
  const std::byte* const where = first->span().data();
  memory.give_back(*first);
  const auto other_size = memory.bytes(20'000);
  EXPECT_NE(other_size->span().data(), where);
  const auto second = memory.bytes(50'900);
  EXPECT_EQ(second->span().data(), where);
  EXPECT_EQ(second->span().size(), 50'900u);
}

TEST(EntryMemoryTest, SmallAndHugeOnesAreNotKept) {
  EntryMemory memory;
  for (const std::size_t size : {std::size_t{20}, std::size_t{16'383}, std::size_t{10} << 20}) {
    const auto bytes = memory.bytes(size);
    EXPECT_EQ(bytes->span().size(), size);
    for (std::byte& byte : bytes->span()) byte = std::byte{7};
    memory.give_back(*bytes);
  }
  EXPECT_FALSE(memory.can_trim());
}

TEST(EntryMemoryTest, WhatAFloodTookIsBoundedAndGoesBack) {
  EntryMemory memory;
  std::vector<std::shared_ptr<SealedBytes>> flood;
  for (int i = 0; i < 2000; ++i) flood.push_back(memory.bytes(51'200));
  EXPECT_FALSE(memory.can_trim());
  for (const auto& bytes : flood) memory.give_back(*bytes);
  EXPECT_TRUE(memory.can_trim());
  memory.trim();
  EXPECT_FALSE(memory.can_trim());
}

TEST(EntryMemoryTest, RoomForRecordsFollowsWhatEntriesHave) {
  EntryMemory memory;
  for (int i = 0; i < 100; ++i) memory.expect_records(400);
  EXPECT_GE(memory.records(), 400u);
  EXPECT_LE(memory.records(), 600u);
  for (int i = 0; i < 100; ++i) memory.expect_records(2);
  EXPECT_LE(memory.records(), 16u);
  for (int i = 0; i < 100; ++i) memory.expect_records(1'000'000);
  EXPECT_LE(memory.records(), 4096u) << "an aggregate that is full of tiny records says little about the next";
}

TEST(EntryMemoryTest, WritersComeBackEmpty) {
  EntryMemory memory;
  auto writer = memory.writer();
  writer->add(aggregation::hashed("key"), std::nullopt, as_bytes("data"));
  const auto* const where = writer.get();
  memory.give_back(std::move(writer));
  const auto again = memory.writer();
  EXPECT_EQ(again.get(), where);
  EXPECT_TRUE(again->empty());
}

}  // namespace
}  // namespace kinesis::producer
