#include "consumer/logic/balanced.hpp"

#include "core/random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace kinesis::consumer {
namespace {

using namespace std::chrono_literals;

AssignableLease lease(std::string key, std::optional<std::string> owner = std::nullopt) {
  AssignableLease lease;
  lease.key = std::move(key);
  lease.owner = std::move(owner);
  return lease;
}

AssignmentView seen_by(std::string worker, std::vector<AssignableLease> leases) {
  AssignmentView view;
  view.worker = std::move(worker);
  view.leases = std::move(leases);
  return view;
}

TEST(Balanced, AWorkerAloneTakesEverything) {
  EXPECT_EQ(balanced_takes(seen_by("me", {lease("a"), lease("b"), lease("c")})).size(), 3u);
}

TEST(Balanced, AWorkerTakesItsWholeDeficitAtOnce) {
  std::vector<AssignableLease> fleet;
  for (int i = 0; i < 10; ++i) fleet.push_back(lease("s" + std::to_string(i), i == 0 ? "new" : "old"));
  EXPECT_EQ(balanced_takes(seen_by("new", fleet)).size(), 4u);
  EXPECT_TRUE(balanced_takes(seen_by("old", fleet)).empty());
}

TEST(Balanced, AWorkerNobodySeesYetAsksForOneAndTakesWhatIsFree) {
  std::vector<AssignableLease> fleet;
  for (int i = 0; i < 10; ++i) fleet.push_back(lease("s" + std::to_string(i), "old"));
  EXPECT_EQ(balanced_takes(seen_by("new", fleet)).size(), 1u);
  fleet.push_back(lease("t1"));
  fleet.push_back(lease("t2"));
  EXPECT_EQ(balanced_takes(seen_by("new", fleet)).size(), 3u);
}

TEST(Balanced, StealsFromTheMostLoadedOnly) {
  const std::vector<AssignableLease> fleet = {lease("1", "a"), lease("2", "a"), lease("3", "a"), lease("4", "a"),
                                              lease("5", "a"), lease("6", "b"), lease("7", "b"), lease("8", "c")};
  const auto takes = balanced_takes(seen_by("c", fleet));
  ASSERT_EQ(takes.size(), 1u);
  EXPECT_LE(takes[0], "5");
}

TEST(Balanced, StealingIsSpreadOverTheVictims) {
  std::vector<AssignableLease> fleet = {lease("z", "new")};
  std::map<std::string, std::string> owners;
  for (const char* owner : {"a", "b", "c"})
    for (int i = 0; i < 8; ++i) {
      fleet.push_back(lease(owner + std::to_string(i), owner));
      owners[fleet.back().key] = owner;
    }
  std::map<std::string, int> victims;
  for (const std::string& key : balanced_takes(seen_by("new", fleet))) ++victims[owners.at(key)];
  int total = 0;
  for (const auto& [victim, count] : victims) {
    EXPECT_LE(count, 2) << victim;
    total += count;
  }
  EXPECT_EQ(total, 5);
}

TEST(Balanced, MovesNothingWithinOneOfEachOther) {
  const std::vector<AssignableLease> fleet = {lease("1", "a"), lease("2", "a"), lease("3", "b")};
  EXPECT_TRUE(balanced_takes(seen_by("a", fleet)).empty());
  EXPECT_TRUE(balanced_takes(seen_by("b", fleet)).empty());
}

TEST(Balanced, WhatIsBeingHandedOverStaysWhereItGoes) {
  std::vector<AssignableLease> fleet = {lease("1", "a"), lease("2", "a"), lease("3", "a"), lease("4", "b")};
  for (AssignableLease& shown : fleet) shown.handing_over = shown.owner == "a" && shown.key != "2";
  EXPECT_EQ(balanced_takes(seen_by("b", fleet)), (std::vector<std::string>{"2"}));
  fleet[1].handing_over = true;
  EXPECT_TRUE(balanced_takes(seen_by("b", fleet)).empty());
}

TEST(Balanced, AsksForWhatCanBeMovedWhereTheMostLoadedIsBeingGivenEverything) {
  std::vector<AssignableLease> fleet = {lease("6", "b"), lease("7", "b")};
  for (int i = 0; i < 10; ++i) {
    fleet.push_back(lease("a" + std::to_string(i), "a"));
    fleet.back().handing_over = true;
  }
  EXPECT_THAT(balanced_takes(seen_by("new", fleet)),
              ::testing::AnyOf(std::vector<std::string>{"6"}, std::vector<std::string>{"7"}));
}

TEST(Balanced, ChildrenStayWhereTheirParentsRanWithinTheFairShare) {
  std::vector<AssignableLease> fleet = {lease("1", "a"), lease("2", "b"), lease("c1"), lease("c2")};
  fleet[2].parent_ran_here = true;
  EXPECT_EQ(balanced_takes(seen_by("b", fleet)), (std::vector<std::string>{"c1"}));
  fleet[2].parent_ran_here = false;
  fleet[3].parent_ran_here = true;
  EXPECT_EQ(balanced_takes(seen_by("b", fleet)), (std::vector<std::string>{"c2"}));
  fleet[2].parent_ran_here = true;
  EXPECT_EQ(balanced_takes(seen_by("b", fleet)).size(), 1u) << "not both, the other worker is due one";
}

TEST(Balanced, OnlyWhatHasBeenFreeForLongEnoughCounts) {
  std::vector<AssignableLease> fleet = {lease("1"), lease("2")};
  fleet[1].free_for = 30s;
  EXPECT_EQ(balanced_takes(seen_by("me", fleet), 30s), (std::vector<std::string>{"2"}));
}

/// A lease table and workers that look at it all at the same moment and then write in any order: of two that go for the
/// same lease the first gets it. As the coordinator does, one that has nothing and got nothing plans anew with what it
/// was told.
class Fleet {
 public:
  Fleet(core::Random& random, bool large) : random_(random) {
    const std::size_t worker_count = 1 + random.below(large ? 20 : 8);
    for (std::size_t i = 0; i < worker_count; ++i) workers_.push_back("worker-" + std::to_string(i));
    // Some have been there before; some are dead, so that what they had is free.
    const std::size_t known = random.below(worker_count + 1);
    const std::size_t lease_count = random.below(large ? 80 : 24);
    for (std::size_t i = 0; i < lease_count; ++i) {
      leases_.push_back(lease("shard-" + std::to_string(1000 + i)));
      if (known > 0 && random.below(4) != 0) leases_.back().owner = workers_[random.below(known)];
    }
    for (const AssignableLease& shown : leases_) had_.push_back({shown.owner.value_or("")});
  }

  void refresh() {
    std::shuffle(workers_.begin(), workers_.end(), random_);
    const std::vector<AssignableLease> before = leases_;
    for (const std::string& worker : workers_) act(worker, before);
  }

  std::size_t spread() const {
    std::map<std::string, std::size_t> counts;
    for (const std::string& worker : workers_) counts[worker] = 0;
    for (const AssignableLease& shown : leases_)
      if (shown.owner) ++counts[*shown.owner];
    const auto less = [](const auto& a, const auto& b) { return a.second < b.second; };
    const auto [low, high] = std::minmax_element(counts.begin(), counts.end(), less);
    return high->second - low->second;
  }
  bool all_owned() const {
    return std::all_of(leases_.begin(), leases_.end(), [](const auto& shown) { return shown.owner.has_value(); });
  }
  /// Leases that went back to a worker that had them before.
  std::size_t came_back() const {
    return static_cast<std::size_t>(std::count_if(had_.begin(), had_.end(), [](const std::vector<std::string>& owners) {
      return std::set<std::string>(owners.begin(), owners.end()).size() != owners.size();
    }));
  }
  std::size_t leases() const { return leases_.size(); }
  std::size_t moves() const { return moves_; }

 private:
  void act(const std::string& worker, const std::vector<AssignableLease>& before) {
    std::vector<AssignableLease> view = before;
    for (int plan = 0; plan < 8; ++plan) {
      std::size_t got = 0;
      const auto takes = balanced_takes(seen_by(worker, view));
      for (const std::string& key : takes) {
        const std::size_t i = static_cast<std::size_t>(std::stoi(key.substr(6)) - 1000);
        if (leases_[i].owner == before[i].owner || (plan > 0 && leases_[i].owner == view[i].owner)) {
          leases_[i].owner = worker;
          had_[i].push_back(worker);
          ++moves_;
          ++got;
        }
        view[i] = leases_[i];
      }
      if (got > 0 || takes.empty()) return;
      if (std::any_of(view.begin(), view.end(), [&](const auto& shown) { return shown.owner == worker; })) return;
    }
  }

  core::Random& random_;
  std::vector<std::string> workers_;
  std::vector<AssignableLease> leases_;
  std::vector<std::vector<std::string>> had_;
  std::size_t moves_ = 0;
};

TEST(Balanced, AnyFleetIsLevelWithinThreeRefreshesAndStaysSo) {
  core::Random random(20261124);
  std::size_t came_back = 0;
  std::size_t leases = 0;
  for (int round = 0; round < 10'000; ++round) {
    Fleet fleet(random, round % 50 == 0);
    for (int i = 0; i < 3; ++i) fleet.refresh();
    ASSERT_LE(fleet.spread(), 1u) << "round " << round;
    ASSERT_TRUE(fleet.all_owned()) << "round " << round;
    came_back += fleet.came_back();
    leases += fleet.leases();
    const std::size_t moves = fleet.moves();
    fleet.refresh();
    ASSERT_EQ(fleet.moves(), moves) << "leases still move in round " << round;
  }
  EXPECT_LT(came_back * 1'000, leases) << "leases go to and fro";
}

}  // namespace
}  // namespace kinesis::consumer
