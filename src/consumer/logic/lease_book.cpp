#include "consumer/logic/lease_book.hpp"

#include "consumer/logic/shard_graph.hpp"

#include <algorithm>
#include <utility>

namespace kinesis::consumer {

void LeaseBook::observe_all(std::vector<Lease> rows, time_point now) {
  ++listing_;
  for (Lease& row : rows) {
    const auto [known, fresh] = entries_.try_emplace(row.key, Entry{Lease(""), now, 0});
    Entry& entry = known->second;
    entry.listing = listing_;
    if (fresh || entry.lease.counter != row.counter || entry.lease.owner != row.owner) entry.since = now;
    entry.lease = std::move(row);
  }
  std::erase_if(entries_, [this](const auto& entry) { return entry.second.listing != listing_; });
}

void LeaseBook::observe(Lease row, time_point now) {
  const auto known = entries_.find(row.key);
  if (known == entries_.end()) {
    std::string key = row.key;
    entries_.emplace(std::move(key), Entry{std::move(row), now, listing_});
    return;
  }
  // A listing that was under way may bring an older row than we wrote ourselves: counters only grow.
  if (row.counter < known->second.lease.counter) return;
  if (row.counter != known->second.lease.counter || row.owner != known->second.lease.owner) known->second.since = now;
  known->second.lease = std::move(row);
}

LeaseBook LeaseBook::part(const std::string& prefix) const {
  LeaseBook part(failover_);
  for (auto it = entries_.lower_bound(prefix); it != entries_.end() && it->first.starts_with(prefix); ++it) {
    Entry entry = it->second;
    entry.lease.key.erase(0, prefix.size());
    std::string key = entry.lease.key;
    part.entries_.emplace_hint(part.entries_.end(), std::move(key), std::move(entry));
  }
  return part;
}

const LeaseBook::Entry* LeaseBook::find(const std::string& key) const {
  const auto it = entries_.find(key);
  return it == entries_.end() ? nullptr : &it->second;
}

const Lease* LeaseBook::lease(const std::string& key) const {
  const Entry* entry = find(key);
  return entry == nullptr ? nullptr : &entry->lease;
}

bool LeaseBook::is_free(const Entry& entry, time_point now) const {
  return !entry.lease.owner || now - entry.since >= failover_;
}

Clock::duration LeaseBook::free_for(const Entry& entry, time_point now) const {
  if (!is_free(entry, now)) return Clock::duration::zero();
  return now - entry.since - (entry.lease.owner ? failover_ : Clock::duration::zero());
}

bool LeaseBook::parents_done(const Lease& lease) const {
  const FindLease find = [&](const std::string& id) { return this->lease(lease.key_of_sibling(id)); };
  return consumer::parents_done(lease, find);
}

LeaseBook::time_point LeaseBook::next_expiry(const std::string& me, time_point now) const {
  time_point next = time_point::max();
  for (const auto& [key, entry] : entries_) {
    if (!entry.lease.owner || *entry.lease.owner == me || entry.lease.checkpoint.is_shard_end()) continue;
    const time_point expiry = entry.since + failover_;
    if (expiry > now) next = std::min(next, expiry);
  }
  return next;
}

AssignmentView assignment_view(const LeaseBook& book, const std::string& worker, Clock::time_point now,
                               const std::function<bool(const std::string&)>& holds,
                               const std::function<bool(const std::string&)>& ended_here) {
  AssignmentView view;
  view.worker = worker;
  view.leases.reserve(book.entries().size());
  for (const auto& [key, entry] : book.entries()) {
    const Lease& lease = entry.lease;
    if (lease.checkpoint.is_shard_end() || !book.parents_done(lease)) continue;
    AssignableLease shown;
    shown.key = key;
    const bool ours = lease.owner && *lease.owner == worker;
    const bool held = ours && holds(key);
    if (held || (!ours && !book.is_free(entry, now))) {
      shown.owner = lease.owner;
      shown.handing_over = lease.checkpoint_owner.has_value();
    } else {
      shown.free_for = std::chrono::duration_cast<std::chrono::milliseconds>(book.free_for(entry, now));
      const auto ran_here = [&](const std::string& id) { return ended_here(lease.key_of_sibling(id)); };
      shown.parent_ran_here = std::any_of(lease.parent_shard_ids.begin(), lease.parent_shard_ids.end(), ran_here);
    }
    shown.throughput_kbps = lease.throughput_kbps;
    view.leases.push_back(std::move(shown));
  }
  return view;
}

}  // namespace kinesis::consumer
