#include "core/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kinesis::core {
namespace {

TEST(Utf8Test, CountsCodePointsNotBytes) {
  EXPECT_EQ(count_code_points(""), 0U);
  EXPECT_EQ(count_code_points("abc"), 3U);
  EXPECT_EQ(count_code_points("é€😀"), 3U);
  EXPECT_EQ(count_code_points("0123456789é0123456789€"), 22U);
  EXPECT_EQ(count_code_points(std::string(256, 'k')), 256U);
  EXPECT_EQ(count_code_points(std::string("a\0b", 3)), 3U);
}

TEST(Utf8Test, AcceptsTheEdgesOfEveryLength) {
  for (const char* text : {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(count_code_points(text), 1U) << text;
  }
}

TEST(Utf8Test, RefusesOverlongFormsSurrogatesAndWhatIsCutOff) {
  for (const char* text :
       {"\x80",         "\xbf",         "\xc0\x80",         "\xc1\xbf",         "\xe0\x9f\xbf",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff",         "\xc3",         "\xe2\x82",         "\xf0\x9f\x98",     "\xc3(",
        "\xe2(\xa1",    "\xe2\x82(",    "\xf0\x90\x8c(",    "abcdefgh\xff",     "\xf8\x88\x80\x80\x80"}) {
    EXPECT_EQ(count_code_points(text), std::nullopt) << text;
    EXPECT_FALSE(is_utf8(text));
  }
}

}  // namespace
}  // namespace kinesis::core
