#include "simulation/stage.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>

// Handlers that are slow, stuck, paused, cancelled; ends of shards and of workers.
namespace kinesis::simulation {
namespace {

class Delivery : public InBothModes<Stage> {};
KINESIS_IN_BOTH_MODES(Delivery);
class DeliveryByPolling : public Stage {};

TEST_P(Delivery, ASlowHandlerKeepsItsLease) {
  service->create_stream("orders", 1);
  put(0, 2);
  Handler slow = [this](const Record<std::string>&) { return core::sleep_for(*clock, 1min); };
  Worker& a = start("a", options(), slow);
  Worker& b = start("b", options());
  loop.run_for(5min);
  EXPECT_EQ(a.handled.size() + b.handled.size(), 2u) << "each record once";
  EXPECT_TRUE(events<event::LeaseLost>(a).empty());
}

TEST_F(DeliveryByPolling, AHandlerThatBlocksItsThreadLosesTheLeaseBeforeTheNextRecord) {
  service->create_stream("orders", 1);
  put(0, 5);
  Handler block = [this](const Record<std::string>& record) -> asio::awaitable<void> {
    if (record.data == "1") loop.clock.advance(30s);
    co_return;
  };
  ConsumerOptions one_by_one = options();
  one_by_one.fetch = Polling{.idle_interval = 200ms, .max_records = 1};
  Worker& a = start("a", one_by_one, block);
  loop.run_for(2s);
  loop.run_for(4s);
  EXPECT_FALSE(events<event::LeaseLost>(a).empty()) << "others may believe that it expired";
  EXPECT_EQ(events<event::LeaseAcquired>(a).size(), 2u) << "nobody else was there, so it came back";
  EXPECT_EQ(a.handled, numbers(0, 5));
  EXPECT_LT(a.records[1].lease_counter, a.records[2].lease_counter);
}

TEST_P(Delivery, APausedShardKeepsItsLeaseAndDeliversNothing) {
  service->create_stream("orders", 1);
  Worker& a = start("a", options());
  loop.run_for(3s);
  a.consumer->pause();
  put(0, 10);
  loop.run_for(5min);
  EXPECT_TRUE(a.handled.empty());
  EXPECT_EQ(lease(0).owner, "a");
  a.consumer->resume();
  loop.run_for(1s);
  EXPECT_EQ(a.handled, numbers(0, 10));
}

TEST_P(Delivery, ACheckpointIsTriedAgainUntilTheStoreIsBack) {
  service->create_stream("orders", 1);
  ConsumerOptions every = options();
  every.checkpoint = CheckpointEvery{1, 5s};
  Worker& a = start("a", every);
  loop.run_for(3s);
  a.leases->cut_off = true;
  put(0, 3);
  loop.run_for(3s);
  EXPECT_EQ(lease(0).checkpoint, Checkpoint::trim_horizon());
  EXPECT_FALSE(events<event::Trouble>(a).empty());
  a.leases->cut_off = false;
  loop.run_for(5s);
  EXPECT_TRUE(lease(0).checkpoint.is_record());
  EXPECT_EQ(a.handled, numbers(0, 3)) << "and nothing came twice";
  EXPECT_TRUE(events<event::LeaseLost>(a).empty());
}

TEST_P(Delivery, RecordsThatWaitForACheckpointAreLetGoWhenTheLeaseIsLost) {
  service->create_stream("orders", 1);
  ConsumerOptions per_key_checkpoint = options();
  per_key_checkpoint.checkpoint = CheckpointPerKey{};
  per_key_checkpoint.concurrency = per_key(2, 4);
  Worker& a = start("a", per_key_checkpoint);
  loop.run_for(3s);
  a.leases->cut_off = true;
  auto all = [&]() -> awaitable<void> {
    for (int i = 0; i < 10; ++i) {
      PutRecordRequest request("orders", Blob(std::to_string(i)), "one key");
      co_await service->api()->put_record(std::move(request));
    }
  };
  finish(all());
  loop.run_for(30s);
  EXPECT_EQ(a.handled, numbers(0, 1)) << "the second record of the key waits for a checkpoint";
  EXPECT_EQ(events<event::LeaseLost>(a).size(), 1u);
  a.leases->cut_off = false;
  loop.run_for(30s);
  std::vector<std::string> expected = numbers(0, 1);
  for (const std::string& number : numbers(0, 10)) expected.push_back(number);
  EXPECT_EQ(a.handled, expected) << "one record of the key is repeated";
}

TEST_P(Delivery, ALostLeaseIsAValueOfTheCheckpoint) {
  service->create_stream("orders", 1);
  ConsumerOptions alone = options();
  const auto store = std::make_shared<CutOffLeases>(table);
  alone.leases = store;
  alone.worker = "a";
  Consumer<std::string> consumer(client(), alone, text);
  std::optional<CheckpointOutcome> outcome;
  std::exception_ptr failure;
  auto work = [&]() -> awaitable<void> {
    try {
      auto shard = co_await consumer.async_next_shard();
      auto batch = co_await shard->async_next_batch();
      shard->checkpointer().stage(batch->back());
      store->cut_off = true;
      outcome = co_await shard->checkpointer().async_checkpoint();
    } catch (...) {
      failure = std::current_exception();
    }
  };
  core::spawn(loop.executor(), work());
  put(0, 3);
  loop.run_for(1min);
  EXPECT_EQ(failure, nullptr);
  EXPECT_EQ(outcome, CheckpointOutcome::lease_lost);
  core::spawn(loop.executor(), consumer.core()->stop());
  loop.run_for(1min);
}

TEST_P(Delivery, AStopWaitsForWhatIsAtWorkAndWritesOnce) {
  service->create_stream("orders", 1);
  put(0, 3);
  Handler slow = [this](const Record<std::string>&) { return core::sleep_for(*clock, 4s); };
  Worker& a = start("a", options(), slow);
  loop.run_for(2s);
  ASSERT_EQ(a.handled, numbers(0, 1));
  const std::int64_t counter = lease(0).counter;
  stop("a");
  loop.run_for(2900ms);
  EXPECT_TRUE(a.ended);
  EXPECT_EQ(a.handled, numbers(0, 1)) << "and nothing is begun any more";
  EXPECT_TRUE(lease(0).checkpoint.is_record());
  EXPECT_EQ(lease(0).owner, std::nullopt);
  EXPECT_LE(lease(0).counter, counter + 2) << "a renewal, and checkpoint and release in one write";
  EXPECT_TRUE(events<event::StopTimedOut>(a).empty());
}

TEST_P(Delivery, AStopEndsAtItsDeadlineWhateverTheHandlerDoes) {
  service->create_stream("orders", 2);
  put(0, 20);
  std::set<std::string> stuck;
  Handler never = [&](const Record<std::string>& record) {
    stuck.insert(record.shard_id);
    return core::sleep_for(*clock, 24h);
  };
  Worker& a = start("a", options(), never);
  loop.run_for(3s);
  ASSERT_EQ(stuck.size(), 2u);
  bool stopped = false;
  auto wait = [&]() -> awaitable<void> {
    co_await a.consumer->core()->stop();
    stopped = true;
  };
  core::spawn(loop.executor(), wait());
  loop.run_for(9s);
  EXPECT_FALSE(stopped);
  loop.run_for(2s);
  EXPECT_TRUE(stopped);
  EXPECT_TRUE(a.ended) << "consume as well";
  EXPECT_EQ(a.failure, nullptr);
  const auto late = events<event::StopTimedOut>(a);
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(std::set<std::string>(late[0].shard_ids.begin(), late[0].shard_ids.end()), stuck);
  for (const auto& [key, row] : leases()) {
    EXPECT_EQ(row.owner, std::nullopt) << "given back all the same";
    EXPECT_EQ(row.checkpoint, Checkpoint::trim_horizon()) << "and what was not completed is not checkpointed";
  }
}

TEST_P(Delivery, AClosedShardThatIsResumedAtItsEndReachesShardEnd) {
  // zio-kinesis 4.5: nothing is left to deliver, so nothing was ever staged, and the children waited for days.
  service->create_stream("orders", 1);
  put(0, 5);
  start("a", options());
  loop.run_for(10s);
  stop("a");
  loop.run_for(5s);
  ASSERT_TRUE(lease(0).checkpoint.is_record());
  service->split("orders", service->shards("orders")[0].shard_id);
  put(5, 5);
  Worker& b = start("b", options());
  loop.run_for(10s);
  EXPECT_TRUE(lease(0).checkpoint.is_shard_end());
  EXPECT_EQ(sorted(b.handled), numbers(5, 5));
}

TEST_P(Delivery, TheEndOfAShardWaitsForItsLastRecord) {
  // zio-kinesis 4.6: the source had ended, so the lease was released with the last record still at work.
  service->create_stream("orders", 1);
  put(0, 3);
  service->split("orders", service->shards("orders")[0].shard_id);
  put(3, 3);
  Handler slow = [this](const Record<std::string>& record) -> asio::awaitable<void> {
    if (record.data == "2") co_await core::sleep_for(*clock, 1min);
  };
  Worker& a = start("a", options(), slow);
  loop.run_for(50s);
  EXPECT_EQ(a.handled, numbers(0, 3));
  EXPECT_FALSE(lease(0).checkpoint.is_shard_end());
  loop.run_for(20s);
  EXPECT_TRUE(lease(0).checkpoint.is_shard_end());
  EXPECT_EQ(sorted(a.handled), numbers(0, 6));
}

TEST_P(Delivery, ChildrenStartAtOnceWhereTheirParentEnded) {
  // zio-kinesis 4.7: an end that was written without a release told nobody; children waited for the next refresh.
  service->create_stream("orders", 1);
  put(0, 3);
  ConsumerOptions slow_refresh = options();
  slow_refresh.timing.refresh_interval = 30s;
  Worker& a = start("a", slow_refresh);
  loop.run_for(2s);
  service->split("orders", service->shards("orders")[0].shard_id);
  put(3, 3);
  loop.run_for(2s);
  EXPECT_EQ(sorted(a.handled), numbers(0, 6));
}

TEST_P(Delivery, AMergeWaitsForBothParents) {
  service->create_stream("orders", 2);
  put(0, 20);
  const auto shards = service->shards("orders");
  service->merge("orders", shards[0].shard_id, shards[1].shard_id);
  put(20, 10);
  std::set<std::string> parents = {shards[0].shard_id, shards[1].shard_id};
  bool held_up = false;
  Handler slow = [&](const Record<std::string>& record) -> asio::awaitable<void> {
    if (record.shard_id == shards[1].shard_id && !std::exchange(held_up, true)) co_await core::sleep_for(*clock, 1min);
  };
  Worker& a = start("a", options(), slow);
  loop.run_for(50s);
  EXPECT_TRUE(lease(0).checkpoint.is_shard_end());
  for (const Record<std::string>& record : a.records) EXPECT_TRUE(parents.contains(record.shard_id));
  EXPECT_EQ(events<event::ShardBlocked>(a).size(), 1u);
  loop.run_for(30s);
  EXPECT_EQ(sorted(a.handled), numbers(0, 30));
}

TEST_P(Delivery, TheFencingTokenGrowsFromOwnerToOwner) {
  service->create_stream("orders", 1);
  put(0, 2);
  Worker& a = start("a", options());
  loop.run_for(10s);
  a.leases->cut_off = true;
  loop.run_for(1s);
  put(2, 2);
  loop.run_for(1s);
  Worker& b = start("b", options());
  loop.run_for(30s);
  ASSERT_FALSE(a.records.empty());
  ASSERT_FALSE(b.records.empty());
  for (const Record<std::string>& mine : a.records)
    for (const Record<std::string>& later : b.records) EXPECT_LT(mine.lease_counter, later.lease_counter);
}

TEST_P(Delivery, TellsWhatHappens) {
  service->create_stream("orders", 2);
  Worker& a = start("a", options());
  loop.run_for(10s);
  EXPECT_EQ(events<event::ShardFound>(a).size(), 2u);
  EXPECT_EQ(events<event::ShardStarted>(a).size(), 2u);
  Worker& b = start("b", options());
  loop.run_for(20s);
  ASSERT_EQ(events<event::LeaseWanted>(a).size(), 1u);
  EXPECT_EQ(events<event::LeaseWanted>(a)[0].worker, "b");
  EXPECT_TRUE(events<event::LeaseStolen>(a).empty()) << "it was handed over";
  EXPECT_EQ(events<event::Balanced>(b).back().taking, 1u);
  const auto joined = events<event::WorkerJoined>(a);
  EXPECT_TRUE(std::any_of(joined.begin(), joined.end(), [](const auto& event) { return event.worker == "b"; }));
  stop("b");
  loop.run_for(20s);
  const auto left = events<event::WorkerLeft>(a);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].worker, "b");
}

TEST_P(Delivery, AnEventQueueCountsWhatItDrops) {
  EventQueue events(loop.executor(), 2);
  const event::LeaseLost lost{"shard"};
  for (int i = 0; i < 5; ++i) events(lost);
  EXPECT_EQ(events.dropped(), 3u);
  EXPECT_EQ(events.size(), 2u);
  std::size_t taken = 0;
  auto read = [&]() -> awaitable<void> {
    for (;;) {
      auto next = co_await events.async_next();
      if (!next) co_return;
      EXPECT_EQ(to_string(*next), "shard: lease lost");
      ++taken;
    }
  };
  core::spawn(loop.executor(), read());
  loop.run_for(1s);
  EXPECT_EQ(taken, 2u);
  events(lost);
  events.close();
  events(lost);
  loop.run_for(1s);
  EXPECT_EQ(taken, 3u);
  EXPECT_EQ(events.dropped(), 3u);
}

/// What an operation completed with.
template <class T>
struct Completion {
  bool done = false;
  std::exception_ptr error;
  T value{};
  auto handler() {
    return [this](std::exception_ptr failure, T result) {
      done = true;
      error = std::move(failure);
      value = std::move(result);
    };
  }
};

TEST_P(Delivery, ACancelledBatchIsDeliveredByTheNextCall) {
  service->create_stream("orders", 1);
  ConsumerOptions alone = options();
  alone.leases = table;
  Consumer<std::string> consumer(client(), alone, text);
  Completion<std::optional<Shard<std::string>>> got;
  std::optional<Shard<std::string>> shard;
  consumer.async_next_shard([&](std::exception_ptr, std::optional<Shard<std::string>> next) {
    if (next) shard.emplace(std::move(*next));
  });
  loop.run_for(3s);
  ASSERT_TRUE(shard);
  using Batch = std::optional<std::vector<Record<std::string>>>;
  Completion<Batch> cancelled;
  asio::cancellation_signal cancel;
  shard->async_next_batch(asio::bind_cancellation_slot(cancel.slot(), cancelled.handler()));
  loop.run_for(1s);
  EXPECT_FALSE(cancelled.done);
  cancel.emit(asio::cancellation_type::total);
  loop.run_for(0s);
  ASSERT_TRUE(cancelled.done);
  ASSERT_TRUE(cancelled.error);
  EXPECT_TRUE(core::is_cancellation(cancelled.error));
  // Cancelled before it has begun.
  Completion<Batch> at_once;
  asio::cancellation_signal cancel_at_once;
  shard->async_next_batch(asio::bind_cancellation_slot(cancel_at_once.slot(), at_once.handler()));
  cancel_at_once.emit(asio::cancellation_type::terminal);
  loop.run_for(0s);
  EXPECT_TRUE(at_once.done && at_once.error);
  // While it is paused, with a batch at hand.
  shard->pause();
  put(0, 5);
  loop.run_for(2s);
  Completion<Batch> paused;
  asio::cancellation_signal cancel_paused;
  shard->async_next_batch(asio::bind_cancellation_slot(cancel_paused.slot(), paused.handler()));
  loop.run_for(1s);
  EXPECT_FALSE(paused.done);
  cancel_paused.emit(asio::cancellation_type::terminal);
  loop.run_for(0s);
  EXPECT_TRUE(paused.done && paused.error);
  shard->resume();
  std::vector<std::string> data;
  while (data.size() < 5) {
    Completion<Batch> next;
    shard->async_next_batch(next.handler());
    loop.run_for(5s);
    ASSERT_TRUE(next.done && next.value);
    for (const auto& record : *next.value) data.push_back(record.data);
    shard->checkpointer().stage(next.value->back());
  }
  EXPECT_EQ(data, numbers(0, 5)) << "nothing is lost";
  // A checkpoint that is cancelled may or may not be stored; the next one is.
  Completion<CheckpointOutcome> checkpoint;
  asio::cancellation_signal cancel_checkpoint;
  shard->checkpointer().async_checkpoint(asio::bind_cancellation_slot(cancel_checkpoint.slot(), checkpoint.handler()));
  cancel_checkpoint.emit(asio::cancellation_type::terminal);
  loop.run_for(1s);
  EXPECT_TRUE(checkpoint.done);
  Completion<CheckpointOutcome> again;
  shard->checkpointer().async_checkpoint(again.handler());
  loop.run_for(1s);
  EXPECT_TRUE(again.done && !again.error);
  EXPECT_TRUE(lease(0).checkpoint.is_record());
  shard.reset();
  core::spawn(loop.executor(), consumer.core()->stop());
  loop.run_for(20s);
}

TEST_P(Delivery, ACancelledConsumeStopsItsConsumer) {
  service->create_stream("orders", 1);
  put(0, 3);
  ConsumerOptions alone = options();
  alone.leases = table;
  Consumer<std::string> consumer(client(), alone, text);
  std::size_t handled = 0;
  auto handler = [&](const Record<std::string>& record) -> asio::awaitable<void> {
    if (record.data == "2") co_await core::sleep_for(*clock, 24h);
    ++handled;
  };
  bool ended = false;
  core::TaskGroup tasks(loop.executor());
  auto work = [&]() -> awaitable<void> {
    try {
      co_await async_consume(consumer, handler);
    } catch (const std::exception&) {
    }
    ended = true;
  };
  tasks.spawn(work());
  loop.run_for(5s);
  EXPECT_EQ(handled, 2u);
  tasks.cancel();
  loop.run_for(1s);
  EXPECT_TRUE(ended);
  EXPECT_TRUE(lease(0).checkpoint.is_record()) << "what was completed is checkpointed";
  loop.run_for(1min);
  EXPECT_EQ(lease(0).owner, std::nullopt) << "it takes no leases any more";
  auto join = [&]() -> awaitable<void> { co_await tasks.join(); };
  finish(join());
}

/// Every order and every state; the sanitizer judges.
TEST_P(Delivery, DestructionIsSafeInEveryOrderAndState) {
  service->create_stream("orders", 1);
  put(0, 50);
  std::vector<int> order = {0, 1, 2};
  do {
    for (const auto run_before : {0ms, 1ms, 3'000ms}) {
      for (const bool waiting : {false, true}) {
        auto the_client = std::make_unique<Client>(client());
        ConsumerOptions alone = options();
        alone.leases = memory_leases();
        auto consumer = std::make_unique<Consumer<std::string>>(*the_client, alone, text);
        std::unique_ptr<Shard<std::string>> shard;
        consumer->async_next_shard([&](std::exception_ptr, std::optional<Shard<std::string>> next) {
          if (next && consumer) shard = std::make_unique<Shard<std::string>>(std::move(*next));
        });
        loop.run_for(run_before);
        if (waiting && shard) {
          shard->async_next_batch([](std::exception_ptr, std::optional<std::vector<Record<std::string>>>) {});
          shard->checkpointer().async_checkpoint([](std::exception_ptr, CheckpointOutcome) {});
        }
        for (const int which : order) {
          if (which == 0) the_client.reset();
          if (which == 1) consumer.reset();
          if (which == 2) shard.reset();
          if (waiting) loop.run_for(1ms);
        }
        loop.run_for(1min);
        EXPECT_EQ(shard, nullptr);
      }
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

}  // namespace
}  // namespace kinesis::simulation
