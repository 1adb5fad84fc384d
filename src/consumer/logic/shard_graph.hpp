#pragma once

#include "core/uint128.hpp"
#include <kinesis/fetch_mode.hpp>
#include <kinesis/kinesis_api.hpp>
#include <kinesis/lease.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kinesis::consumer {

/// The row of a key, or null.
using FindLease = std::function<const Lease*(const std::string& key)>;

/// The shards a split or merge made it of.
std::vector<std::string> parents_of(const KinesisShard& shard);

/// What a lease of a shard without history begins with.
Checkpoint initial_checkpoint(const StartPosition& start);

/// The row of a shard nobody worked on yet.
Lease lease_for(const KinesisShard& shard, Checkpoint checkpoint);
/// The row of a child whose parent ended: it starts at its beginning, whatever position the application started at.
Lease lease_for(const ChildShard& child);

/// Whether the parents of a lease are done: their leases say SHARD_END, or are gone. (KCL: BlockOnParentShardTask.)
bool parents_done(const Lease& lease, const FindLease& find);

/// The leases of a stream without leases. `shards`: those ListShards gives for the start position (`start_filter`).
std::vector<Lease> first_leases(const std::vector<KinesisShard>& shards, const StartPosition& start);

/// The leases that are missing, oldest first. `shards`: all of the stream. Of a branch of splits and merges only the
/// oldest generation that is needed gets leases; later ones get theirs when their parents end. (The rules of the KCL's
/// HierarchicalShardSyncer.) Beyond those: children of parents that are done get theirs, from the beginning, as
/// somebody must have lost them.
std::vector<Lease> missing_leases(const std::vector<KinesisShard>& shards, const FindLease& find,
                                  const StartPosition& start);

/// The filter that gives the shards an application begins with.
ShardFilter start_filter(const StartPosition& start);

using HashRanges = std::vector<std::pair<core::Uint128, core::Uint128>>;

/// The lowest hash key that is in none of the ranges.
std::optional<core::Uint128> first_hole(HashRanges ranges);

/// Whether the shards cover all hash keys, without a hole. The error names the hole.
Result<void> check_coverage(const std::vector<KinesisShard>& shards);

}  // namespace kinesis::consumer
