#include "consumer/logic/balanced.hpp"

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <utility>

namespace kinesis::consumer {
namespace {

/// An order of names that is the same everywhere, or for a salt that is not empty another one for each salt (FNV-1a).
std::uint64_t rank(const std::string& name, const std::string& salt) {
  if (salt.empty()) return 0;
  std::uint64_t hash = 14695981039346656037u;
  for (const std::string* text : {&name, &salt})
    for (const char c : *text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash ^ (hash >> 29);
}

/// Workers by load, then by rank and name; and the leases each would have.
class Plan {
 public:
  explicit Plan(std::string salt) : salt_(std::move(salt)) {}

  void join(const std::string& worker) {
    if (leases_.try_emplace(worker).second) order_.insert(place(0, worker));
  }
  void give(const std::string& worker, std::string key) {
    auto& leases = leases_[worker];
    reorder(worker, leases.size(), leases.size() + 1);
    leases.push_back(std::move(key));
  }
  std::string least_loaded() const { return std::get<2>(*order_.begin()); }

  /// Moves one lease from the most to the least loaded; false if they are within one.
  bool level() {
    const auto [most, from_rank, from] = *order_.rbegin();
    const auto [least, to_rank, to] = *order_.begin();
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
    order_.erase(place(before, worker));
    order_.insert(place(after, worker));
  }
  using Place = std::tuple<std::size_t, std::uint64_t, std::string>;
  Place place(std::size_t load, const std::string& worker) const { return {load, rank(worker, salt_), worker}; }

  std::string salt_;
  std::map<std::string, std::vector<std::string>> leases_;
  std::set<Place> order_;
};

}  // namespace

std::vector<std::string> balanced_takes(const std::vector<Holding>& holdings, const std::string& me,
                                        const std::set<std::string>& excluded) {
  // Workers without a lease cannot see each other: several of them must not go for the same lease of the same victim.
  const bool seen =
      std::any_of(holdings.begin(), holdings.end(), [&](const Holding& holding) { return holding.owner == me; });
  const std::string salt = seen ? "" : me;
  std::vector<Holding> sorted = holdings;
  std::sort(sorted.begin(), sorted.end(), [&](const Holding& a, const Holding& b) {
    return std::make_pair(rank(a.key, salt), a.key) < std::make_pair(rank(b.key, salt), b.key);
  });

  Plan plan(salt);
  plan.join(me);
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
