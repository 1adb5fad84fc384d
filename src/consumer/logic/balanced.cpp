#include "consumer/logic/balanced.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace kinesis::consumer {
namespace {

/// An order of names that is the same everywhere, or for a salt that is not empty another one for each salt (FNV-1a,
/// and Murmur's last step, without which similar salts give nearly the same order).
std::uint64_t rank(std::string_view name, std::string_view salt) {
  if (salt.empty()) return 0;
  std::uint64_t hash = 14695981039346656037u;
  for (const std::string_view text : {salt, name})
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdu;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53u;
  return hash ^ (hash >> 33);
}

/// Who would have what. Workers by load, then by rank and name.
class Plan {
 public:
  using Worker = std::size_t;

  explicit Plan(std::string_view salt) : salt_(salt) {}

  void join(std::string_view name) { known_.try_emplace(name, 0); }
  /// After all have joined: workers are numbered by rank and name.
  void close() {
    std::vector<std::pair<std::uint64_t, std::string_view>> names;
    for (const auto& [name, number] : known_) names.emplace_back(rank(name, salt_), name);
    std::sort(names.begin(), names.end());
    for (std::size_t i = 0; i < names.size(); ++i) {
      known_[names[i].second] = i;
      order_.emplace(0, i);
    }
    workers_.resize(names.size());
  }
  Worker number(std::string_view name) const { return known_.find(name)->second; }

  void give(Worker worker, const AssignableLease* lease) {
    change_load(worker, 1);
    // What is being handed over stays where it goes.
    if (!lease->handing_over) workers_[worker].leases.push_back(lease);
  }
  Worker least_loaded() const { return order_.begin()->second; }
  std::size_t load(Worker worker) const { return workers_[worker].load; }
  std::size_t size() const { return workers_.size(); }

  /// Moves leases from the most to the least loaded until they are within one.
  void level() {
    std::set<Place> stuck;
    while (!order_.empty()) {
      const auto [most, from] = *order_.rbegin();
      const auto [least, to] = *order_.begin();
      if (most <= least + 1) break;
      auto& leases = workers_[from].leases;
      if (leases.empty()) {
        stuck.insert(*order_.rbegin());
        order_.erase(std::prev(order_.end()));
        continue;
      }
      const AssignableLease* lease = leases.back();
      leases.pop_back();
      change_load(from, -1);
      give(to, lease);
    }
    order_.merge(stuck);
  }

  const std::vector<const AssignableLease*>& of(Worker worker) const { return workers_[worker].leases; }

 private:
  using Place = std::pair<std::size_t, Worker>;
  struct Share {
    std::size_t load = 0;
    std::vector<const AssignableLease*> leases;
  };

  void change_load(Worker worker, int by) {
    Share& share = workers_[worker];
    order_.erase(Place(share.load, worker));
    share.load = by > 0 ? share.load + 1 : share.load - 1;
    order_.emplace(share.load, worker);
  }

  std::string_view salt_;
  std::map<std::string_view, Worker> known_;
  std::vector<Share> workers_;
  std::set<Place> order_;
};

/// The leases in the order of the plan.
std::vector<const AssignableLease*> in_order(const AssignmentView& view, std::string_view salt,
                                             std::chrono::milliseconds free_for) {
  std::vector<std::tuple<std::uint64_t, std::string_view, const AssignableLease*>> ranked;
  ranked.reserve(view.leases.size());
  for (const AssignableLease& lease : view.leases)
    if (lease.owner || lease.free_for >= free_for) ranked.emplace_back(rank(lease.key, salt), lease.key, &lease);
  if (!std::is_sorted(ranked.begin(), ranked.end())) std::sort(ranked.begin(), ranked.end());
  std::vector<const AssignableLease*> leases;
  leases.reserve(ranked.size());
  for (const auto& [number, key, lease] : ranked) leases.push_back(lease);
  return leases;
}

/// What a worker that nobody sees asks for: any lease of a worker that has more than it will keep. Those that join
/// together would else all ask the one that has most, and leave it with nothing. `planned`: if there is no such lease.
std::string first_ask(const std::vector<const AssignableLease*>& leases, std::size_t fair,
                      const AssignableLease& planned) {
  std::map<std::string_view, std::size_t> loads;
  for (const AssignableLease* lease : leases)
    if (lease->owner) ++loads[*lease->owner];
  const auto can_be_spared = [&](const AssignableLease* lease) {
    return lease->owner && !lease->handing_over && loads[*lease->owner] > fair;
  };
  const auto found = std::find_if(leases.begin(), leases.end(), can_be_spared);
  return found == leases.end() ? planned.key : (*found)->key;
}

}  // namespace

std::vector<std::string> balanced_takes(const AssignmentView& view, std::chrono::milliseconds free_for) {
  // Workers without a lease cannot see each other: several of them must not go for the same lease of the same victim.
  const bool seen = std::any_of(view.leases.begin(), view.leases.end(),
                                [&](const AssignableLease& lease) { return lease.owner == view.worker; });
  const std::string_view salt = seen ? std::string_view() : std::string_view(view.worker);
  const auto leases = in_order(view, salt, free_for);

  Plan plan(salt);
  plan.join(view.worker);
  for (const AssignableLease* lease : leases)
    if (lease->owner) plan.join(*lease->owner);
  plan.close();
  const auto me = plan.number(view.worker);
  const std::size_t fair = (leases.size() + plan.size() - 1) / plan.size();
  for (const AssignableLease* lease : leases)
    if (lease->owner) plan.give(plan.number(*lease->owner), lease);
  for (const AssignableLease* lease : leases)
    if (!lease->owner && lease->parent_ran_here && plan.load(me) < fair) plan.give(me, lease);
  std::set<const AssignableLease*> kept;
  for (const AssignableLease* lease : plan.of(me))
    if (!lease->owner) kept.insert(lease);
  for (const AssignableLease* lease : leases)
    if (!lease->owner && !kept.contains(lease)) plan.give(plan.least_loaded(), lease);
  plan.level();

  std::vector<std::string> takes;
  const AssignableLease* steal = nullptr;
  for (const AssignableLease* lease : plan.of(me)) {
    if (lease->owner == view.worker) continue;
    if (lease->owner) steal = lease;
    if (!lease->owner || seen) takes.push_back(lease->key);
  }
  if (steal != nullptr && !seen) takes.push_back(first_ask(leases, leases.size() / plan.size(), *steal));
  return takes;
}

}  // namespace kinesis::consumer
