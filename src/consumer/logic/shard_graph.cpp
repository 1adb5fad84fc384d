#include "consumer/logic/shard_graph.hpp"

#include "core/uint128.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

namespace kinesis::consumer {
namespace {

bool is_open(const KinesisShard& shard) { return !shard.sequence_number_range.ending_sequence_number; }

/// Walks from the open shards without a lease to their ancestors, each visited once.
class MissingLeases {
 public:
  MissingLeases(const std::vector<KinesisShard>& shards, const FindLease& find, const StartPosition& start)
      : find_(find), start_(start) {
    for (const KinesisShard& shard : shards) shards_.emplace(shard.shard_id, &shard);
  }

  std::vector<Lease> find() {
    for (const auto& [id, shard] : shards_)
      if (is_open(*shard) && !has_lease(id) && !visit(*shard).leased_ancestor) add(*shard, initial_checkpoint(start_));
    std::vector<Lease> missing;
    std::sort(found_.begin(), found_.end(), [](const Found& left, const Found& right) {
      const auto& a = left.shard->sequence_number_range.starting_sequence_number;
      const auto& b = right.shard->sequence_number_range.starting_sequence_number;
      return a != b ? a < b : left.shard->shard_id < right.shard->shard_id;
    });
    for (Found& found : found_) missing.push_back(lease_for(*found.shard, std::move(found.checkpoint)));
    return missing;
  }

 private:
  struct Verdict {
    /// It has a lease, or an ancestor has or will have one: its own lease comes when that one ends.
    bool leased_ancestor = false;
    /// It is the oldest of its branch, and to be read.
    bool oldest_to_read = false;
  };
  struct Found {
    const KinesisShard* shard;
    Checkpoint checkpoint;
  };

  bool has_lease(const std::string& id) const { return find_(id) != nullptr; }
  bool reads_the_past() const { return !std::holds_alternative<Latest>(start_); }

  const KinesisShard* find_shard(const std::string& id) const {
    const auto it = shards_.find(id);
    return it == shards_.end() ? nullptr : it->second;
  }

  Verdict visit(const KinesisShard& shard) {
    const auto [it, fresh] = verdicts_.try_emplace(shard.shard_id);
    if (!fresh) return it->second;
    const Verdict verdict = judge(shard);
    return verdicts_[shard.shard_id] = verdict;
  }

  Verdict judge(const KinesisShard& shard) {
    if (has_lease(shard.shard_id)) return Verdict{true, false};
    std::vector<std::pair<const KinesisShard*, Verdict>> parents;
    bool leased_ancestor = false;
    for (const std::string& id : parents_of(shard)) {
      const KinesisShard* parent = find_shard(id);
      if (parent == nullptr) continue;
      const Verdict verdict = visit(*parent);
      parents.emplace_back(parent, verdict);
      leased_ancestor = leased_ancestor || verdict.leased_ancestor || verdict.oldest_to_read;
    }
    if (!leased_ancestor) return Verdict{false, reads_the_past()};
    if (parents_ended(shard)) {
      add(shard, Checkpoint::trim_horizon());
      return Verdict{true, false};
    }
    for (const auto& [parent, verdict] : parents) {
      if (has_lease(parent->shard_id)) continue;
      if (!verdict.oldest_to_read && verdict.leased_ancestor) continue;  // its own parents will make it
      const bool at_time = std::holds_alternative<AtTimestamp>(start_);
      const bool from_beginning = (verdict.leased_ancestor || verdict.oldest_to_read) && !at_time;
      add(*parent, from_beginning ? Checkpoint::trim_horizon() : initial_checkpoint(start_));
    }
    return Verdict{true, false};
  }

  /// One at least is done, and none has still to be.
  bool parents_ended(const KinesisShard& shard) const {
    bool ended = false;
    for (const std::string& id : parents_of(shard)) {
      const Lease* lease = find_(id);
      if (lease == nullptr && find_shard(id) != nullptr) return false;
      if (lease != nullptr && !lease->checkpoint.is_shard_end()) return false;
      ended = ended || lease != nullptr;
    }
    return ended;
  }

  void add(const KinesisShard& shard, Checkpoint checkpoint) {
    if (added_.insert(shard.shard_id).second) found_.push_back(Found{&shard, std::move(checkpoint)});
  }

  const FindLease& find_;
  const StartPosition& start_;
  std::map<std::string, const KinesisShard*> shards_;
  std::unordered_map<std::string, Verdict> verdicts_;
  std::set<std::string> added_;
  std::vector<Found> found_;
};

}  // namespace

std::vector<std::string> parents_of(const KinesisShard& shard) {
  std::vector<std::string> parents;
  if (shard.parent_shard_id) parents.push_back(*shard.parent_shard_id);
  if (shard.adjacent_parent_shard_id) parents.push_back(*shard.adjacent_parent_shard_id);
  return parents;
}

Checkpoint initial_checkpoint(const StartPosition& start) {
  if (std::holds_alternative<Latest>(start)) return Checkpoint::latest();
  if (std::holds_alternative<AtTimestamp>(start)) return Checkpoint::at_timestamp();
  return Checkpoint::trim_horizon();
}

Lease lease_for(const KinesisShard& shard, Checkpoint checkpoint) {
  Lease lease(shard.shard_id);
  lease.checkpoint = std::move(checkpoint);
  lease.parent_shard_ids = parents_of(shard);
  lease.starting_hash_key = shard.hash_key_range.starting_hash_key;
  lease.ending_hash_key = shard.hash_key_range.ending_hash_key;
  return lease;
}

Lease lease_for(const ChildShard& child) {
  Lease lease(child.shard_id);
  lease.parent_shard_ids = child.parent_shards;
  lease.starting_hash_key = child.hash_key_range.starting_hash_key;
  lease.ending_hash_key = child.hash_key_range.ending_hash_key;
  return lease;
}

bool parents_done(const Lease& lease, const FindLease& find) {
  return std::all_of(lease.parent_shard_ids.begin(), lease.parent_shard_ids.end(), [&](const std::string& id) {
    const Lease* parent = find(id);
    return parent == nullptr || parent->checkpoint.is_shard_end();
  });
}

std::vector<Lease> first_leases(const std::vector<KinesisShard>& shards, const StartPosition& start) {
  std::vector<Lease> all;
  for (const KinesisShard& shard : shards) all.push_back(lease_for(shard, initial_checkpoint(start)));
  return all;
}

std::vector<Lease> missing_leases(const std::vector<KinesisShard>& shards, const FindLease& find,
                                  const StartPosition& start) {
  return MissingLeases(shards, find, start).find();
}

ShardFilter start_filter(const StartPosition& start) {
  if (std::holds_alternative<Latest>(start)) return ShardFilter(ShardFilterType::at_latest);
  if (const auto* at = std::get_if<AtTimestamp>(&start)) {
    ShardFilter filter(ShardFilterType::at_timestamp);
    filter.timestamp = at->time;
    return filter;
  }
  return ShardFilter(ShardFilterType::at_trim_horizon);
}

std::optional<core::Uint128> first_hole(HashRanges ranges) {
  using core::Uint128;
  std::sort(ranges.begin(), ranges.end());
  Uint128 next(0);
  for (const auto& [start, end] : ranges) {
    if (next < start) return next;
    if (end == Uint128::max()) return std::nullopt;
    if (next <= end) next = end + Uint128(1);
  }
  return next;
}

Result<void> check_coverage(const std::vector<KinesisShard>& shards) {
  using core::Uint128;
  HashRanges ranges;
  for (const KinesisShard& shard : shards) {
    const auto start = Uint128::parse(shard.hash_key_range.starting_hash_key);
    const auto end = Uint128::parse(shard.hash_key_range.ending_hash_key);
    if (!start || !end || *end < *start)
      return Error(errc::protocol, "shard " + shard.shard_id + " has no valid hash key range");
    ranges.emplace_back(*start, *end);
  }
  if (const auto hole = first_hole(std::move(ranges)))
    return Error(errc::protocol, "no shard covers hash key " + hole->to_string()).with_retryable(true);
  return {};
}

}  // namespace kinesis::consumer
