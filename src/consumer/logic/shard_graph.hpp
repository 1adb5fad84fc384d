#pragma once

#include <kinesis/fetch_mode.hpp>
#include <kinesis/kinesis_api.hpp>
#include <kinesis/lease.hpp>

#include <map>
#include <string>
#include <vector>

namespace kinesis::consumer {

using LeasesByKey = std::map<std::string, Lease>;

/// What a lease of a shard without history begins with.
Checkpoint initial_checkpoint(const StartPosition& start);

/// The row of a shard nobody worked on yet.
Lease lease_for(const KinesisShard& shard, Checkpoint checkpoint);
/// The row of a child whose parent ended: it starts at its beginning, whatever position the application started at.
Lease lease_for(const ChildShard& child);

/// Whether the parents of a lease are done: their leases say SHARD_END, or are gone. (KCL: BlockOnParentShardTask.)
bool parents_done(const Lease& lease, const LeasesByKey& leases);

/// The leases that are missing, oldest first. `shards`: of a stream without leases, those ListShards gives for the
/// start position
/// (`start_filter`); else all of them. Of a branch of splits and merges only the oldest generation that is needed gets
/// leases; later ones get theirs when their parents end. (The rules of the KCL's HierarchicalShardSyncer.)
std::vector<Lease> missing_leases(const std::vector<KinesisShard>& shards, const LeasesByKey& leases,
                                  const StartPosition& start);

/// The filter that gives the shards an application begins with.
ShardFilter start_filter(const StartPosition& start);

/// Whether the shards cover all hash keys, without a hole. The error names the hole.
Result<void> check_coverage(const std::vector<KinesisShard>& shards);

}  // namespace kinesis::consumer
