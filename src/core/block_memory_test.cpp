#include "core/block_memory.hpp"

#include <kinesis/detail/async.hpp>
#include <kinesis/detail/block_memory.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace kinesis::detail {
namespace {

TEST(BlockMemoryTest, BlocksOfAllSizesHoldWhatIsWrittenToThem) {
  struct Piece {
    unsigned char* bytes;
    std::size_t size;
  };
  for (int round = 0; round < 3; ++round) {
    std::vector<Piece> pieces;
    for (std::size_t size = 0; size <= largest_block + 200; size += size < 1300 ? 7 : 117) {
      for (int copy = 0; copy < 3; ++copy) {
        Piece& piece = pieces.emplace_back();
        piece.bytes = static_cast<unsigned char*>(allocate_block(size));
        piece.size = size;
        std::memset(piece.bytes, static_cast<int>(pieces.size() % 251), size);
      }
    }
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const auto expected = static_cast<unsigned char>((i + 1) % 251);
      const Piece& piece = pieces[i];
      EXPECT_TRUE(std::all_of(piece.bytes, piece.bytes + piece.size, [&](unsigned char b) { return b == expected; }));
      free_block(piece.bytes, piece.size);
    }
  }
}

TEST(BlockMemoryTest, CopiesOfBytesOutliveTheThreadThatMadeThem) {
  std::vector<Blob> copies;
  std::thread([&] {
    for (std::size_t size : {0U, 1U, 64U, 1000U, 50000U}) {
      const std::string text(size, 'k');
      copies.push_back(core::copy_to_block(as_bytes(text)));
    }
  }).join();
  EXPECT_TRUE(copies[0].empty());
  EXPECT_EQ(copies[3].text(), std::string(1000, 'k'));
  EXPECT_EQ(copies[4].text(), std::string(50000, 'k'));
}

TEST(BlockMemoryTest, BlocksDoNotOverlapWhicheverThreadFreesThem) {
  constexpr std::size_t count = 1000;
  constexpr std::size_t block_size = 64;
  for (int round = 0; round < 5; ++round) {
    std::vector<void*> blocks;
    for (std::size_t i = 0; i < count; ++i) {
      blocks.push_back(allocate_block(block_size));
      std::memset(blocks.back(), static_cast<int>(i % 251), block_size);
    }
    EXPECT_EQ(std::set<void*>(blocks.begin(), blocks.end()).size(), count);
    std::thread other([&] {
      for (std::size_t i = 0; i < count; ++i) {
        const auto* const bytes = static_cast<const unsigned char*>(blocks[i]);
        EXPECT_EQ(bytes[0], i % 251);
        EXPECT_EQ(bytes[block_size - 1], i % 251);
        free_block(blocks[i], block_size);
      }
    });
    other.join();
  }
}

TEST(BlockMemoryTest, HandlersOfAnySizeAreCalledAndFreed) {
  int sum = 0;
  for (int i = 0; i < 300; ++i) {
    std::array<int, 100> large{};
    large[99] = i;
    Handler<int> small_one = as_callback<int>([&sum](const Result<int>& value) { sum += *value; });
    Handler<int> large_one = as_callback<int>([&sum, large](const Result<int>& value) { sum += *value * large[99]; });
    std::move(small_one)(nullptr, 1);
    std::move(large_one)(nullptr, 2);
    Handler<int> never_called = as_callback<int>([&sum](const Result<int>&) { sum = -1; });
  }
  EXPECT_EQ(sum, 300 + 2 * (299 * 300 / 2));
}

}  // namespace
}  // namespace kinesis::detail
