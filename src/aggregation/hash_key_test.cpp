#include "aggregation/hash_key.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kinesis::aggregation {
namespace {

using core::Uint128;

TEST(HashKeyTest, IsTheMd5AsANumber) {
  EXPECT_EQ(hash_key_of("a").to_string(), "16955237001963240173058271559858726497");
  EXPECT_EQ(hash_key_of("pk1").to_string(), "329398341438914906102347661116985167824");
  EXPECT_EQ(hash_key_of("pk2").to_string(), "122875064651314509700510597659732835739");
  EXPECT_EQ(hashed("a").hash_key, hash_key_of("a"));
  EXPECT_EQ(hashed("a").text, "a");
}

TEST(HashKeyTest, ManyAtOnceAreTheSame) {
  for (const std::size_t count : {0, 1, 2, 127, 128, 129, 300}) {
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < count; ++i) keys.push_back(std::string(i % 90, 'k') + std::to_string(i));
    const std::vector<std::string_view> views(keys.begin(), keys.end());
    std::vector<Uint128> hash_keys(count);
    hash_keys_of(views, hash_keys);
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(hash_keys[i], hash_key_of(keys[i]));
  }
}

TEST(HashKeyTest, ARangeHasBothItsEnds) {
  const HashRange range{5, 7};
  EXPECT_FALSE(range.contains(4));
  EXPECT_TRUE(range.contains(5));
  EXPECT_TRUE(range.contains(7));
  EXPECT_FALSE(range.contains(8));
  EXPECT_TRUE(HashRange{}.contains(0));
  EXPECT_TRUE(HashRange{}.contains(Uint128::max()));
}

}  // namespace
}  // namespace kinesis::aggregation
