#include "simulation/workers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

// What workers do with a lease table that is not as they left it, or does not answer.
namespace kinesis::simulation {
namespace {

class LeaseTable : public Workers {
 protected:
  std::string troubles_of(const std::string& name) {
    std::string all;
    for (const auto& [when, event] : workers[name].events)
      if (std::holds_alternative<event::Trouble>(event)) all += to_string(event) + "\n";
    return all;
  }
  bool has_row(const std::string& key) {
    const auto leases = rows();
    return std::any_of(leases.begin(), leases.end(), [&](const Lease& lease) { return lease.key == key; });
  }
};

TEST_F(LeaseTable, LeasesThatNobodyWantsAnyMoreAreCheckpointedAndReleased) {
  std::vector<std::string> wanted;
  for (const KinesisShard& shard : service->shards("orders")) wanted.push_back(shard.shard_id);
  const auto all = wanted;
  start("a", {}, [&](const AssignmentView&) { return wanted; });
  loop.run_for(5s);
  put(0, 400);
  loop.run_for(1s);
  ASSERT_EQ(leases_of("a"), 4u);
  wanted.resize(1);
  loop.run_for(4s);
  EXPECT_EQ(leases_of("a"), 1u);
  for (const Lease& lease : rows()) {
    if (lease.key == all[0]) continue;
    EXPECT_EQ(lease.owner, std::nullopt) << lease.key;
    EXPECT_EQ(lease.checkpoint.kind(), Checkpoint::Kind::record) << lease.key;
  }
  start("b");
  loop.run_for(5s);
  EXPECT_EQ(handled.size(), 400u) << "what was handled once is not handled again";
}

TEST_F(LeaseTable, ManualWorkersTakeWhatTheyNameAlsoFromOthers) {
  const auto shards = service->shards("orders");
  start("a");
  loop.run_for(5s);
  start("b", {}, manual({shards[1].shard_id, shards[3].shard_id}));
  loop.run_for(5s);
  EXPECT_EQ(leases_of("a"), 2u);
  for (const Lease& lease : rows()) {
    const bool named = lease.key == shards[1].shard_id || lease.key == shards[3].shard_id;
    EXPECT_EQ(lease.owner, named ? "b" : "a") << lease.key;
  }
}

TEST_F(LeaseTable, AnAssignmentThatThrowsIsReportedAndChangesNothing) {
  bool broken = false;
  start("a", {}, [&](const AssignmentView& view) {
    if (broken) throw std::runtime_error("no idea");
    return balanced()(view);
  });
  loop.run_for(5s);
  broken = true;
  loop.run_for(30s);
  EXPECT_EQ(leases_of("a"), 4u);
  EXPECT_THAT(troubles_of("a"), ::testing::HasSubstr("no idea"));
}

TEST_F(LeaseTable, LeasesOfShardsThatRetentionRemovedAreDeleted) {
  start("a");
  loop.run_for(5s);
  Lease old("shardId-000000009999");
  old.checkpoint = Checkpoint::at(RecordPosition{SequenceNumber("1"), 0});
  old.starting_hash_key = "0";
  old.ending_hash_key = "5";
  replace(old);
  loop.run_for(2min);
  EXPECT_FALSE(has_row(old.key));
  EXPECT_EQ(rows().size(), 4u);
}

TEST_F(LeaseTable, AHoleInTheHashKeysIsRepaired) {
  start("a");
  loop.run_for(5s);
  const auto shards = service->shards("orders");
  service->split("orders", shards[0].shard_id);
  loop.run_for(10s);
  // Somebody deletes the lease of a child of the split.
  const auto leases = rows();
  const auto child =
      std::find_if(leases.begin(), leases.end(), [](const Lease& l) { return !l.parent_shard_ids.empty(); });
  ASSERT_NE(child, leases.end());
  const auto deleted = loop.clock.now();
  auto remove = [&]() -> awaitable<void> { co_await table->remove(*child); };
  finish(remove());
  for (int i = 0; i < 100 && !has_row(child->key); ++i) loop.run_for(100ms);
  EXPECT_TRUE(has_row(child->key));
  EXPECT_LE(loop.clock.now() - deleted, 10s);
  put(0, 300);
  loop.run_for(10s);
  EXPECT_EQ(different().size(), 300u);
}

TEST_F(LeaseTable, AStoreThatFailsForMinutesCostsTheLeasesAndNothingElse) {
  start("a");
  loop.run_for(5s);
  put(0, 100);
  loop.run_for(2s);
  workers["a"].leases->failure = Error(errc::throttled, "slow down").with_retryable(true);
  const auto failed = loop.clock.now();
  loop.run_for(5min);
  ASSERT_EQ(workers["a"].count_of<event::LeaseLost>(), 4u);
  for (const auto when : workers["a"].times_of<event::LeaseLost>()) EXPECT_LE(when - failed, 10s + 2s);
  put(100, 100);
  loop.run_for(5s);
  EXPECT_EQ(different().size(), 100u) << "nothing is delivered without a lease";
  workers["a"].leases->failure.reset();
  loop.run_for(15s);
  EXPECT_EQ(different().size(), 200u);
  expect_order_per_key();
}

TEST_F(LeaseTable, ATableThatIsDeletedWhileWorkersRunEndsTheirSessionsAndIsReported) {
  start("a");
  loop.run_for(5s);
  workers["a"].leases->failure = Error(errc::not_found, "no such table");
  loop.run_for(30s);
  EXPECT_EQ(workers["a"].count_of<event::LeaseLost>(), 4u);
  EXPECT_THAT(troubles_of("a"), ::testing::HasSubstr("no such table"));
}

TEST_F(LeaseTable, AStreamThatWasCreatedAnewIsReported) {
  start("a");
  loop.run_for(5s);
  Lease lease = rows()[0];
  lease.checkpoint = Checkpoint::at(RecordPosition{SequenceNumber("1"), 0});
  replace(lease);
  loop.run_for(1min);
  EXPECT_THAT(troubles_of("a"), ::testing::HasSubstr("another created under its name"));
}

TEST_F(LeaseTable, LostAnswersOfTheStoreAreRecognised) {
  start("a").leases->lose_answers = 3;
  start("b").leases->lose_answers = 2;
  loop.run_for(10s);
  put(0, 300);
  loop.run_for(1min);
  start("c").leases->lose_answers = 2;
  put(300, 300);
  loop.run_for(1min);
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(workers[name].count_of<event::LeaseLost>(), 0u) << name;
  EXPECT_EQ(leases_of("a") + leases_of("b") + leases_of("c"), 4u);
  EXPECT_EQ(handled.size(), 600u) << "nothing is delivered twice";
  expect_order_per_key();
}

class IdleCalls : public Workers {
 protected:
  IdleCalls() : Workers(100) {}
};

TEST_F(IdleCalls, OfALeaseAreNoMoreThanTheKcls) {
  idle_interval = 10min;  // polling is not what is counted
  start("a");
  loop.run_for(10s);
  ASSERT_EQ(leases_of("a"), 100u);
  const std::size_t before = workers["a"].leases->calls;
  loop.run_for(20min);
  const double calls = static_cast<double>(workers["a"].leases->calls - before) * 3 / 100;
  RecordProperty("calls_per_lease_hour", std::to_string(calls));
  EXPECT_LE(calls, 1'100) << "the KCL's";
  EXPECT_GE(calls, 720) << "fewer would not be seen in time";
}

TEST_F(IdleCalls, OfAFleetOfEightAreNoMoreEither) {
  idle_interval = 10min;
  std::vector<std::string> names;
  for (int i = 0; i < 8; ++i) names.push_back("worker-" + std::to_string(i));
  for (const std::string& name : names) start(name);
  loop.run_for(30s);
  const auto calls_so_far = [&] {
    std::size_t calls = 0;
    for (const std::string& name : names) calls += workers[name].leases->calls;
    return calls;
  };
  const std::size_t before = calls_so_far();
  loop.run_for(20min);
  const double calls = static_cast<double>(calls_so_far() - before) * 3 / 100;
  RecordProperty("calls_per_lease_hour", std::to_string(calls));
  EXPECT_LE(calls, 1'100) << "the KCL's";
  for (const std::string& name : names) EXPECT_GE(leases_of(name), 12u) << name;
}

TEST_F(IdleCalls, AreNeverMoreAtOnceThanTheBound) {
  idle_interval = 10min;
  Worker& a = start("a");
  a.leases->latency = 50ms;
  loop.run_for(1min);
  EXPECT_EQ(leases_of("a"), 100u);
  EXPECT_EQ(a.leases->most_under_way, LeaseTiming().parallel_writes)
      << "and as many as that, where there is much to do";
  EXPECT_EQ(a.count_of<event::LeaseLost>(), 0u);
}

TEST_F(IdleCalls, OfASlowStoreKeepTheLeasesAllTheSame) {
  idle_interval = 10min;
  Worker& a = start("a");
  a.leases->latency = 1s;  // 100 leases, 32 at a time: 4 s for each to be renewed once
  loop.run_for(2min);
  EXPECT_EQ(leases_of("a"), 100u);
  EXPECT_EQ(a.count_of<event::LeaseLost>(), 0u);
}

}  // namespace
}  // namespace kinesis::simulation
