#include <kinesis/identifiers.hpp>

#include <gtest/gtest.h>

#include <concepts>
#include <set>
#include <sstream>
#include <string>
#include <type_traits>

namespace kinesis {
namespace {

static_assert(!std::is_default_constructible_v<StreamId>);
static_assert(!std::is_default_constructible_v<ApplicationName>);
static_assert(std::convertible_to<const char*, StreamId> && std::convertible_to<std::string, StreamId>);
static_assert(std::convertible_to<const char*, ApplicationName> && std::convertible_to<std::string, WorkerId>);
static_assert(sizeof(SequenceNumber) == 64);
static_assert(std::is_nothrow_move_constructible_v<SequenceNumber> &&
              std::is_nothrow_move_assignable_v<SequenceNumber>);

// Options as style.md wants them: without the application they must not compile.
struct Options {
  StreamId stream;
  ApplicationName application;
  int other = 0;
};
template <class T>
concept MadeWithoutApplication = requires { T{.stream = "orders"}; };
static_assert(!MadeWithoutApplication<Options>);

constexpr const char* arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders";

TEST(StreamId, IsANameOrAnArn) {
  const StreamId name = "orders";
  EXPECT_FALSE(name.is_arn());
  EXPECT_EQ(name.name(), "orders");
  EXPECT_EQ(name.arn(), "");
  EXPECT_EQ(name.region(), "");

  const StreamId by_arn = std::string(arn);
  EXPECT_TRUE(by_arn.is_arn());
  EXPECT_EQ(by_arn.name(), "orders");
  EXPECT_EQ(by_arn.arn(), arn);
  EXPECT_EQ(by_arn.region(), "eu-west-1");
  EXPECT_EQ(by_arn.account(), "123456789012");
  EXPECT_EQ(StreamId("arn:aws-us-gov:kinesis:us-gov-west-1:123456789012:stream/a.b-c_D9").name(), "a.b-c_D9");
}

TEST(StreamId, CopiesKeepTheirParts) {
  StreamId copy = "x";
  {
    const StreamId original = arn;
    copy = original;
  }
  EXPECT_EQ(copy.name(), "orders");
  EXPECT_EQ(copy, StreamId(arn));
  EXPECT_FALSE(copy == StreamId("orders"));
}

TEST(StreamId, RefusesWhatIsNeither) {
  for (const char* text :
       {"", "a b", "a/b", "ord\xC3\xA9rs", "arn:", "arn:aws:kinesis", "arn:aws:s3:::bucket",
        "arn:aws:kinesis:eu-west-1:123:stream/orders", "arn:aws:kinesis:eu-west-1:123456789012:stream/",
        "arn:aws:kinesis:eu-west-1:123456789012:stream/orders/consumer/c:1",
        "arn:aws:kinesis:eu-west-1:123456789012:queue/orders", "arn:aws:kinesis::123456789012:stream/orders",
        "arn:aws:kinesis:a/b:123456789012:stream/orders", "arn:aws\n:kinesis:eu-west-1:123456789012:stream/orders"}) {
    EXPECT_FALSE(StreamId::parse(text)) << text;
    EXPECT_THROW(StreamId{std::string(text)}, Error) << text;
  }
  EXPECT_TRUE(StreamId::parse(std::string(128, 'a')));
  EXPECT_FALSE(StreamId::parse(std::string(129, 'a')));
  const auto error = StreamId::parse("a\nb");
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().code(), errc::invalid_argument);
  EXPECT_EQ(error.error().message().find('\n'), std::string::npos);
}

TEST(SequenceNumber, IsOrderedByValue) {
  const std::vector<std::string> ascending = {"0",
                                              "1",
                                              "9",
                                              "10",
                                              "99",
                                              "100",
                                              "49590338271490256608559692538361571095921575989136588898",
                                              "49590338271490256608559692538361571095921575989136588899",
                                              "1" + std::string(70, '0'),
                                              "1" + std::string(128, '0'),
                                              std::string(129, '9')};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      const SequenceNumber left(ascending[i]);
      const SequenceNumber right(ascending[j]);
      EXPECT_EQ(left < right, i < j);
      EXPECT_EQ(left == right, i == j);
      EXPECT_EQ(left > right, i > j);
    }
  }
}

TEST(SequenceNumber, AcceptsOnlyItsGrammar) {
  EXPECT_EQ(SequenceNumber().view(), "0");
  for (std::size_t size = 1; size <= SequenceNumber::max_digits; ++size) {
    std::string digits(size, '7');
    EXPECT_TRUE(SequenceNumber::parse(digits));
    for (const char wrong : {'/', ':', ' ', '\0', '-', 'a', '\xB7', '\x70', '\x3F'}) {
      std::string bad = digits;
      bad[size * 3 / 4] = wrong;
      EXPECT_FALSE(SequenceNumber::parse(bad)) << bad;
    }
  }
  EXPECT_FALSE(SequenceNumber::parse(""));
  EXPECT_FALSE(SequenceNumber::parse("00"));
  EXPECT_FALSE(SequenceNumber::parse("01"));
  EXPECT_FALSE(SequenceNumber::parse(std::string(130, '1')));
  EXPECT_THROW(SequenceNumber("TRIM_HORIZON"), Error);
}

TEST(SequenceNumber, CopiesAndMovesShortAndLongOnes) {
  for (const std::size_t size : {1u, 56u, 62u, 63u, 129u}) {
    const std::string digits(size, '5');
    SequenceNumber number(digits);
    SequenceNumber copy(number);
    EXPECT_EQ(copy.view(), digits);
    SequenceNumber moved(std::move(copy));
    EXPECT_EQ(moved.view(), digits);
    SequenceNumber assigned("7");
    assigned = number;
    EXPECT_EQ(assigned, number);
    auto& self = assigned;
    assigned = self;
    assigned = std::move(self);
    EXPECT_EQ(assigned, number);
    EXPECT_TRUE(assigned.assign(assigned.view()));
    EXPECT_EQ(assigned.to_string(), digits);
    EXPECT_FALSE(assigned.assign("x"));
    EXPECT_EQ(assigned.to_string(), digits);
    assigned = SequenceNumber(std::string(100, '8'));
    assigned = SequenceNumber("9");
    EXPECT_EQ(assigned.view(), "9");
    EXPECT_EQ(std::hash<SequenceNumber>()(number), std::hash<SequenceNumber>()(moved));
  }
}

TEST(SequenceNumber, Prints) {
  std::ostringstream out;
  out << SequenceNumber("495") << ' ' << StreamId("s") << ' ' << ApplicationName("a") << ' ' << WorkerId("w");
  EXPECT_EQ(out.str(), "495 s a w");
}

TEST(ShardName, IsTheTextItWasMadeOf) {
  EXPECT_TRUE(ShardName().empty());
  for (const std::size_t size : {1, 20, 22, 23, 24, 128}) {
    const std::string id(size, 'x');
    const ShardName name = id;
    const ShardName copy = name;
    const std::string_view view = copy;
    const std::string text = copy;
    EXPECT_EQ(view, id);
    EXPECT_EQ(text, id);
    EXPECT_EQ(copy, id);
    EXPECT_EQ(copy, name);
    EXPECT_NE(copy, id + "x");
    EXPECT_LT(copy, id + "x");
    EXPECT_EQ(std::hash<ShardName>()(copy), std::hash<ShardName>()(ShardName(id.c_str())));
    ShardName assigned = "another";
    assigned = name;
    EXPECT_EQ(assigned.view(), id);
    assigned = "short";
    EXPECT_EQ(assigned.view(), "short");
  }
}

TEST(ApplicationName, IsChecked) {
  EXPECT_EQ(ApplicationName("billing").text(), "billing");
  EXPECT_THROW(ApplicationName(""), Error);
  EXPECT_THROW(ApplicationName("a b"), Error);
  EXPECT_THROW(ApplicationName(std::string(256, 'a')), Error);
}

TEST(WorkerId, IsUniqueUnlessGiven) {
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.insert(WorkerId::unique().text());
  EXPECT_EQ(ids.size(), 100u);
  EXPECT_EQ(WorkerId("w-1").text(), "w-1");
  EXPECT_THROW(WorkerId(""), Error);
  EXPECT_THROW(WorkerId("a\nb"), Error);
}

}  // namespace
}  // namespace kinesis
