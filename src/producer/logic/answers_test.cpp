#include "producer/logic/answers.hpp"

#include "producer/logic/test_records.hpp"

#include <gtest/gtest.h>

namespace kinesis::producer {
namespace {

using namespace std::chrono_literals;

std::vector<PendingPtr> records_of(std::initializer_list<const char*> data) {
  std::vector<PendingPtr> records;
  for (const char* const text : data) records.push_back(pending("key", text));
  return records;
}

RecordSums sums_of(const std::vector<PendingPtr>& records) {
  RecordSums sums;
  for (const PendingPtr& record : records) sums.add(*record);
  return sums;
}

Stored stored_at(const char* sequence_number, bool aggregated) {
  return Stored{"shardId-000000000000", SequenceNumber(sequence_number), aggregated, test_start + 5ms};
}

TEST(Answers, KeepRecordsInOrderWithTheirFates) {
  Answers answers;
  EXPECT_TRUE(answers.empty());
  std::vector<PendingPtr> first = records_of({"a", "b"});
  answers.add(first, sums_of(first), stored_at("7", true));
  answers.add(pending("key", "c"), Error(errc::timeout, "too late"));
  std::vector<PendingPtr> last = records_of({"d"});
  answers.add(last, sums_of(last), stored_at("8", false));

  ASSERT_EQ(answers.fates().size(), 3u);
  std::string all;
  answers.for_each_fate([&](const Fate& fate, std::span<const PendingPtr> records) {
    all += std::holds_alternative<Stored>(fate.what) ? "stored:" : "failed:";
    std::size_t bytes = 0;
    for (const PendingPtr& record : records) {
      all += record->record.data.text();
      bytes += record->bytes;
    }
    EXPECT_EQ(fate.sums.bytes, bytes);
    all += " ";
  });
  EXPECT_EQ(all, "stored:ab failed:c stored:d ");
}

TEST(Answers, ARecordIsToldItsPlaceInItsAggregate) {
  Answers answers;
  std::vector<PendingPtr> records = records_of({"a", "b"});
  records[1]->attempts = 2;
  Receipt receipt;
  detail::Handler<Receipt> done([&](std::exception_ptr, Receipt got) { receipt = std::move(got); });
  records[1]->done.swap(done);
  answers.add(records, sums_of(records), stored_at("7", true));
  complete(*answers.records()[1], answers.fates().front(), 1);
  EXPECT_EQ(receipt.sub_sequence_number, 1u);
  EXPECT_EQ(receipt.sequence_number, SequenceNumber("7"));
  EXPECT_EQ(receipt.attempts, 2);
  EXPECT_EQ(receipt.time_in_library, 5ms);
}

TEST(Answers, AFailedRecordIsToldWhy) {
  Answers answers;
  PendingPtr record = pending("key", "a");
  std::exception_ptr failure;
  detail::Handler<Receipt> done([&](std::exception_ptr why, Receipt) { failure = std::move(why); });
  record->done.swap(done);
  answers.add(std::move(record), Error(errc::timeout, "too late"));
  complete(*answers.records().front(), answers.fates().front(), 0);
  ASSERT_TRUE(failure);
  EXPECT_THROW(std::rethrow_exception(failure), Error);
}

}  // namespace
}  // namespace kinesis::producer
