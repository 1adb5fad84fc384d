#include "consumer/logic/lease_book.hpp"

#include <utility>

namespace kinesis::consumer {

void LeaseBook::observe_all(std::vector<Lease> rows, time_point now) {
  std::map<std::string, Entry> before = std::exchange(entries_, {});
  for (Lease& row : rows) {
    const auto known = before.find(row.key);
    const bool unchanged =
        known != before.end() && known->second.lease.counter == row.counter && known->second.lease.owner == row.owner;
    const time_point since = unchanged ? known->second.since : now;
    std::string key = row.key;
    entries_.emplace(std::move(key), Entry{std::move(row), since});
  }
}

void LeaseBook::observe(Lease row, time_point now) {
  const auto known = entries_.find(row.key);
  if (known == entries_.end()) {
    std::string key = row.key;
    entries_.emplace(std::move(key), Entry{std::move(row), now});
    return;
  }
  // A listing that was under way may bring an older row than we wrote ourselves: counters only grow.
  if (row.counter < known->second.lease.counter) return;
  if (row.counter != known->second.lease.counter || row.owner != known->second.lease.owner) known->second.since = now;
  known->second.lease = std::move(row);
}

const LeaseBook::Entry* LeaseBook::find(const std::string& key) const {
  const auto it = entries_.find(key);
  return it == entries_.end() ? nullptr : &it->second;
}

bool LeaseBook::is_free(const Entry& entry, time_point now) const {
  return !entry.lease.owner || now - entry.since >= failover_;
}

std::map<std::string, Lease> LeaseBook::leases() const {
  std::map<std::string, Lease> leases;
  for (const auto& [key, entry] : entries_) leases.emplace(key, entry.lease);
  return leases;
}

}  // namespace kinesis::consumer
