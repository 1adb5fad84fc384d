#include "aws/uri.hpp"

#include <gtest/gtest.h>

namespace kinesis::aws {
namespace {

TEST(UriTest, LeavesOnlyTheUnreservedBare) {
  const std::string unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  EXPECT_EQ(uri_encoded(unreserved), unreserved);
  EXPECT_EQ(uri_encoded("a b+c/d=e&f\xff"), "a%20b%2Bc%2Fd%3De%26f%FF");
  std::string path;
  append_uri_encoded(path, "/a b/", true);
  EXPECT_EQ(path, "/a%20b/");
}

TEST(UriTest, DecodesEscapesAndLeavesTheRest) {
  EXPECT_EQ(uri_decoded("a%20b%2fc%2F+"), "a b/c/+");
  EXPECT_EQ(uri_decoded("%"), "%");
  EXPECT_EQ(uri_decoded("%4"), "%4");
  EXPECT_EQ(uri_decoded("%zz%41"), "%zzA");
  EXPECT_EQ(uri_decoded("%%41"), "%A");
}

}  // namespace
}  // namespace kinesis::aws
