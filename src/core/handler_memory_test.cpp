#include <kinesis/detail/async.hpp>
#include <kinesis/detail/handler_memory.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

namespace kinesis::detail {
namespace {

TEST(HandlerMemoryTest, BlocksDoNotOverlapWhicheverThreadFreesThem) {
  constexpr std::size_t count = 1000;
  for (int round = 0; round < 5; ++round) {
    std::vector<void*> blocks;
    for (std::size_t i = 0; i < count; ++i) {
      blocks.push_back(allocate_handler());
      std::memset(blocks.back(), static_cast<int>(i % 251), pooled_handler_bytes);
    }
    EXPECT_EQ(std::set<void*>(blocks.begin(), blocks.end()).size(), count);
    std::thread other([&] {
      for (std::size_t i = 0; i < count; ++i) {
        const auto* const bytes = static_cast<const unsigned char*>(blocks[i]);
        EXPECT_EQ(bytes[0], i % 251);
        EXPECT_EQ(bytes[pooled_handler_bytes - 1], i % 251);
        free_handler(blocks[i]);
      }
    });
    other.join();
  }
}

TEST(HandlerMemoryTest, HandlersOfAnySizeAreCalledAndFreed) {
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
