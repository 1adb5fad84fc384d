#pragma once

#include <kinesis/assignment.hpp>
#include <kinesis/clock.hpp>
#include <kinesis/lease.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace kinesis::consumer {

/// What a worker knows of every lease, and since when: expiry is judged by its own observation of the counter on its
/// own monotonic clock. A value; time is an argument.
class LeaseBook {
 public:
  using time_point = Clock::time_point;

  struct Entry {
    Lease lease;
    /// When the counter or owner was first seen as it is.
    time_point since;
    std::uint64_t listing = 0;
  };

  explicit LeaseBook(Clock::duration failover) : failover_(failover) {}

  /// A complete listing: rows that are not in it are gone.
  void observe_all(std::vector<Lease> rows, time_point now);
  /// One row, as written or read just now.
  void observe(Lease row, time_point now);
  void forget(const std::string& key) { entries_.erase(key); }

  /// The entries whose keys begin with `prefix`, under keys without it.
  LeaseBook part(const std::string& prefix) const;

  const std::map<std::string, Entry>& entries() const noexcept { return entries_; }
  const Entry* find(const std::string& key) const;
  /// The row of this key, or null.
  const Lease* lease(const std::string& key) const;
  /// Whether all parents of a lease are finished or gone.
  bool parents_done(const Lease& lease) const;
  /// Nobody owns it, or its owner has not been heard of for the failover time.
  bool is_free(const Entry& entry, time_point now) const;
  /// How long it has been free; 0 if it is not.
  Clock::duration free_for(const Entry& entry, time_point now) const;
  /// When the next lease of another worker than `me` expires, if it is not renewed; max() if there is none.
  time_point next_expiry(const std::string& me, time_point now) const;

 private:
  Clock::duration failover_;
  std::uint64_t listing_ = 0;
  std::map<std::string, Entry> entries_;
};

/// What an assignment decides on: the leases that are not finished and whose parents are. `holds`: whether this worker
/// has, or is being given, a lease that says it is this worker's; one it does not hold is as good as free (it is left
/// over from an answer that was lost, or from an earlier worker of this name). `ended_here`: whether this worker
/// finished a shard.
AssignmentView assignment_view(const LeaseBook& book, const std::string& worker, Clock::time_point now,
                               const std::function<bool(const std::string&)>& holds,
                               const std::function<bool(const std::string&)>& ended_here);

}  // namespace kinesis::consumer
