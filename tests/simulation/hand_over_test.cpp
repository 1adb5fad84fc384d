#include "simulation/workers.hpp"

#include <gtest/gtest.h>

#include <algorithm>

// How leases change hands, with default settings, in virtual time.
namespace kinesis::simulation {
namespace {

using namespace std::chrono_literals;

class HandOverStage : public Workers {
 protected:
  HandOverStage() : Workers(8) {}

  /// Puts 10 records every 10 ms while the workers go on.
  void traffic(Clock::duration time) {
    const auto until = loop.clock.now() + time;
    while (loop.clock.now() < until) {
      put(sent_, 10);
      sent_ += 10;
      loop.run_for(10ms);
    }
  }
  /// When `name` got its last lease.
  Clock::time_point last_acquired(const std::string& name) {
    return workers[name].times_of<event::LeaseAcquired>().back();
  }
  void expect_each_once() const {
    EXPECT_EQ(different().size(), static_cast<std::size_t>(sent_));
    EXPECT_EQ(handled.size(), static_cast<std::size_t>(sent_)) << "something was delivered twice";
  }

  int sent_ = 0;
};
class HandOver : public InBothModes<HandOverStage> {};
KINESIS_IN_BOTH_MODES(HandOver);

TEST_P(HandOver, AJoinIsBalancedWithinThreeSecondsAndCausesNoDuplicate) {
  start("a");
  traffic(5s);
  const auto joined = loop.clock.now();
  start("b");
  traffic(8s);
  loop.run_for(3s);
  EXPECT_EQ(leases_of("a"), 4u);
  EXPECT_EQ(leases_of("b"), 4u);
  EXPECT_LE(last_acquired("b") - joined, 3s);
  EXPECT_EQ(workers["a"].count_of<event::LeaseLost>(), 0u);
  EXPECT_EQ(workers["a"].count_of<event::LeaseWanted>(), 4u);
  expect_each_once();
  expect_order_per_key();
}

TEST_P(HandOver, SeveralThatJoinTogetherAreBalancedWithinThreeSecondsEach) {
  start("a");
  traffic(5s);
  const auto joined = loop.clock.now();
  for (const char* name : {"b", "c", "d"}) start(name);
  traffic(8s);
  loop.run_for(3s);
  for (const char* name : {"a", "b", "c", "d"}) EXPECT_EQ(leases_of(name), 2u) << name;
  for (const char* name : {"b", "c", "d"}) EXPECT_LE(last_acquired(name) - joined, 5s) << name;
  expect_each_once();
}

TEST_P(HandOver, AfterAStopAnotherGoesOnWithinTwoSeconds) {
  start("a");
  start("b");
  traffic(10s);
  const auto stopped = loop.clock.now();
  stop("a");
  traffic(4s);
  loop.run_for(3s);
  EXPECT_EQ(leases_of("b"), 8u);
  EXPECT_LE(last_acquired("b") - stopped, 2s);
  expect_each_once();
}

TEST_P(HandOver, AfterACrashAnotherTakesOverWithinTwoSecondsOfTheFailoverTime) {
  start("a");
  start("b");
  loop.run_for(30s);
  ASSERT_EQ(leases_of("b"), 4u);
  workers["a"].leases->cut_off = true;
  const auto crashed = loop.clock.now();
  loop.run_for(20s);
  EXPECT_EQ(leases_of("b"), 8u);
  EXPECT_LE(last_acquired("b") - crashed, 12s);
}

TEST_P(HandOver, AShardThatItsWorkerFailsAgainAndAgainGoesToAnother) {
  std::string broken;  // the other shards of "b" keep it in the fleet, and this one due to it
  start("a");
  start("b", [&broken](const Record<std::string>& record) -> Clock::duration {
    if (broken.empty()) broken = record.shard_id;
    if (record.shard_id == broken) throw std::runtime_error("no disk");
    return 0s;
  });
  loop.run_for(10s);
  put(0, 100);
  loop.run_for(10min);
  const auto done_by_a = [&](const Handled& record) { return record.worker == "a" && record.shard_id == broken; };
  EXPECT_FALSE(broken.empty());
  EXPECT_TRUE(std::any_of(handled.begin(), handled.end(), done_by_a));
}

TEST_P(HandOver, ARecordInHandIsFinishedFirst) {
  start("a", [](const Record<std::string>&) { return 1s; });
  loop.run_for(5s);
  put(0, 40);
  sent_ = 40;
  loop.run_for(2s);
  start("b");
  loop.run_for(2min);
  EXPECT_EQ(leases_of("b"), 4u);
  expect_each_once();
  expect_order_per_key();
}

TEST_P(HandOver, AHandlerThatTakesTooLongIsNotWaitedForForEver) {
  start("a", [](const Record<std::string>& record) { return record.data == "0" ? 1h : 0s; });
  loop.run_for(5s);
  put(0, 100);
  sent_ = 100;
  loop.run_for(2s);
  const auto joined = loop.clock.now();
  start("b");
  start("c");
  start("d");
  loop.run_for(30s);
  // Whoever was given the shard of record 0 got it after a's answer, which a renewal gives, and the time for the
  // record.
  std::size_t leases = 0;
  for (const char* name : {"b", "c", "d"}) {
    leases += leases_of(name);
    EXPECT_LE(last_acquired(name) - joined, LeaseTiming().renew_interval + 5s + 3s) << name;
  }
  EXPECT_EQ(leases, 6u);
  stop("a");
  loop.run_for(30s);
  EXPECT_EQ(different().size(), 100u);
}

TEST_P(HandOver, AnOwnerThatIsCutOffMustHaveStoppedBeforeItsLeaseIsBegunWith) {
  start("a");
  loop.run_for(20s);
  workers["a"].leases->cut_off = true;
  start("b");
  traffic(25s);
  loop.run_for(5s);
  EXPECT_EQ(leases_of("b"), 8u);
  expect_never_by_two_at_once("a", "b");
  EXPECT_EQ(different().size(), static_cast<std::size_t>(sent_));
}

TEST_P(HandOver, OneThatStopsWhileItWaitsLeavesTheLeaseWhereItIs) {
  start("a");
  traffic(5s);
  start("b");
  traffic(1ms);
  stop("b");
  traffic(10s);
  loop.run_for(2s);
  EXPECT_EQ(leases_of("a"), 8u);
  expect_each_once();
}

TEST_P(HandOver, ALeaderOfAKcl3FleetCanAskForIt) {
  start("a");
  traffic(5s);
  // As it does: the counter stays as it is.
  Lease asked = rows()[0];
  asked.checkpoint_owner = asked.owner;
  asked.owner = "java";
  replace(asked);
  traffic(4s);
  const Lease row = rows()[0];
  EXPECT_EQ(row.owner, "java");
  EXPECT_EQ(row.checkpoint_owner, std::nullopt) << "handed over";
  EXPECT_EQ(row.checkpoint.kind(), Checkpoint::Kind::record);
  EXPECT_EQ(workers["a"].count_of<event::LeaseLost>(), 0u);
}

TEST_P(HandOver, AnOwnerThatDoesNotKnowTheProtocolLosesItsLeaseToOneThatWaitedItOut) {
  // A KCL 2.x renews with its counter and nothing else, and stops when that is refused.
  start_foreign("old", 3300ms);
  const auto joined = loop.clock.now();
  start("b");
  loop.run_for(15s);
  EXPECT_EQ(leases_of("b"), 4u);
  EXPECT_LE(last_acquired("b") - joined, 13s);
  for (const auto when : workers["b"].times_of<event::LeaseAcquired>()) EXPECT_GE(when - joined, 3300ms);
}

}  // namespace
}  // namespace kinesis::simulation
