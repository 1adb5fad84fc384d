#include "consumer/logic/record_filter.hpp"

#include "aggregation/aggregate_writer.hpp"
#include "kpl_oracle/kpl_oracle.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kinesis::consumer {
namespace {

using Numbers = std::vector<std::string>;

KinesisRecord record(const std::string& number) {
  KinesisRecord record;
  record.sequence_number = SequenceNumber(number);
  record.data = Blob("data-" + number);
  record.partition_key = "key";
  return record;
}

KinesisRecord record(const char* number, std::string data) {
  KinesisRecord record;
  record.sequence_number = SequenceNumber(number);
  record.data = Blob(std::move(data));
  record.partition_key = "outer";
  return record;
}

/// An aggregate of these keys, each with its own name as data.
KinesisRecord aggregate(const char* number, const std::vector<std::string>& keys = {"a", "pk1", "pk2"}) {
  aggregation::AggregateWriter writer;
  for (const std::string& key : keys) writer.add(aggregation::hashed(key), std::nullopt, as_bytes(key));
  Bytes data;
  writer.finish(data);
  return record(number, std::string(as_text(data)));
}

/// The format, and a record that names a key that is not there.
KinesisRecord poison(const char* number) {
  return record(number, kpl_oracle::envelope(std::string("\x1a\x04\x08\x00\x1a\x00", 6)));
}

std::string name_of(const detail::RecordView& view) {
  std::string name = view.around->sequence_number.to_string();
  if (view.aggregated) name += '.' + std::to_string(view.sub_sequence_number);
  return name;
}

Numbers numbers(const detail::RecordPortion& portion) {
  Numbers numbers;
  for (const detail::RecordView& view : portion.records) numbers.push_back(name_of(view));
  return numbers;
}

/// The portions of what was begun.
std::vector<Numbers> portions(RecordFilter& filter, std::size_t at_least) {
  std::vector<Numbers> portions;
  detail::RecordPortion portion;
  while (filter.next(portion, at_least)) portions.push_back(numbers(portion));
  EXPECT_TRUE(filter.at_end());
  EXPECT_TRUE(portion.records.empty());
  return portions;
}

std::vector<RawRecord> all_of(std::vector<KinesisRecord> records, Checkpoint after) {
  RecordFilter filter({}, std::move(after));
  filter.begin(std::move(records));
  std::vector<RawRecord> all;
  detail::RecordPortion portion;
  while (filter.next(portion))
    for (const detail::RecordView& view : portion.records) all.push_back(detail::raw_record(view));
  return all;
}

Numbers delivered(std::vector<KinesisRecord> records, Checkpoint after) {
  RecordFilter filter({}, std::move(after));
  filter.begin(std::move(records));
  detail::RecordPortion portion;
  filter.next(portion, SIZE_MAX);
  return numbers(portion);
}

Checkpoint at(const char* number, std::uint64_t index) {
  return Checkpoint::at(RecordPosition{SequenceNumber(number), index});
}

// The MD5 of "pk1" begins with f7, those of "a" and "pk2" with less than 80.
const aggregation::HashRange lower{core::Uint128(), core::Uint128(std::uint64_t{1} << 63, 0) - core::Uint128(1)};

TEST(RecordFilter, DropsWhatTheCheckpointCovers) {
  EXPECT_EQ(delivered({record("9"), record("10"), record("11")}, at("10", 0)), (Numbers{"11"}));
}

TEST(RecordFilter, KeepsEverythingWhereNothingWasCheckpointed) {
  const auto all = all_of({record("9"), record("10")}, Checkpoint::trim_horizon());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].position.sequence_number, SequenceNumber("10"));
  EXPECT_EQ(all[0].data.text(), "data-9");
  EXPECT_EQ(all[0].partition_key, "key");
  EXPECT_FALSE(all[0].explicit_hash_key);
}

TEST(RecordFilter, TakesAggregatesApartWithSubSequenceNumbers) {
  const auto all = all_of({aggregate("9"), record("10")}, Checkpoint::trim_horizon());
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[1].partition_key, "pk1");
  EXPECT_EQ(all[1].data.text(), "pk1");
  EXPECT_TRUE(all[1].aggregated);
  EXPECT_EQ(all[1].position, (RecordPosition{SequenceNumber("9"), 1}));
  EXPECT_FALSE(all[3].aggregated);
}

TEST(RecordFilter, ExplicitHashKeysOfUserRecordsStay) {
  const auto all = all_of({record("9", kpl_oracle::write({{"a", "5", "x"}, {"b", {}, "y"}}))}, Checkpoint::latest());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].explicit_hash_key, "5");
  EXPECT_FALSE(all[1].explicit_hash_key);
}

TEST(RecordFilter, GoesOnInTheMiddleOfAnAggregate) {
  EXPECT_EQ(delivered({aggregate("9"), record("10")}, at("9", 1)), (Numbers{"9.2", "10"}));
  EXPECT_EQ(delivered({aggregate("9"), record("10")}, at("9", 2)), (Numbers{"10"}));
  EXPECT_EQ(delivered({aggregate("9"), record("10")}, at("9", 7)), (Numbers{"10"}));
  EXPECT_EQ(delivered({aggregate("9"), record("10")}, at("9", UINT64_MAX)), (Numbers{"10"}));
  EXPECT_EQ(delivered({aggregate("9"), record("10")}, at("8", 5)), (Numbers{"9.0", "9.1", "9.2", "10"}));
}

TEST(RecordFilter, TheCheckpointCoversRecordsOfLaterAnswersToo) {
  RecordFilter filter({}, at("10", 0));
  filter.begin({record("8"), record("9")});
  EXPECT_TRUE(portions(filter, 1).empty());
  filter.begin({record("10"), record("11")});
  EXPECT_EQ(portions(filter, 1), (std::vector<Numbers>{{"11"}}));
}

TEST(RecordFilter, DropsAnAggregateOfWhichOneRecordBelongsElsewhereWhole) {
  RecordFilter filter(lower, Checkpoint::trim_horizon());
  filter.begin({aggregate("9"), record("10"), aggregate("11", {"a", "pk2"})});
  EXPECT_EQ(portions(filter, 1), (std::vector<Numbers>{{"10"}, {"11.0", "11.1"}}));
  EXPECT_EQ(filter.out_of_range(), 1u);
  filter.begin({record("12")});
  EXPECT_EQ(filter.out_of_range(), 0u);
}

TEST(RecordFilter, AnAnswerWithoutRecordsHasNoPortion) {
  RecordFilter filter({}, Checkpoint::trim_horizon());
  detail::RecordPortion portion;
  EXPECT_TRUE(filter.at_end());
  EXPECT_FALSE(filter.next(portion));
  filter.begin({});
  EXPECT_TRUE(filter.at_end());
  EXPECT_FALSE(filter.next(portion));
}

TEST(RecordFilter, PortionsEndWithKinesisRecordsAndHaveAtLeastWhatIsAskedFor) {
  RecordFilter filter({}, Checkpoint::trim_horizon());
  filter.begin({record("1"), aggregate("2"), aggregate("3"), record("4"), record("5")});
  EXPECT_EQ(portions(filter, 2), (std::vector<Numbers>{{"1", "2.0", "2.1", "2.2"}, {"3.0", "3.1", "3.2"}, {"4", "5"}}));
}

TEST(RecordFilter, AnAggregateLargerThanAPortionIsOnePortion) {
  std::vector<std::string> keys;
  for (int i = 0; i < 1000; ++i) keys.push_back(std::to_string(i));
  RecordFilter filter({}, Checkpoint::trim_horizon());
  filter.begin({record("1"), aggregate("2", keys), record("3")});
  const auto found = portions(filter, RecordFilter::portion_size);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].size(), 1001u);
  EXPECT_EQ(found[0].back(), "2.999");
  EXPECT_EQ(found[1], (Numbers{"3"}));
}

TEST(RecordFilter, TheLastPortionMayFillUpExactly) {
  RecordFilter filter({}, Checkpoint::trim_horizon());
  filter.begin({record("1"), record("2"), record("3"), record("4")});
  detail::RecordPortion portion;
  EXPECT_TRUE(filter.next(portion, 2));
  EXPECT_FALSE(filter.at_end());
  EXPECT_TRUE(filter.next(portion, 2));
  EXPECT_EQ(numbers(portion), (Numbers{"3", "4"}));
  EXPECT_TRUE(filter.at_end());
}

TEST(RecordFilter, WhatFallsOutIsMadeUpForByWhatFollows) {
  RecordFilter filter(lower, at("5", 0));
  filter.begin({record("4"), record("5"), aggregate("6"), aggregate("7"), record("8"), record("9"), aggregate("10")});
  EXPECT_EQ(portions(filter, 2), (std::vector<Numbers>{{"8", "9"}}));
  EXPECT_EQ(filter.out_of_range(), 3u);
}

TEST(RecordFilter, PoisonInTheMiddleOfAPortionArrivesAsItCame) {
  RecordFilter filter({}, Checkpoint::trim_horizon());
  filter.begin({aggregate("1"), poison("2"), aggregate("3")});
  EXPECT_EQ(portions(filter, 100), (std::vector<Numbers>{{"1.0", "1.1", "1.2", "2", "3.0", "3.1", "3.2"}}));
  EXPECT_EQ(filter.malformed(), 1u);
}

TEST(RecordFilter, ManyGroupsOfAnAnswerAreOneStreamOfRecords) {
  std::vector<KinesisRecord> records;
  Numbers wanted;
  for (int i = 1000; i < 2500; ++i) {
    const std::string number = std::to_string(i);
    if (i % 3 == 0) {
      records.push_back(aggregate(number.c_str()));
      for (const char* index : {".0", ".1", ".2"}) wanted.push_back(number + index);
    } else {
      records.push_back(record(number));
      wanted.push_back(number);
    }
  }
  // One whose group ends with it.
  records.push_back(record("2500", std::string(std::size_t{1} << 20, 'x')));
  wanted.push_back("2500");
  records.push_back(record("2501"));
  wanted.push_back("2501");
  for (const std::size_t at_least : {std::size_t{1}, std::size_t{7}, std::size_t{256}, SIZE_MAX}) {
    RecordFilter filter({}, Checkpoint::trim_horizon());
    filter.begin(records);
    Numbers all;
    for (const Numbers& portion : portions(filter, at_least)) {
      all.insert(all.end(), portion.begin(), portion.end());
      EXPECT_LT(portion.size(), at_least == SIZE_MAX ? SIZE_MAX : at_least + 3);
    }
    EXPECT_EQ(all, wanted) << at_least;
  }
}

TEST(RecordFilter, APortionKeepsItsAnswerWhenTheNextOneIsBegun) {
  RecordFilter filter({}, Checkpoint::trim_horizon());
  filter.begin({aggregate("1")});
  detail::RecordPortion portion;
  EXPECT_TRUE(filter.next(portion));
  filter.begin({record("2")});
  EXPECT_EQ(numbers(portion), (Numbers{"1.0", "1.1", "1.2"}));
  EXPECT_EQ(as_text(portion.records[1].data), "pk1");
}

TEST(RecordFilter, BeginningAnewForgetsWhatWasLeft) {
  RecordFilter filter({}, Checkpoint::trim_horizon());
  filter.begin({record("1"), record("2"), record("3")});
  detail::RecordPortion portion;
  EXPECT_TRUE(filter.next(portion, 1));
  filter.begin({record("4")});
  EXPECT_EQ(portions(filter, 1), (std::vector<Numbers>{{"4"}}));
}

}  // namespace
}  // namespace kinesis::consumer
