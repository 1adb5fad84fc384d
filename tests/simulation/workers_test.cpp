#include "simulation/workers.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

// Workers in virtual time: hours in milliseconds, the same in every run.
namespace kinesis::simulation {
namespace {

using namespace std::chrono_literals;

class WorkersTest : public InBothModes<Workers> {};
KINESIS_IN_BOTH_MODES(WorkersTest);

TEST_P(WorkersTest, ShareTheShardsEvenly) {
  start("a");
  loop.run_for(5s);
  EXPECT_EQ(leases_of("a"), 4u);
  start("b");
  loop.run_for(5s);
  EXPECT_EQ(leases_of("a"), 2u);
  EXPECT_EQ(leases_of("b"), 2u);
  put(0, 500);
  loop.run_for(5s);
  EXPECT_EQ(different().size(), 500u);
  expect_order_per_key();
}

TEST_P(WorkersTest, AWorkerThatIsCutOffStopsBeforeAnotherTakesOver) {
  start("a");
  start("b");
  loop.run_for(20s);
  ASSERT_EQ(leases_of("a"), 2u);
  workers["a"].leases->cut_off = true;
  const auto cut = loop.clock.now();
  for (int i = 0; i < 30; ++i) {
    put(i * 10, 10);
    loop.run_for(1s);
  }
  EXPECT_EQ(different().size(), 300u);
  EXPECT_EQ(leases_of("b"), 4u);
  std::set<std::string> was_of_a;
  for (const Handled& record : handled)
    if (record.worker == "a") was_of_a.insert(record.shard_id);
  std::map<std::string, Clock::time_point> first_of_b;
  for (const Handled& record : handled)
    if (record.worker == "b" && was_of_a.contains(record.shard_id))
      first_of_b.try_emplace(record.shard_id, record.when);
  ASSERT_FALSE(first_of_b.empty());
  for (const Handled& record : handled) {
    if (record.worker != "a" || !first_of_b.contains(record.shard_id)) continue;
    EXPECT_LT(record.when, first_of_b[record.shard_id]) << record.shard_id << " was handled by both";
    EXPECT_LT(record.when - cut, 10s) << "longer than the failover time after the last renewal";
  }
  for (const auto& [shard, when] : first_of_b) EXPECT_LE(when - cut, 14s) << "failover, a refresh and a read";
}

TEST_P(WorkersTest, FollowSplitsAndMergesToTheEnd) {
  start("a");
  start("b");
  put(0, 200);
  const auto shards = service->shards("orders");
  service->split("orders", shards[0].shard_id);
  put(200, 200);
  service->merge("orders", shards[2].shard_id, shards[3].shard_id);
  put(400, 200);
  loop.run_for(30s);
  EXPECT_EQ(different().size(), 600u);
  expect_order_per_key();
  loop.run_for(1min);
  std::size_t left = 0;
  auto read = [&]() -> awaitable<void> {
    for (const Lease& lease : co_await table->list()) {
      EXPECT_FALSE(lease.checkpoint.is_shard_end()) << lease.key;
      ++left;
    }
  };
  finish(read());
  EXPECT_EQ(left, 4u) << "finished leases are deleted once their children have been begun with";
}

TEST_P(WorkersTest, HandTheirLeasesOverWhenTheyStop) {
  start("a");
  start("b");
  loop.run_for(10s);
  put(0, 100);
  stop("a");
  loop.run_for(4s);
  EXPECT_TRUE(workers["a"].ended);
  EXPECT_EQ(leases_of("b"), 4u) << "given back, not left to expire";
  put(100, 100);
  loop.run_for(5s);
  EXPECT_EQ(different().size(), 200u);
  EXPECT_EQ(handled.size(), 200u) << "nothing is delivered twice";
}

TEST_P(WorkersTest, ALostLeaseIsNotClawedBack) {
  start("a");
  start("b");
  loop.run_for(1min);
  EXPECT_EQ(leases_of("a"), 2u);
  EXPECT_EQ(leases_of("b"), 2u);
  for (const auto& [name, worker] : workers) {
    EXPECT_EQ(worker.count_of<event::LeaseLost>(), 0u) << name;
    EXPECT_LE(worker.count_of<event::LeaseWanted>(), 2u) << "leases move once, to even out";
  }
}

}  // namespace
}  // namespace kinesis::simulation
