#include "simulation/stage.hpp"

// Where reading starts, what it survives, and what it may use up.
namespace kinesis::simulation {
namespace {

class Reading : public InBothModes<Stage> {};
KINESIS_IN_BOTH_MODES(Reading);
class ReadingByPolling : public Stage {};

TEST_P(Reading, LatestIsPinnedToTheFirstStart) {
  // A worker that had no record yet has no checkpoint either: whoever follows must not begin at its own "latest".
  service->create_stream("orders", 1);
  put(0, 5);
  loop.clock.advance(1s);
  ConsumerOptions latest = options();
  latest.start = Latest{};
  Worker& a = start("a", latest);
  loop.run_for(3s);
  EXPECT_EQ(lease(0).checkpoint, Checkpoint::latest()) << "as the KCL writes it";
  a.leases->cut_off = true;
  loop.run_for(12s);
  put(5, 5);
  loop.run_for(1s);
  Worker& b = start("b", latest);
  loop.run_for(30s);
  EXPECT_TRUE(a.handled.empty()) << "its lease had run out";
  EXPECT_EQ(b.handled, numbers(5, 5)) << "nothing of before the first start, and all since";
  EXPECT_FALSE(lease(0).pending_checkpoint) << "the pin goes with the first checkpoint";
}

TEST_F(ReadingByPolling, LatestIsPinnedBeforeTheFirstRead) {
  service->create_stream("orders", 1);
  put(0, 5);
  loop.clock.advance(1s);
  FaultRule no_iterators;
  no_iterators.operation = "GetShardIterator";
  service->add_fault(no_iterators);
  ConsumerOptions latest = options();
  latest.start = Latest{};
  Worker& a = start("a", latest);
  loop.run_for(5s);
  put(5, 5);
  service->clear_faults();
  loop.run_for(30s);
  EXPECT_EQ(a.handled, numbers(5, 5));
}

TEST_P(Reading, ALatestLeaseOfAnotherLibraryIsPinnedWhenItIsFirstRead) {
  service->create_stream("orders", 1);
  Lease row(service->shards("orders")[0].shard_id);
  row.checkpoint = Checkpoint::latest();
  auto create = [&]() -> awaitable<void> { co_await table->create(row); };
  finish(create());
  put(0, 3);
  loop.clock.advance(1s);
  Worker& a = start("a", options());
  loop.run_for(3s);
  EXPECT_TRUE(lease(0).pending_checkpoint);
  a.leases->cut_off = true;
  loop.run_for(12s);
  put(3, 3);
  Worker& b = start("b", options());
  loop.run_for(30s);
  EXPECT_EQ(b.handled, numbers(3, 3));
}

TEST_P(Reading, WhatAKclHasPreparedOnALatestLeaseStaysWhenItIsPinned) {
  // Its application's own checkpoint and state, in the attributes where the pin goes.
  service->create_stream("orders", 1);
  const Checkpoint prepared = Checkpoint::at(RecordPosition{SequenceNumber("49"), 3});
  Lease row(service->shards("orders")[0].shard_id);
  row.checkpoint = Checkpoint::latest();
  row.pending_checkpoint = prepared;
  row.pending_checkpoint_state = Blob("half way through file 7");
  auto create = [&]() -> awaitable<void> { co_await table->create(row); };
  finish(create());
  put(0, 3);
  loop.clock.advance(1s);
  const auto prepared_of = [&](const std::string& name) {
    ConsumerOptions mine = options();
    mine.leases = table;
    mine.worker = name;
    Consumer<std::string> consumer(client(), mine, text);
    std::optional<PreparedCheckpoint> found;
    auto look = [&]() -> awaitable<void> {
      auto shard = co_await consumer.async_next_shard();
      found = shard->checkpointer().prepared();
      co_await core::sleep_for(*clock, 3s);  // it is read, and so pinned, meanwhile
    };
    finish(look());
    loop.run_for(5s);
    return found;
  };
  for (const char* name : {"first", "second"}) {
    const auto found = prepared_of(name);
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(found->checkpoint, prepared) << name;
    EXPECT_EQ(found->state.text(), "half way through file 7") << name;
  }
  put(3, 3);
  Worker& last = start("last", options());
  loop.run_for(30s);
  EXPECT_EQ(last.handled, numbers(3, 3)) << "LATEST is where the first worker found it";
}

TEST_P(Reading, StartsAtATime) {
  // zio-kinesis: the timestamp was lost on the way to GetShardIterator.
  service->create_stream("orders", 1);
  put(0, 5);
  loop.clock.advance(10s);
  ConsumerOptions at_time = options();
  at_time.start = AtTimestamp{loop.clock.wall_now()};
  put(5, 5);
  Worker& a = start("a", at_time);
  loop.run_for(5s);
  EXPECT_EQ(a.handled, numbers(5, 5));
}

TEST_P(Reading, StartsAtASequenceNumber) {
  service->create_stream("orders", 1);
  put(0, 10);
  ConsumerOptions at_number = options();
  at_number.start =
      AtSequenceNumbers{{{service->shards("orders")[0].shard_id, service->accepted()[6].sequence_number}}};
  Worker& a = start("a", at_number);
  loop.run_for(5s);
  EXPECT_EQ(a.handled, numbers(6, 4));
}

TEST_P(Reading, GoesOnInTheMiddleOfAnAggregate) {
  service->create_stream("orders", 1);
  auto all = [&]() -> awaitable<void> {
    Producer<std::string> producer(client(), ProducerOptions{.stream = "orders"}, text);
    for (int i = 0; i < 20; ++i) producer.send("key", std::to_string(i), [](Result<Receipt>) {});
    co_await producer.async_close();
  };
  finish(all());
  ASSERT_LT(service->accepted_count(), 20u) << "the records are in aggregates";
  bool threw = false;
  Handler fail_once = [&](const Record<std::string>& record) -> asio::awaitable<void> {
    if (record.data == "7" && !std::exchange(threw, true)) throw std::runtime_error("not now");
    co_return;
  };
  Worker& a = start("a", options(), fail_once);
  loop.run_for(20s);
  std::vector<std::string> expected = numbers(0, 8);
  for (const std::string& number : numbers(7, 13)) expected.push_back(number);
  EXPECT_EQ(a.handled, expected) << "only the record that failed comes again";
}

TEST_F(ReadingByPolling, SurvivesIteratorsThatAlwaysExpire) {
  service->create_stream("orders", 1);
  FaultRule expired;
  expired.action = FaultRule::Action::expired_iterator;
  expired.operation = "GetRecords";
  expired.times = 20;
  service->add_fault(expired);
  put(0, 10);
  const auto began = loop.clock.now();
  Worker& a = start("a", options());
  while (a.handled.size() < 10 && loop.clock.now() - began < 10min) loop.run_for(100ms);
  EXPECT_EQ(a.handled, numbers(0, 10));
  EXPECT_GT(loop.clock.now() - began, 2s) << "it does not ask for the next iterator at once for ever";
}

TEST_F(ReadingByPolling, LeavesTheBudgetToOthersWhenItIsThrottled) {
  service->create_stream("orders", 1);
  FaultRule throttle;
  throttle.action = FaultRule::Action::throttle;
  throttle.operation = "GetRecords";
  throttle.times = 30;
  service->add_fault(throttle);
  put(0, 10);
  Worker& a = start("a", options());
  loop.run_for(5s);
  std::size_t refused = events<event::Trouble>(a).size();
  EXPECT_GT(refused, 2u);
  EXPECT_LT(refused, 15u) << "less than the 25 calls of these seconds";
  loop.run_for(10min);
  EXPECT_EQ(a.handled, numbers(0, 10));
}

TEST_F(ReadingByPolling, ExpiredCredentialsInTheMiddleHoldItUpAndNoMore) {
  service->create_stream("orders", 1);
  Worker& a = start("a", options());
  put(0, 5);
  loop.run_for(3s);
  FaultRule token;
  token.action = FaultRule::Action::expired_token;
  token.operation = "GetRecords";
  token.times = 4;
  service->add_fault(token);
  put(5, 5);
  loop.run_for(2min);
  EXPECT_EQ(a.handled, numbers(0, 10));
  bool told = false;
  for (const event::Trouble& trouble : events<event::Trouble>(a))
    told = told || trouble.error.code() == errc::expired_credentials;
  EXPECT_TRUE(told);
}

TEST_P(Reading, AStreamThatIsDeletedIsAnErrorOneCanSee) {
  service->create_stream("orders", 1);
  Worker& a = start("a", options());
  put(0, 3);
  loop.run_for(3s);
  auto remove = [&]() -> awaitable<void> {
    DeleteStreamRequest request("orders");
    request.enforce_consumer_deletion = true;
    auto answer = co_await service->api()->delete_stream(std::move(request));
    EXPECT_TRUE(answer);
  };
  finish(remove());
  loop.run_for(1min);
  const auto failed = events<event::Failed>(a);
  ASSERT_FALSE(failed.empty());
  EXPECT_EQ(failed.front().error.code(), errc::not_found);
  EXPECT_LE(failed.size(), 20u) << "and is asked for seldom";
  bool looked = false;
  for (const event::Trouble& trouble : events<event::Trouble>(a))
    looked = looked || trouble.doing.find("looking for new and finished shards") != std::string::npos;
  EXPECT_TRUE(looked);
  EXPECT_EQ(leases().size(), 1u) << "the leases stay: they may be wanted for another stream";
  for (const auto& [key, row] : leases())
    EXPECT_FALSE(row.checkpoint.is_shard_end()) << "it is not the end of the shard";
}

TEST_P(Reading, AStreamThatIsMadeAgainIsAnErrorOneCanSee) {
  service->create_stream("orders", 1);
  Worker& a = start("a", options());
  put(0, 3);
  loop.run_for(10s);
  ASSERT_TRUE(lease(0).checkpoint.is_record());
  auto remove = [&]() -> awaitable<void> {
    DeleteStreamRequest request("orders");
    request.enforce_consumer_deletion = true;
    auto answer = co_await service->api()->delete_stream(std::move(request));
    EXPECT_TRUE(answer);
  };
  finish(remove());
  loop.run_for(10s);
  service->create_stream("orders", 1);
  put(3, 3);
  loop.run_for(1min);
  EXPECT_FALSE(events<event::Failed>(a).empty());
}

TEST_F(ReadingByPolling, ReadsAheadNoMoreThanTheBudgetOfAllShards) {
  service->create_stream("orders", 4);
  const std::size_t size = 100'000;
  auto all = [&]() -> awaitable<void> {
    for (int i = 0; i < 200; ++i) {
      PutRecordRequest request("orders", Blob(std::string(size, 'x')), "key-" + std::to_string(i));
      co_await service->api()->put_record(std::move(request));
    }
  };
  finish(all());
  ConsumerOptions small = options();
  small.fetch = Polling{.idle_interval = 200ms, .max_records = 1, .prefetch = 50, .prefetch_bytes = 10 * size};
  Handler stand_still = [this](const Record<std::string>&) { return core::sleep_for(*clock, 1h); };
  Worker& a = start("a", small, stand_still);
  loop.run_for(2min);
  std::map<std::string, std::size_t> read;
  for (const event::RecordsRead& answer : events<event::RecordsRead>(a)) read[answer.shard_id] += answer.bytes;
  std::size_t total = 0;
  for (const auto& [shard, bytes] : read) {
    EXPECT_GE(bytes, 2 * size) << shard << ": one at work and its share";
    total += bytes;
  }
  EXPECT_EQ(read.size(), 4u);
  EXPECT_LE(total, 4 * (size + 100) + 10 * (size + 100) + 4 * (size + 100)) << "at work, read ahead, and under way";
}

TEST_P(Reading, GarbageThatLooksLikeAnAggregateComesAsItIs) {
  service->create_stream("orders", 1);
  const std::string magic = "\xF3\x89\x9A\xC2";
  const std::vector<std::string> garbage = {magic, magic + "garbage", magic + std::string(300, '\xff'), "", "\x01"};
  auto all = [&]() -> awaitable<void> {
    for (const std::string& data : garbage) {
      PutRecordRequest request("orders", Blob(data), "key");
      co_await service->api()->put_record(std::move(request));
    }
  };
  finish(all());
  Worker& a = start("a", options());
  loop.run_for(5s);
  EXPECT_EQ(a.handled, garbage);
}

TEST_F(ReadingByPolling, TenMebibytesInOneRecord) {
  service->create_stream("orders", 1);
  const std::string big(10 * 1024 * 1024 - 100, 'x');
  auto all = [&]() -> awaitable<void> {
    UpdateMaxRecordSizeRequest larger("arn:aws:kinesis:us-east-1:123456789012:stream/orders", 10'240);
    auto changed = co_await service->api()->update_max_record_size(std::move(larger));
    EXPECT_TRUE(changed);
    co_await core::sleep_for(*clock, 1min);
    for (int i = 0; i < 3; ++i) {
      PutRecordRequest request("orders", Blob(big), "key");
      auto stored = co_await service->api()->put_record(std::move(request));
      EXPECT_TRUE(stored);
    }
  };
  finish(all());
  put(0, 3);
  ConsumerOptions small = options();
  small.fetch = Polling{.idle_interval = 200ms, .prefetch_bytes = 1'000'000};  // smaller than one answer
  Worker& a = start("a", small);
  loop.run_for(2min);
  ASSERT_EQ(a.handled.size(), 6u);
  EXPECT_EQ(a.handled[2].size(), big.size());
  EXPECT_EQ(a.handled[5], "2");
}

TEST_F(ReadingByPolling, ABusyShardIsAskedMoreOftenThanAnIdleOne) {
  service->create_stream("orders", 1);
  ConsumerOptions slow = options();
  slow.fetch = Polling{.idle_interval = 2s};
  Worker& a = start("a", slow);
  loop.run_for(20s);
  const std::size_t idle = events<event::RecordsRead>(a).size();
  EXPECT_LE(idle, 12u);
  for (int i = 0; i < 40; ++i) {
    put(i, 1);
    loop.run_for(500ms);
  }
  EXPECT_GE(events<event::RecordsRead>(a).size() - idle, 2 * idle);
}

}  // namespace
}  // namespace kinesis::simulation
