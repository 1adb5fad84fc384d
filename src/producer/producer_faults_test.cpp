#include "producer/test_stream.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

// Whole producers and what goes wrong: records, answers, the service, the caller.
namespace kinesis::producer {
namespace {

constexpr const char* throttled = "ProvisionedThroughputExceededException";

class ProducerFaults : public StreamTest {
 protected:
  static ProducerOptions alone() {
    ProducerOptions options = defaults();
    options.aggregation = NoAggregation{};
    return options;
  }
  template <class Start>
  bool completes(Start start) {
    bool completed = false;
    start([&completed](std::exception_ptr) { completed = true; });
    run(1s);
    return completed;
  }
};

TEST_F(ProducerFaults, OneBadEntryOfABatchIsFoundAndTheOthersAreStored) {
  stream->fail_call = [](const TestStream::Call& call) -> std::optional<Error> {
    for (const auto& entry : call.entries)
      if (entry.data.text() == "bad")
        return Error(errc::invalid_argument, "no").with_service("InvalidArgumentException", 400, "");
    return std::nullopt;
  };
  auto producer = make(alone());
  for (int i = 0; i < 400; ++i) send(producer, i == 237 ? "bad" : std::to_string(i));
  run();
  EXPECT_EQ(code_of("bad"), errc::invalid_argument);
  EXPECT_EQ(acknowledged(), 399u);
  EXPECT_EQ(stream->stored(), 399u);
  EXPECT_LT(stream->calls.size(), 20u);
  expect_acknowledged_are_delivered();
}

TEST_F(ProducerFaults, AWholeCallThatIsRefusedForEverIsNotTriedForEver) {
  stream->fail_call = [](const TestStream::Call&) -> std::optional<Error> {
    return Error(errc::invalid_argument, "no").with_service("ValidationException", 400, "");
  };
  auto producer = make(alone());
  for (int i = 0; i < 400; ++i) send(producer, std::to_string(i));
  run();
  EXPECT_EQ(results.size(), 400u);
  EXPECT_EQ(acknowledged(), 0u);
  EXPECT_LT(stream->calls.size(), 20u);
}

TEST_F(ProducerFaults, RecordsOfAKeyAreStoredInOrderThroughRetries) {
  for (const Aggregation& aggregation :
       {Aggregation(NoAggregation{}), Aggregation(AggregateByShard{}), Aggregation(AggregateByKey{})}) {
    SCOPED_TRACE(aggregation.index());
    stream = std::make_shared<TestStream>(*clock);
    stream->split_into(4);
    stream->latency = 7ms;
    int turn = 0;
    stream->refuse = [&](std::size_t, const PutRecordsRequestEntry&) { return ++turn % 3 == 0 ? throttled : ""; };
    results.clear();
    ProducerOptions options = defaults();
    options.aggregation = aggregation;
    options.ordering = Ordering::per_key;
    auto producer = make(options);
    int sent = 0;
    for (int round = 0; round < 30; ++round) {
      for (int i = 0; i < 20; ++i, ++sent)
        send(producer, std::to_string(1'000 + sent), "key-" + std::to_string(sent % 5));
      run(3ms);
      if (round == 10) stream->split(3);
    }
    run();
    EXPECT_EQ(acknowledged(), 600u);
    std::map<int, std::string> last;
    // By time of storage: of one key there is one entry under way.
    std::vector<std::pair<SequenceNumber, std::string>> by_number;
    for (const auto& [data, result] : results) by_number.emplace_back(result->sequence_number, data);
    std::stable_sort(by_number.begin(), by_number.end(),
                     [](const auto& l, const auto& r) { return l.first < r.first; });
    for (const auto& [number, data] : by_number) {
      const int key = std::stoi(data) % 5;
      EXPECT_LT(last[key], data);
      last[key] = data;
    }
  }
}

TEST_F(ProducerFaults, TryingToSendToAFullBufferIsRefusedAndForgotten) {
  ProducerOptions options = defaults();
  options.max_buffered_records = 2;
  stream->latency = 50ms;
  auto producer = make(options);
  int answers = 0;
  const auto count = [&](Result<Receipt> result) { answers += result ? 1 : 100; };
  EXPECT_TRUE(producer.try_send("key", "1", count));
  EXPECT_TRUE(producer.try_send("key", "2", count));
  EXPECT_FALSE(producer.try_send("key", "3", count));
  EXPECT_EQ(producer.metrics().records_accepted, 2u);
  run(1s);
  EXPECT_EQ(answers, 2);
  EXPECT_TRUE(producer.try_send("key", "4", count));
  run(1s);
  EXPECT_EQ(answers, 3);
  EXPECT_TRUE(producer.try_send("key", std::string(11'000'000, 'x'), [&](Result<Receipt> result) {
    EXPECT_EQ(result.error().code(), errc::too_large);
    ++answers;
  })) << "a full buffer is not what is wrong with it";
  run(1s);
  EXPECT_EQ(answers, 4);
}

TEST_F(ProducerFaults, AnAnswerWithTooFewOrTooManyEntriesIsNoAnswer) {
  for (const bool more : {false, true}) {
    stream = std::make_shared<TestStream>(*clock);
    results.clear();
    stream->spoil = [&](std::size_t call, PutRecordsResponse& response) {
      if (call > 1) return;
      if (more)
        response.records.push_back(response.records.front());
      else
        response.records.pop_back();
    };
    auto producer = make(alone());
    for (const char* data : {"a", "b", "c"}) send(producer, data);
    run();
    EXPECT_EQ(acknowledged(), 3u);
    EXPECT_EQ(results.at("c")->attempts, 2);
    EXPECT_EQ(producer.metrics().calls_failed, 1u);
  }
}

TEST_F(ProducerFaults, AnEntryWithoutSequenceNumberIsNotDelivered) {
  stream->spoil = [](std::size_t call, PutRecordsResponse& response) {
    if (call == 1) response.records[1].sequence_number.reset();
  };
  auto producer = make(alone());
  for (const char* data : {"a", "b", "c"}) send(producer, data);
  run();
  EXPECT_EQ(acknowledged(), 3u);
  EXPECT_EQ(results.at("a")->attempts, 1);
  EXPECT_EQ(results.at("b")->attempts, 2);
}

TEST_F(ProducerFaults, AnErrorSaysWhichShardItWasFor) {
  stream->refuse = [](std::size_t, const PutRecordsRequestEntry&) { return "KMSDisabledException"; };
  auto producer = make(alone());
  send(producer, "a");
  run();
  ASSERT_EQ(code_of("a"), errc::kms);
  EXPECT_THAT(results.at("a").error().message(), ::testing::StartsWith("shardId-"));
  EXPECT_EQ(results.at("a").error().service_code(), "KMSDisabledException");
}

TEST_F(ProducerFaults, AnErrorThatNobodyKnowsHasAnEnd) {
  stream->refuse = [](std::size_t, const PutRecordsRequestEntry& entry) {
    return entry.data.text() == "b" ? "SomethingNewException" : "";
  };
  auto producer = make(alone());
  for (const char* data : {"a", "b", "c"}) send(producer, data);
  run();
  EXPECT_EQ(acknowledged(), 2u);
  EXPECT_EQ(results.at("b").error().service_code(), "SomethingNewException");
  EXPECT_EQ(producer.metrics().buffered_records, 0u);
}

TEST_F(ProducerFaults, APausedServiceCostsNoMoreThanTheBufferAndNoLongerThanTheTimeToLive) {
  ProducerOptions options = defaults();
  options.max_buffered_bytes = 1'000'000;
  options.when_full = WhenFull::fail;
  options.time_to_live = 20s;
  auto producer = make(options);
  send(producer, "first");
  run(1s);
  stream->fail_call = [](const TestStream::Call&) { return std::optional<Error>(Error(errc::connection, "refused")); };
  int sent = 0;
  for (int second = 0; second < 60; ++second) {
    for (int i = 0; i < 30; ++i) send(producer, std::string(10'000, 'x') + std::to_string(sent++));
    run(1s);
    EXPECT_LE(producer.metrics().buffered_bytes, 1'000'000u);
  }
  stream->fail_call = nullptr;
  run(21s);
  EXPECT_EQ(results.size(), 1'801u);
  int timed_out = 0;
  int full = 0;
  for (const auto& [data, result] : results) {
    if (!result) ++(result.error().code() == errc::full ? full : timed_out);
  }
  EXPECT_GT(timed_out, 100);
  EXPECT_GT(full, 100);
  EXPECT_EQ(producer.metrics().buffered_bytes, 0u);
  const Clock::time_point began = clock->now();
  send(producer, "last");
  run(1s);
  EXPECT_TRUE(results.at("last"));
  EXPECT_LT(clock->now() - began, 2s);
  expect_acknowledged_are_delivered();
}

TEST_F(ProducerFaults, RetriesKeepTheirDistanceToTheEnd) {
  // Records of many ages in one entry: the time of one after the other is over while it is retried.
  ProducerOptions options = defaults();
  options.time_to_live = 5s;
  options.max_in_flight = 1;
  stream->latency = 4s;
  auto producer = make(options);
  send(producer, "first");
  run(10ms);
  for (int i = 0; i < 39; ++i) {
    send(producer, std::to_string(i));
    run(100ms);
  }
  stream->refuse = [](std::size_t, const PutRecordsRequestEntry&) { return "InternalFailure"; };
  stream->latency = 1ms;
  run();
  EXPECT_EQ(results.size(), 40u);
  EXPECT_LT(stream->calls.size(), 40u);
  for (int i = 0; i < 39; ++i) EXPECT_EQ(code_of(std::to_string(i)), errc::service);
}

TEST_F(ProducerFaults, CanBeDestroyedAtAnyTime) {
  stream->latency = 30ms;
  stream->list_latency = 20ms;
  int turn = 0;
  stream->refuse = [&](std::size_t, const PutRecordsRequestEntry&) { return ++turn % 2 == 0 ? throttled : ""; };
  for (int after = 0; after < 200; after += 3) {
    SCOPED_TRACE(after);
    results.clear();
    {
      ProducerOptions options = defaults();
      options.ordering = after % 2 == 0 ? Ordering::none : Ordering::per_key;
      options.max_buffered_records = 30;
      auto producer = make(options);
      for (int i = 0; i < 50; ++i) send(producer, std::to_string(i), std::to_string(i % 7));
      run(std::chrono::milliseconds(after));
      if (after == 60) stream->split(0);
    }
    run(1s);
    EXPECT_EQ(results.size(), 50u) << "each is answered once";
    EXPECT_EQ(clock->next_deadline(), std::nullopt) << "nothing is left behind";
  }
  expect_acknowledged_are_delivered();
}

TEST_F(ProducerFaults, CanBeDestroyedWithoutEverHavingRun) {
  {
    auto producer = make();
  }
  {
    auto producer = make(), other = make();
    send(producer, "a");
  }
  run(1s);
  EXPECT_EQ(code_of("a"), errc::closed);
}

TEST_F(ProducerFaults, ClosingAndFlushingWhatIsClosedCompletes) {
  auto producer = make();
  send(producer, "a");
  EXPECT_TRUE(completes([&](auto done) { producer.async_close(10s, done); }));
  EXPECT_TRUE(completes([&](auto done) { producer.async_close(10s, done); }));
  EXPECT_TRUE(completes([&](auto done) { producer.async_flush(done); }));
}

TEST_F(ProducerFaults, AFlushOfNothingCompletes) {
  auto producer = make();
  EXPECT_TRUE(completes([&](auto done) { producer.async_flush(done); }));
}

TEST_F(ProducerFaults, TimesThatAreForEverAreNotOver) {
  constexpr auto for_ever = std::chrono::milliseconds::max();
  ProducerOptions options = defaults();
  options.time_to_live = for_ever;
  options.linger = for_ever;
  stream->latency = 10ms;
  auto producer = make(options);
  stream->fail_call = [](const TestStream::Call& call) {
    return call.at.time_since_epoch() < 24h + 10min ? std::optional<Error>(Error(errc::connection, "lost"))
                                                    : std::nullopt;
  };
  send(producer, "a");
  run(5ms);
  send(producer, "b");
  bool closed = false;
  producer.async_close(for_ever, [&](std::exception_ptr) { closed = true; });
  run(20min);
  EXPECT_TRUE(closed);
  EXPECT_EQ(acknowledged(), 2u);
}

TEST_F(ProducerFaults, ALargeRecordGoesWhereTheStreamTakesIt) {
  stream->max_record_size_in_kib = 10'240;
  auto producer = make();
  const std::string largest(10'485'757, 'x');
  send(producer, largest);
  send(producer, largest + "x");
  send(producer, "small");
  run();
  EXPECT_TRUE(results.at(largest));
  EXPECT_EQ(code_of(largest + "x"), errc::too_large);
  EXPECT_TRUE(results.at("small"));
  EXPECT_EQ(producer.metrics().buffered_bytes, 0u);
}

TEST_F(ProducerFaults, ALargeRecordIsRefusedWhereTheStreamDoesNotTakeIt) {
  auto producer = make();
  const std::string large(2'000'000, 'x');
  send(producer, large);
  run();
  EXPECT_EQ(code_of(large), errc::too_large) << "learned after it was let in";
  stream->max_record_size_in_kib = 2'048;
  run(6min);
  send(producer, "small");
  run(1s);
  send(producer, large + "2");
  run();
  EXPECT_TRUE(results.at(large + "2"));
  stream->max_record_size_in_kib = 1'024;
  run(6min);
  send(producer, "small 2");
  run(1s);
  send(producer, large + "3");
  run();
  EXPECT_EQ(code_of(large + "3"), errc::too_large);
}

TEST_F(ProducerFaults, AnAggregateIsNeverLargerThanTheStreamTakes) {
  ProducerOptions options = defaults();
  options.aggregation = AggregateByShard{4'000'000, 1'000'000};
  auto producer = make(options);
  for (int i = 0; i < 300; ++i) send(producer, std::string(10'000, 'x') + std::to_string(i), std::to_string(i));
  run();
  EXPECT_EQ(acknowledged(), 300u);
  for (const auto& call : stream->calls)
    for (const auto& entry : call.entries) EXPECT_LE(entry.data.size() + entry.partition_key.size(), 1'048'576u);
}

TEST_F(ProducerFaults, RecordsMayBeEmptyAndTheirKeysLong) {
  std::string key;
  for (int i = 0; i < 256; ++i) key += "\xf0\x9f\x90\x9f";
  auto producer = make();
  send(producer, "");
  send(producer, "1", key);
  send(producer, "2", key);
  send(producer, "3", key + "x");
  send(producer, "4", "\xff");
  run();
  EXPECT_TRUE(results.at(""));
  EXPECT_TRUE(results.at("1"));
  EXPECT_TRUE(results.at("2"));
  EXPECT_EQ(code_of("3"), errc::invalid_argument);
  EXPECT_EQ(code_of("4"), errc::invalid_argument);
  expect_acknowledged_are_delivered();
}

TEST_F(ProducerFaults, ACallbackThatThrowsDoesNotSwallowTheReceiptsOfOthers) {
  auto producer = make();
  for (int i = 0; i < 5; ++i) {
    producer.send("key", "throws", [](Result<Receipt>) { throw std::runtime_error("a caller's own trouble"); });
    send(producer, std::to_string(i));
  }
  int thrown = 0;
  for (int i = 0; i < 20; ++i) {
    try {
      run(1s);
    } catch (const std::runtime_error&) {
      ++thrown;
    }
  }
  EXPECT_EQ(thrown, 5);
  EXPECT_EQ(acknowledged(), 5u);
  send(producer, "later");
  run(1s);
  EXPECT_TRUE(results.at("later"));
}

TEST_F(ProducerFaults, OptionsOutOfTheirRangesAreRefused) {
  using Change = std::function<void(ProducerOptions&)>;
  const std::vector<Change> bad = {
      [](auto& options) { options.max_buffered_records = 0; },
      [](auto& options) { options.max_buffered_bytes = 0; },
      [](auto& options) { options.max_batch_records = 0; },
      [](auto& options) { options.max_batch_records = 501; },
      [](auto& options) { options.max_batch_bytes = 0; },
      [](auto& options) { options.max_batch_bytes = 10 * 1024 * 1024 + 1; },
      [](auto& options) { options.linger = -1ms; },
      [](auto& options) { options.max_in_flight = 0; },
      [](auto& options) { options.max_in_flight_per_shard = 0; },
      [](auto& options) { options.time_to_live = -1ms; },
      [](auto& options) { options.retry_base = -1ms; },
      [](auto& options) { options.retry_cap = 49ms; },
      [](auto& options) { options.max_record_bytes = 10 * 1024 * 1024 + 1; },
      [](auto& options) { options.aggregation = AggregateByShard{63, 1}; },
      [](auto& options) { options.aggregation = AggregateByKey{10 * 1024 * 1024 + 1, 1}; },
      [](auto& options) { options.aggregation = AggregateByShard{64, 0}; },
  };
  for (std::size_t i = 0; i < bad.size(); ++i) {
    ProducerOptions options = defaults();
    bad[i](options);
    EXPECT_THROW(make(options), Error) << i;
  }
}

TEST_F(ProducerFaults, MemoryReturnsAfterARecordFailed) {
  stream->refuse = [](std::size_t, const PutRecordsRequestEntry&) { return "KMSDisabledException"; };
  auto producer = make();
  for (int i = 0; i < 100; ++i) send(producer, std::to_string(i));
  run();
  EXPECT_EQ(results.size(), 100u);
  EXPECT_EQ(code_of("7"), errc::kms);
  EXPECT_EQ(producer.metrics().buffered_bytes, 0u);
  EXPECT_EQ(producer.metrics().records_failed, 100u);
}

}  // namespace
}  // namespace kinesis::producer
