#include "consumer/logic/lease_cleanup.hpp"

#include "consumer/logic/shard_graph.hpp"
#include "core/uint128.hpp"

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

namespace kinesis::consumer {
namespace {

/// Longer than what was read of the table counts, and a write that is made because of it may take.
constexpr std::chrono::minutes finished_leases_stand{1};

std::map<std::string, std::vector<std::string>> children_by_parent(const std::vector<KinesisShard>& shards) {
  std::map<std::string, std::vector<std::string>> children;
  for (const KinesisShard& shard : shards)
    for (const std::string& parent : parents_of(shard)) children[parent].push_back(shard.shard_id);
  return children;
}

bool begun_with(const Lease* lease) {
  return lease != nullptr && lease->checkpoint != Checkpoint::trim_horizon() &&
         lease->checkpoint != Checkpoint::at_timestamp();
}

}  // namespace

std::vector<Lease> done_with(const LeaseBook& book, const std::vector<KinesisShard>& shards, Clock::time_point now) {
  const auto listed = children_by_parent(shards);
  std::vector<Lease> done;
  for (const auto& [key, entry] : book.entries()) {
    const Lease& lease = entry.lease;
    if (!lease.checkpoint.is_shard_end() || now - entry.since < finished_leases_stand) continue;
    const auto known = listed.find(key);
    const std::vector<std::string>* children = &lease.child_shard_ids;
    if (children->empty() && known != listed.end()) children = &known->second;
    const bool followed = !children->empty() && std::all_of(children->begin(), children->end(), [&](const auto& child) {
      return begun_with(book.lease(child));
    });
    const bool orphan = std::none_of(lease.parent_shard_ids.begin(), lease.parent_shard_ids.end(),
                                     [&](const auto& parent) { return book.lease(parent) != nullptr; });
    if (followed && orphan) done.push_back(lease);
  }
  return done;
}

std::vector<Lease> outlived(const LeaseBook& book, const std::vector<KinesisShard>& shards) {
  std::unordered_set<std::string> listed;
  for (const KinesisShard& shard : shards) listed.insert(shard.shard_id);
  std::vector<Lease> gone;
  for (const auto& [key, entry] : book.entries())
    if (!listed.contains(key)) gone.push_back(entry.lease);
  if (gone.size() == book.entries().size()) gone.clear();
  return gone;
}

std::optional<std::string> from_another_stream(const LeaseBook& book, const std::vector<KinesisShard>& shards) {
  for (const KinesisShard& shard : shards) {
    const Lease* lease = book.lease(shard.shard_id);
    if (lease == nullptr || lease->checkpoint.kind() != Checkpoint::Kind::record) continue;
    if (lease->checkpoint.position().sequence_number < shard.sequence_number_range.starting_sequence_number)
      return shard.shard_id;
  }
  return std::nullopt;
}

std::optional<std::string> find_hole(const LeaseBook& book) {
  HashRanges ranges;
  for (const auto& [key, entry] : book.entries()) {
    const Lease& lease = entry.lease;
    if (lease.checkpoint.is_shard_end()) continue;
    if (!lease.starting_hash_key || !lease.ending_hash_key) return std::nullopt;
    const auto first = core::Uint128::parse(*lease.starting_hash_key);
    const auto last = core::Uint128::parse(*lease.ending_hash_key);
    if (!first || !last || *last < *first) return std::nullopt;
    ranges.emplace_back(*first, *last);
  }
  const auto hole = first_hole(std::move(ranges));
  if (!hole) return std::nullopt;
  return hole->to_string();
}

std::vector<Lease> ranges_to_fill_in(const LeaseBook& book, const std::vector<KinesisShard>& shards) {
  std::vector<Lease> leases;
  for (const KinesisShard& shard : shards) {
    const Lease* lease = book.lease(shard.shard_id);
    if (lease == nullptr || (lease->starting_hash_key && lease->ending_hash_key)) continue;
    Lease filled = *lease;
    filled.starting_hash_key = shard.hash_key_range.starting_hash_key;
    filled.ending_hash_key = shard.hash_key_range.ending_hash_key;
    leases.push_back(std::move(filled));
  }
  return leases;
}

bool keeps_house(const LeaseBook& book, const std::string& worker, Clock::time_point now) {
  return std::none_of(book.entries().begin(), book.entries().end(), [&](const auto& known) {
    const LeaseBook::Entry& entry = known.second;
    return !entry.lease.checkpoint.is_shard_end() && !book.is_free(entry, now) && *entry.lease.owner < worker;
  });
}

}  // namespace kinesis::consumer
