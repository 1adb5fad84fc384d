#include "producer/logic/byte_chunks.hpp"

#include "core/random.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace kinesis::producer {
namespace {

TEST(ByteChunksTest, CopiesKeepTheirBytesUntilAllAreCleared) {
  ByteChunks chunks;
  core::Random random(1);
  for (int round = 0; round < 4; ++round) {
    std::vector<std::pair<std::string, BytesView>> copies;
    for (int i = 0; i < 3000; ++i) {
      std::string text(random() % 300, static_cast<char>('a' + i % 26));
      const BytesView copy = chunks.copy(as_bytes(text));
      copies.emplace_back(std::move(text), copy);
    }
    for (const auto& [text, copy] : copies) ASSERT_EQ(as_text(copy), text);
    EXPECT_FALSE(chunks.empty());
    chunks.clear();
    EXPECT_TRUE(chunks.empty());
  }
}

TEST(ByteChunksTest, APieceLargerThanAChunkHasItsOwn) {
  ByteChunks chunks;
  const std::string large(1'000'000, 'x');
  const BytesView before = chunks.copy(as_bytes("before"));
  const BytesView copy = chunks.copy(as_bytes(large));
  const BytesView after = chunks.copy(as_bytes("after"));
  EXPECT_EQ(as_text(before), "before");
  EXPECT_EQ(as_text(copy), large);
  EXPECT_EQ(as_text(after), "after");
  EXPECT_TRUE(chunks.copy({}).empty());
}

TEST(ByteChunksTest, WhatAFloodTookGoesBack) {
  ByteChunks chunks;
  const std::string piece(4000, 'x');
  for (int i = 0; i < 5000; ++i) chunks.copy(as_bytes(piece));
  EXPECT_FALSE(chunks.can_trim()) << "while it is in use";
  chunks.clear();
  chunks.trim();
  EXPECT_FALSE(chunks.can_trim());
  EXPECT_EQ(as_text(chunks.copy(as_bytes("again"))), "again");
}

TEST(ByteChunksTest, WhatIsMovedAwayLeavesRoomForNewCopies) {
  ByteChunks chunks;
  const BytesView first = chunks.copy(as_bytes("first"));
  ByteChunks taken = std::exchange(chunks, ByteChunks());
  const BytesView second = chunks.copy(as_bytes("second"));
  EXPECT_EQ(as_text(first), "first");
  EXPECT_EQ(as_text(second), "second");
  taken.clear();
  EXPECT_EQ(as_text(second), "second");
}

}  // namespace
}  // namespace kinesis::producer
