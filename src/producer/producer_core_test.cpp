#include "core/async.hpp"
#include <kinesis/producer.hpp>
#include <kinesis/testing/manual_clock.hpp>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kinesis {
namespace {

using namespace std::chrono_literals;
using testing::ManualClock;

/// A service that stores everything unless told otherwise.
class FakeKinesis final : public KinesisApi {
 public:
  explicit FakeKinesis(ManualClock& clock) : clock_(clock) {}

  asio::awaitable<Result<PutRecordsResponse>> put_records(PutRecordsRequest request) override {
    ++in_flight_;
    most_in_flight = std::max(most_in_flight, in_flight_);
    calls.push_back(request.records);
    const std::size_t call = calls.size();
    if (latency > 0ms) co_await core::sleep_for(clock_, latency);
    --in_flight_;
    if (fail_call) {
      if (auto error = fail_call(call)) co_return *error;
    }
    PutRecordsResponse response;
    for (const PutRecordsRequestEntry& entry : request.records) {
      PutRecordsResultEntry& result = response.records.emplace_back();
      const std::string code = refuse ? refuse(call, entry) : "";
      if (!code.empty()) {
        result.error_code = code;
        continue;
      }
      result.shard_id = "shardId-000000000000";
      result.sequence_number = SequenceNumber(std::to_string(++sequence_));
      stored.emplace_back(entry.data.text());
    }
    co_return response;
  }

  std::function<std::string(std::size_t call, const PutRecordsRequestEntry&)> refuse;
  std::function<std::optional<Error>(std::size_t call)> fail_call;
  Clock::duration latency{0};
  std::vector<std::vector<PutRecordsRequestEntry>> calls;
  std::vector<std::string> stored;
  std::size_t most_in_flight = 0;

 private:
  ManualClock& clock_;
  std::size_t in_flight_ = 0;
  std::uint64_t sequence_ = 0;
};

class ProducerTest : public ::testing::Test {
 protected:
  ProducerTest() : clock(std::make_shared<ManualClock>()), service(std::make_shared<FakeKinesis>(*clock)) {}
  ~ProducerTest() override { run(1h); }

  Producer<std::string> make(ProducerOptions options = {.stream = "s"}) {
    ClientOptions client;
    client.clock = clock;
    client.kinesis = service;
    return Producer<std::string>(Client(context.get_executor(), client), std::move(options), text);
  }
  void send(Producer<std::string>& producer, const std::string& data, const std::string& key = "key") {
    producer.send(key, data, [this, data](Result<Receipt> result) { results.emplace(data, std::move(result)); });
  }
  void run(Clock::duration limit = 1min) { testing::run_in_virtual_time(context, *clock, limit); }
  errc code_of(const std::string& data) { return results.at(data).error().code(); }

  asio::io_context context{1};
  std::shared_ptr<ManualClock> clock;
  std::shared_ptr<FakeKinesis> service;
  std::map<std::string, Result<Receipt>> results;
};

TEST_F(ProducerTest, SendsWhatCameTogetherInOneCallAndGivesReceipts) {
  auto producer = make();
  for (const char* data : {"a", "b", "c"}) send(producer, data);
  run();
  ASSERT_EQ(service->calls.size(), 1u);
  EXPECT_EQ(service->stored, (std::vector<std::string>{"a", "b", "c"}));
  ASSERT_TRUE(results.at("b"));
  EXPECT_EQ(results.at("b")->sequence_number, SequenceNumber("2"));
  EXPECT_EQ(results.at("b")->attempts, 1);
  EXPECT_EQ(results.at("b")->time_in_library, 0ms) << "an idle producer lets nothing wait";
  EXPECT_EQ(results.at("b")->sub_sequence_number, std::nullopt);
}

TEST_F(ProducerTest, AnIdleProducerWaitsForNothing) {
  auto producer = make();
  run();
  EXPECT_EQ(clock->next_deadline(), std::nullopt);
}

TEST_F(ProducerTest, KeepsSeveralCallsInFlightAndNoMore) {
  ProducerOptions options{.stream = "s"};
  options.max_batch_records = 1;
  options.max_in_flight = 3;
  service->latency = 100ms;
  auto producer = make(options);
  for (int i = 0; i < 10; ++i) send(producer, std::to_string(i));
  run();
  EXPECT_EQ(results.size(), 10u);
  EXPECT_EQ(service->most_in_flight, 3u);
}

TEST_F(ProducerTest, RetriesOnlyTheEntriesThatWereThrottled) {
  service->refuse = [](std::size_t call, const PutRecordsRequestEntry& entry) {
    return call == 1 && entry.data.text() == "b" ? "ProvisionedThroughputExceededException" : "";
  };
  auto producer = make();
  for (const char* data : {"a", "b", "c"}) send(producer, data);
  run();
  EXPECT_EQ(service->stored, (std::vector<std::string>{"a", "c", "b"}));
  EXPECT_EQ(results.at("b")->attempts, 2);
  EXPECT_EQ(producer.metrics().entries_throttled, 1u);
  EXPECT_EQ(producer.metrics().entries_retried, 1u);
}

TEST_F(ProducerTest, APermanentRefusalFailsOneRecordAndNotItsNeighbours) {
  service->refuse = [](std::size_t, const PutRecordsRequestEntry& entry) {
    return entry.data.text() == "b" ? "KMSDisabledException" : "";
  };
  auto producer = make();
  for (const char* data : {"a", "b", "c"}) send(producer, data);
  run();
  EXPECT_TRUE(results.at("a"));
  EXPECT_EQ(code_of("b"), errc::kms);
  EXPECT_TRUE(results.at("c"));
  EXPECT_EQ(service->calls.size(), 1u);
}

TEST_F(ProducerTest, ACallThatFailedForNowIsMadeAgainAndOneThatFailedForEverIsNot) {
  service->fail_call = [](std::size_t call) {
    return call == 1 ? std::optional<Error>(Error(errc::connection, "lost").with_retryable(true)) : std::nullopt;
  };
  auto producer = make();
  send(producer, "a");
  run();
  EXPECT_EQ(results.at("a")->attempts, 2);
  service->fail_call = [](std::size_t) { return std::optional<Error>(Error(errc::not_found, "no such stream")); };
  send(producer, "b");
  run();
  EXPECT_EQ(code_of("b"), errc::not_found);
  EXPECT_EQ(results.at("b").error().attempts(), 1);
}

TEST_F(ProducerTest, GivesUpAfterItsTimeToLiveWithTheLastError) {
  service->refuse = [](std::size_t, const PutRecordsRequestEntry&) { return "ProvisionedThroughputExceededException"; };
  ProducerOptions options{.stream = "s"};
  options.time_to_live = 5s;
  auto producer = make(options);
  const auto began = clock->now();
  send(producer, "a");
  run();
  EXPECT_EQ(code_of("a"), errc::throttled);
  EXPECT_GT(results.at("a").error().attempts(), 3);
  EXPECT_LE(clock->now() - began, 1min);
}

/// Sums everything it hears.
struct Listener final : ProducerListener {
  void on_buffer(const ProducerBufferReport& report) noexcept override {
    EXPECT_EQ(report.stream, "s");
    accepted += report.records_accepted;
    pending = report.records_pending;
  }
  void on_call(const ProducerCallReport& report) noexcept override {
    ++calls;
    calls_failed += report.error ? 1 : 0;
    entries_sent += report.entries;
    records_sent += report.records;
    took += report.took;
  }
  void on_entry(const ProducerEntryReport& report) noexcept override {
    if (report.outcome == ProducerEntryOutcome::stored) ++entries_delivered;
    if (report.error) errors[report.error->service_code()] += 1;
  }
  void on_records(const ProducerRecordsReport& report) noexcept override {
    outcomes[std::string(to_string(report.outcome))] += report.records;
    if (report.outcome == ProducerOutcome::delivered) {
      bytes_delivered += report.bytes;
      retries += report.retries;
    }
  }

  std::uint64_t accepted = 0, pending = 0, calls = 0, calls_failed = 0, entries_sent = 0, records_sent = 0,
                entries_delivered = 0, bytes_delivered = 0;
  ProducerStatistic retries;
  Clock::duration took{0};
  std::map<std::string, std::uint64_t> errors;
  std::map<std::string, std::uint64_t> outcomes;
};

TEST_F(ProducerTest, MetricsAndListenerAgreeOnWhatBecameOfEveryRecord) {
  service->latency = 20ms;
  service->refuse = [](std::size_t call, const PutRecordsRequestEntry& entry) {
    if (entry.data.text().starts_with("bad")) return "KMSDisabledException";
    const bool never = entry.data.text().starts_with("slow");
    return never || call % 3 == 1 ? "ProvisionedThroughputExceededException" : "";
  };
  service->fail_call = [](std::size_t call) {
    return call == 2 ? std::optional<Error>(Error(errc::connection, "lost").with_retryable(true)) : std::nullopt;
  };
  const auto listener = std::make_shared<Listener>();
  ProducerOptions options{.stream = "s"};
  options.listener = listener;
  options.time_to_live = 5s;
  options.max_batch_records = 10;
  options.aggregation = NoAggregation{};
  auto producer = make(options);
  for (int i = 0; i < 40; ++i) send(producer, "good " + std::to_string(i));
  for (int i = 0; i < 3; ++i) send(producer, "bad " + std::to_string(i));
  for (int i = 0; i < 2; ++i) send(producer, "slow " + std::to_string(i));
  run();
  service->latency = 1h;
  send(producer, "late");
  run(1s);
  producer.send("key", "never", [](const Result<Receipt>&) {});
  auto close = [&]() -> core::awaitable<void> { co_await producer.async_close(1s); };
  core::spawn(context.get_executor(), close());
  run();

  const ProducerMetrics metrics = producer.metrics();
  EXPECT_EQ(metrics.records_accepted, 47u);
  EXPECT_EQ(metrics.records_delivered, 40u) << to_string(metrics);
  EXPECT_EQ(metrics.records_refused, 3u);
  EXPECT_EQ(metrics.records_expired, 2u);
  EXPECT_EQ(metrics.records_closed, 2u);
  EXPECT_EQ(metrics.records_failed, 7u);
  EXPECT_EQ(metrics.buffered_records, 0u);
  EXPECT_EQ(metrics.records_failed_by[errc::kms], 3u);
  EXPECT_EQ(metrics.records_failed_by[errc::throttled], 2u);
  EXPECT_EQ(metrics.records_failed_by[errc::closed], 2u);
  EXPECT_EQ(metrics.calls_failed_by[errc::connection], 1u);
  EXPECT_EQ(metrics.latency_us.count(), 40u);
  EXPECT_GE(metrics.latency_us.min(), 20'000u);
  EXPECT_EQ(metrics.attempts.count(), 40u);
  EXPECT_GT(metrics.attempts.max(), 1u);
  EXPECT_EQ(metrics.entries_per_call.max(), 10u);
  EXPECT_EQ(metrics.entries_sent, metrics.entries_per_call.sum());
  EXPECT_EQ(metrics.records_per_entry.max(), 1u);
  ASSERT_EQ(metrics.shards.size(), 1u);
  EXPECT_EQ(metrics.shards[0].shard_id, "shardId-000000000000");
  EXPECT_EQ(metrics.shards[0].records, 40u);
  EXPECT_EQ(metrics.shards[0].bytes, metrics.bytes_delivered);

  EXPECT_EQ(listener->accepted, metrics.records_accepted);
  EXPECT_EQ(listener->pending, 0u);
  EXPECT_EQ(listener->calls, metrics.calls);
  EXPECT_EQ(listener->calls_failed, metrics.calls_failed);
  EXPECT_EQ(listener->entries_sent, metrics.entries_sent);
  EXPECT_EQ(static_cast<double>(listener->records_sent), metrics.records_per_call.sum());
  EXPECT_EQ(listener->entries_delivered, metrics.entries_delivered);
  EXPECT_EQ(listener->bytes_delivered, metrics.bytes_delivered);
  EXPECT_EQ(static_cast<double>(listener->retries.sum + listener->retries.count), metrics.attempts.sum());
  EXPECT_EQ(listener->outcomes,
            (std::map<std::string, std::uint64_t>{{"closed", 2}, {"delivered", 40}, {"expired", 2}, {"refused", 3}}));
  EXPECT_EQ(listener->errors["KMSDisabledException"], metrics.entries_refused_by[errc::kms]);
  EXPECT_EQ(listener->errors["ProvisionedThroughputExceededException"], metrics.entries_throttled);
}

TEST_F(ProducerTest, RefusesAtTheDoorWithoutACall) {
  auto producer = make();
  send(producer, "a", "");
  send(producer, std::string(2'000'000, 'x'), "key");
  run();
  EXPECT_EQ(code_of("a"), errc::invalid_argument);
  EXPECT_EQ(results.size(), 2u);
  EXPECT_TRUE(service->calls.empty());
}

TEST_F(ProducerTest, AFullBufferRefusesOrWaitsAsChosen) {
  ProducerOptions options{.stream = "s"};
  options.max_buffered_records = 2;
  options.when_full = WhenFull::fail;
  auto failing = make(options);
  for (const char* data : {"a", "b", "c"}) send(failing, data);
  run();
  EXPECT_TRUE(results.at("a"));
  EXPECT_EQ(code_of("c"), errc::full);

  options.when_full = WhenFull::wait;
  auto waiting = make(options);
  for (const char* data : {"d", "e", "f", "g", "h"}) send(waiting, data);
  EXPECT_EQ(waiting.metrics().buffered_records, 2u);
  run();
  for (const char* data : {"d", "e", "f", "g", "h"}) EXPECT_TRUE(results.at(data)) << data;
}

TEST_F(ProducerTest, AFlushCompletesOnceEverythingBeforeItIsAnswered) {
  ProducerOptions options{.stream = "s"};
  options.linger = 1h;
  options.time_to_live = 0ms;
  service->latency = 50ms;
  auto producer = make(options);
  send(producer, "a");
  std::optional<std::size_t> answered_at_flush;
  auto flush = [&]() -> core::awaitable<void> {
    co_await producer.async_flush();
    answered_at_flush = results.size();
  };
  core::spawn(context.get_executor(), flush());
  run(10s);
  EXPECT_EQ(answered_at_flush, 1u);
}

TEST_F(ProducerTest, CloseSendsWhatIsBufferedAndRefusesWhatComesLater) {
  auto producer = make();
  send(producer, "a");
  bool closed = false;
  auto close = [&]() -> core::awaitable<void> {
    co_await producer.async_close();
    closed = true;
    EXPECT_TRUE(results.at("a"));
  };
  core::spawn(context.get_executor(), close());
  run();
  EXPECT_TRUE(closed);
  send(producer, "b");
  run();
  EXPECT_EQ(code_of("b"), errc::closed);
}

TEST_F(ProducerTest, CloseGivesUpAtItsDeadline) {
  service->latency = 1h;
  auto producer = make();
  send(producer, "a");
  std::optional<Clock::time_point> closed;
  const auto began = clock->now();
  auto close = [&]() -> core::awaitable<void> {
    co_await producer.async_close(5s);
    closed = clock->now();
  };
  core::spawn(context.get_executor(), close());
  run();
  ASSERT_TRUE(closed);
  EXPECT_EQ(*closed - began, 5s);
  EXPECT_EQ(code_of("a"), errc::closed);
  EXPECT_THAT(results.at("a").error().message(), ::testing::HasSubstr("may be stored"));
}

TEST_F(ProducerTest, ADestructorLosesNothingInSilence) {
  {
    auto producer = make();
    send(producer, "a");
  }
  run();
  EXPECT_EQ(code_of("a"), errc::closed);
}

TEST_F(ProducerTest, AwaitedSendsThrowOrGiveAResult) {
  service->refuse = [](std::size_t, const PutRecordsRequestEntry& entry) {
    return entry.data.text() == "bad" ? "KMSDisabledException" : "";
  };
  auto producer = make();
  int passed = 0;
  auto use = [&]() -> core::awaitable<void> {
    const Receipt receipt = co_await producer.async_send("key", "good");
    if (receipt.attempts == 1) ++passed;
    auto result = co_await producer.async_send("key", "bad", as_result);
    if (!result && result.error().code() == errc::kms) ++passed;
    try {
      co_await producer.async_send("key", "bad");
    } catch (const Error& error) {
      if (error.code() == errc::kms) ++passed;
    }
  };
  core::spawn(context.get_executor(), use());
  run();
  EXPECT_EQ(passed, 3);
}

TEST_F(ProducerTest, ManyRecordsCompleteTogetherWithTheFateOfEachInTheirOrder) {
  service->refuse = [](std::size_t, const PutRecordsRequestEntry& entry) {
    return entry.data.text() == "bad" ? "KMSDisabledException" : "";
  };
  ProducerOptions options{.stream = "s"};
  options.aggregation = NoAggregation{};
  auto producer = make(options);
  std::vector<OutgoingRecord<std::string>> records;
  for (const char* data : {"one", "bad", "two"}) records.emplace_back("key", data);
  records.emplace_back("", "no key");
  std::vector<Result<Receipt>> fates;
  bool none_completed = false;
  auto use = [&]() -> core::awaitable<void> {
    fates = co_await producer.async_send_many(records);
    const std::vector<OutgoingRecord<std::string>> none;
    const auto nothing = co_await producer.async_send_many(none);
    none_completed = nothing.empty();
  };
  core::spawn(context.get_executor(), use());
  run();
  ASSERT_EQ(fates.size(), 4u);
  EXPECT_TRUE(fates[0]);
  EXPECT_EQ(fates[1].error().code(), errc::kms);
  EXPECT_TRUE(fates[2]);
  EXPECT_EQ(fates[3].error().code(), errc::invalid_argument);
  EXPECT_TRUE(none_completed);
}

}  // namespace
}  // namespace kinesis
