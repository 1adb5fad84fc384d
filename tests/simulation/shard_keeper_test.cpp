#include "consumer/shard_keeper.hpp"

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
    finish(keeper.make_missing());
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

TEST_F(Keeper, AChildThatTheListOfShardsDoesNotKnowYetGetsItsLease) {
  EXPECT_EQ(make_children({child("shardId-000000000007", parent().key)}, true), std::nullopt);
  EXPECT_TRUE(leases().contains("shardId-000000000007"));
}

}  // namespace
}  // namespace kinesis::simulation
