#include "core/random.hpp"
#include "producer/test_stream.hpp"

#include <gmock/gmock.h>

// Whole producers to streams whose shards split and merge, and what becomes of a producer that cannot ask about them.
namespace kinesis::producer {
namespace {

class ProducerResharding : public StreamTest {
 protected:
  void send_some(Producer<std::string>& producer, int count = 200) {
    for (int i = 0; i < count; ++i) {
      const std::string number = std::to_string(sent_++);
      send(producer, "data-" + number, "key-" + number);
    }
  }
  void expect_all_delivered() {
    EXPECT_EQ(acknowledged(), static_cast<std::size_t>(sent_));
    expect_acknowledged_are_delivered();
  }
  std::size_t duplicates() {
    const std::vector<std::string> delivered = stream->delivered();
    return delivered.size() - std::set<std::string>(delivered.begin(), delivered.end()).size();
  }
  int sent_ = 0;
};

TEST_F(ProducerResharding, PacksTheRecordsOfEachShard) {
  stream->split_into(4);
  auto producer = make();
  send_some(producer);
  run();
  expect_all_delivered();
  ASSERT_EQ(stream->calls.size(), 1u);
  EXPECT_EQ(stream->calls[0].entries.size(), 4u);
  EXPECT_EQ(producer.metrics().entries_misplaced, 0u);
}

TEST_F(ProducerResharding, AnAggregateStoredOnAHalfOfItsShardIsSentAgain) {
  auto producer = make();
  send_some(producer, 1);
  run(1s);
  stream->split(0);
  send_some(producer);
  run();
  expect_all_delivered();
  EXPECT_GE(producer.metrics().entries_misplaced, 1u);
  EXPECT_EQ(duplicates(), 0u) << "the KCL drops the copy that is on the wrong shard";
  const auto again =
      std::count_if(results.begin(), results.end(), [](const auto& r) { return r.second->attempts == 2; });
  EXPECT_EQ(again, 200) << "all of the aggregate, and not only what is on the other half";
}

TEST_F(ProducerResharding, AnAggregateStoredOnTheShardThatHasTakenItsOwnInIsNotSentAgain) {
  stream->split_into(2);
  auto producer = make();
  send_some(producer, 2);
  run(1s);
  stream->merge(1, 2);
  send_some(producer);
  run();
  expect_all_delivered();
  EXPECT_EQ(producer.metrics().entries_misplaced, 0u);
  EXPECT_EQ(duplicates(), 0u);
  EXPECT_EQ(stream->shards.back().stored.size(), 2u);
}

TEST_F(ProducerResharding, WhatIsUnderWayWhileTheStreamIsReshardedIsDelivered) {
  stream->latency = 20ms;
  for (const Ordering ordering : {Ordering::none, Ordering::per_key}) {
    for (int seed = 1; seed <= 10; ++seed) {
      SCOPED_TRACE(seed);
      core::Random random(static_cast<std::uint64_t>(seed));
      stream->shards.resize(1);
      stream->shards[0].open = true;
      stream->shards[0].stored.clear();
      results.clear();
      answered.clear();
      sent_ = 0;
      ProducerOptions options = defaults();
      options.ordering = ordering;
      auto producer = make(options);
      for (int step = 0; step < 60; ++step) {
        send_some(producer, static_cast<int>(random.below(40)));
        run(std::chrono::milliseconds(random.below(200)));
        std::vector<std::size_t> open;
        for (std::size_t i = 0; i < stream->shards.size(); ++i)
          if (stream->shards[i].open) open.push_back(i);
        if (random.chance(0.3) && open.size() < 16) stream->split(open[random.below(open.size())]);
        if (random.chance(0.2) && open.size() > 1) {
          std::sort(open.begin(), open.end(), [&](std::size_t l, std::size_t r) {
            return stream->shards[l].range.first < stream->shards[r].range.first;
          });
          const std::size_t at = random.below(open.size() - 1);
          if (stream->shards[open[at]].open && stream->shards[open[at + 1]].open) stream->merge(open[at], open[at + 1]);
        }
      }
      run();
      expect_all_delivered();
      EXPECT_EQ(duplicates(), 0u);
      EXPECT_EQ(producer.metrics().buffered_bytes, 0u);
    }
  }
}

TEST_F(ProducerResharding, AnOutageOfListShardsChangesNeitherAggregationNorRates) {
  stream->split_into(4);
  auto producer = make();
  send_some(producer);
  run(1s);
  stream->list_error = Error(errc::throttled, "rate exceeded");
  const std::size_t lists = stream->lists;
  for (int second = 0; second < 90; ++second) {
    const std::size_t stored = stream->stored();
    send_some(producer);
    run(1s);
    EXPECT_EQ(stream->stored() - stored, 4u) << "in second " << second;
  }
  expect_all_delivered();
  EXPECT_GT(stream->lists - lists, 2u);
  EXPECT_LT(stream->lists - lists, 12u);

  // The limits of the shards are kept, too: with 3,000 entries for each they are more than a second's.
  const std::size_t before = stream->stored();
  for (int i = 0; i < 12'000; ++i) send(producer, std::string(30'000, 'x') + std::to_string(i), std::to_string(i));
  run(1s);
  EXPECT_LT(stream->stored() - before, 4u * 120u) << "a shard takes 1 MiB a second, and a burst";
}

TEST_F(ProducerResharding, RecordsWaitForTheFirstMap) {
  stream->split_into(2);
  stream->list_latency = 3s;
  auto producer = make();
  send_some(producer);
  run(2999ms);
  EXPECT_TRUE(stream->calls.empty());
  run(1s);
  ASSERT_EQ(stream->calls.size(), 1u);
  EXPECT_EQ(stream->calls[0].entries.size(), 2u);
  expect_all_delivered();
}

TEST_F(ProducerResharding, WhoMayNotListShardsSendsWithoutAggregation) {
  stream->list_error = Error(errc::access_denied, "no");
  stream->describe_error = Error(errc::access_denied, "no");
  auto producer = make();
  send_some(producer);
  run(1s);
  expect_all_delivered();
  EXPECT_EQ(stream->calls.at(0).entries.size(), 200u);
  stream->list_error.reset();
  run(1min);
  send_some(producer);
  run(2s);
  send_some(producer);
  run(2s);
  EXPECT_EQ(stream->calls.back().entries.size(), 1u) << "and with it once it may";
  expect_all_delivered();
}

TEST_F(ProducerResharding, WhatIsStoredOnAnUnknownShardIsNotHeldBeyondItsTimeToLive) {
  ProducerOptions options = defaults();
  options.time_to_live = 10s;
  auto producer = make(options);
  send_some(producer, 1);
  run(1s);
  stream->split(0);
  stream->list_error = Error(errc::connection, "away");
  send_some(producer, 10);
  run(9s);
  EXPECT_EQ(results.size(), 1u) << "nobody knows yet whether they are delivered";
  run(2s);
  ASSERT_EQ(results.size(), 11u);
  EXPECT_EQ(code_of("data-5"), errc::timeout);
  EXPECT_EQ(producer.metrics().buffered_records, 0u);
}

TEST_F(ProducerResharding, AStreamThatScattersAggregatesIsNotFloodedWithThem) {
  // Spreads records as it likes, and does not say so.
  stream->split_into(4);
  auto producer = make();
  stream->describe_error = Error(errc::access_denied, "no");
  stream->strategy = RecordDistributionStrategy::automatic;
  stream->latency = 1ms;
  send_some(producer);
  run(1min);
  EXPECT_EQ(results.size(), 200u);
  EXPECT_LT(stream->calls.size(), 40u);
  expect_acknowledged_are_delivered();
}

TEST_F(ProducerResharding, AStreamDeletedAndCreatedAnewIsLearned) {
  stream->split_into(2);
  auto producer = make();
  send_some(producer);
  run(1s);
  for (auto& shard : stream->shards) shard.id = "new-" + shard.id;
  run(1min);
  send_some(producer);
  run(1min);
  expect_all_delivered();
}

TEST_F(ProducerResharding, AnIdleProducerCallsNobodyAndHasNoTimer) {
  auto producer = make();
  run(10min);
  EXPECT_EQ(stream->lists + stream->describes + stream->calls.size(), 0u);
  EXPECT_EQ(clock->next_deadline(), std::nullopt);
  send_some(producer);
  run(1s);
  expect_all_delivered();
  const std::size_t asked = stream->lists + stream->describes;
  run(10min);
  EXPECT_EQ(stream->lists + stream->describes, asked);
  EXPECT_EQ(clock->next_deadline(), std::nullopt);
}

TEST_F(ProducerResharding, OnAnAutomaticStreamNothingIsAggregatedAndKeysMayBeEmpty) {
  stream->strategy = RecordDistributionStrategy::automatic;
  stream->split_into(2);
  auto producer = make();
  send_some(producer, 20);
  send(producer, "without key", "");
  run();
  EXPECT_TRUE(results.at("without key"));
  EXPECT_EQ(acknowledged(), 21u);
  ASSERT_EQ(stream->calls.size(), 1u);
  EXPECT_EQ(stream->calls[0].entries.size(), 21u);
  for (const auto& entry : stream->calls[0].entries) EXPECT_EQ(entry.explicit_hash_key, std::nullopt);
  EXPECT_EQ(stream->calls[0].entries.back().partition_key, "");
  EXPECT_EQ(producer.metrics().entries_misplaced, 0u);
}

TEST_F(ProducerResharding, AnAutomaticStreamTakesNoExplicitHashKey) {
  stream->strategy = RecordDistributionStrategy::automatic;
  auto producer = make();
  std::map<std::string, std::string> refused;
  const auto send_to_seven = [&](const std::string& data) {
    OutgoingRecord<std::string> record("key", data);
    record.explicit_hash_key = "7";
    producer.async_send_record(record, [&refused, data](std::exception_ptr error, const Receipt&) {
      refused[data] = error ? core::to_error(error).message() : "stored";
    });
  };
  send_to_seven("before it is known");
  send_some(producer, 1);
  run(1s);
  send_to_seven("after");
  run(1s);
  ASSERT_EQ(refused.size(), 2u);
  for (const auto& [data, why] : refused) EXPECT_THAT(why, ::testing::HasSubstr("takes no explicit hash key")) << data;
  expect_all_delivered();
  EXPECT_EQ(stream->calls.size(), 1u) << "the second one was refused at the door";
}

TEST_F(ProducerResharding, WhatIsPackedWhenAStreamBecomesAutomaticIsUnpacked) {
  for (const Ordering ordering : {Ordering::none, Ordering::per_key}) {
    stream = std::make_shared<TestStream>(*clock);
    stream->split_into(2);
    results.clear();
    sent_ = 0;
    ProducerOptions options = defaults();
    options.time_to_live = 0ms;
    options.max_in_flight = 1;
    options.ordering = ordering;
    auto producer = make(options);
    send_some(producer, 1);
    run(1s);
    stream->latency = 10min;
    send_some(producer, 1);
    run(1s);
    stream->latency = 1ms;
    stream->strategy = RecordDistributionStrategy::automatic;
    send_some(producer, 20);
    std::optional<Error> refused;
    OutgoingRecord<std::string> record("another key", "to a hash key");
    record.explicit_hash_key = "7";
    producer.async_send_record(record, [&](std::exception_ptr error, const Receipt&) {
      if (error) refused = core::to_error(error);
    });
    run(6min);
    send_some(producer, 1);
    run(1min);
    EXPECT_TRUE(refused) << "when it is known, and not with the next call";
    run(5min);
    expect_all_delivered();
    EXPECT_EQ(stream->calls.back().entries.size(), 21u);
    EXPECT_EQ(producer.metrics().entries_misplaced, 0u);
  }
}

TEST_F(ProducerResharding, OnAnyOtherStreamAnEmptyKeyIsRefused) {
  auto producer = make();
  send(producer, "before it is known", "");
  send_some(producer, 1);
  run(1s);
  EXPECT_EQ(code_of("before it is known"), errc::invalid_argument);
  send(producer, "after", "");
  run(1s);
  EXPECT_EQ(code_of("after"), errc::invalid_argument);
  expect_acknowledged_are_delivered();
}

TEST_F(ProducerResharding, AStreamThatBecomesAutomaticIsNoticed) {
  stream->split_into(2);
  auto producer = make();
  send_some(producer);
  run(1s);
  stream->strategy = RecordDistributionStrategy::automatic;
  run(6min);
  send_some(producer, 5);
  run(30s);
  send_some(producer, 5);
  run(30s);
  EXPECT_EQ(stream->calls.back().entries.size(), 5u);
  EXPECT_EQ(results.size(), 210u);
  expect_acknowledged_are_delivered();
}

}  // namespace
}  // namespace kinesis::producer
