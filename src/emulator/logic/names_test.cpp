#include "emulator/logic/names.hpp"

#include "emulator/logic/iterator.hpp"
#include "emulator/logic/token.hpp"
#include "emulator/logic/validation.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace kinesis::emulator {
namespace {

TEST(ShardIds, HaveTwelveDigitsAndAreReadInShortFormsToo) {
  EXPECT_EQ(shard_id(0), "shardId-000000000000");
  EXPECT_EQ(shard_id(2'147'483'647), "shardId-002147483647");
  EXPECT_EQ(parse_shard_id("shardId-000000000012"), 12u);
  EXPECT_EQ(parse_shard_id("shardId-12"), 12u);
  EXPECT_EQ(parse_shard_id("12"), 12u);
  EXPECT_FALSE(parse_shard_id(""));
  EXPECT_FALSE(parse_shard_id("shardId-"));
  EXPECT_FALSE(parse_shard_id("shardId--1"));
  EXPECT_FALSE(parse_shard_id("shardId-2147483648"));
  EXPECT_FALSE(parse_shard_id("shardId-1x"));
}

TEST(Arns, AreOfOneRegionAndAccount) {
  const ArnSpace arns("eu-west-1", "123456789012");
  EXPECT_EQ(arns.stream("s"), "arn:aws:kinesis:eu-west-1:123456789012:stream/s");
  EXPECT_EQ(ArnSpace("cn-north-1", "123456789012").stream("s"), "arn:aws-cn:kinesis:cn-north-1:123456789012:stream/s");
  EXPECT_EQ(arns.stream_name("arn:aws:kinesis:eu-west-1:123456789012:stream/orders"), "orders");
  EXPECT_FALSE(arns.stream_name("arn:aws:kinesis:eu-west-1:210987654321:stream/orders"));
  EXPECT_FALSE(arns.stream_name("arn:aws:kinesis:eu-west-1:123456789012:stream/"));
  const std::string arn = arns.consumer("orders", "app", 1'767'225'600);
  EXPECT_EQ(arn, "arn:aws:kinesis:eu-west-1:123456789012:stream/orders/consumer/app:1767225600");
  const auto consumer = arns.consumer_name(arn);
  ASSERT_TRUE(consumer);
  EXPECT_EQ(consumer->stream, "orders");
  EXPECT_EQ(consumer->name, "app");
  EXPECT_FALSE(arns.consumer_name("arn:aws:kinesis:eu-west-1:123456789012:stream/orders"));
  EXPECT_EQ(stream_in(arn), "orders");
  EXPECT_EQ(stream_in("orders"), "orders");
}

TEST(Iterators, CarryAllAndAreShort) {
  const ShardPosition position{std::string(128, 'n'), 77, 12, 9'000'000'000, 1'767'225'600'000};
  const std::string text = to_iterator(position);
  EXPECT_LE(text.size(), 512u);
  EXPECT_TRUE(text.starts_with("AAAAAAAAAA"));
  EXPECT_EQ(parse_iterator(text), position);
}

TEST(Iterators, GarbageIsNone) {
  const std::string good = to_iterator({"s", 1, 0, 5, 1'767'225'600'000});
  EXPECT_FALSE(parse_iterator(""));
  EXPECT_FALSE(parse_iterator("garbage"));
  EXPECT_FALSE(parse_iterator("AAAAAAAAAAE="));
  EXPECT_FALSE(parse_iterator(good.substr(0, good.size() - 4)));
  std::string changed = good;
  changed[20] = changed[20] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(parse_iterator(changed));
  TokenWriter other(TokenKind::list_shards);
  EXPECT_FALSE(parse_iterator(std::move(other.number(1)).finish()));
}

TEST(Iterators, MadeUpTimesAreRefused) {
  for (const std::int64_t millis : {std::int64_t{-1}, std::numeric_limits<std::int64_t>::min(),
                                    std::numeric_limits<std::int64_t>::max(), std::int64_t{253'402'300'800'000}}) {
    ShardPosition position;
    position.stream = "s";
    position.issued_millis = millis;
    EXPECT_FALSE(parse_iterator(to_iterator(position))) << millis;
  }
}

TEST(Iterators, TimesInMessagesAreAwsForm) {
  EXPECT_EQ(message_time(1'421'889'722'000), "Thu Jan 22 01:22:02 UTC 2015");
}

TEST(Tokens, MissingMembersAreNoticed) {
  TokenWriter writer(TokenKind::list_streams);
  writer.number(5).text("abc");
  const std::string token = std::move(writer).finish();
  auto reader = TokenReader::open(TokenKind::list_streams, token);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->number(), 5u);
  EXPECT_FALSE(reader->complete());
  EXPECT_EQ(reader->text(), "abc");
  EXPECT_TRUE(reader->complete());
  EXPECT_EQ(reader->number(), 0u);
  EXPECT_FALSE(reader->complete());
}

TEST(ValidationMessages, AreAwsWords) {
  Validation one;
  one.length("partitionKey", std::string_view(""), 1, 256);
  EXPECT_STREQ(one.error()->message().c_str(),
               "1 validation error detected: Value '' at 'partitionKey' failed to satisfy constraint: Member must have "
               "length greater than or equal to 1");
  EXPECT_EQ(one.error()->service_code(), "ValidationException");
  EXPECT_EQ(one.error()->http_status(), 400);
  Validation two;
  two.name("streamName", std::string_view("a b")).range("limit", 10'001, 1, 10'000);
  EXPECT_EQ(
      two.error()->message(),
      "2 validation errors detected: Value 'a b' at 'streamName' failed to satisfy constraint: Member must satisfy "
      "regular expression pattern: [a-zA-Z0-9_.-]+; Value '10001' at 'limit' failed to satisfy constraint: Member "
      "must have value less than or equal to 10000");
  EXPECT_FALSE(Validation().hash_key("h", "0").hash_key("h", std::string(39, '9')).error());
  EXPECT_TRUE(Validation().hash_key("h", "00").error());
  EXPECT_TRUE(Validation().hash_key("h", std::string(40, '1')).error());
  EXPECT_TRUE(
      Validation().stream_arn("streamARN", std::string_view("arn:aws:kinesis:eu-west-1:12345:stream/s")).error());
  EXPECT_FALSE(Validation()
                   .stream_arn("streamARN", std::string_view("arn:aws:kinesis:eu-west-1:123456789012:stream/s"))
                   .error());
}

}  // namespace
}  // namespace kinesis::emulator
