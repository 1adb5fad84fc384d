#include "http/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinesis::http {
namespace {

using testing::ElementsAre;
using testing::Optional;

static_assert(!std::is_aggregate_v<Headers> && !std::is_aggregate_v<Body> && !std::is_aggregate_v<Request> &&
              !std::is_aggregate_v<Response> && !std::is_aggregate_v<Endpoint>);

TEST(HttpHeaders, AreFoundWhateverTheirCaseAndKeptInLowerCaseInOrder) {
  Headers headers{{"X-Amz-Target", "Kinesis_20131202.PutRecords"}, {"Content-Type", " text/plain "}};
  headers.add("x-amz-TARGET", "second");
  EXPECT_THAT(headers.find("X-AMZ-target"), Optional(std::string_view("Kinesis_20131202.PutRecords")));
  EXPECT_THAT(headers.find_all("x-amz-target"), ElementsAre("Kinesis_20131202.PutRecords", "second"));
  EXPECT_THAT(headers.find("content-type"), Optional(std::string_view("text/plain")));
  EXPECT_EQ(headers.find("host"), std::nullopt);
  std::vector<std::string> names;
  for (const auto field : headers) names.emplace_back(field.name);
  EXPECT_THAT(names, ElementsAre("x-amz-target", "content-type", "x-amz-target"));
}

TEST(HttpHeaders, SetReplacesAllOfAName) {
  Headers headers{{"a", "1"}, {"A", "2"}, {"b", "3"}};
  headers.set("a", "4");
  EXPECT_THAT(headers.find_all("a"), ElementsAre("4"));
  EXPECT_EQ(headers.size(), 2u);
  headers.erase("B");
  EXPECT_FALSE(headers.contains("b"));
}

TEST(HttpHeaders, RefuseWhatWouldSmuggleALine) {
  Headers headers;
  EXPECT_THROW(headers.add("a", "b\r\nc: d"), Error);
  EXPECT_THROW(headers.add("a", std::string_view("b\0c", 3)), Error);
  EXPECT_THROW(headers.add("a b", "c"), Error);
  EXPECT_THROW(headers.add("a\n", "c"), Error);
  EXPECT_THROW(headers.add("", "c"), Error);
  EXPECT_TRUE(headers.empty());
}

TEST(HttpHeaders, FindTokensInLists) {
  const Headers headers{{"connection", "keep-alive, Close"}, {"connection", "upgrade"}, {"expect", ""}};
  EXPECT_TRUE(headers.has_token("Connection", "close"));
  EXPECT_TRUE(headers.has_token("connection", "Upgrade"));
  EXPECT_FALSE(headers.has_token("connection", "clos"));
  EXPECT_FALSE(headers.has_token("expect", "100-continue"));
}

TEST(HttpBody, IsAListOfPartsWithoutEmptyOnes) {
  EXPECT_TRUE(Body().parts().empty());
  EXPECT_TRUE(Body("").parts().empty());
  const Body body(std::vector<Blob>{Blob("ab"), Blob(), Blob("c")});
  EXPECT_EQ(body.size(), 3u);
  EXPECT_EQ(body.parts().size(), 2u);
  EXPECT_EQ(body.joined().text(), "abc");
  EXPECT_EQ(body.first(1).joined().text(), "a");
  EXPECT_EQ(body.first(9).joined().text(), "abc");
  const Blob one("x");
  EXPECT_EQ(Body(one).joined().bytes().data(), one.bytes().data());
}

TEST(HttpUrl, IsTakenApart) {
  const auto url = Url::parse("HTTPS://User:p%40ss@Kinesis.EU-west-1.amazonaws.com:8443/a%20b?c=d&e#f");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->endpoint.secure);
  EXPECT_EQ(url->endpoint.host, "kinesis.eu-west-1.amazonaws.com");
  EXPECT_EQ(url->endpoint.port, 8443);
  EXPECT_EQ(url->user_info, "User:p%40ss");
  EXPECT_EQ(url->path, "/a%20b");
  EXPECT_EQ(url->query, "c=d&e");
  EXPECT_EQ(url->target(), "/a%20b?c=d&e");
  EXPECT_EQ(url->to_string(), "https://kinesis.eu-west-1.amazonaws.com:8443/a%20b?c=d&e");
}

TEST(HttpUrl, HasDefaults) {
  EXPECT_EQ(Url::parse("http://h")->endpoint, Endpoint(false, "h", 80));
  EXPECT_EQ(Url::parse("https://h")->endpoint, Endpoint(true, "h", 443));
  EXPECT_EQ(Url::parse("http://h")->target(), "/");
  EXPECT_EQ(Url::parse("http://h?x")->target(), "/?x");
  EXPECT_EQ(Url::parse("http://h:/x")->endpoint.port, 80);
  EXPECT_EQ(Url::parse("http://h")->endpoint.authority(), "h");
  EXPECT_EQ(Url::parse("http://h:443")->endpoint.authority(), "h:443");
}

TEST(HttpUrl, AcceptsIpv6Literals) {
  const auto url = Url::parse("http://[2001:DB8::1]:4567/");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->endpoint.host, "2001:db8::1");
  EXPECT_EQ(url->endpoint.port, 4567);
  EXPECT_EQ(url->endpoint.authority(), "[2001:db8::1]:4567");
  EXPECT_EQ(Url::parse("https://[::1]")->endpoint, Endpoint(true, "::1", 443));
}

TEST(HttpUrl, RefusesEverythingElse) {
  for (const char* text : {"", "h", "//h", "ftp://h", "http://", "http:///x", "http://h:0", "http://h:65536",
                           "http://h:1x", "http://[::1", "http://[abc]", "http://[::1]x", "http://a b", "http://h/a b",
                           "http://h/\x01", "http://h\r\n", "http://a:b:c", "http://::1/", "http://h/\xc3\xa4"}) {
    const auto url = Url::parse(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code(), errc::invalid_argument) << text;
  }
}

TEST(HttpUrl, ErrorsDoNotRepeatThePassword) {
  const auto url = Url::parse("http://user:secret@h:99999/");
  ASSERT_FALSE(url);
  EXPECT_EQ(std::string(url.error().what()).find("secret"), std::string::npos);
}

}  // namespace
}  // namespace kinesis::http
