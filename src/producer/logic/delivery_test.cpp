#include "producer/logic/delivery.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinesis::producer {
namespace {

using namespace std::chrono_literals;
constexpr Clock::time_point start{1h};

PutRecordsResultEntry refused(const char* code) {
  PutRecordsResultEntry entry;
  entry.error_code = code;
  entry.error_message = "why";
  return entry;
}

TEST(Delivery, ASequenceNumberMeansStored) {
  PutRecordsResultEntry entry;
  entry.sequence_number = SequenceNumber("7");
  entry.shard_id = "shardId-000000000000";
  const Verdict verdict = judge_entry(entry);
  ASSERT_TRUE(std::holds_alternative<Delivered>(verdict));
  EXPECT_EQ(std::get<Delivered>(verdict).sequence_number, SequenceNumber("7"));
}

TEST(Delivery, ThrottlesAndFaultsOfTheServicePass) {
  for (const char* code : {"ProvisionedThroughputExceededException", "InternalFailure", "ServiceUnavailable"})
    EXPECT_TRUE(std::holds_alternative<TryAgain>(judge_entry(refused(code)))) << code;
}

// zio-kinesis counted a permanent failure of one entry as success, and then read a receipt that was not there.
TEST(Delivery, APermanentRefusalOfOneEntryIsAFailure) {
  for (const char* code : {"KMSDisabledException", "ResourceNotFoundException", "AccessDeniedException"}) {
    const Verdict verdict = judge_entry(refused(code));
    ASSERT_TRUE(std::holds_alternative<Failed>(verdict)) << code;
    EXPECT_EQ(std::get<Failed>(verdict).error.service_code(), code);
  }
}

TEST(Delivery, AnEntryWithNothingInItIsNotSuccess) {
  EXPECT_FALSE(std::holds_alternative<Delivered>(judge_entry(PutRecordsResultEntry())));
}

TEST(Delivery, RetriesEndWithTriesOrTime) {
  ProducerOptions options{.stream = "s"};
  options.time_to_live = 10s;
  EXPECT_TRUE(may_retry(options, 1000, start, start + 9s));
  EXPECT_FALSE(may_retry(options, 1, start, start + 10s));
  options.max_attempts = 3;
  EXPECT_TRUE(may_retry(options, 2, start, start));
  EXPECT_FALSE(may_retry(options, 3, start, start));
  options.max_attempts = 0;
  options.time_to_live = 0s;
  EXPECT_TRUE(may_retry(options, 1, start, start + 1000h));
}

OutgoingRecord<Blob> with_key(std::string key) { return OutgoingRecord<Blob>(std::move(key), Blob("data")); }

TEST(Delivery, PartitionKeysHaveOneTo256Characters) {
  EXPECT_TRUE(check_record(with_key("k"), 1000));
  EXPECT_TRUE(check_record(with_key(std::string(256, 'k')), 1000));
  EXPECT_FALSE(check_record(with_key(""), 1000));
  EXPECT_FALSE(check_record(with_key(std::string(257, 'k')), 1000));
  std::string umlauts;
  for (int i = 0; i < 256; ++i) umlauts += "\xC3\xA4";
  EXPECT_TRUE(check_record(with_key(umlauts), 1000)) << "characters count, not bytes";
  EXPECT_FALSE(check_record(with_key("\xFF"), 1000));
}

TEST(Delivery, ExplicitHashKeysAreNumbersOf128Bits) {
  auto record = with_key("k");
  for (const char* good : {"0", "340282366920938463463374607431768211455"}) {
    record.explicit_hash_key = good;
    EXPECT_TRUE(check_record(record, 1000)) << good;
  }
  for (const char* bad : {"", "-1", "01", "340282366920938463463374607431768211456", "x"}) {
    record.explicit_hash_key = bad;
    EXPECT_FALSE(check_record(record, 1000)) << bad;
  }
}

TEST(Delivery, DataAndKeyCountAgainstTheRecordLimit) {
  EXPECT_TRUE(check_record(with_key("k"), 5));
  const auto refused = check_record(with_key("k"), 4);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), errc::too_large);
  EXPECT_THAT(refused.error().message(), testing::HasSubstr("5 bytes"));
}

}  // namespace
}  // namespace kinesis::producer
