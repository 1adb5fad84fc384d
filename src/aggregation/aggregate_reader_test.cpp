#include "aggregation/aggregate_reader.hpp"

#include "aggregation/aggregate_format.hpp"
#include "core/hex.hpp"
#include "kpl_oracle/kpl_oracle.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kinesis::aggregation {
namespace {

using kpl_oracle::envelope;

std::string from_hex(std::string_view hex) {
  std::string text;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i + 1 < hex.size(); ++i) {
    if (hex[i] == ' ') continue;
    text.push_back(static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1])));
    ++i;
  }
  return text;
}

struct Read {
  ReadOutcome outcome;
  std::vector<UserRecordView> records;
};

/// What a message, in hex, is read as. The bytes end where the heap block does, so that a sanitizer sees a step too
/// far.
class ReaderTest : public testing::Test {
 protected:
  Read read(std::string_view hex) {
    const std::string whole = envelope(from_hex(hex));
    data_.assign(as_bytes(whole).begin(), as_bytes(whole).end());
    data_.shrink_to_fit();
    Read read;
    read.outcome = reader_.read(data_, read.records);
    return read;
  }
  ReadOutcome outcome(std::string_view hex) {
    const Read got = read(hex);
    if (got.outcome != ReadOutcome::user_records) {
      EXPECT_TRUE(got.records.empty()) << hex;
    }
    return got.outcome;
  }

  AggregateReader reader_;
  Bytes data_;
};

constexpr std::string_view good =
    "0a03706b31 0a03706b32 120130 1a0908001a0568656c6c6f 1a0c080110001a06776f726c6421 1a0408001a00";

TEST_F(ReaderTest, ReadsViews) {
  const Read got = read(good);
  ASSERT_EQ(got.outcome, ReadOutcome::user_records);
  ASSERT_EQ(got.records.size(), 3u);
  EXPECT_EQ(got.records[0].partition_key, "pk1");
  EXPECT_EQ(got.records[0].explicit_hash_key, std::nullopt);
  EXPECT_EQ(as_text(got.records[0].data), "hello");
  EXPECT_EQ(got.records[1].partition_key, "pk2");
  EXPECT_EQ(got.records[1].explicit_hash_key, "0");
  EXPECT_EQ(as_text(got.records[1].data), "world!");
  EXPECT_EQ(got.records[2].key_index, 0u);
  EXPECT_TRUE(got.records[2].data.empty());
  EXPECT_EQ(reader_.partition_keys(), 2u);
  for (const UserRecordView& record : got.records) {
    EXPECT_GE(reinterpret_cast<const std::byte*>(record.partition_key.data()), data_.data());
    EXPECT_LT(reinterpret_cast<const std::byte*>(record.partition_key.data()), data_.data() + data_.size());
  }
}

TEST_F(ReaderTest, AppendsToWhatIsThere) {
  const std::string whole = envelope(from_hex(good));
  std::vector<UserRecordView> records(2);
  EXPECT_EQ(reader_.read(as_bytes(whole), records), ReadOutcome::user_records);
  EXPECT_EQ(records.size(), 5u);
  const std::string bad = envelope(from_hex("0a0161 1a0408001a00 1a0408011a00"));
  EXPECT_EQ(reader_.read(as_bytes(bad), records), ReadOutcome::bad_index);
  EXPECT_EQ(records.size(), 5u);
}

TEST_F(ReaderTest, FieldsMayComeInAnyOrderAndTwice) {
  const Read got = read(
      "1a08 1a0178 1001 0801 2200"  // its tag has no key: not the format
      "120131 120132 0a0161 0a0162");
  EXPECT_EQ(got.outcome, ReadOutcome::not_protobuf);
  const Read fine = read(
      "1a0c 1a0178 1001 0801 22030a0174"
      "120131 120132 0a0161 0a0162");
  ASSERT_EQ(fine.outcome, ReadOutcome::user_records);
  ASSERT_EQ(fine.records.size(), 1u);
  EXPECT_EQ(fine.records[0].partition_key, "b");
  EXPECT_EQ(fine.records[0].explicit_hash_key, "2");
  const Read twice = read("0a0161 0a0162 1a0a 0800 1a0178 0801 1a0179");
  ASSERT_EQ(twice.outcome, ReadOutcome::user_records);
  EXPECT_EQ(twice.records[0].partition_key, "b");
  EXPECT_EQ(as_text(twice.records[0].data), "y");
}

TEST_F(ReaderTest, UnknownFieldsAreSkipped) {
  // One of each wire type, outside and inside of a record; and known numbers with another type.
  const std::string_view unknown = "2801 310102030405060708 3a0178 4501020304 0805 1005 1d01020304";
  EXPECT_EQ(outcome(std::string("0a0161") + std::string(unknown) + "1a0408001a00"), ReadOutcome::user_records);
  const Read got = read("0a0161 1a1a 0800 1a0178 2801 310102030405060708 3a0178 4501020304 1805");
  ASSERT_EQ(got.outcome, ReadOutcome::user_records);
  EXPECT_EQ(as_text(got.records[0].data), "x");
}

TEST_F(ReaderTest, DuplicateKeysInTheTableAreDifferentPlaces) {
  const Read got = read("0a0161 0a0161 1a0408001a00 1a0408011a00");
  ASSERT_EQ(got.outcome, ReadOutcome::user_records);
  EXPECT_EQ(got.records[0].partition_key, got.records[1].partition_key);
  EXPECT_NE(got.records[0].key_index, got.records[1].key_index);
}

TEST_F(ReaderTest, AMessageWithoutRecordsHasNone) {
  EXPECT_EQ(read("0a0161").outcome, ReadOutcome::user_records);
  EXPECT_TRUE(read("0a0161").records.empty());
}

TEST_F(ReaderTest, WhatIsNotTheFormatIsRefused) {
  EXPECT_EQ(outcome("0a"), ReadOutcome::not_protobuf);                          // no length
  EXPECT_EQ(outcome("0a0261"), ReadOutcome::not_protobuf);                      // cut off
  EXPECT_EQ(outcome("0a ffffffff0f 61"), ReadOutcome::not_protobuf);            // 4 GiB
  EXPECT_EQ(outcome("0a ffffffff07 61"), ReadOutcome::not_protobuf);            // 2 GiB
  EXPECT_EQ(outcome("0a ffffffffffffffffff01 61"), ReadOutcome::not_protobuf);  // 2^64 - 1
  EXPECT_EQ(outcome("0a ffffffffffffffffffff01 61"), ReadOutcome::not_protobuf);
  EXPECT_EQ(outcome("ff"), ReadOutcome::not_protobuf);
  EXPECT_EQ(outcome("00"), ReadOutcome::not_protobuf);                              // field 0
  EXPECT_EQ(outcome("0a0161 0f"), ReadOutcome::not_protobuf);                       // wire type 7
  EXPECT_EQ(outcome("0a0161 1a021a00"), ReadOutcome::not_protobuf);                 // no place
  EXPECT_EQ(outcome("0a0161 1a020800"), ReadOutcome::not_protobuf);                 // no data
  EXPECT_EQ(outcome("0a0161 1a00"), ReadOutcome::not_protobuf);                     // neither
  EXPECT_EQ(outcome("0a0161 1a0408001a01"), ReadOutcome::not_protobuf);             // data past the record
  EXPECT_EQ(outcome("0a0161 1a0408001a00 1a0108"), ReadOutcome::not_protobuf);      // the second one
  EXPECT_EQ(outcome("0a0161 1a07 0800 1a00 22022a00"), ReadOutcome::not_protobuf);  // tag cut off
  EXPECT_EQ(outcome("0a0161 1a08 0800 1a00 22021200"), ReadOutcome::not_protobuf);  // tag with a value only
  EXPECT_EQ(outcome("0a0161 1a0408001a00 5b5c"), ReadOutcome::not_protobuf);        // a group
  EXPECT_EQ(outcome("3102030405060708"), ReadOutcome::not_protobuf);                // 8 bytes, of which 7 are there
}

TEST_F(ReaderTest, EveryPrefixAndEveryFlippedBitIsJudgedOnly) {
  const std::string message = from_hex(good);
  for (std::size_t size = 1; size < message.size(); ++size) outcome(core::to_hex(as_bytes(message.substr(0, size))));
  for (std::size_t bit = 0; bit < 8 * message.size(); ++bit) {
    std::string flipped = message;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    outcome(core::to_hex(as_bytes(flipped)));
  }
}

TEST_F(ReaderTest, PlacesOutsideOfTheTablesAreNamed) {
  EXPECT_EQ(outcome("1a0408001a00"), ReadOutcome::bad_index);
  EXPECT_EQ(outcome("0a0161 1a0408011a00"), ReadOutcome::bad_index);
  EXPECT_EQ(outcome("0a0161 1a0408001a00 1a06080010001a00"), ReadOutcome::bad_index);
  EXPECT_EQ(outcome("0a0161 120130 1a06080010011a00"), ReadOutcome::bad_index);
  EXPECT_EQ(outcome("0a0161 1a0d 08ffffffffffffffffff01 1a00"), ReadOutcome::bad_index);
  EXPECT_EQ(outcome("0a0161 1a08 088080808010 1a00"), ReadOutcome::bad_index);  // 2^32, whose lower half is 0
  // What is not the format at all comes first, wherever it stands.
  EXPECT_EQ(outcome("1a0408001a00 1a00"), ReadOutcome::not_protobuf);
}

TEST(AggregateReaderTest, ACandidateHasMagicChecksumAndSomethingBetween) {
  const std::string whole = envelope("x");
  EXPECT_EQ(whole.size(), 21u);
  EXPECT_TRUE(is_candidate(as_bytes(whole)));
  EXPECT_TRUE(checksum_matches(as_bytes(whole)));
  EXPECT_EQ(as_text(message_of(as_bytes(whole))), "x");
  EXPECT_FALSE(is_candidate(as_bytes(envelope(""))));
  EXPECT_FALSE(is_candidate({}));
  EXPECT_FALSE(is_candidate(as_bytes(whole.substr(0, 4))));
  EXPECT_FALSE(is_candidate(as_bytes("x" + whole)));
  for (std::size_t at = magic.size(); at < whole.size(); ++at) {
    std::string wrong = whole;
    wrong[at] = static_cast<char>(wrong[at] ^ 1);
    EXPECT_TRUE(is_candidate(as_bytes(wrong)));
    EXPECT_FALSE(checksum_matches(as_bytes(wrong))) << at;
  }
}

TEST(AggregateReaderTest, FindsTheAggregatesAmongMany) {
  std::vector<std::string> datas;
  std::vector<std::size_t> wanted = {99};
  for (std::size_t i = 0; i < 100; ++i) {
    datas.push_back(envelope(std::string(1 + i * 17 % 300, 'x')));
    if (i % 3 == 0) datas.back().back() = static_cast<char>(datas.back().back() ^ 0x80);
    if (i % 5 == 0) datas.back()[0] = 'x';
    if (i % 3 != 0 && i % 5 != 0) wanted.push_back(i);
  }
  std::vector<BytesView> views;
  for (const std::string& data : datas) views.push_back(as_bytes(data));
  std::vector<std::size_t> found = {99};
  find_aggregates(views, found);
  EXPECT_EQ(found, wanted);
}

}  // namespace
}  // namespace kinesis::aggregation
