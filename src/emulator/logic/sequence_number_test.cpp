#include "emulator/logic/sequence_number.hpp"

#include "core/random.hpp"

#include <gtest/gtest.h>

namespace kinesis::emulator {
namespace {

TEST(SequenceNumber, IsWhatAwsWrites) {
  // From AWS's documentation: GetRecords in the CLI's reference, and a PutRecord of the developer guide.
  const auto cli = parse_sequence_number("49543463076548007577105092703039560359975228518395019266");
  ASSERT_TRUE(cli);
  EXPECT_EQ(*cli, (SequenceParts{0x542050cd, 0x157d, 0x5420bb34, 0}));
  const auto guide = parse_sequence_number("49590338271490256608559692538361571095921575989136588898");
  ASSERT_TRUE(guide);
  EXPECT_EQ(*guide, (SequenceParts{0x5bf4e5c2, 0x67648a17, 0x5c181eea, 6}));
  EXPECT_EQ(SequenceWriter(guide->shard_seconds, guide->shard).text(guide->index, guide->record_seconds),
            "49590338271490256608559692538361571095921575989136588898");
}

TEST(SequenceNumber, SurvivesWritingAndReadingWhateverItsParts) {
  core::Random random(7);
  for (int i = 0; i < 2'000; ++i) {
    SequenceParts parts;
    parts.shard_seconds = random() >> 28;
    parts.index = random() >> (1 + random.below(60));
    parts.record_seconds = random() >> 28;
    parts.shard = static_cast<std::uint32_t>(random() >> (33 + random.below(30)));
    const std::string text = SequenceWriter(parts.shard_seconds, parts.shard).text(parts.index, parts.record_seconds);
    ASSERT_EQ(text.size(), sequence_digits);
    ASSERT_EQ(parse_sequence_number(text), parts) << text;
  }
}

TEST(SequenceNumber, EdgesFit) {
  SequenceParts most;
  most.shard_seconds = most.record_seconds = (std::uint64_t{1} << 36) - 1;
  most.index = last_sequence_index;
  most.shard = 0x7FFFFFFF;
  EXPECT_EQ(parse_sequence_number(SequenceWriter(most.shard_seconds, most.shard).text(most.index, most.record_seconds)),
            most);
  EXPECT_EQ(parse_sequence_number(SequenceWriter(0, 0).text(0, 0)), SequenceParts());
}

TEST(SequenceNumber, GrowsWithIndexThenWithTheShardsSecond) {
  const SequenceWriter parent(1'767'225'600, 3);
  const SequenceWriter child(1'767'225'601, 4);
  EXPECT_LT(parent.text(1, 1'767'225'600), parent.text(2, 1'767'225'600));
  EXPECT_LT(parent.text(999, 1'767'229'999), parent.text(1'000, 1'767'225'600));
  EXPECT_LT(parent.text(last_sequence_index, 1'767'229'999), child.text(0, 1'767'225'601));
}

TEST(SequenceNumber, RefusesOtherNumbers) {
  EXPECT_FALSE(parse_sequence_number(""));
  EXPECT_FALSE(parse_sequence_number("0"));
  EXPECT_FALSE(parse_sequence_number("12345"));
  EXPECT_FALSE(parse_sequence_number(std::string(56, '9')));
  EXPECT_FALSE(parse_sequence_number(std::string(57, '4')));
  std::string text = SequenceWriter(1'767'225'600, 3).text(1, 1'767'225'600);
  text.back() = text.back() == '9' ? '8' : '9';  // another version
  EXPECT_FALSE(parse_sequence_number(text));
  text[5] = 'x';
  EXPECT_FALSE(parse_sequence_number(text));
}

}  // namespace
}  // namespace kinesis::emulator
