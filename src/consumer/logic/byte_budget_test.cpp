#include "consumer/logic/byte_budget.hpp"

#include <gtest/gtest.h>

namespace kinesis::consumer {
namespace {

TEST(ByteBudget, HoldsTheLimit) {
  ByteBudget budget(100);
  const auto a = budget.join();
  const auto b = budget.join();
  budget.ask(a, 60);
  budget.ask(b, 60);
  EXPECT_EQ(budget.grant(), a);
  EXPECT_EQ(budget.grant(), std::nullopt);
  EXPECT_EQ(budget.used(), 60u);
  budget.settle(a, 60, 10);
  EXPECT_EQ(budget.grant(), b);
  EXPECT_EQ(budget.used(), 70u);
}

TEST(ByteBudget, MoreThanTheLimitGoesAlone) {
  ByteBudget budget(100);
  const auto a = budget.join();
  const auto b = budget.join();
  budget.ask(a, 500);
  EXPECT_EQ(budget.grant(), a);
  budget.ask(b, 1);
  EXPECT_EQ(budget.grant(), std::nullopt);
  budget.give_back(a, 500);
  EXPECT_EQ(budget.grant(), b);
}

TEST(ByteBudget, WhoHoldsNothingComesFirst) {
  ByteBudget budget(100);
  const auto a = budget.join();
  const auto b = budget.join();
  budget.ask(a, 20);
  ASSERT_EQ(budget.grant(), a);
  budget.ask(a, 20);
  budget.ask(b, 20);
  EXPECT_EQ(budget.grant(), b);
  EXPECT_EQ(budget.grant(), a);
}

TEST(ByteBudget, AShardThatStandsStillDoesNotTakeTheShareOfOthers) {
  ByteBudget budget(100);
  const auto stuck = budget.join();
  const auto other = budget.join();
  int got = 0;
  for (int i = 0; i < 10; ++i) {
    budget.ask(stuck, 20);
    if (budget.grant()) {
      ++got;
    } else {
      budget.withdraw(stuck);
    }
  }
  EXPECT_EQ(got, 2) << "half of the limit";
  budget.ask(other, 40);
  EXPECT_EQ(budget.grant(), other);
}

TEST(ByteBudget, WhoIsOverItsShareKeepsNobodyWaiting) {
  ByteBudget budget(100);
  const auto big = budget.join();
  const auto small = budget.join();
  budget.ask(big, 50);
  ASSERT_EQ(budget.grant(), big);
  budget.ask(small, 10);
  ASSERT_EQ(budget.grant(), small);
  budget.ask(big, 30);
  budget.ask(small, 10);
  EXPECT_EQ(budget.grant(), small);
  EXPECT_EQ(budget.grant(), std::nullopt);
  budget.give_back(big, 50);
  EXPECT_EQ(budget.grant(), big);
}

TEST(ByteBudget, TheFirstOfTheLineIsNotOvertakenBySmallerOnes) {
  ByteBudget budget(100);
  const auto a = budget.join();
  const auto b = budget.join();
  const auto c = budget.join();
  budget.ask(a, 60);
  ASSERT_EQ(budget.grant(), a);
  budget.ask(b, 60);
  budget.ask(c, 10);
  EXPECT_EQ(budget.grant(), std::nullopt) << "c would fit, but then b might wait for ever";
  budget.give_back(a, 60);
  EXPECT_EQ(budget.grant(), b);
  EXPECT_EQ(budget.grant(), c);
}

TEST(ByteBudget, WhoLeavesTheLineIsForgotten) {
  ByteBudget budget(100);
  const auto a = budget.join();
  const auto b = budget.join();
  budget.ask(a, 10);
  budget.ask(b, 10);
  budget.withdraw(a);
  budget.leave(a);
  EXPECT_EQ(budget.grant(), b);
}

}  // namespace
}  // namespace kinesis::consumer
