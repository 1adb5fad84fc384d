#include "consumer/logic/balanced.hpp"

#include "core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace kinesis::consumer {
namespace {

std::map<std::string, int> load(const std::vector<Holding>& fleet) {
  std::map<std::string, int> counts;
  for (const Holding& holding : fleet)
    if (holding.owner) ++counts[*holding.owner];
  return counts;
}

int spread(const std::vector<Holding>& fleet, const std::vector<std::string>& workers) {
  auto counts = load(fleet);
  int low = 1 << 30;
  int high = 0;
  for (const std::string& worker : workers) {
    low = std::min(low, counts[worker]);
    high = std::max(high, counts[worker]);
  }
  return high - low;
}

/// Every worker looks at the same fleet and takes what it thinks it should; a lease two go for goes to the first.
std::vector<Holding> refresh(std::vector<Holding> fleet, const std::vector<std::string>& workers) {
  const std::vector<Holding> seen = fleet;
  std::set<std::string> taken;
  for (const std::string& worker : workers)
    for (const std::string& key : balanced_takes(seen, worker, {}))
      if (taken.insert(key).second)
        std::find_if(fleet.begin(), fleet.end(), [&](const Holding& h) { return h.key == key; })->owner = worker;
  return fleet;
}

TEST(Balanced, AWorkerAloneTakesEverything) {
  EXPECT_EQ(balanced_takes({{"a", {}}, {"b", {}}, {"c", {}}}, "me", {}).size(), 3u);
}

TEST(Balanced, ANewWorkerTakesItsWholeDeficitAtOnce) {
  std::vector<Holding> fleet;
  for (int i = 0; i < 10; ++i) fleet.push_back({"s" + std::to_string(i), "old"});
  EXPECT_EQ(balanced_takes(fleet, "new", {}).size(), 5u);
  EXPECT_TRUE(balanced_takes(fleet, "old", {}).empty());
}

TEST(Balanced, StealsFromTheMostLoadedOnly) {
  const std::vector<Holding> fleet = {{"1", "a"}, {"2", "a"}, {"3", "a"}, {"4", "a"}, {"5", "b"}, {"6", "b"}};
  const auto takes = balanced_takes(fleet, "c", {});
  ASSERT_EQ(takes.size(), 2u);
  for (const auto& key : takes) EXPECT_LE(key, "4");
}

TEST(Balanced, MovesNothingWithinOneOfEachOther) {
  const std::vector<Holding> fleet = {{"1", "a"}, {"2", "a"}, {"3", "b"}};
  EXPECT_TRUE(balanced_takes(fleet, "a", {}).empty());
  EXPECT_TRUE(balanced_takes(fleet, "b", {}).empty());
}

TEST(Balanced, LeavesExcludedLeasesAlone) {
  EXPECT_EQ(balanced_takes({{"a", {}}, {"b", {}}}, "me", {"a"}), (std::vector<std::string>{"b"}));
}

TEST(Balanced, AnyFleetBecomesLevelAndStaysSo) {
  core::Random random(20261124);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> workers;
    const int worker_count = 1 + static_cast<int>(random.below(12));
    for (int i = 0; i < worker_count; ++i) workers.push_back("worker-" + std::to_string(i));
    std::vector<Holding> fleet;
    const int lease_count = static_cast<int>(random.below(60));
    for (int i = 0; i < lease_count; ++i) {
      Holding holding{"shard-" + std::to_string(i), std::nullopt};
      if (random.below(3) != 0) holding.owner = workers[random.below(workers.size())];
      fleet.push_back(std::move(holding));
    }
    // A worker without a lease is seen by itself only, so several may go for the same lease, and all but one wait for
    // the next refresh.
    for (int i = 0; i < 10; ++i) fleet = refresh(std::move(fleet), workers);
    EXPECT_LE(spread(fleet, workers), 1) << worker_count << " workers, " << lease_count << " leases, round " << round;
    const auto before = load(fleet);
    EXPECT_EQ(load(refresh(fleet, workers)), before) << "leases still move in round " << round;
  }
}

}  // namespace
}  // namespace kinesis::consumer
