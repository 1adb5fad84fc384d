#include <kinesis/testing/fake_shards.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <map>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace kinesis::testing {
namespace {

const std::string shard_0 = "shardId-000000000000";
const std::string shard_1 = "shardId-000000000001";

template <class Event>
std::size_t count(const FakeShardLists& shards) {
  std::size_t found = 0;
  for (const DiagnosticEvent& event : shards.events()) found += std::holds_alternative<Event>(event) ? 1 : 0;
  return found;
}

Checkpoint at(const char* number) { return Checkpoint::at(RecordPosition{SequenceNumber(number), 0}); }

/// Remembers what it is given.
struct Seen {
  std::vector<std::string> data;
  auto handler() {
    return [this](const Record<std::string>& record) { data.push_back(record.data); };
  }
};

TEST(FakeShards, DeliversEveryListAndEndsEveryShard) {
  FakeShards<std::string> shards{{shard_0, {"a", "b"}}, {shard_1, {"c"}}};
  Seen seen;
  run_to_end(shards.consumer(), seen.handler());
  std::sort(seen.data.begin(), seen.data.end());
  EXPECT_EQ(seen.data, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(shards.finished(shard_0));
  EXPECT_TRUE(shards.finished(shard_1));
  EXPECT_EQ(shards.checkpoint(shard_0), Checkpoint::shard_end());
}

TEST(FakeShards, ChildrenWaitForBothParents) {
  FakeShards<std::string> shards{{"child", {"c"}}, {shard_0, {"a"}}, {shard_1, {"b"}}};
  shards.parents("child", {shard_0, shard_1});
  Seen seen;
  run_to_end(shards.consumer(), seen.handler());
  ASSERT_EQ(seen.data.size(), 3u);
  EXPECT_EQ(seen.data.back(), "c");
}

TEST(FakeShards, AFailedHandlerGetsItsShardAgainFromTheCheckpoint) {
  FakeShards<std::string> shards{{shard_0, {"1", "2", "3", "4"}}};
  std::vector<std::string> seen;
  int failures = 0;
  auto handler = [&](const Record<std::string>& record) {
    seen.push_back(record.data);
    if (record.data == "3" && failures++ < 2) throw std::runtime_error("not now");
  };
  run_to_end(shards.consumer(), handler);
  EXPECT_EQ(seen, (std::vector<std::string>{"1", "2", "3", "3", "3", "4"}));
  EXPECT_EQ(shards.checkpoints(shard_0), (std::vector<Checkpoint>{at("2"), Checkpoint::shard_end()}));
}

TEST(FakeShards, AHandlerThatNeverSucceedsIsAnError) {
  FakeShards<std::string> shards{{shard_0, {"1"}}};
  auto handler = [](const Record<std::string>&) { throw std::runtime_error("never"); };
  EXPECT_THROW(run_to_end(shards.consumer(), handler), std::runtime_error);
  EXPECT_EQ(shards.checkpoint(shard_0), std::nullopt);
}

TEST(FakeShards, ALostLeaseEndsDeliveryAndCheckpointsNothingMore) {
  FakeShards<std::string> shards{{shard_0, {"1", "2", "3"}}};
  shards.lose_lease_after(shard_0, 2);
  Seen seen;
  run_to_end(shards.consumer(), seen.handler());
  EXPECT_EQ(seen.data, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(shards.checkpoint(shard_0), std::nullopt);
  EXPECT_EQ(count<event::LeaseLost>(shards), 1u);
}

TEST(FakeShards, ALeaseThatComesBackGoesOnAfterTheCheckpoint) {
  FakeShards<std::string> shards{{shard_0, {"1", "2", "3"}}};
  shards.lose_lease_after(shard_0, 2, true);
  std::vector<std::string> seen;
  std::vector<std::int64_t> counters;
  auto handler = [&](const Record<std::string>& record) {
    seen.push_back(record.data);
    counters.push_back(record.lease_counter);
  };
  run_to_end(shards.consumer(), handler, ConsumeOptions(CheckpointEvery{1, std::chrono::seconds(5)}));
  EXPECT_EQ(seen, (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_TRUE(std::is_sorted(counters.begin(), counters.end()));
  EXPECT_LT(counters.front(), counters.back()) << "a later owner has a greater fencing token";
}

TEST(FakeShards, CheckpointsFailToOrder) {
  FakeShards<std::string> shards{{shard_0, {"1", "2"}}};
  shards.fail_checkpoints(shard_0, 1, Error(errc::storage, "disk full"));
  Seen seen;
  run_to_end(shards.consumer(), seen.handler());
  EXPECT_EQ(seen.data, (std::vector<std::string>{"1", "2", "1", "2"})) << "what was not stored comes again";
  EXPECT_TRUE(shards.finished(shard_0));
  EXPECT_EQ(count<event::Trouble>(shards), 1u);
}

TEST(FakeShards, AnOpenShardIsStoppedAtItsLastRecord) {
  FakeShards<std::string> shards{{shard_0, {"1", "2"}}};
  shards.keep_open(shard_0);
  Seen seen;
  run_to_end(shards.consumer(), seen.handler());
  EXPECT_EQ(seen.data.size(), 2u);
  EXPECT_EQ(shards.checkpoint(shard_0), at("2"));
}

TEST(FakeShards, StreamOfShardsWithPrepareAndCheckpoint) {
  FakeShards<std::string> shards{{shard_0, {"1", "2", "3"}}};
  shards.batch_size(1);
  auto consumer = shards.consumer();
  auto work = [&]() -> asio::awaitable<void> {
    auto shard = co_await consumer.async_next_shard();
    auto first = co_await shard->async_next_batch();
    EXPECT_EQ(first->size(), 1u);
    shard->checkpointer().stage(first->back());
    const Blob state("half way");
    const auto prepared = co_await shard->checkpointer().async_prepare(state);
    EXPECT_EQ(prepared, CheckpointOutcome::stored);
    EXPECT_EQ(shards.checkpoint(shard_0), std::nullopt);
    EXPECT_EQ(shards.prepared(shard_0)->state, state);
    const auto stored = co_await shard->checkpointer().async_checkpoint();
    EXPECT_EQ(stored, CheckpointOutcome::stored);
    EXPECT_FALSE(shards.prepared(shard_0)) << "a checkpoint clears it";
    const auto nothing = co_await shard->checkpointer().async_checkpoint();
    EXPECT_EQ(nothing, CheckpointOutcome::nothing_new);
    EXPECT_EQ(shard->fencing_token().owner, "fake");
    co_await consumer.async_stop();
  };
  run_to_end(consumer.core(), work());
  EXPECT_EQ(shards.checkpoint(shard_0), at("1"));
}

TEST(FakeShards, WhoeverComesNextFindsWhatWasPrepared) {
  FakeShards<std::string> shards{{shard_0, {"1", "2"}}};
  auto consumer = shards.consumer();
  std::optional<PreparedCheckpoint> found;
  auto work = [&]() -> asio::awaitable<void> {
    {
      auto shard = co_await consumer.async_next_shard();
      auto batch = co_await shard->async_next_batch();
      shard->checkpointer().stage(batch->front());
      const Blob state("half way");
      co_await shard->checkpointer().async_prepare(state);
      shards.lose_lease_after(shard_0, 2, true);
      auto none = co_await shard->async_next_batch();
      EXPECT_FALSE(none);
      EXPECT_EQ(shard->end(), ShardEnd::lease_lost);
    }
    auto again = co_await consumer.async_next_shard();
    found = again->checkpointer().prepared();
    co_await consumer.async_stop();
  };
  run_to_end(consumer.core(), work());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->checkpoint, at("1"));
  EXPECT_EQ(found->state.text(), "half way");
}

// What `consume` promises, with nothing but lists.

TEST(Consume, TakesCoroutinesAndFutures) {
  FakeShards<std::string> shards{{shard_0, {"1", "2"}}, {shard_1, {"3"}}};
  Clock& clock = shards.clock();
  std::vector<std::string> seen;
  auto coroutine = [&](const Record<std::string>& record) -> asio::awaitable<void> {
    std::promise<void> ready;
    ready.set_value();
    co_await detail::wait_for(ready.get_future(), clock);
    seen.push_back(record.data);
  };
  run_to_end(shards.consumer(), coroutine);
  EXPECT_EQ(seen.size(), 3u);
  FakeShards<std::string> others{{shard_0, {"1", "2"}}};
  std::vector<std::thread> threads;
  auto future = [&](const Record<std::string>& record) {
    std::packaged_task<void()> task([&seen, data = record.data] { seen.push_back(data); });
    std::future<void> done = task.get_future();
    threads.emplace_back(std::move(task));
    threads.back().join();
    return done;
  };
  run_to_end(others.consumer(), future);
  EXPECT_EQ(seen.size(), 5u);
  EXPECT_TRUE(others.finished(shard_0));
}

TEST(Consume, AFutureWithAnExceptionIsAFailure) {
  FakeShards<std::string> shards{{shard_0, {"1", "2"}}};
  int calls = 0;
  auto handler = [&](const Record<std::string>&) {
    std::promise<void> result;
    if (++calls == 2) {
      result.set_exception(std::make_exception_ptr(std::runtime_error("no")));
    } else {
      result.set_value();
    }
    return result.get_future();
  };
  run_to_end(shards.consumer(), handler);
  EXPECT_EQ(calls, 3) << "the second record came again";
}

TEST(Consume, TakesBatches) {
  FakeShards<std::string> shards{{shard_0, {"1", "2", "3"}}};
  shards.batch_size(2);
  std::vector<std::size_t> sizes;
  auto by_span = [&](std::span<const Record<std::string>> records) { sizes.push_back(records.size()); };
  run_to_end(shards.consumer(), by_span);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2, 1}));
  EXPECT_TRUE(shards.finished(shard_0));
  FakeShards<std::string> others{{shard_0, {"1", "2", "3"}}};
  auto by_vector = [&](const std::vector<Record<std::string>>& records) -> asio::awaitable<void> {
    sizes.push_back(records.size());
    co_return;
  };
  run_to_end(others.consumer(), by_vector);
  EXPECT_EQ(sizes.back(), 3u);
  FakeShards<std::string> generic{{shard_0, {"1", "2", "3", "4"}}};
  run_to_end(generic.consumer(), by_batch([&](const auto& records) { sizes.push_back(records.size()); }));
  EXPECT_EQ(sizes.back(), 4u);
}

TEST(Consume, ABatchHandlerDoesNotGoWithKeys) {
  FakeShards<std::string> shards{{shard_0, {"1"}}};
  auto handler = [](std::span<const Record<std::string>>) {};
  ConsumeOptions options;
  options.concurrency = per_key(4);
  try {
    run_to_end(shards.consumer(), handler, options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), errc::invalid_argument);
  }
}

TEST(Consume, StopAllThrowsWhatTheHandlerThrew) {
  FakeShards<std::string> shards{{shard_0, {"1", "2"}}, {shard_1, {"3"}}};
  shards.keep_open(shard_1);
  ConsumeOptions options;
  options.on_failure = StopAll{};
  auto handler = [](const Record<std::string>& record) {
    if (record.data == "2") throw std::runtime_error("no more");
  };
  EXPECT_THROW(run_to_end(shards.consumer(), handler, options), std::runtime_error);
  EXPECT_EQ(shards.checkpoint(shard_0), at("1")) << "what was completed is checkpointed";
  EXPECT_EQ(shards.checkpoint(shard_1), at("1")) << "in the other shards, too";
}

/// Only even numbers.
struct EvenCodec {
  void encode(const int& value, Bytes& out) const { append(out, as_bytes(std::to_string(value))); }
  Result<int> decode(BytesView in) const {
    const int value = std::atoi(std::string(as_text(in)).c_str());
    if (value % 2 != 0) return Error(errc::protocol, "odd");
    return value;
  }
};

TEST(Consume, SkipHandsThePoisonRecordOverAndGoesOn) {
  FakeShards<int> shards(EvenCodec{}, {{shard_0, {2, 3, 4, 6}}});
  std::vector<int> seen;
  std::vector<std::string> dead;
  ConsumeOptions options;
  options.on_failure = SkipRecord([&](const DeadLetter& letter) -> asio::awaitable<void> {
    dead.push_back(letter.shard_id + " " + letter.record.position.sequence_number.to_string() + " " +
                   std::string(letter.record.data.text()) + " " + letter.record.partition_key);
    co_return;
  });
  auto handler = [&](const Record<int>& record) {
    if (record.data == 4) throw std::runtime_error("not 4");
    seen.push_back(record.data);
  };
  run_to_end(shards.consumer(), handler, options);
  EXPECT_EQ(seen, (std::vector<int>{2, 6}));
  EXPECT_EQ(dead, (std::vector<std::string>{shard_0 + " 2 3 " + shard_0 + "_2", shard_0 + " 3 4 " + shard_0 + "_3"}));
  EXPECT_EQ(count<event::RecordSkipped>(shards), 2u);
  EXPECT_TRUE(shards.finished(shard_0));
}

TEST(Consume, APoisonRecordOfABatchIsSkippedByItself) {
  FakeShards<int> shards(EvenCodec{}, {{shard_0, {2, 3, 4}}});
  std::vector<int> seen;
  int dead = 0;
  ConsumeOptions options;
  options.on_failure = SkipRecord([&](const DeadLetter&) { ++dead; });
  auto handler = [&](std::span<const Record<int>> records) {
    for (const Record<int>& record : records) seen.push_back(record.data);
  };
  run_to_end(shards.consumer(), handler, options);
  EXPECT_EQ(seen, (std::vector<int>{2, 4}));
  EXPECT_EQ(dead, 1);
}

TEST(Consume, NothingIsSkippedIfTheDeadLetterFails) {
  FakeShards<int> shards(EvenCodec{}, {{shard_0, {2, 3, 4}}});
  int tries = 0;
  ConsumeOptions options;
  options.on_failure = SkipRecord([&](const DeadLetter&) {
    if (++tries < 3) throw std::runtime_error("the queue of dead letters is away");
  });
  std::vector<int> seen;
  run_to_end(shards.consumer(), [&](const Record<int>& record) { seen.push_back(record.data); }, options);
  EXPECT_EQ(tries, 3);
  EXPECT_EQ(seen, (std::vector<int>{2, 4}));
}

TEST(Consume, ACodecFailureFollowsThePolicyAndIsAValueWithAttempt) {
  FakeShards<int> shards(EvenCodec{}, {{shard_0, {3}}});
  ConsumeOptions options;
  options.on_failure = StopAll{};
  try {
    run_to_end(shards.consumer(), [](const Record<int>&) {}, options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), errc::protocol);
  }
  FakeShards<int> others(EvenCodec{}, {{shard_0, {3}}});
  Consumer<Result<int>> consumer(others.core(), attempt(Codec<int>(EvenCodec{})));
  std::size_t errors = 0;
  run_to_end(std::move(consumer), [&](const Record<Result<int>>& record) { errors += record.data ? 0 : 1; });
  EXPECT_EQ(errors, 1u);
}

/// Handlers that wait until told, so that a test decides what overlaps.
TEST(Consume, PerKeyWorksOnSeveralRecordsAndCheckpointsWithoutAGap) {
  FakeShards<std::string> shards{{shard_0, {}}};
  for (int i = 0; i < 8; ++i) shards.put(shard_0, "key-" + std::to_string(i % 4), std::to_string(i));
  ConsumeOptions options(CheckpointEvery{1, std::chrono::seconds(5)});
  options.concurrency = per_key(4);
  std::size_t running = 0;
  std::size_t most = 0;
  std::vector<std::string> ended;
  std::vector<std::optional<Checkpoint>> while_first_runs;
  Clock& clock = shards.clock();
  auto handler = [&](const Record<std::string>& record) -> asio::awaitable<void> {
    most = std::max(most, ++running);
    // The first record takes longest.
    std::promise<void> slow;
    auto timer = clock.make_timer(co_await asio::this_coro::executor);
    const auto when = clock.now() + (record.data == "0" ? std::chrono::seconds(10) : std::chrono::seconds(1));
    timer->async_wait(when, [&](bool) { slow.set_value(); });
    co_await detail::wait_for(slow.get_future(), clock);
    --running;
    ended.push_back(record.data);
    while_first_runs.push_back(shards.checkpoint(shard_0));
  };
  run_to_end(shards.consumer(), handler, options);
  EXPECT_EQ(most, 4u);
  ASSERT_EQ(ended.size(), 8u);
  EXPECT_EQ(ended[6], "0");
  EXPECT_EQ(ended[7], "4") << "of the same key as the first";
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(while_first_runs[i], std::nullopt) << "no checkpoint over a gap";
  EXPECT_TRUE(shards.finished(shard_0));
  const std::vector<Checkpoint> stored = shards.checkpoints(shard_0);
  EXPECT_TRUE(std::is_sorted(stored.begin(), stored.end()));
}

TEST(Consume, PerKeyAFailureRepeatsWhatCameAfterTheGap) {
  FakeShards<std::string> shards{{shard_0, {}}};
  for (int i = 0; i < 6; ++i) shards.put(shard_0, "key-" + std::to_string(i), std::to_string(i));
  ConsumeOptions options;
  options.concurrency = per_key(3);
  bool threw = false;
  std::map<std::string, int> times;
  auto handler = [&](const Record<std::string>& record) {
    ++times[record.data];
    if (record.data == "2" && !std::exchange(threw, true)) throw std::runtime_error("no");
  };
  run_to_end(shards.consumer(), handler, options);
  EXPECT_EQ(times.size(), 6u);
  EXPECT_EQ(times["0"], 1);
  EXPECT_EQ(times["2"], 2);
  EXPECT_EQ(shards.checkpoints(shard_0).front(), at("2")) << "up to before the failure";
  EXPECT_TRUE(shards.finished(shard_0));
}

TEST(Consume, CheckpointPerKeyRepeatsAtMostOneRecordOfAKey) {
  FakeShards<std::string> shards{{shard_0, {}}};
  for (int i = 0; i < 30; ++i) shards.put(shard_0, "key-" + std::to_string(i % 3), std::to_string(i));
  shards.lose_lease_after(shard_0, 30, true);
  ConsumeOptions options(CheckpointPerKey{});
  std::map<std::string, int> times;
  std::set<std::string> unsaved;  // keys with a record that is done and not checkpointed
  std::size_t stored = 0;
  auto handler = [&](const Record<std::string>& record) {
    const bool again = ++times[record.data] > 1;
    if (again || std::exchange(stored, shards.checkpoints(shard_0).size()) != stored) unsaved.clear();
    EXPECT_TRUE(unsaved.insert(record.partition_key).second) << record.data;
  };
  run_to_end(shards.consumer(), handler, options);
  EXPECT_TRUE(shards.finished(shard_0));
  EXPECT_EQ(times.size(), 30u);
  std::map<int, int> repeated;
  for (const auto& [data, count] : times) repeated[std::stoi(data) % 3] += count - 1;
  for (const auto& [key, count] : repeated) EXPECT_LE(count, 1) << "key-" << key;
  EXPECT_GE(shards.checkpoints(shard_0).size(), 9u);
}

TEST(Consume, CheckpointPerKeyEndsAtTheEndOfTheShard) {
  // zio-kinesis: its loop of checkpoints never ended, one leaked task for each shard.
  FakeShards<std::string> shards{{shard_0, {}}};
  for (int i = 0; i < 3; ++i) shards.put(shard_0, "one key", std::to_string(i));
  ConsumeOptions options(CheckpointPerKey{});
  options.concurrency = per_key(2);
  Seen seen;
  run_to_end(shards.consumer(), seen.handler(), options);
  EXPECT_EQ(seen.data, (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_EQ(shards.checkpoint(shard_0), Checkpoint::shard_end());
}

TEST(Consume, ACheckpointThatFailsIsTriedAgainWhileRecordsWaitForIt) {
  FakeShards<std::string> shards{{shard_0, {}}};
  for (int i = 0; i < 3; ++i) shards.put(shard_0, "one key", std::to_string(i));
  shards.fail_checkpoints(shard_0, 2, Error(errc::storage, "disk full"));
  Seen seen;
  run_to_end(shards.consumer(), seen.handler(), ConsumeOptions(CheckpointPerKey{}));
  EXPECT_EQ(seen.data, (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_EQ(count<event::Trouble>(shards), 2u);
}

TEST(Consume, PausedShardsWaitAndTheOthersGoOn) {
  FakeShards<std::string> shards{{shard_0, {"1", "2", "3"}}, {shard_1, {"a", "b"}}};
  auto consumer = shards.consumer();
  PauseSwitch pauses = consumer.pauses();
  std::vector<std::string> seen;
  auto handler = [&](const Record<std::string>& record) {
    seen.push_back(record.data);
    if (record.data == "1") pauses.pause(shard_0);
    if (record.data == "b") {
      EXPECT_EQ(std::count(seen.begin(), seen.end(), "2"), 0) << "in the middle of a batch";
      pauses.resume(shard_0);
    }
  };
  run_to_end(std::move(consumer), handler);
  EXPECT_EQ(seen.size(), 5u);
  EXPECT_EQ(seen.back(), "3");
}

TEST(Consume, APausedConsumerCanBeStopped) {
  FakeShards<std::string> shards{{shard_0, {"1", "2"}}};
  auto consumer = shards.consumer();
  consumer.pause();
  Seen seen;
  run_to_end(std::move(consumer), seen.handler());
  EXPECT_TRUE(seen.data.empty());
  EXPECT_EQ(shards.checkpoint(shard_0), std::nullopt);
}

}  // namespace
}  // namespace kinesis::testing
