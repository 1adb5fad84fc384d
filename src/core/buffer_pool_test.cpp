#include "core/buffer_pool.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace kinesis::core {
namespace {

TEST(BufferTest, GrowsAndKeepsItsBytes) {
  Buffer buffer;
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    const std::string part = std::to_string(i);
    buffer.append(as_bytes(part));
    expected += part;
  }
  EXPECT_EQ(as_text(buffer.bytes()), expected);
  buffer.resize(5);
  EXPECT_EQ(as_text(buffer.bytes()), "01234");
  buffer.clear();
  EXPECT_TRUE(buffer.empty());
  EXPECT_GT(buffer.capacity(), 5U);
}

TEST(BufferTest, ThePaddingIsReadableAndWritable) {
  Buffer buffer;
  buffer.resize(buffer.capacity() + 100);
  buffer.reserve(4096);
  std::memset(buffer.data() + buffer.capacity(), 1, Buffer::padding);
  EXPECT_EQ(buffer.data()[buffer.capacity() + Buffer::padding - 1], std::byte{1});
}

TEST(BufferTest, MovingLeavesAnEmptyBufferThatCanBeUsedAgain) {
  const auto pool = BufferPool::create();
  Buffer first = pool->get(10);
  first.append(as_bytes("abc"));
  Buffer second = std::move(first);
  EXPECT_EQ(as_text(second.bytes()), "abc");
  EXPECT_EQ(first.size(), 0U);  // NOLINT(bugprone-use-after-move)
  first.append(as_bytes("xyz"));
  second = std::move(first);
  EXPECT_EQ(as_text(second.bytes()), "xyz");
}

TEST(BufferTest, AnAbsurdSizeIsRefused) {
  Buffer buffer;
  EXPECT_THROW(buffer.reserve(~std::size_t{0} - 10), std::bad_alloc);
  EXPECT_EQ(buffer.size(), 0U);
}

TEST(BufferPoolTest, HandsTheSameMemoryOutAgain) {
  const auto pool = BufferPool::create();
  const std::byte* memory = nullptr;
  {
    const Buffer buffer = pool->get(100'000);
    EXPECT_EQ(buffer.capacity(), std::size_t{1} << 20);
    memory = buffer.data();
    EXPECT_EQ(pool->idle(), 0U);
  }
  EXPECT_EQ(pool->idle(), std::size_t{1} << 20);
  EXPECT_EQ(pool->get(1'000'000).data(), memory);
  EXPECT_NE(pool->get(10).data(), memory);
}

TEST(BufferPoolTest, ABlobGivesItsMemoryBackWhenItsLastCopyGoes) {
  const auto pool = BufferPool::create();
  Buffer buffer = pool->get(10);
  buffer.append(as_bytes("hello world"));
  Blob blob = std::move(buffer).freeze();
  Blob part(blob.bytes().subspan(6), blob.owner());
  blob = Blob();
  EXPECT_EQ(part.text(), "world");
  EXPECT_EQ(pool->idle(), 0U);
  part = Blob();
  EXPECT_EQ(pool->idle(), BufferPool::block_sizes[0]);
}

TEST(BufferPoolTest, KeepsNoMoreThanItsLimitAndNothingLargerThanItsBlocks) {
  const auto pool = BufferPool::create(std::size_t{2} << 20);
  {
    const Buffer a = pool->get(1'000'000), b = pool->get(1'000'000), c = pool->get(1'000'000);
  }
  EXPECT_EQ(pool->idle(), std::size_t{2} << 20);
  {
    const Buffer large = pool->get((std::size_t{16} << 20) + 1);
  }
  EXPECT_EQ(pool->idle(), std::size_t{2} << 20);
  pool->trim();
  EXPECT_EQ(pool->idle(), 0U);
}

TEST(BufferPoolTest, ABufferMayOutliveWhoMadeThePool) {
  auto pool = BufferPool::create();
  Buffer buffer = pool->get(10);
  pool.reset();
  buffer.append(as_bytes("still here"));
  EXPECT_EQ(as_text(buffer.bytes()), "still here");
}

TEST(BufferPoolTest, ServesManyThreads) {
  const auto pool = BufferPool::create(std::size_t{1} << 20);
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&pool, t] {
      for (int i = 0; i < 300; ++i) {
        Buffer buffer = pool->get(1 + static_cast<std::size_t>(i) * 211 % 70'000);
        buffer.resize(200);
        std::memset(buffer.data(), t, 200);
        const Blob blob = std::move(buffer).freeze();
        for (const std::byte byte : blob.bytes()) ASSERT_EQ(byte, static_cast<std::byte>(t));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(pool->idle(), std::size_t{1} << 20);
}

}  // namespace
}  // namespace kinesis::core
