#include "simulation/stage.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

// Shards that are handed over or given back, with all that handlers may have in hand.
namespace kinesis::simulation {
namespace {

class GivingBackStage : public Stage {
 protected:
  int first_ = 3;

  void put_keyed(int first, int count, int keys) {
    auto all = [&]() -> awaitable<void> {
      for (int i = first; i < first + count; ++i) {
        PutRecordRequest request("orders", Blob(std::to_string(i)), "key-" + std::to_string(i % keys));
        auto stored = co_await service->api()->put_record(std::move(request));
        EXPECT_TRUE(stored);
      }
    };
    finish(all());
  }
  std::size_t leases_of(const std::string& name) {
    std::size_t count = 0;
    for (const auto& [key, lease] : leases()) count += lease.owner == name && !lease.checkpoint_owner ? 1 : 0;
    return count;
  }
};
class GivingBack : public InBothModes<GivingBackStage> {};
KINESIS_IN_BOTH_MODES(GivingBack);
class GivingBackByPolling : public GivingBackStage {};

TEST_P(GivingBack, PerKeyWithSlowHandlersClosesItsGapsBeforeItHandsOver) {
  service->create_stream("orders", 4);
  ConsumerOptions at_a_time = options();
  at_a_time.concurrency = per_key(4, 50);
  // Of each key some are slow: others of the shard are far ahead when the lease is asked for.
  Handler uneven = [this](const Record<std::string>& record) {
    return core::sleep_for(*clock, std::stoi(record.data) % 5 == 0 ? 900ms : 40ms);
  };
  put_keyed(0, 400, 23);
  Worker& a = start("a", at_a_time, uneven);
  loop.run_for(4s);
  Worker& b = start("b", at_a_time, uneven);
  loop.run_for(20s);
  EXPECT_EQ(leases_of("b"), 2u);
  EXPECT_EQ(events<event::LeaseWanted>(a).size(), 2u);
  EXPECT_TRUE(events<event::LeaseLost>(a).empty());
  loop.run_for(5min);
  EXPECT_FALSE(b.handled.empty());
  std::vector<std::string> handled = a.handled;
  handled.insert(handled.end(), b.handled.begin(), b.handled.end());
  EXPECT_EQ(sorted(handled), numbers(0, 400)) << "each exactly once";
}

TEST_P(GivingBack, PerKeyWithSlowHandlersClosesItsGapsBeforeItStops) {
  service->create_stream("orders", 2);
  ConsumerOptions at_a_time = options();
  at_a_time.concurrency = per_key(4, 50);
  Handler uneven = [this](const Record<std::string>& record) {
    return core::sleep_for(*clock, std::stoi(record.data) % 5 == 0 ? 900ms : 40ms);
  };
  put_keyed(0, 400, 23);
  Worker& a = start("a", at_a_time, uneven);
  loop.run_for(4s);
  stop("a");
  loop.run_for(30s);
  ASSERT_TRUE(a.ended);
  EXPECT_LT(a.handled.size(), 400u);
  Worker& b = start("b", at_a_time, uneven);
  loop.run_for(5min);
  std::vector<std::string> handled = a.handled;
  handled.insert(handled.end(), b.handled.begin(), b.handled.end());
  EXPECT_EQ(sorted(handled), numbers(0, 400)) << "each exactly once";
}

TEST_P(GivingBack, PerKeyIsNotWaitedForBeyondTheTimeOfAHandOver) {
  service->create_stream("orders", 2);
  ConsumerOptions at_a_time = options();
  at_a_time.concurrency = per_key(4, 50);
  Handler stuck = [this](const Record<std::string>& record) {
    return core::sleep_for(*clock, std::stoi(record.data) < 10 ? 1h : 0s);
  };
  put_keyed(0, 100, 7);
  start("a", at_a_time, stuck);
  loop.run_for(4s);
  Worker& b = start("b", at_a_time);
  loop.run_for(LeaseTiming().renew_interval + LeaseTiming().hand_over + 3s);
  EXPECT_EQ(leases_of("b"), 1u);
  EXPECT_FALSE(b.handled.empty());
}

TEST_F(GivingBackByPolling, ABatchInHandIsFinishedBeforeItIsHandedOver) {
  service->create_stream("orders", 2);
  put_keyed(0, 300, 50);
  std::vector<std::string> handled;
  ConsumerOptions small = options();
  small.fetch = Polling{.idle_interval = 200ms, .max_records = 20};
  std::vector<std::unique_ptr<Consumer<std::string>>> consumers;
  const auto begin = [&](const std::string& name) {
    ConsumerOptions mine = small;
    mine.leases = table;
    mine.worker = name;
    consumers.push_back(std::make_unique<Consumer<std::string>>(client(), mine, text));
    auto run = [&, consumer = consumers.back().get()]() -> awaitable<void> {
      auto handler = [&](std::span<const Record<std::string>> records) -> asio::awaitable<void> {
        for (const Record<std::string>& record : records) handled.push_back(record.data);
        co_await core::sleep_for(*clock, 1s);
      };
      co_await async_consume(*consumer, text, handler);
    };
    core::spawn(loop.executor(), [](auto body) -> awaitable<void> { co_await body(); }(run));
  };
  begin("a");
  loop.run_for(3s);
  begin("b");
  loop.run_for(1min);
  EXPECT_EQ(leases_of("a"), 1u);
  EXPECT_EQ(leases_of("b"), 1u);
  EXPECT_EQ(sorted(handled), numbers(0, 300)) << "each exactly once";
  for (auto& consumer : consumers) core::spawn(loop.executor(), consumer->core()->stop());
  loop.run_for(20s);
}

TEST_P(GivingBack, APausedShardIsHandedOverAtOnce) {
  service->create_stream("orders", 2);
  for (const bool keyed : {false, true}) {
    SCOPED_TRACE(keyed);
    table = memory_leases();
    workers.clear();
    ConsumerOptions how = options();
    if (keyed) how.concurrency = per_key(4);
    ConsumerOptions another = how;
    how.pauses = PauseSwitch();
    another.pauses = PauseSwitch();
    Worker& a = start("a", how);
    loop.run_for(5s);
    const auto had = a.handled.size();
    a.consumer->pause();
    put_keyed(0, 40, 10);
    loop.run_for(1s);
    Worker& b = start("b", another);
    loop.run_for(3s);
    EXPECT_EQ(leases_of("a"), 1u);
    EXPECT_EQ(leases_of("b"), 1u);
    EXPECT_FALSE(b.handled.empty());
    a.consumer->resume();
    loop.run_for(3s);
    if (!keyed) {
      std::vector<std::string> handled = a.handled;
      handled.insert(handled.end(), b.handled.begin(), b.handled.end());
      EXPECT_EQ(sorted(handled), numbers(0, 40)) << "each exactly once";
    }
    EXPECT_EQ(had, keyed ? 40u : 0u);
    for (const char* name : {"a", "b"}) stop(name);
    loop.run_for(1min);
  }
}

TEST_P(GivingBack, AShardThatIsGivenBackWithoutProgressIsLeftAsideForAMomentThatGrows) {
  service->create_stream("orders", 1);
  put_keyed(0, 5, 5);
  std::vector<Clock::time_point> got;
  ConsumerOptions alone = options();
  alone.leases = table;
  Consumer<std::string> consumer(client(), alone, text);
  auto give_back = [&]() -> awaitable<void> {
    for (;;) {
      auto shard = co_await consumer.async_next_shard();
      if (!shard) co_return;
      got.push_back(loop.clock.now());
    }
  };
  core::spawn(loop.executor(), give_back());
  loop.run_for(5min);
  ASSERT_GE(got.size(), 8u);
  EXPECT_GE(got[1] - got[0], 1s);
  EXPECT_LE(got[1] - got[0], 3s);
  for (std::size_t i = 6; i < got.size(); ++i) {
    EXPECT_GE(got[i] - got[i - 1], 30s);
    EXPECT_LE(got[i] - got[i - 1], 33s);
  }
  core::spawn(loop.executor(), consumer.core()->stop());
  loop.run_for(20s);
}

TEST_F(GivingBackByPolling, AShardThatIsGivenBackWithProgressComesBackSoon) {
  service->create_stream("orders", 1);
  std::vector<std::string> handled;
  ConsumerOptions alone = options();
  alone.leases = table;
  alone.fetch = Polling{.idle_interval = 200ms, .max_records = 1};
  Consumer<std::string> consumer(client(), alone, text);
  auto one_by_one = [&]() -> awaitable<void> {
    for (;;) {
      auto shard = co_await consumer.async_next_shard();
      if (!shard) co_return;
      auto batch = co_await shard->async_next_batch();
      if (!batch) continue;
      handled.push_back(batch->front().data);
      shard->checkpointer().stage(batch->front());
    }
  };
  core::spawn(loop.executor(), one_by_one());
  put_keyed(0, 10, 10);
  loop.run_for(40s);
  EXPECT_EQ(handled, numbers(0, 10));
  core::spawn(loop.executor(), consumer.core()->stop());
  loop.run_for(20s);
}

TEST_P(GivingBack, ALostLeaseIsToldOnce) {
  service->create_stream("orders", 1);
  Worker& a = start("a", options());
  loop.run_for(5s);
  a.leases->cut_off = true;
  // A record every 50 ms: the session sees that its time is over before the coordinator does.
  for (int i = 0; i < 400; ++i) {
    put_keyed(i, 1, 10);
    loop.run_for(50ms);
  }
  EXPECT_EQ(events<event::LeaseLost>(a).size(), 1u);
  EXPECT_FALSE(a.handled.empty());
}

TEST_P(GivingBack, WhatLiesInGapsIsNotBegunWithOnceTheNextWorkerMayHaveBegun) {
  // Simulated seeds 3863 and 2433: a slow record held the hand-over up until the next worker began without it; then the
  // first one went on with the records of the same key.
  service->create_stream("orders", 1);
  const std::string shard = service->shards("orders")[0].shard_id;
  put(0, 2, "slow", true);
  put(2, 1, "quick");
  ConsumerOptions keyed = options();
  keyed.concurrency = per_key(2);
  std::optional<Clock::time_point> next_began;
  std::vector<std::string> too_late;
  start("a", keyed, [&](const Record<std::string>& record) -> asio::awaitable<void> {
    if (next_began) too_late.push_back(record.data);
    if (record.data == "0") co_await core::sleep_for(*clock, 20s);
  });
  loop.run_for(5s);
  ConsumerOptions next = options();
  next.assignment = manual({shard});
  Worker& b = start("b", next, [&](const Record<std::string>&) -> asio::awaitable<void> {
    if (!next_began) next_began = loop.clock.now();
    co_return;
  });
  loop.run_for(1min);
  EXPECT_TRUE(next_began);
  EXPECT_EQ(b.handled, numbers(0, 3));
  EXPECT_EQ(too_late, std::vector<std::string>());
}

TEST_P(GivingBack, ThePinOfLatestSurvivesAPreparedCheckpoint) {
  service->create_stream("orders", 1);
  put(0, 3);
  loop.clock.advance(10s);
  ConsumerOptions latest = options();
  latest.start = Latest{};
  const auto store = std::make_shared<CutOffLeases>(table);
  const auto prepare = [&](const std::string& name, const char* state, bool crash) {
    ConsumerOptions alone = latest;
    alone.leases = store;
    alone.worker = name;
    auto consumer = std::make_unique<Consumer<std::string>>(client(), alone, text);
    std::optional<PreparedCheckpoint> found;
    std::string first;
    auto work = [&]() -> awaitable<void> {
      auto shard = co_await consumer->async_next_shard();
      found = shard->checkpointer().prepared();
      auto batch = co_await shard->async_next_batch();
      if (!batch) co_return;
      first = batch->front().data;
      shard->checkpointer().stage(batch->front());
      Blob mine = Blob::copy_of(as_bytes(std::string_view(state)));
      const CheckpointOutcome outcome = co_await shard->checkpointer().async_prepare(std::move(mine));
      EXPECT_EQ(outcome, CheckpointOutcome::stored);
      store->cut_off = crash;
    };
    core::spawn(loop.executor(), work());
    loop.run_for(3s);
    put(first_, 3);
    first_ += 3;
    loop.run_for(30s);
    consumer.reset();
    loop.run_for(1min);
    store->cut_off = false;
    EXPECT_EQ(first, "3") << name;
    return found;
  };
  EXPECT_FALSE(prepare("a", "mine", true));
  EXPECT_EQ(lease(0).checkpoint, Checkpoint::latest());
  const auto found = prepare("b", "mine, too", true);
  ASSERT_TRUE(found);
  EXPECT_EQ(as_text(found->state.bytes()), "mine");
  EXPECT_EQ(found->checkpoint.kind(), Checkpoint::Kind::record);
  Worker& c = start("c", latest);
  loop.run_for(30s);
  EXPECT_EQ(c.handled, numbers(3, 6));
  EXPECT_FALSE(lease(0).pending_checkpoint);
}

}  // namespace
}  // namespace kinesis::simulation
