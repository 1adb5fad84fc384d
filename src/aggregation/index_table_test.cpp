#include "aggregation/index_table.hpp"

#include "aggregation/hash_key.hpp"
#include "core/random.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace kinesis::aggregation {
namespace {

/// A list of keys as an owner keeps it.
struct Keys {
  std::vector<std::string> list;
  IndexTable table;

  std::uint32_t find(const std::string& key) const {
    return table.find(IndexTable::hash_of(hash_key_of(key)), [&](std::uint32_t at) { return list[at] == key; });
  }
  void add(const std::string& key) {
    list.push_back(key);
    table.add(IndexTable::hash_of(hash_key_of(key)));
  }
};

TEST(IndexTableTest, FindsWhatWasAdded) {
  Keys keys;
  EXPECT_EQ(keys.find("nothing"), IndexTable::none);
  for (int i = 0; i < 70'000; ++i) {
    const std::string key = "key-" + std::to_string(i);
    ASSERT_EQ(keys.find(key), IndexTable::none) << i;
    keys.add(key);
    ASSERT_EQ(keys.find(key), static_cast<std::uint32_t>(i));
  }
  for (std::uint32_t i = 0; i < keys.list.size(); ++i) ASSERT_EQ(keys.find(keys.list[i]), i);
}

TEST(IndexTableTest, KeysOfOneHashAreToldApart) {
  IndexTable table;
  for (std::uint32_t i = 0; i < 40; ++i) {
    EXPECT_EQ(table.find(7, [&](std::uint32_t at) { return at == i; }), IndexTable::none);
    table.add(7);
  }
  for (std::uint32_t i = 0; i < 40; ++i) EXPECT_EQ(table.find(7, [&](std::uint32_t at) { return at == i; }), i);
}

TEST(IndexTableTest, IsEmptyOnceCleared) {
  Keys keys;
  for (const int count : {1, 3, 5'000, 2, 0, 9, 100, 5'000}) {
    keys.table.clear();
    keys.list.clear();
    for (int i = 0; i < 5'000; ++i) ASSERT_EQ(keys.find(std::to_string(i)), IndexTable::none);
    for (int i = 0; i < count; ++i) keys.add(std::to_string(i));
    for (int i = 0; i < count; ++i) ASSERT_EQ(keys.find(std::to_string(i)), static_cast<std::uint32_t>(i));
    EXPECT_EQ(keys.table.size(), static_cast<std::uint32_t>(count));
  }
}

TEST(IndexTableTest, EveryBitOfANumberCountsInItsHash) {
  core::Random random(5);
  const core::Uint128 number(random(), random());
  std::set<std::uint32_t> hashes = {IndexTable::hash_of(number)};
  for (int bit = 0; bit < 128; ++bit)
    hashes.insert(IndexTable::hash_of(core::Uint128::of(number.native() ^ core::NativeUint128{1} << bit)));
  // 129 values of 32 bits all differ, but for one case in half a million.
  EXPECT_GE(hashes.size(), 128u);
}

TEST(IndexTableTest, SmallNumbersAreSpreadToo) {
  std::set<std::uint32_t> places;
  for (std::uint64_t i = 0; i < 1'000; ++i) places.insert(IndexTable::hash_of(i) & 4095);
  EXPECT_GT(places.size(), 700u);  // 4096 (1 - e^(-1000 / 4096)) = 887 by chance
}

}  // namespace
}  // namespace kinesis::aggregation
