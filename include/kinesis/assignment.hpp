#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kinesis {

/// A lease that can be worked on, as a worker sees it when it decides which ones it wants. Finished leases, and those
/// that wait for their parents, are not shown.
struct AssignableLease {
  /// The shard id.
  std::string key;
  /// The worker that works on it, or will as soon as the one before has handed it over. Absent: nobody, or nobody who
  /// is alive.
  std::optional<std::string> owner;
  /// It is being handed over, and cannot be taken until that is done.
  bool handing_over = false;
  /// How long this worker has seen nobody have it; 0 if somebody has.
  std::chrono::milliseconds free_for{0};
  /// This worker finished a shard whose records continue here.
  bool parent_ran_here = false;
  /// What its owner reads, KiB/s, if the owner says so.
  std::optional<double> throughput_kbps;
};

/// What a worker knows when it decides.
struct AssignmentView {
  /// The one that decides.
  std::string worker;
  /// In ascending order of key.
  std::vector<AssignableLease> leases;
  /// A lease that has been free for so long is not taken by the worker it should go to, whatever the reason: the
  /// failover time and two refreshes. 0: never.
  std::chrono::milliseconds neglected_after{0};
};

/// Which leases a worker wants: called with every refresh (2 s by default), one call at a time. Of the keys it returns
/// those that are free are taken; those of other workers are handed over by them; leases the worker has and that are
/// not among them are checkpointed and released. A key that is not in the view has no effect. What it throws is
/// reported as event::Trouble, and everything stays as it is.
using Assignment = std::function<std::vector<std::string>(const AssignmentView& view)>;

/// Shares the leases evenly: every worker ends up within one of the others. All workers compute the same plan, so a
/// worker that joins takes what it is due at once, no lease moves that need not, and two workers do not go for the same
/// lease. Stealing begins with the worker that has most. Children of a shard stay where it was read, if that worker has
/// not more than its share. A free lease that the worker it is due to does not take is taken by another one after
/// `AssignmentView::neglected_after`. The default.
Assignment balanced();

/// The leases of these keys (shard ids), and no others. Two workers must not name the same key: they would take it from
/// each other for ever. What nobody names is not read.
Assignment manual(std::vector<std::string> keys);

/// The same; leases that have been free for `fallback_after`, because whoever names them is away, are shared as
/// `balanced` does, and go back to the worker that names them when it comes.
Assignment manual(std::vector<std::string> keys, std::chrono::milliseconds fallback_after);

}  // namespace kinesis
