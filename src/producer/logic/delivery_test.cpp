#include "producer/logic/delivery.hpp"

#include "aws/protocol.hpp"

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

struct CodeTrouble {
  const char* code;
  Trouble trouble;
};
constexpr CodeTrouble codes[] = {
    {"ProvisionedThroughputExceededException", Trouble::throttled},
    {"KMSThrottlingException", Trouble::throttled},
    {"LimitExceededException", Trouble::throttled},
    {"ThrottlingException", Trouble::throttled},
    {"Throttling", Trouble::throttled},
    {"RequestLimitExceeded", Trouble::throttled},
    {"InternalFailure", Trouble::transient},
    {"InternalFailureException", Trouble::transient},
    {"InternalServerError", Trouble::transient},
    {"ServiceUnavailable", Trouble::transient},
    {"ServiceUnavailableException", Trouble::transient},
    {"RequestTimeout", Trouble::transient},
    {"ExpiredTokenException", Trouble::credentials},
    {"ExpiredToken", Trouble::credentials},
    {"ResourceInUseException", Trouble::not_ready},
    {"ResourceNotFoundException", Trouble::fatal},
    {"AccessDeniedException", Trouble::fatal},
    {"UnrecognizedClientException", Trouble::fatal},
    {"InvalidSignatureException", Trouble::fatal},
    {"MissingAuthenticationTokenException", Trouble::fatal},
    {"InvalidArgumentException", Trouble::fatal},
    {"ValidationException", Trouble::fatal},
    {"SerializationException", Trouble::fatal},
    {"UnknownOperationException", Trouble::fatal},
    {"KMSDisabledException", Trouble::fatal},
    {"KMSInvalidStateException", Trouble::fatal},
    {"KMSAccessDeniedException", Trouble::fatal},
    {"KMSNotFoundException", Trouble::fatal},
    {"KMSOptInRequired", Trouble::fatal},
    {"SomethingNobodyKnowsException", Trouble::fatal},
};

// The KPL tries everything again until its records expire; zio-kinesis counted a permanent failure of one entry as
// success, and then read a receipt that was not there.
TEST(Delivery, EveryCodeHasItsTroubleInAnEntryAndInACall) {
  for (const auto& [code, trouble] : codes) {
    const Error error = aws::service_error(code, "why", 400, {});
    EXPECT_EQ(trouble_of(error), trouble) << code;
    for (const Verdict& verdict : {judge_entry(refused(code)), judge_call(error)}) {
      if (trouble == Trouble::fatal) {
        ASSERT_TRUE(std::holds_alternative<Failed>(verdict)) << code;
        EXPECT_EQ(std::get<Failed>(verdict).error.service_code(), code);
      } else {
        ASSERT_TRUE(std::holds_alternative<TryAgain>(verdict)) << code;
        EXPECT_EQ(std::get<TryAgain>(verdict).trouble, trouble) << code;
        EXPECT_EQ(std::get<TryAgain>(verdict).error.service_code(), code);
      }
    }
  }
}

TEST(Delivery, WhatNoServiceSaidHasItsTroubleToo) {
  EXPECT_EQ(trouble_of(Error(errc::connection, "m")), Trouble::transient);
  EXPECT_EQ(trouble_of(Error(errc::timeout, "m")), Trouble::transient);
  EXPECT_EQ(trouble_of(Error(errc::full, "m")), Trouble::transient);
  EXPECT_EQ(trouble_of(Error(errc::protocol, "m")), Trouble::transient);
  EXPECT_EQ(trouble_of(Error(errc::no_credentials, "m")), Trouble::fatal);
  EXPECT_EQ(trouble_of(Error(errc::no_credentials, "m").with_retryable(true)), Trouble::credentials);
  EXPECT_EQ(trouble_of(Error(errc::tls, "m")), Trouble::fatal);
  EXPECT_EQ(trouble_of(Error(errc::closed, "m")), Trouble::fatal);
  EXPECT_EQ(trouble_of(Error(errc::internal, "m")), Trouble::fatal);
  for (const int status : {500, 502, 503, 504})
    EXPECT_EQ(trouble_of(aws::service_error("", "m", status, {})), Trouble::transient) << status;
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

/// Knows p (0 to 99) and q (100 to 199), listed at `start`.
ShardBook two_shards() {
  std::vector<KinesisShard> shards(2);
  shards[0].shard_id = "p";
  shards[0].hash_key_range = HashKeyRange("0", "99");
  shards[1].shard_id = "q";
  shards[1].hash_key_range = HashKeyRange("100", "199");
  ShardBook book(1, start);
  book.refresh_started(start);
  EXPECT_TRUE(book.refresh_finished(shards, start));
  return book;
}

SentEntry aggregate(core::Uint128 low, core::Uint128 high) {
  SentEntry entry;
  entry.low = low;
  entry.high = high;
  entry.began = start + 1s;
  entry.answered = start + 2s;
  return entry;
}

TEST(Placement, AnAggregateIsDeliveredIfItsShardContainsAllOfIt) {
  const ShardBook book = two_shards();
  EXPECT_EQ(judge_placement(aggregate(0, 99), "p", book), Placement::delivered);
  EXPECT_EQ(judge_placement(aggregate(100, 199), "q", book), Placement::delivered);
}

// The KPL reports 0 to 99 as stored here, and the KCL has dropped them all (kpl.md 2.5).
TEST(Placement, OneRecordOutsideTakesAllWithIt) {
  const ShardBook book = two_shards();
  EXPECT_EQ(judge_placement(aggregate(0, 100), "p", book), Placement::wrong_shard);
  EXPECT_EQ(judge_placement(aggregate(99, 150), "q", book), Placement::wrong_shard);
}

TEST(Placement, ARecordThatIsNoAggregateIsDeliveredWhereverItIs) {
  SentEntry entry = aggregate(150, 150);
  entry.raw_single = true;
  const ShardBook book = two_shards();
  EXPECT_EQ(judge_placement(entry, "p", book), Placement::delivered);
  EXPECT_EQ(judge_placement(entry, "unknown", book), Placement::delivered);
}

TEST(Placement, AnUnknownShardIsAskedAboutBeforeAnythingIsSentAgain) {
  ShardBook book = two_shards();
  const SentEntry entry = aggregate(0, 9);
  EXPECT_EQ(judge_placement(entry, "x", book), Placement::unknown_shard);
  book.ask_about("x", start + 2s);
  EXPECT_EQ(book.refresh_started(start + 3s), Listing::all);
  EXPECT_EQ(judge_placement(entry, "x", book), Placement::unknown_shard);
  KinesisShard x;
  x.shard_id = "x";
  x.hash_key_range = HashKeyRange("0", "9");
  ASSERT_TRUE(book.refresh_finished({x}, start + 3s));
  EXPECT_EQ(judge_placement(entry, "x", book), Placement::delivered);
  EXPECT_EQ(judge_placement(entry, "y", book), Placement::wrong_shard) << "no shard of this stream any more";
}

TEST(Placement, MispredictedIsWhatLandedElsewhere) {
  const ShardBook book = two_shards();
  SentEntry entry = aggregate(0, 9);
  EXPECT_FALSE(was_mispredicted(entry, "p", book)) << "nothing was predicted";
  entry.predicted = book.find("p");
  EXPECT_FALSE(was_mispredicted(entry, "p", book));
  EXPECT_TRUE(was_mispredicted(entry, "q", book));
  EXPECT_TRUE(was_mispredicted(entry, "x", book));
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
