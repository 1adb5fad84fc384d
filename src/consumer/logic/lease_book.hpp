#pragma once

#include <kinesis/clock.hpp>
#include <kinesis/lease.hpp>

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
  };

  explicit LeaseBook(Clock::duration failover) : failover_(failover) {}

  /// A complete listing: rows that are not in it are gone.
  void observe_all(std::vector<Lease> rows, time_point now);
  /// One row, as written or read just now.
  void observe(Lease row, time_point now);

  const std::map<std::string, Entry>& entries() const noexcept { return entries_; }
  const Entry* find(const std::string& key) const;
  /// Nobody owns it, or its owner has not been heard of for the failover time.
  bool is_free(const Entry& entry, time_point now) const;
  std::map<std::string, Lease> leases() const;

 private:
  Clock::duration failover_;
  std::map<std::string, Entry> entries_;
};

}  // namespace kinesis::consumer
