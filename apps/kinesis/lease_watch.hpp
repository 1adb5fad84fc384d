#pragma once

#include "core/async.hpp"
#include <kinesis/clock.hpp>
#include <kinesis/lease.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kinesis::tool {

/// A lease, and what watching it showed. A row has no time of its last write: that its owner lives can only be told by
/// seeing its counter move.
struct WatchedLease {
  Lease lease;
  /// How long ago the counter was seen to move, in seconds; absent if it did not.
  std::optional<double> renewed_ago_s;
  bool alive() const { return renewed_ago_s.has_value(); }
};

/// Lists leases, by key, and watches those with an owner for up to `watch_s` seconds. Ends early once all of them were
/// seen to move; 0 does not watch.
core::awaitable<std::vector<WatchedLease>> watch_leases(std::shared_ptr<LeaseRepository> leases, Clock& clock,
                                                        double watch_s);

}  // namespace kinesis::tool
