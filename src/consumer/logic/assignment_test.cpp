#include "consumer/logic/balanced.hpp"
#include <kinesis/assignment.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinesis {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

AssignmentView fleet() {
  AssignmentView view;
  view.worker = "me";
  for (const char* key : {"a", "b", "c", "d"}) {
    AssignableLease lease;
    lease.key = key;
    view.leases.push_back(std::move(lease));
  }
  view.leases[0].owner = "me";
  view.leases[1].owner = "other";
  view.leases[2].free_for = 5s;
  return view;
}

TEST(Assignment, BalancedKeepsWhatIsHereAndTakesWhatIsDue) {
  EXPECT_THAT(balanced()(fleet()), UnorderedElementsAre("a", "c"));
}

TEST(Assignment, BalancedTakesWhatIsDueToAnotherOnceThatOneHasLeftItForLong) {
  AssignmentView view = fleet();
  view.leases[3].free_for = 14s;
  EXPECT_THAT(balanced()(view), UnorderedElementsAre("a", "c")) << "it is due to the other one";
  view.neglected_after = 15s;
  EXPECT_THAT(balanced()(view), UnorderedElementsAre("a", "c"));
  view.neglected_after = 14s;
  EXPECT_THAT(balanced()(view), UnorderedElementsAre("a", "c", "d"));
}

TEST(Assignment, ManualWantsWhatItNamesAndNothingElse) {
  EXPECT_THAT(manual({"b", "d", "e"})(fleet()), ElementsAre("b", "d", "e"));
}

TEST(Assignment, ManualFallsBackToAShareOfWhatHasBeenFreeForLong) {
  EXPECT_THAT(manual({"b"}, 10s)(fleet()), UnorderedElementsAre("a", "b")) << "nothing is free for long enough";
  EXPECT_THAT(manual({"b"}, 5s)(fleet()), UnorderedElementsAre("a", "b", "c"));
  AssignmentView view = fleet();
  view.leases[3].free_for = 6s;
  EXPECT_THAT(manual({"b"}, 5s)(view), UnorderedElementsAre("a", "b", "c")) << "the other worker's share is left";
  view.leases[1].owner.reset();
  view.leases[1].free_for = 1h;
  EXPECT_THAT(manual({"x"}, 5s)(view), UnorderedElementsAre("x", "a", "b", "c", "d")) << "nobody else is there";
}

}  // namespace
}  // namespace kinesis
