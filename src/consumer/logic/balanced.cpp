#include "consumer/logic/balanced.hpp"

#include <algorithm>
#include <utility>

namespace kinesis::consumer {
namespace {

/// Workers by load, then by name; and the leases each would have.
class Plan {
 public:
  explicit Plan(const std::string& me) { join(me); }

  void join(const std::string& worker) {
    if (leases_.try_emplace(worker).second) order_.emplace(0, worker);
  }
  void give(const std::string& worker, std::string key) {
    auto& leases = leases_[worker];
    reorder(worker, leases.size(), leases.size() + 1);
    leases.push_back(std::move(key));
  }
  const std::string& least_loaded() const { return order_.begin()->second; }

  /// Moves one lease from the most to the least loaded; false if they are within one.
  bool level() {
    const auto [most, from] = *order_.rbegin();
    const auto [least, to] = *order_.begin();
    if (most <= least + 1) return false;
    auto& leases = leases_[from];
    std::string key = std::move(leases.back());
    leases.pop_back();
    reorder(from, most, most - 1);
    give(to, std::move(key));
    return true;
  }

  const std::vector<std::string>& of(const std::string& worker) const { return leases_.at(worker); }

 private:
  void reorder(const std::string& worker, std::size_t before, std::size_t after) {
    order_.erase({before, worker});
    order_.emplace(after, worker);
  }
  std::map<std::string, std::vector<std::string>> leases_;
  std::set<std::pair<std::size_t, std::string>> order_;
};

}  // namespace

std::vector<std::string> balanced_takes(const std::vector<Holding>& holdings, const std::string& me,
                                        const std::set<std::string>& excluded) {
  std::vector<Holding> sorted = holdings;
  std::sort(sorted.begin(), sorted.end(), [](const Holding& a, const Holding& b) { return a.key < b.key; });

  Plan plan(me);
  std::set<std::string> mine;
  for (const Holding& holding : sorted) {
    if (!holding.owner) continue;
    plan.join(*holding.owner);
    plan.give(*holding.owner, holding.key);
    if (*holding.owner == me) mine.insert(holding.key);
  }
  for (const Holding& holding : sorted)
    if (!holding.owner) plan.give(plan.least_loaded(), holding.key);
  while (plan.level()) {
  }

  std::vector<std::string> takes;
  for (const std::string& key : plan.of(me))
    if (!mine.contains(key) && !excluded.contains(key)) takes.push_back(key);
  return takes;
}

}  // namespace kinesis::consumer
