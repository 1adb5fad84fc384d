#include "aggregation/aggregate_writer.hpp"
#include "producer/test_stream.hpp"

#include <gmock/gmock.h>

// What is bounded: sends that wait for room, the time of records wherever they are, and memory through pauses and
// overload.
namespace kinesis::producer {
namespace {

class ProducerLimits : public StreamTest {
 protected:
  static ProducerOptions alone() {
    ProducerOptions options = defaults();
    options.aggregation = NoAggregation{};
    return options;
  }
  std::size_t failed_with(errc code) const {
    return static_cast<std::size_t>(std::count_if(results.begin(), results.end(), [&](const auto& result) {
      return !result.second && result.second.error().code() == code;
    }));
  }
};

TEST_F(ProducerLimits, ASendThatWaitsForRoomExpiresAtItsTime) {
  ProducerOptions options = defaults();
  options.max_buffered_records = 1;
  options.time_to_live = 5s;
  stream->latency = 10s;
  auto producer = make(options);
  send(producer, "in the buffer");
  run(1s);
  send(producer, "waits", "its key");
  run(1s);
  send(producer, "waits, too");
  EXPECT_EQ(producer.metrics().waiting_records, 2u);
  EXPECT_EQ(producer.metrics().waiting_bytes, 25u);
  EXPECT_EQ(producer.metrics().records_accepted, 1u);
  run(3999ms);
  EXPECT_TRUE(results.empty());
  run(1ms);
  ASSERT_EQ(results.size(), 1u);
  ASSERT_EQ(code_of("waits"), errc::timeout);
  EXPECT_THAT(results.at("waits").error().message(), ::testing::HasSubstr("room"));
  EXPECT_EQ(results.at("waits").error().attempts(), 0);
  EXPECT_EQ(producer.metrics().buffered_records, 1u);
  EXPECT_EQ(producer.metrics().waiting_records, 1u);
  run(1s);
  EXPECT_EQ(code_of("waits, too"), errc::timeout);
  EXPECT_EQ(producer.metrics().records_expired, 2u);
  EXPECT_EQ(producer.metrics().waiting_bytes, 0u);
  run(10s);
  EXPECT_EQ(acknowledged(), 1u);
  EXPECT_EQ(producer.metrics().records_accepted, 3u) << "each that fails is counted as one that came";
  EXPECT_EQ(producer.metrics().buffered_bytes, 0u);
  EXPECT_EQ(clock->next_deadline(), std::nullopt);
}

TEST_F(ProducerLimits, AFlushCompletesWhenWhatWaitedForRoomHasExpired) {
  ProducerOptions options = defaults();
  options.max_buffered_records = 1;
  options.time_to_live = 5s;
  stream->latency = 3s;
  auto producer = make(options);
  for (const char* data : {"1", "2", "3", "4"}) send(producer, data);
  bool flushed = false;
  producer.async_flush([&](std::exception_ptr) { flushed = true; });
  run(10s);
  EXPECT_TRUE(flushed);
  EXPECT_EQ(acknowledged(), 2u);
  EXPECT_EQ(failed_with(errc::timeout), 2u);
}

TEST_F(ProducerLimits, OnlySoManySendsWaitForRoom) {
  for (const std::size_t most : {0u, 3u}) {
    results.clear();
    ProducerOptions options = defaults();
    options.max_buffered_records = 2;
    options.max_waiting = most;
    stream->latency = 50ms;
    auto producer = make(options);
    for (int i = 0; i < 10; ++i) send(producer, std::to_string(i));
    EXPECT_EQ(producer.metrics().waiting_records, most);
    run(10s);
    EXPECT_EQ(acknowledged(), 2u + most);
    EXPECT_EQ(failed_with(errc::full), 8u - most);
    EXPECT_TRUE(results.at("9").error().retryable());
    send(producer, "later");
    run(1s);
    EXPECT_TRUE(results.at("later")) << "there is room again";
  }
}

TEST_F(ProducerLimits, OnlySoManyBytesWaitForRoom) {
  ProducerOptions options = defaults();
  options.max_buffered_records = 1;
  options.max_waiting_bytes = 3 * (1000 + 1 + 288);
  stream->latency = 50ms;
  auto producer = make(options);
  const std::string large(1000, '.');
  for (int i = 0; i < 10; ++i) send(producer, std::to_string(i) + large.substr(1), "k");
  EXPECT_EQ(producer.metrics().waiting_records, 3u);
  run(10s);
  EXPECT_EQ(acknowledged(), 4u);
  EXPECT_EQ(failed_with(errc::full), 6u);
  // One may wait, however large it is.
  send(producer, "first", "k");
  send(producer, std::string(10'000, 'x'), "k");
  send(producer, "no more", "k");
  run(10s);
  EXPECT_EQ(acknowledged(), 6u);
  EXPECT_EQ(results.at("no more").error().code(), errc::full);
}

TEST_F(ProducerLimits, APauseOfTheServiceOfAMinuteIsBoundedInTimeAndMemory) {
  ProducerOptions options = defaults();
  options.max_buffered_records = 100;
  options.max_waiting = 20;
  options.time_to_live = 15s;
  auto producer = make(options);
  send(producer, "first");
  run(1s);
  // It answers nothing for a minute, and the calls under way are lost with it.
  const Clock::time_point over = clock->now() + 1min;
  stream->fail_call = [&](const TestStream::Call& call) {
    return call.at < over ? std::optional<Error>(Error(errc::timeout, "no answer")) : std::nullopt;
  };
  stream->latency = 10s;
  std::map<std::string, Clock::duration> took;
  for (int i = 0; clock->now() < over; ++i) {
    const std::string data = std::to_string(i);
    producer.send("key-" + data, data, [this, &took, data, at = clock->now()](Result<Receipt> result) {
      took[data] = clock->now() - at;
      results.emplace(data, std::move(result));
    });
    const ProducerMetrics metrics = producer.metrics();
    EXPECT_LE(metrics.buffered_records, 100u);
    EXPECT_LE(metrics.waiting_records, 20u);
    run(100ms);
  }
  stream->latency = 1ms;
  run(1min);
  EXPECT_EQ(took.size() + 1, results.size());
  EXPECT_GT(failed_with(errc::timeout), 100u);
  EXPECT_GT(failed_with(errc::full), 100u);
  EXPECT_GT(acknowledged(), 1u);
  // What is in a call when its time is over fails with the answer, at most 10 s later.
  for (const auto& [data, time] : took) EXPECT_LE(time, 25s + 1ms) << data;
  EXPECT_EQ(producer.metrics().buffered_records + producer.metrics().waiting_records, 0u);
  send(producer, "last");
  run(1s);
  EXPECT_TRUE(results.at("last"));
  expect_acknowledged_are_delivered();
}

TEST_F(ProducerLimits, ARecordBehindTheEntryOfItsKeyExpiresAtItsTime) {
  for (const Aggregation& aggregation : {Aggregation(NoAggregation{}), Aggregation(AggregateByShard{})}) {
    results.clear();
    ProducerOptions options = defaults();
    options.aggregation = aggregation;
    options.ordering = Ordering::per_key;
    options.time_to_live = 5s;
    stream->latency = 20s;
    auto producer = make(options);
    send(producer, "under way");
    run(1s);
    send(producer, "behind it");
    send(producer, "of another key", "other");
    run(2s);
    send(producer, "later");
    run(2999ms);
    EXPECT_TRUE(results.empty());
    run(1ms);
    ASSERT_EQ(results.size(), 1u);
    EXPECT_EQ(code_of("behind it"), errc::timeout);
    EXPECT_EQ(results.at("behind it").error().attempts(), 0);
    run(2s);
    ASSERT_EQ(results.size(), 2u);
    EXPECT_EQ(code_of("later"), errc::timeout);
    EXPECT_EQ(producer.metrics().buffered_records, 2u);
    run(20s);
    EXPECT_EQ(acknowledged(), 2u);
    stream->latency = 0ms;
    send(producer, "the next of the key");
    run(1s);
    EXPECT_TRUE(results.at("the next of the key"));
    EXPECT_EQ(clock->next_deadline(), std::nullopt);
  }
}

TEST_F(ProducerLimits, TenTimesWhatTheStreamTakesForFiveMinutesStaysWithinItsBounds) {
  // A shard of 10 Kinesis records a second, and 100 a second to send. Whoever finds no room waits, or is refused.
  ProducerOptions options = alone();
  options.max_buffered_records = 200;
  options.max_waiting = 40;
  options.time_to_live = 10s;
  Clock::time_point second = clock->now();
  int taken = 0;
  stream->refuse = [&](std::size_t, const PutRecordsRequestEntry&) {
    if (clock->now() >= second + 1s) {
      second = clock->now();
      taken = 0;
    }
    return ++taken > 10 ? "ProvisionedThroughputExceededException" : "";
  };
  stream->latency = 5ms;
  auto producer = make(options);
  int sent = 0;
  for (int tick = 0; tick < 5 * 60 * 10; ++tick) {
    for (int i = 0; i < 10; ++i, ++sent) send(producer, std::to_string(sent), "key-" + std::to_string(sent % 50));
    run(100ms);
    const ProducerMetrics metrics = producer.metrics();
    ASSERT_LE(metrics.buffered_records, 200u);
    ASSERT_LE(metrics.waiting_records, 40u);
  }
  run(30s);
  EXPECT_EQ(results.size(), static_cast<std::size_t>(sent));
  EXPECT_EQ(producer.metrics().buffered_bytes + producer.metrics().waiting_bytes, 0u);
  EXPECT_GT(acknowledged(), 2'500u) << "and the stream is used all the time";
  EXPECT_LT(acknowledged(), 3'500u);
  expect_acknowledged_are_delivered();
}

TEST_F(ProducerLimits, ARefusedEntrysErrorHasTheIdOfItsCall) {
  stream->spoil = [](std::size_t call, PutRecordsResponse& response) {
    response.request_id = "request-" + std::to_string(call);
    if (call == 3) response.records[0].sequence_number.reset();
  };
  stream->refuse = [](std::size_t call, const PutRecordsRequestEntry& entry) {
    if (entry.data.text() == "bad") return "KMSDisabledException";
    return call > 1 && call < 3 ? "ProvisionedThroughputExceededException" : "";
  };
  ProducerOptions options = alone();
  options.max_attempts = 1;
  auto producer = make(options);
  for (const char* data : {"good", "bad"}) send(producer, data);
  run(1s);
  EXPECT_TRUE(results.at("good"));
  const Error& bad = results.at("bad").error();
  EXPECT_EQ(bad.request_id(), "request-1");
  EXPECT_EQ(bad.service_code(), "KMSDisabledException");
  EXPECT_EQ(bad.attempts(), 1);
  EXPECT_THAT(bad.message(), ::testing::StartsWith("shardId-"));
  send(producer, "throttled");
  run(1s);
  EXPECT_EQ(results.at("throttled").error().request_id(), "request-2");
  send(producer, "neither");
  run(1s);
  EXPECT_EQ(results.at("neither").error().request_id(), "request-3");
}

/// What a program that passes the records of others on may send: an aggregate, with a record inside.
std::string an_aggregate() {
  aggregation::AggregateWriter writer;
  writer.add(aggregation::hashed("inner key"), std::nullopt, as_bytes("inner data"));
  Bytes out;
  writer.finish(out);
  return std::string(as_text(out));
}

TEST_F(ProducerLimits, DataThatBeginLikeAnAggregateAreWrappedThoughNoShardIsKnown) {
  const std::vector<std::string> data = {an_aggregate(), "\xf3\x89\x9a\xc2 and no aggregate"};
  for (const Aggregation& aggregation : {Aggregation(AggregateByShard{}), Aggregation(AggregateByKey{})}) {
    for (const bool learned_later : {false, true}) {
      stream = std::make_shared<TestStream>(*clock);
      stream->split_into(4);
      stream->list_error = Error(errc::access_denied, "no");
      results.clear();
      ProducerOptions options = defaults();
      options.aggregation = aggregation;
      auto producer = make(options);
      // Refused once: it waits, wrapped, and is packed anew if there is a map by then.
      stream->refuse = [&](std::size_t call, const PutRecordsRequestEntry&) {
        if (call > 1) return "";
        if (learned_later) stream->list_error.reset();
        return "InternalFailure";
      };
      for (const std::string& one : data) send(producer, one);
      send(producer, "plain");
      run(1min);
      EXPECT_EQ(acknowledged(), 3u);
      EXPECT_EQ(results.at(data[0])->attempts, 2);
      EXPECT_THAT(stream->delivered(), ::testing::UnorderedElementsAre(data[0], data[1], "plain"));
    }
  }
}

}  // namespace
}  // namespace kinesis::producer
