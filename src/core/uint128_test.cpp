#include "core/uint128.hpp"

#include "core/random.hpp"

#include <gtest/gtest.h>

#include <unordered_set>

namespace kinesis::core {
namespace {

constexpr const char* largest = "340282366920938463463374607431768211455";

TEST(Uint128Test, ParsesTheLargestHashKeyAndNothingAboveIt) {
  EXPECT_EQ(Uint128::parse(largest), Uint128::max());
  EXPECT_EQ(Uint128::parse("340282366920938463463374607431768211456"), std::nullopt);
  EXPECT_EQ(Uint128::parse("340282366920938463463374607431768211460"), std::nullopt);
  EXPECT_EQ(Uint128::parse("999999999999999999999999999999999999999"), std::nullopt);
  EXPECT_EQ(Uint128::parse("1000000000000000000000000000000000000000"), std::nullopt);
}

TEST(Uint128Test, RefusesWhatKinesisRefuses) {
  for (const char* text : {"", "00", "01", "-1", "+1", " 1", "1 ", "0x1", "12a", "1.0"}) {
    EXPECT_EQ(Uint128::parse(text), std::nullopt) << text;
  }
  EXPECT_EQ(Uint128::parse("0"), Uint128(0));
}

TEST(Uint128Test, PrintsWhatItParses) {
  for (const char* text : {"0", "7", "10", "18446744073709551615", "18446744073709551616", "10000000000000000000",
                           "170141183460469231731687303715884105728", "100000000000000000000000000000000000000",
                           "99999999999999999999999999999999999999", largest}) {
    const std::optional<Uint128> value = Uint128::parse(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(value->to_string(), text);
  }
  Random random(1);
  for (int i = 0; i < 1000; ++i) {
    const Uint128 value(random() >> random.below(64), random());
    EXPECT_EQ(Uint128::parse(value.to_string()), value);
  }
}

TEST(Uint128Test, ComparesHighBitsFirst) {
  EXPECT_LT(Uint128(1, 0), Uint128(1, 1));
  EXPECT_LT(Uint128(0, ~0ULL), Uint128(1, 0));
  EXPECT_GT(Uint128::max(), Uint128(~0ULL, 0));
  EXPECT_EQ(Uint128(0, 5), Uint128(5));
}

TEST(Uint128Test, SplitsTheHashRangeAsAShardSplitDoes) {
  EXPECT_EQ(midpoint(0, Uint128::max()).to_string(), "170141183460469231731687303715884105727");
  EXPECT_EQ(midpoint(Uint128::max(), Uint128::max()), Uint128::max());
  EXPECT_EQ(midpoint(2, 5), Uint128(3));
  const Uint128 third = Uint128::max() / 3;
  EXPECT_EQ((third * 3).to_string(), largest);
  EXPECT_EQ((Uint128::max() % 10), 5U);
  EXPECT_EQ((third + Uint128(1)) - third, Uint128(1));
}

TEST(Uint128Test, BytesAreMostSignificantFirst) {
  const Uint128 value(0x0102030405060708, 0x090a0b0c0d0e0f10);
  const auto bytes = value.to_big_endian();
  EXPECT_EQ(bytes[0], std::byte{1});
  EXPECT_EQ(bytes[15], std::byte{16});
  EXPECT_EQ(Uint128::from_big_endian(bytes), value);
}

TEST(Uint128Test, Hashes) {
  std::unordered_set<Uint128> set;
  for (std::uint64_t i = 0; i < 100; ++i) set.insert(Uint128(i, i));
  EXPECT_EQ(set.size(), 100U);
}

}  // namespace
}  // namespace kinesis::core
