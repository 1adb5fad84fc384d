#include "consumer/logic/record_filter.hpp"

#include "aggregation/aggregate_writer.hpp"

#include <gtest/gtest.h>

namespace kinesis::consumer {
namespace {

KinesisRecord record(const char* number) {
  KinesisRecord record;
  record.sequence_number = SequenceNumber(number);
  record.data = Blob(std::string("data-") + number);
  record.partition_key = "key";
  return record;
}

std::vector<RawRecord> filter(std::vector<KinesisRecord> records, const Checkpoint& after) {
  return RecordFilter(aggregation::HashRange()).filter(std::move(records), after).records;
}

/// An aggregate of the keys "a", "pk1", "pk2", each with its own name as data.
KinesisRecord aggregate(const char* number) {
  aggregation::AggregateWriter writer;
  for (const char* key : {"a", "pk1", "pk2"}) writer.add(aggregation::hashed(key), std::nullopt, as_bytes(key));
  Bytes data;
  writer.finish(data);
  KinesisRecord record;
  record.sequence_number = SequenceNumber(number);
  record.data = Blob(std::move(data));
  record.partition_key = "outer";
  return record;
}

std::vector<std::string> numbers(const std::vector<RawRecord>& records) {
  std::vector<std::string> numbers;
  for (const auto& raw : records) numbers.push_back(raw.position.sequence_number.to_string());
  return numbers;
}

TEST(RecordFilter, DropsWhatTheCheckpointCovers) {
  const auto after = Checkpoint::at(RecordPosition{SequenceNumber("10"), 0});
  EXPECT_EQ(numbers(filter({record("9"), record("10"), record("11")}, after)), (std::vector<std::string>{"11"}));
}

TEST(RecordFilter, KeepsEverythingWhereNothingWasCheckpointed) {
  const auto all = filter({record("9"), record("10")}, Checkpoint::trim_horizon());
  EXPECT_EQ(numbers(all), (std::vector<std::string>{"9", "10"}));
  EXPECT_EQ(all[0].data.text(), "data-9");
  EXPECT_EQ(all[0].partition_key, "key");
}

TEST(RecordFilter, TakesAggregatesApartWithSubSequenceNumbers) {
  const auto all = filter({aggregate("9"), record("10")}, Checkpoint::trim_horizon());
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[1].partition_key, "pk1");
  EXPECT_EQ(all[1].data.text(), "pk1");
  EXPECT_TRUE(all[1].aggregated);
  EXPECT_EQ(all[1].position, (RecordPosition{SequenceNumber("9"), 1}));
  EXPECT_FALSE(all[3].aggregated);
}

TEST(RecordFilter, GoesOnInTheMiddleOfAnAggregate) {
  const auto after = Checkpoint::at(RecordPosition{SequenceNumber("9"), 1});
  const auto rest = filter({aggregate("9"), record("10")}, after);
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest[0].partition_key, "pk2");
  EXPECT_EQ(rest[0].position.sub_sequence_number, 2u);
}

TEST(RecordFilter, DropsAnAggregateOfWhichOneRecordBelongsElsewhereWhole) {
  // The MD5 of "pk1" begins with f7, those of the others do not.
  const core::Uint128 half(std::uint64_t{1} << 63, 0);
  RecordFilter lower(aggregation::HashRange{core::Uint128(), half - core::Uint128(1)});
  const auto filtered = lower.filter({aggregate("9"), record("10")}, Checkpoint::trim_horizon());
  EXPECT_EQ(numbers(filtered.records), (std::vector<std::string>{"10"}));
  EXPECT_EQ(filtered.out_of_range, 1u);
}

}  // namespace
}  // namespace kinesis::consumer
