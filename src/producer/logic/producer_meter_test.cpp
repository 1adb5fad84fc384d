#include "producer/logic/producer_meter.hpp"

#include "core/random.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace kinesis::producer {
namespace {

using namespace std::chrono_literals;

constexpr Clock::time_point start{1h};

std::vector<PendingPtr> records_of(std::size_t count, int attempts, Clock::time_point accepted = start) {
  std::vector<PendingPtr> records;
  for (std::size_t i = 0; i < count; ++i) {
    records.push_back(
        std::make_unique<PendingRecord>(OutgoingRecord<Blob>("key", Blob(std::string(97, 'x'))), accepted));
    records.back()->attempts = attempts;
  }
  return records;
}

EntryFacts facts(std::uint64_t records, std::string_view shard, std::optional<ShardSlot> slot = std::nullopt) {
  EntryFacts entry;
  entry.records = records;
  entry.bytes = records * 100;
  entry.shard_id = shard;
  entry.slot = slot;
  entry.waited = 2ms;
  return entry;
}

/// Sums everything it hears.
struct Sums final : ProducerListener {
  void on_buffer(const ProducerBufferReport& report) noexcept override {
    ++buffers;
    accepted += report.records_accepted;
    pending = report.records_pending;
  }
  void on_call(const ProducerCallReport& report) noexcept override {
    ++calls;
    sums.calls += 1;
    sums.calls_failed += report.error ? 1 : 0;
    sums.entries_sent += report.entries;
    sums.entries_per_call.record(report.entries);
    sums.records_per_call.record(report.records);
    sums.bytes_per_call.record(report.bytes);
    if (report.error) sums.calls_failed_by.add(report.error->code());
  }
  void on_entry(const ProducerEntryReport& report) noexcept override {
    ++entries;
    sums.entries_delivered += report.outcome == ProducerEntryOutcome::stored ? 1 : 0;
    sums.entries_misplaced += report.outcome == ProducerEntryOutcome::misplaced ? 1 : 0;
    if (report.error) sums.entries_refused_by.add(report.error->code());
  }
  void on_records(const ProducerRecordsReport& report) noexcept override {
    ++groups;
    const bool delivered = report.outcome == ProducerOutcome::delivered;
    (delivered ? sums.records_delivered : sums.records_failed) += report.records;
    if (delivered) sums.bytes_delivered += report.bytes;
    if (delivered) retries += report.retries;
    if (delivered) latency += report.latency_us;
    if (report.outcome == ProducerOutcome::expired) sums.records_expired += report.records;
    if (report.outcome == ProducerOutcome::closed) sums.records_closed += report.records;
    if (report.outcome == ProducerOutcome::refused) sums.records_refused += report.records;
    if (report.error) sums.records_failed_by.add(report.error->code(), report.records);
  }

  ProducerMetrics sums;
  ProducerStatistic retries;
  ProducerStatistic latency;
  std::uint64_t accepted = 0;
  std::uint64_t pending = 0;
  int buffers = 0;
  int calls = 0;
  int entries = 0;
  int groups = 0;
};

TEST(ProducerMeterTest, CountsACallFromEndToEnd) {
  ProducerMeter meter("s");
  CallLoad call;
  meter.entry_sent(call, 10, 1000, 2ms);
  meter.entry_sent(call, 30, 3000, 3ms);
  meter.call_began(call);
  meter.call_ended(call, nullptr, 7ms);
  meter.entry_delivered(facts(10, "shard-0", 0), records_of(10, 1), start + 9ms);
  meter.entry_refused(facts(30, "shard-1", 1), Error(errc::throttled, "slow down"), true);
  meter.entry_sent_again();

  ProducerMetrics totals;
  meter.end_turn(totals);
  EXPECT_EQ(totals.calls, 1u);
  EXPECT_EQ(totals.entries_sent, 2u);
  EXPECT_EQ(totals.entries_delivered, 1u);
  EXPECT_EQ(totals.entries_throttled, 1u);
  EXPECT_EQ(totals.entries_retried, 1u);
  EXPECT_EQ(totals.entries_refused_by[errc::throttled], 1u);
  EXPECT_EQ(totals.records_delivered, 10u);
  EXPECT_EQ(totals.bytes_delivered, 1000u);
  EXPECT_EQ(totals.latency_us.count(), 10u);
  EXPECT_EQ(totals.latency_us.max(), 9000u);
  EXPECT_EQ(totals.request_us.max(), 7000u);
  EXPECT_EQ(totals.waited_us.max(), 3000u);
  EXPECT_EQ(totals.attempts.count(), 10u);
  EXPECT_EQ(totals.records_per_call.max(), 40u);
  EXPECT_EQ(totals.records_per_entry.min(), 10u);
  EXPECT_EQ(totals.bytes_per_call.max(), 4000u);
  EXPECT_EQ(totals.shard("shard-0")->bytes, 1000u);
  EXPECT_EQ(totals.shard("shard-0")->entries, 1u);
  EXPECT_EQ(totals.shard("shard-1")->throttled, 1u);

  const std::string before = to_json(totals);
  meter.end_turn(totals);
  EXPECT_EQ(to_json(totals), before) << "nothing is counted twice";
}

TEST(ProducerMeterTest, BytesInFlightAreThoseOfAllCallsUnderWay) {
  ProducerMeter meter("s");
  CallLoad first, second;
  meter.entry_sent(first, 1, 100, 0ms);
  meter.entry_sent(second, 1, 50, 0ms);
  meter.call_began(first);
  meter.call_began(second);
  meter.call_ended(first, nullptr, 1ms);
  meter.call_began(second);
  ProducerMetrics totals;
  meter.end_turn(totals);
  EXPECT_EQ(totals.bytes_in_flight.count(), 3u);
  EXPECT_EQ(totals.bytes_in_flight.sum(), 100 + 150 + 100);
}

TEST(ProducerMeterTest, RecordsOfAnEntryMayHaveAttemptsOfTheirOwn) {
  ProducerMeter meter("s");
  std::vector<PendingPtr> records = records_of(6, 1);
  records[2]->attempts = 3;
  records[5]->attempts = 2;
  meter.entry_delivered(facts(6, "a"), records, start);
  ProducerMetrics totals;
  meter.end_turn(totals);
  EXPECT_EQ(totals.attempts.count(), 6u);
  EXPECT_EQ(totals.attempts.sum(), 4 + 3 + 2);
  EXPECT_EQ(totals.attempts.count_up_to(1), 4u);
}

TEST(ProducerMeterTest, ASlotThatIsAnotherShardsNowDoesNotCountForTheFirst) {
  ProducerMeter meter("s");
  ProducerMetrics totals;
  for (const char* shard : {"old", "new", "elsewhere", "new", "old"}) {
    meter.entry_delivered(facts(1, shard, 4), records_of(1, 1), start);
    meter.end_turn(totals);
  }
  EXPECT_EQ(totals.shard("old")->records, 2u);
  EXPECT_EQ(totals.shard("new")->records, 2u);
  EXPECT_EQ(totals.shard("elsewhere")->records, 1u);
}

TEST(ProducerMeterTest, ManyShardsTakeNoMoreThanTheirBound) {
  ProducerMeter meter("s");
  ProducerMetrics totals;
  for (int turn = 0; turn < 2; ++turn) {
    for (ShardSlot slot = 0; slot < 1500; ++slot) {
      const std::string name = "shard-" + std::to_string(slot);
      meter.entry_delivered(facts(1, name, slot), records_of(1, 1), start);
    }
    meter.end_turn(totals);
  }
  EXPECT_EQ(totals.shards.size(), ProducerMetrics::max_shards + 1);
  EXPECT_EQ(totals.shard("shard-999")->records, 2u);
  EXPECT_EQ(totals.shard(ProducerMetrics::other_shards)->records, 1000u);
}

TEST(ProducerMeterTest, AListenerThatSumsTheReportsAgreesWithTheMetrics) {
  const auto listener = std::make_shared<Sums>();
  ProducerMeter meter("s", listener);
  core::Random random(11);
  ProducerMetrics totals;
  Clock::time_point now = start;
  const errc codes[] = {errc::throttled, errc::service, errc::kms};
  const ProducerOutcome outcomes[] = {ProducerOutcome::expired, ProducerOutcome::closed, ProducerOutcome::refused};
  for (int turn = 0; turn < 300; ++turn) {
    CallLoad call;
    const std::size_t entries = 1 + random.below(20);
    std::vector<std::size_t> sizes;
    for (std::size_t i = 0; i < entries; ++i) {
      sizes.push_back(1 + random.below(50));
      meter.entry_sent(call, sizes.back(), 100 * sizes.back(), 1ms);
    }
    meter.call_began(call);
    now += 5ms;
    const Error lost(errc::timeout, "lost");
    const bool fails = random.below(10) == 0;
    meter.call_ended(call, fails ? &lost : nullptr, 5ms);
    for (const std::size_t size : sizes) {
      const std::string shard = "shard-" + std::to_string(random.below(5));
      const EntryFacts entry = facts(size, shard);
      const Error error(codes[random.below(3)], "no");
      totals.records_accepted += size;
      if (fails) {
        meter.entry_refused(entry, lost, false);
        totals.buffered_records += size;
      } else if (random.below(20) == 0) {
        meter.entry_misplaced(entry);
        totals.buffered_records += size;
      } else if (random.below(5) == 0) {
        meter.entry_refused(entry, error, true);
        const ProducerOutcome outcome = outcomes[random.below(3)];
        for (const PendingPtr& record : records_of(size, 1)) meter.record_failed(*record, outcome, error, shard);
      } else {
        const int attempts = 1 + static_cast<int>(random.below(3));
        meter.entry_delivered(entry, records_of(size, attempts, now - 20ms), now);
      }
    }
    meter.end_turn(totals);
    meter.report_turn();
  }

  const Sums& heard = *listener;
  EXPECT_EQ(heard.accepted, totals.records_accepted);
  EXPECT_EQ(heard.pending, totals.buffered_records);
  EXPECT_EQ(totals.records_accepted, totals.records_delivered + totals.records_failed + totals.buffered_records);
  EXPECT_GT(totals.records_delivered, 0u);
  EXPECT_EQ(heard.sums.records_delivered, totals.records_delivered);
  EXPECT_EQ(heard.sums.bytes_delivered, totals.bytes_delivered);
  EXPECT_EQ(heard.sums.records_failed, totals.records_failed);
  EXPECT_EQ(heard.sums.records_expired, totals.records_expired);
  EXPECT_EQ(heard.sums.records_closed, totals.records_closed);
  EXPECT_EQ(heard.sums.records_refused, totals.records_refused);
  EXPECT_EQ(heard.sums.records_failed_by.all(), totals.records_failed_by.all());
  EXPECT_EQ(heard.sums.entries_sent, totals.entries_sent);
  EXPECT_EQ(heard.sums.entries_delivered, totals.entries_delivered);
  EXPECT_EQ(heard.sums.entries_misplaced, totals.entries_misplaced);
  EXPECT_EQ(heard.sums.entries_refused_by.all(), totals.entries_refused_by.all());
  EXPECT_EQ(heard.sums.calls, totals.calls);
  EXPECT_EQ(heard.sums.calls_failed_by.all(), totals.calls_failed_by.all());
  EXPECT_EQ(heard.sums.records_per_call.sum(), totals.records_per_call.sum());
  EXPECT_EQ(heard.sums.bytes_per_call.sum(), totals.bytes_per_call.sum());
  EXPECT_EQ(static_cast<double>(heard.retries.sum + heard.retries.count), totals.attempts.sum());
  EXPECT_EQ(heard.retries.max + 1, totals.attempts.max());
  EXPECT_EQ(static_cast<double>(heard.latency.sum), totals.latency_us.sum());
  EXPECT_EQ(heard.latency.count, totals.latency_us.count());
}

TEST(ProducerMeterTest, AListenerHearsOfRecordsInGroupsAndOfNothingNothing) {
  const auto listener = std::make_shared<Sums>();
  ProducerMeter meter("s", listener);
  ProducerMetrics totals;
  totals.records_accepted = 1001;
  meter.end_turn(totals);
  meter.report_turn();
  meter.end_turn(totals);
  meter.report_turn();
  EXPECT_EQ(listener->buffers, 1);
  for (const PendingPtr& record : records_of(1000, 0))
    meter.record_failed(*record, ProducerOutcome::closed, Error(errc::closed, "closed"));
  for (const PendingPtr& record : records_of(1, 2))
    meter.record_failed(*record, ProducerOutcome::expired, Error(errc::throttled, "slow"));
  meter.end_turn(totals);
  meter.report_turn();
  EXPECT_EQ(listener->groups, 2);
  EXPECT_EQ(listener->sums.records_closed, 1000u);
  EXPECT_EQ(listener->sums.records_expired, 1u);
  EXPECT_EQ(listener->accepted, 1001u);
}

}  // namespace
}  // namespace kinesis::producer
