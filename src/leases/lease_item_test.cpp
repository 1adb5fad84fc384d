#include "leases/lease_item.hpp"

#include <gtest/gtest.h>

namespace kinesis::leases {
namespace {

using dynamodb::AttributeMap;
using dynamodb::Number;

Lease full_lease() {
  Lease lease("shardId-000000000001");
  lease.owner = "worker";
  lease.counter = 7;
  lease.owner_switches_since_checkpoint = 2;
  lease.checkpoint = Checkpoint::at(RecordPosition{SequenceNumber("100"), 3});
  lease.pending_checkpoint = Checkpoint::shard_end();
  lease.pending_checkpoint_state = Blob("state");
  lease.parent_shard_ids = {"shardId-000000000000"};
  lease.child_shard_ids = {"shardId-000000000002", "shardId-000000000003"};
  lease.starting_hash_key = "0";
  lease.ending_hash_key = "9";
  lease.checkpoint_owner = "old";
  lease.throughput_kbps = 1.5e-4;
  return lease;
}

TEST(LeaseItem, ReadsWhatItWrites) {
  for (const Lease& lease : {full_lease(), Lease("shardId-000000000000")}) {
    const auto read = lease_of(item_of(lease));
    ASSERT_TRUE(read) << read.error().what();
    ASSERT_TRUE(*read);
    EXPECT_EQ(**read, lease);
  }
}

TEST(LeaseItem, LeavesOtherRowsAlone) {
  AttributeMap item = item_of(full_lease());
  item.emplace("entityType", "WORKER_METRICS");
  const auto read = lease_of(item);
  ASSERT_TRUE(read);
  EXPECT_FALSE(*read);
}

TEST(LeaseItem, NamesTheAttributeThatIsMissing) {
  for (const char* name : {"leaseKey", "leaseCounter", "checkpoint"}) {
    AttributeMap item = item_of(full_lease());
    item.erase(name);
    const auto read = lease_of(item);
    ASSERT_FALSE(read) << name;
    EXPECT_EQ(read.error().code(), errc::protocol);
    EXPECT_NE(read.error().message().find(name), std::string::npos) << read.error().message();
  }
}

TEST(LeaseItem, ACounterNearItsEndIsRefused) {
  AttributeMap item = item_of(full_lease());
  item.insert_or_assign("leaseCounter", Number("9223372036854775807"));
  EXPECT_FALSE(lease_of(item));
  item.insert_or_assign("leaseCounter", Number("4611686018427387904"));
  const auto read = lease_of(item);
  ASSERT_TRUE(read && *read);
  EXPECT_EQ(LeaseUpdate::renew(**read).apply(**read).counter, 4'611'686'018'427'387'905);
}

TEST(LeaseItem, AThroughputThatIsNoNumberIsAbsent) {
  for (const char* text : {"nan", "inf", "-inf", "1x", "", "1e999"}) {
    AttributeMap item = item_of(full_lease());
    item.insert_or_assign("throughputKBps", Number(text));
    const auto read = lease_of(item);
    ASSERT_TRUE(read && *read) << text;
    EXPECT_FALSE((*read)->throughput_kbps) << text;
  }
}

}  // namespace
}  // namespace kinesis::leases
