#include "consumer/logic/balanced.hpp"
#include <kinesis/assignment.hpp>

#include <set>
#include <utility>

namespace kinesis {
namespace {

/// What a worker has stays with it: others take from it what is theirs.
void keep_own(const AssignmentView& view, std::vector<std::string>& keys) {
  for (const AssignableLease& lease : view.leases)
    if (lease.owner == view.worker) keys.push_back(lease.key);
}

/// The plan gives each lease to one worker. One that cannot take it (its writes fail, its handler did) must not hold it
/// up for ever.
void add_neglected(const AssignmentView& view, std::vector<std::string>& keys) {
  if (view.neglected_after.count() <= 0) return;
  const std::set<std::string> wanted(keys.begin(), keys.end());
  for (const AssignableLease& lease : view.leases)
    if (!lease.owner && lease.free_for >= view.neglected_after && !wanted.contains(lease.key))
      keys.push_back(lease.key);
}

}  // namespace

Assignment balanced() {
  return [](const AssignmentView& view) {
    std::vector<std::string> keys = consumer::balanced_takes(view);
    add_neglected(view, keys);
    keep_own(view, keys);
    return keys;
  };
}

Assignment manual(std::vector<std::string> keys) {
  return [keys = std::move(keys)](const AssignmentView&) { return keys; };
}

Assignment manual(std::vector<std::string> keys, std::chrono::milliseconds fallback_after) {
  const std::set<std::string> named(keys.begin(), keys.end());
  return [named, fallback_after](const AssignmentView& view) {
    std::set<std::string> left;
    for (const AssignableLease& lease : view.leases)
      if (!lease.owner && !named.contains(lease.key)) left.insert(lease.key);
    // Every worker takes its share of what is free, counted with all that is owned; nothing is stolen.
    std::vector<std::string> wanted(named.begin(), named.end());
    for (std::string& key : consumer::balanced_takes(view, fallback_after))
      if (left.contains(key)) wanted.push_back(std::move(key));
    keep_own(view, wanted);
    return wanted;
  };
}

}  // namespace kinesis
