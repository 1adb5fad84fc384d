#include "simulation/workers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// What the simulated fleets found, each as a test of its own.
namespace kinesis::simulation {
namespace {

using namespace std::chrono_literals;

class Found : public InBothModes<Workers> {};
KINESIS_IN_BOTH_MODES(Found);
class FoundByPolling : public Workers {};

TEST_F(FoundByPolling, WhereEveryIteratorHasExpiredTheLimitsHold) {
  start("a");
  loop.run_for(5s);
  FaultRule expired;
  expired.action = FaultRule::Action::expired_iterator;
  expired.operation = "GetRecords";
  service->add_fault(expired);
  const std::size_t before = workers["a"].count_of<event::Trouble>();
  loop.run_for(10s);
  const std::size_t reads = workers["a"].count_of<event::Trouble>() - before;
  EXPECT_GE(reads, 4u) << "each shard goes on asking";
  EXPECT_LE(reads, 4u * 5 * 11) << "five calls a second and shard";
  service->clear_faults();
  put(0, 100);
  loop.run_for(10s);
  EXPECT_EQ(different().size(), 100u);
}

TEST_P(Found, TheRestOfABatchIsLeftAloneOnceTheLeaseMayHaveExpired) {
  put(0, 400);
  start("a", [](const Record<std::string>&) { return 200ms; });
  loop.run_for(3s);
  // Requests hang: nothing but the clock tells that the lease is not ours any more.
  workers["a"].leases->latency = 1h;
  const auto cut = loop.clock.now();
  loop.run_for(30s);
  for (const Handled& record : handled) EXPECT_LT(record.when - cut, 10s) << record.shard_id;
  EXPECT_LT(different().size(), 400u);
  workers["a"].leases->latency = 0s;
}

TEST_P(Found, ACheckpointThatIsCancelledWhileItWaitsToTryAgainHoldsUpNothing) {
  bool thrown = false;
  start("a", [&](const Record<std::string>& record) {
    if (record.data == "100" && !std::exchange(thrown, true)) throw std::runtime_error("not this one");
    return Clock::duration(0);
  });
  loop.run_for(3s);
  put(0, 100);
  loop.run_for(4s);
  // The checkpoints become due and are tried again and again.
  workers["a"].leases->failure = Error(errc::throttled, "too much");
  loop.run_for(4s);
  put(100, 1);
  loop.run_for(1s);
  ASSERT_TRUE(thrown);
  workers["a"].leases->failure.reset();
  loop.run_for(1min);
  EXPECT_EQ(std::count_if(handled.begin(), handled.end(), [](const Handled& record) { return record.data == "100"; }),
            2)
      << "its shard begins anew";
}

/// Whoever is asked for a lease hands it over just before the other, which has waited long enough, takes it.
class HandsOverJustBefore final : public LeaseRepository {
 public:
  HandsOverJustBefore(std::shared_ptr<LeaseRepository> inner, std::string taker)
      : inner_(std::move(inner)), taker_(std::move(taker)) {}
  /// How far the first came.
  std::function<Checkpoint(const std::string& shard_id)> further;
  std::map<std::string, Checkpoint> handed_over;
  std::set<std::string> taken;

  asio::awaitable<void> prepare() override { return inner_->prepare(); }
  asio::awaitable<std::vector<Lease>> list() override { return inner_->list(); }
  asio::awaitable<LeaseWrite> create(Lease lease) override { return inner_->create(std::move(lease)); }
  asio::awaitable<LeaseWrite> remove(Lease known) override { return inner_->remove(std::move(known)); }
  asio::awaitable<LeaseWrite> update(LeaseUpdate change) override {
    const bool takes =
        change.change().owner == std::optional<std::string>(taker_) && change.change().checkpoint_owner.has_value();
    if (takes) {
      const auto rows = co_await inner_->list();
      for (const Lease& row : rows) {
        if (row.key != change.key() || row.owner != taker_ || !row.checkpoint_owner) continue;
        const Checkpoint checkpoint = further(row.key);
        const LeaseUpdate hand_over = LeaseUpdate::hand_over(row, checkpoint);
        co_await inner_->update(hand_over);
        handed_over.emplace(row.key, checkpoint);
      }
    }
    const LeaseWrite written = co_await inner_->update(change);
    if (takes && written.is_stored()) taken.insert(change.key());
    co_return written;
  }

 private:
  std::shared_ptr<LeaseRepository> inner_;
  std::string taker_;
};

TEST_P(Found, WhatWasHandedOverAtTheLastMomentGoesOnFromItsCheckpoint) {
  const auto hands_over = std::make_shared<HandsOverJustBefore>(table, "b");
  table = hands_over;
  hands_over->further = [this](const std::string& shard_id) {
    RecordPosition last;
    for (const auto& record : service->accepted())
      if (record.shard_id == shard_id) last.sequence_number = record.sequence_number;
    return Checkpoint::at(last);
  };
  start("a");
  loop.run_for(5s);
  put(0, 200);
  workers["a"].leases->cut_off = true;
  start("b");
  loop.run_for(30s);
  ASSERT_FALSE(hands_over->handed_over.empty());
  std::size_t begun = 0;
  for (const auto& [when, event] : workers["b"].events) {
    const auto* acquired = std::get_if<event::LeaseAcquired>(&event);
    if (acquired == nullptr || !hands_over->handed_over.contains(acquired->shard_id)) continue;
    EXPECT_EQ(acquired->from, hands_over->handed_over.at(acquired->shard_id));
    ++begun;
  }
  EXPECT_EQ(begun, hands_over->handed_over.size());
  for (const auto& [key, checkpoint] : hands_over->handed_over)
    EXPECT_TRUE(hands_over->taken.contains(key)) << "others count from the last write, so there must be one";
}

class FoundWithFewShards : public Workers {
 protected:
  FoundWithFewShards() : Workers(3) {}
};

TEST_F(FoundWithFewShards, AChildOfAMergeWaitsForAParentThatHasNoLeaseYet) {
  put(0, 300);
  const auto first = service->shards("orders");
  service->split("orders", first[0].shard_id);
  put(300, 300);
  const auto split = service->shards("orders");
  // The second half of the first shard and the second shard become one: one parent was never seen when the other ends.
  const std::string half = split[4].shard_id;
  service->merge("orders", half, first[1].shard_id);
  put(600, 300);
  const std::string merged = service->shards("orders")[5].shard_id;
  start("a", [&](const Record<std::string>& record) {
    return record.shard_id == first[0].shard_id ? Clock::duration(300ms) : Clock::duration(0);
  });
  loop.run_for(3min);
  EXPECT_EQ(different().size(), 900u);
  std::map<std::string, Clock::time_point> last;
  for (const Handled& record : handled) last[record.shard_id] = record.when;
  for (const Handled& record : handled)
    if (record.shard_id == merged) {
      EXPECT_GE(record.when, last.at(half));
    }
  expect_order_per_key();
}

}  // namespace
}  // namespace kinesis::simulation
