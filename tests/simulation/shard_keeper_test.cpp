#include "consumer/shard_keeper.hpp"

#include "simulation/forwarding_leases.hpp"
#include "simulation/stage.hpp"

#include <gtest/gtest.h>

// What keeps the lease table in step with the shards, alone.
namespace kinesis::simulation {
namespace {

class Keeper : public Stage {
 protected:
  Keeper() {
    service->create_stream("orders", 1);
    settings_.leases = table;
    const consumer::TableRead table{loop.clock.now(), loop.clock.wall_now()};
    const auto make = [&]() -> awaitable<void> { EXPECT_TRUE(co_await keeper.make_missing(table)); };
    finish(make());
    service->split("orders", service->shards("orders")[0].shard_id);
  }
  Lease parent() { return lease(0); }
  static ChildShard child(std::string id, std::string parent_id) {
    ChildShard child;
    child.shard_id = std::move(id);
    child.parent_shards = {std::move(parent_id)};
    child.hash_key_range = HashKeyRange("0", "9");
    return child;
  }
  /// The code of what making the children throws.
  std::optional<errc> make_children(std::vector<ChildShard> children, bool still_ours) {
    std::optional<errc> code;
    auto make = [&]() -> awaitable<void> {
      try {
        std::function<bool()> ours = [still_ours] { return still_ours; };
        Lease of = known_;
        co_await keeper.make_children(std::move(of), children, std::move(ours));
      } catch (const Error& error) {
        code = error.code();
      }
    };
    known_ = parent();
    finish(make());
    return code;
  }

 private:
  ConsumerOptions settings_ = options();
  consumer::LeaseBook book_{settings_.timing.failover};
  Lease known_{""};

 protected:
  consumer::ShardKeeper keeper{client(), settings_, consumer::ConsumedStream{"orders", TrimHorizon{}, ""},
                               loop.executor(), book_};
};

TEST_F(Keeper, MakesTheChildrenThatTheLastAnswerNames) {
  const std::string parent_id = parent().key;
  EXPECT_EQ(make_children({child("shardId-000000000001", parent_id), child("shardId-000000000002", parent_id)}, true),
            std::nullopt);
  EXPECT_EQ(leases().size(), 3u);
  EXPECT_EQ(parent().child_shard_ids, (std::vector<std::string>{"shardId-000000000001", "shardId-000000000002"}));
}

TEST_F(Keeper, AsksTheListOfShardsWhereTheAnswerNamesNone) {
  EXPECT_EQ(make_children({}, true), std::nullopt);
  EXPECT_EQ(leases().size(), 3u);
}

TEST_F(Keeper, MakesNoChildrenOfAShardThatMayBeAnotherWorkersByNow) {
  // Simulated seed 9799: a worker that had stood still made leases again that others had finished and deleted.
  const std::string parent_id = parent().key;
  EXPECT_EQ(make_children({child("shardId-000000000001", parent_id)}, false), errc::condition_failed);
  EXPECT_EQ(make_children({}, false), errc::condition_failed);
  EXPECT_EQ(leases().size(), 1u);
  EXPECT_TRUE(parent().child_shard_ids.empty());
}

TEST_F(Keeper, MakesNoLeasesThatWereMissingLongAgo) {
  // Simulated seed 1455: a worker whose store was slow made leases again that others had made, finished and deleted.
  const consumer::TableRead table{loop.clock.now(), loop.clock.wall_now()};
  const auto delete_all = [this]() -> awaitable<void> {
    const auto rows = co_await this->table->list();
    for (const Lease& row : rows) co_await this->table->remove(row);
  };
  finish(delete_all());
  loop.clock.advance(21s);
  consumer::LeaseBook book{10s};
  const ConsumerOptions how = [this] {
    ConsumerOptions how = options();
    how.leases = this->table;
    return how;
  }();
  consumer::ShardKeeper late{client(), how, consumer::ConsumedStream{"orders", TrimHorizon{}, ""}, loop.executor(),
                             book};
  std::optional<errc> code;
  const auto make = [&]() -> awaitable<void> {
    try {
      co_await late.make_missing(table);
    } catch (const Error& error) {
      code = error.code();
      EXPECT_TRUE(error.retryable());
    }
  };
  finish(make());
  EXPECT_EQ(code, errc::timeout);
  EXPECT_TRUE(leases().empty());
}

class SlowStart : public Stage {};

TEST_F(SlowStart, AFirstStartGoesOnThoughMakingItsLeasesTakesLongerThanAReadingOfTheTableCounts) {
  service->create_stream("orders", 50);
  const auto fast = table;
  table = std::make_shared<CreatesSlowly>(fast, *clock);
  ConsumerOptions how = options();
  how.timing.parallel_writes = 1;
  Worker& worker = start("slow", how);
  loop.run_for(70s);
  table = fast;
  EXPECT_EQ(leases().size(), 50u);
  EXPECT_TRUE(events<event::Trouble>(worker).empty());
  EXPECT_FALSE(worker.failure);
}

TEST_F(Keeper, AChildThatTheListOfShardsDoesNotKnowYetGetsItsLease) {
  EXPECT_EQ(make_children({child("shardId-000000000007", parent().key)}, true), std::nullopt);
  EXPECT_TRUE(leases().contains("shardId-000000000007"));
}

}  // namespace
}  // namespace kinesis::simulation
