#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kinesis::consumer {

/// A lease that can be worked on, and who does.
struct Holding {
  std::string key;
  /// Absent: nobody, or nobody who is alive.
  std::optional<std::string> owner;
};

/// What `me` should take, so that every worker ends up within one lease of the others. Every worker computes the same
/// plan from the same view: free leases go to whoever has fewest; then the most loaded worker gives to the least loaded
/// until they differ by no more than one. So deficits are met at once, two workers do not go for the same lease, and no
/// lease moves that need not. Leases in `excluded` are left where they are (lost in this cycle, or failing here).
std::vector<std::string> balanced_takes(const std::vector<Holding>& holdings, const std::string& me,
                                        const std::set<std::string>& excluded);

}  // namespace kinesis::consumer
