#include "core/waiter.hpp"

#include "core/test_loop.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace kinesis::core {
namespace {

TEST(WaiterTest, IsResumedOnceWithTheFirstValueAndNotInsideTheCall) {
  TestLoop loop;
  std::vector<bool> calls;
  const std::shared_ptr<Waiter> waiter = Waiter::park(loop.executor(), [&](bool value) { calls.push_back(value); });
  EXPECT_TRUE(waiter->waiting());
  EXPECT_TRUE(waiter->resume(true));
  EXPECT_FALSE(waiter->resume(false));
  EXPECT_FALSE(waiter->waiting());
  EXPECT_TRUE(calls.empty());
  loop.context.poll();
  EXPECT_EQ(calls, (std::vector<bool>{true}));
}

TEST(WaiterTest, KeepsItsContextBusyUntilItIsResumedOrDropped) {
  TestLoop loop;
  std::shared_ptr<Waiter> first = Waiter::park(loop.executor(), [](bool) {});
  const std::shared_ptr<Waiter> second = Waiter::park(loop.executor(), [](bool) {});
  loop.context.poll();
  EXPECT_FALSE(loop.context.stopped());
  first.reset();
  second->resume(true);
  loop.context.poll();
  EXPECT_TRUE(loop.context.stopped());
}

TEST(WaiterTest, OutlivesItsContextWithoutItsHandler) {
  const auto held = std::make_shared<int>(0);
  std::vector<std::shared_ptr<Waiter>> waiters;
  {
    asio::io_context context;
    for (int i = 0; i < 3; ++i) {
      waiters.push_back(Waiter::park(context.get_executor(), [held](bool) { ADD_FAILURE() << "called"; }));
    }
    waiters.erase(waiters.begin() + 1);
    EXPECT_EQ(held.use_count(), 3);
  }
  EXPECT_EQ(held.use_count(), 1);
  for (const std::shared_ptr<Waiter>& waiter : waiters) EXPECT_FALSE(waiter->resume(true));
}

TEST(WaiterTest, AHandlerThatOwnsItsWaiterIsFreedWithTheContext) {
  const auto held = std::make_shared<int>(0);
  {
    asio::io_context context;
    struct Owner {
      std::shared_ptr<int> held;
      std::shared_ptr<Waiter> waiter;
    };
    const auto owner = std::make_shared<Owner>();
    owner->held = held;
    owner->waiter = Waiter::park(context.get_executor(), [owner](bool) {});
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace kinesis::core
