#include "consumer/logic/record_filter.hpp"

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

std::vector<std::string> numbers(const std::vector<RawRecord>& records) {
  std::vector<std::string> numbers;
  for (const auto& raw : records) numbers.push_back(raw.position.sequence_number.to_string());
  return numbers;
}

TEST(RecordFilter, DropsWhatTheCheckpointCovers) {
  const auto after = Checkpoint::at(RecordPosition{SequenceNumber("10"), 0});
  EXPECT_EQ(numbers(filter_records({record("9"), record("10"), record("11")}, after)),
            (std::vector<std::string>{"11"}));
}

TEST(RecordFilter, KeepsEverythingWhereNothingWasCheckpointed) {
  const auto all = filter_records({record("9"), record("10")}, Checkpoint::trim_horizon());
  EXPECT_EQ(numbers(all), (std::vector<std::string>{"9", "10"}));
  EXPECT_EQ(all[0].data.text(), "data-9");
  EXPECT_EQ(all[0].partition_key, "key");
}

}  // namespace
}  // namespace kinesis::consumer
