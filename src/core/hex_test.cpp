#include "core/hex.hpp"

#include <gtest/gtest.h>

namespace kinesis::core {
namespace {

TEST(HexTest, GoesBothWays) {
  EXPECT_EQ(to_hex(as_bytes(std::string_view("\x00\x7f\xff\x0a", 4))), "007fff0a");
  EXPECT_EQ(as_text(*from_hex("6a6B6C")), "jkl");
  EXPECT_EQ(to_hex({}), "");
  EXPECT_TRUE(from_hex("")->empty());
}

TEST(HexTest, RefusesOddLengthsAndOtherCharacters) {
  for (const char* text : {"a", "0g", "g0", " 0", "0x", "@0", "/:"}) EXPECT_EQ(from_hex(text), std::nullopt) << text;
}

TEST(HexTest, AppendsToWhatIsThere) {
  std::string out = "x=";
  append_hex(out, as_bytes("AB"));
  EXPECT_EQ(out, "x=4142");
}

}  // namespace
}  // namespace kinesis::core
