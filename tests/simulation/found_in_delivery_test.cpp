#include "simulation/forwarding_leases.hpp"
#include "simulation/stage.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

// What the simulated fleets found in how records are delivered, and from where on; each as a test of its own.
namespace kinesis::simulation {
namespace {

class FoundInDelivery : public InBothModes<Stage> {
 protected:
  /// Holds the delivery up while records wait for others of their key, and lets it go on.
  void hold_up_and_go_on(ConsumerOptions how) {
    service->create_stream("orders", 1);
    put(0, 20, "key", true);
    const auto work = [this](const Record<std::string>&) { return core::sleep_for(loop.clock, 200ms); };
    Worker& a = start("a", std::move(how), work);
    loop.run_for(2s);
    const std::size_t begun = a.handled.size();
    ASSERT_GT(begun, 0u);
    ASSERT_LT(begun, 20u);
    a.consumer->pause();
    loop.run_for(1min);
    EXPECT_EQ(a.handled.size(), begun) << "the record at work is finished, the next one waits";
    EXPECT_EQ(lease(0).owner, "a");
    a.consumer->resume();
    loop.run_for(1min);
    EXPECT_EQ(a.handled, numbers(0, 20));
  }
};
KINESIS_IN_BOTH_MODES(FoundInDelivery);

TEST_P(FoundInDelivery, RecordsThatWaitForOthersOfTheirKeyAreHeldUpAsWell) {
  ConsumerOptions how = options();
  how.concurrency = per_key(2);
  hold_up_and_go_on(std::move(how));
}

TEST_P(FoundInDelivery, RecordsThatWaitForACheckpointAreHeldUpAsWell) {
  ConsumerOptions how = options();
  how.checkpoint = CheckpointPerKey{};
  hold_up_and_go_on(std::move(how));
}

TEST_P(FoundInDelivery, AnEndedShardIsHeldUpWithWhatItHasLeft) {
  service->create_stream("orders", 1);
  put(0, 20, "key", true);
  ConsumerOptions how = options();
  how.concurrency = per_key(2);
  const auto work = [this](const Record<std::string>&) { return core::sleep_for(loop.clock, 500ms); };
  Worker& a = start("a", how, work);
  loop.run_for(2s);
  service->split("orders", service->shards("orders")[0].shard_id);
  loop.run_for(2s);
  const std::size_t begun = a.handled.size();
  ASSERT_LT(begun, 20u);
  a.consumer->pauses().pause(service->shards("orders")[0].shard_id);
  loop.run_for(1min);
  EXPECT_EQ(a.handled.size(), begun);
  a.consumer->pauses().resume(service->shards("orders")[0].shard_id);
  loop.run_for(1min);
  EXPECT_EQ(a.handled, numbers(0, 20));
  EXPECT_TRUE(lease(0).checkpoint.is_shard_end());
}

TEST_P(FoundInDelivery, AStopWhileHeldUpDoesNotWaitForGaps) {
  service->create_stream("orders", 1);
  // One record of a key takes for ever, and those of others overtake it: all of its key lie in a gap.
  put(0, 3, "slow", true);
  put(3, 10, "quick");
  ConsumerOptions how = options();
  how.concurrency = per_key(2);
  const auto work = [this](const Record<std::string>& record) {
    return core::sleep_for(loop.clock, record.partition_key == "slow-0" ? 3s : 10ms);
  };
  Worker& a = start("a", how, work);
  loop.run_for(2s);
  EXPECT_EQ(sorted(a.handled), sorted({"0", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"}));
  a.consumer->pause();
  stop("a");
  loop.run_for(5s);
  EXPECT_TRUE(a.ended) << "without the records in the gap, which are not to be delivered";
  EXPECT_EQ(a.handled.size(), 11u);
  EXPECT_EQ(lease(0).owner, std::nullopt);
  Worker& b = start("b", options());
  loop.run_for(5s);
  EXPECT_EQ(b.handled, numbers(1, 12)) << "the next worker begins after the first gap";
}

TEST_P(FoundInDelivery, AShardThatEndsWhileItIsAskedForIsNotReadAgain) {
  service->create_stream("orders", 2);
  put(0, 40);
  const std::string closed = service->shards("orders")[0].shard_id;
  Worker& a = start("a", options());
  a.leases->clock = clock;
  loop.run_for(3s);
  ASSERT_EQ(sorted(a.handled), numbers(0, 40));
  // The leases of its children and its end take time to be written. Meanwhile another worker asks for it.
  a.leases->latency = 2s;
  service->split("orders", closed);
  loop.run_for(1500ms);
  ConsumerOptions wants_it = options();
  wants_it.assignment = [closed](const AssignmentView&) { return std::vector<std::string>{closed}; };
  Worker& b = start("b", wants_it);
  loop.run_for(2s);
  ASSERT_EQ(lease(0).owner, "b") << "it is asked for";
  ASSERT_EQ(lease(0).checkpoint_owner, "a");
  loop.run_for(1min);
  EXPECT_TRUE(lease(0).checkpoint.is_shard_end());
  EXPECT_TRUE(b.handled.empty()) << "all of it was done";
  EXPECT_NE(lease(0).owner, "b") << "nobody needs it";
}

TEST_P(FoundInDelivery, AFunctionGetsTheRestOfABatchWhenItsLeaseHadNearlyExpired) {
  service->create_stream("orders", 1);
  put(0, 10);
  Worker& a = workers["a"];
  a.leases = std::make_shared<CutOffLeases>(table);
  a.leases->clock = clock;
  ConsumerOptions how = options();
  how.leases = a.leases;
  how.checkpoint = CheckpointEvery{1, 5s};
  a.consumer = std::make_unique<Consumer<std::string>>(client(), how, text);
  // The checkpoint after the first record takes until the lease may be another's. It is not: it is renewed then.
  const auto function = [&a](const Record<std::string>& record) {
    if (a.handled.empty()) a.leases->latency = 11s;
    a.handled.push_back(record.data);
  };
  const auto consume = [&a, &function]() -> awaitable<void> {
    co_await async_consume(*a.consumer, function);
    a.ended = true;
  };
  core::spawn(loop.executor(), consume());
  loop.run_for(5s);
  ASSERT_EQ(a.handled, numbers(0, 1));
  a.leases->latency = 0s;
  loop.run_for(7s);
  put(10, 10);
  loop.run_for(2min);
  EXPECT_EQ(sorted(a.handled), numbers(0, 20)) << "nothing is passed over";
  stop("a");
  loop.run_for(1min);
  EXPECT_TRUE(a.ended);
}

/// Whoever reads the table through it may make one lease, and fails then.
class FailsAfterOneLease final : public ForwardingLeases {
 public:
  using ForwardingLeases::ForwardingLeases;

  asio::awaitable<LeaseWrite> create(Lease lease) override {
    if (std::exchange(made_, true)) throw Error(errc::access_denied, "one is enough");
    const LeaseWrite written = co_await ForwardingLeases::create(std::move(lease));
    co_return written;
  }

 private:
  bool made_ = false;
};

TEST_P(FoundInDelivery, LatestIsAtTheSameTimeInAllShards) {
  service->create_stream("orders", 4);
  put(0, 20);
  loop.clock.advance(10s);
  ConsumerOptions latest = options();
  latest.start = Latest{};
  const auto shared = table;
  table = std::make_shared<FailsAfterOneLease>(shared);
  Worker& a = start("a", latest);
  loop.run_for(1s);
  ASSERT_TRUE(a.ended && a.failure);
  ASSERT_EQ(leases().size(), 1u);
  table = shared;
  put(20, 20);
  loop.clock.advance(10s);
  Worker& b = start("b", latest);
  loop.run_for(10s);
  EXPECT_EQ(sorted(b.handled), numbers(20, 20)) << "the application began when its first lease was made";
}

TEST_P(FoundInDelivery, LatestIsNotWhereEachLeaseHappensToBeMade) {
  service->create_stream("orders", 4);
  table = std::make_shared<CreatesSlowly>(table, loop.clock);
  ConsumerOptions latest = options();
  latest.start = Latest{};
  latest.timing.parallel_writes = 1;
  Worker& a = start("a", latest);
  loop.run_for(1500ms);
  ASSERT_EQ(leases().size(), 1u);
  put(0, 20);
  loop.run_for(20s);
  EXPECT_EQ(sorted(a.handled), numbers(0, 20));
}

}  // namespace
}  // namespace kinesis::simulation
