#include "core/test_loop.hpp"
#include <kinesis/testing/manual_clock.hpp>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kinesis {
namespace {

using core::TestLoop;
using testing::ManualClock;
using namespace std::chrono_literals;

TEST(ManualClockTest, StartsAtADayAndAtNewYear2026) {
  const ManualClock clock;
  EXPECT_EQ(clock.now().time_since_epoch(), 24h);
  EXPECT_EQ(clock.wall_now().time_since_epoch(), 1767225600s);
}

TEST(ManualClockTest, BothTimesMoveTogetherExceptWhenTheWallClockIsSet) {
  ManualClock clock;
  clock.advance(90s);
  EXPECT_EQ(clock.now().time_since_epoch(), 24h + 90s);
  EXPECT_EQ(clock.wall_now().time_since_epoch(), 1767225690s);
  clock.set_wall(Clock::wall_time_point(5s));
  EXPECT_EQ(clock.now().time_since_epoch(), 24h + 90s);
  EXPECT_EQ(clock.wall_now().time_since_epoch(), 5s);
}

TEST(ManualClockTest, TheCoarseTimeIsTheTime) {
  ManualClock clock;
  clock.advance(90s);
  EXPECT_EQ(clock.coarse_now(), clock.now());
}

TEST(ManualClockTest, TheCoarseTimeOfTheMachineIsNeverAheadAndGoesOn) {
  const std::shared_ptr<Clock> clock = Clock::system();
  const Clock::time_point first = clock->coarse_now();
  EXPECT_LE(first, clock->now());
  while (clock->coarse_now() == first) EXPECT_LT(clock->now() - first, 1min);
}

TEST(ManualClockTest, TimersRunInTheOrderOfTheirTimesThenOfTheirWaits) {
  TestLoop loop;
  std::string order;
  std::vector<std::unique_ptr<Timer>> timers;
  const auto at = [&](Clock::duration when, char name) {
    timers.push_back(loop.clock.make_timer(loop.executor()));
    timers.back()->async_wait(loop.clock.now() + when, [&order, name](bool expired) {
      if (expired) order += name;
    });
  };
  at(3s, 'd');
  at(1s, 'a');
  at(2s, 'b');
  at(2s, 'c');
  loop.clock.advance(10s);
  EXPECT_EQ(order, "");  // Posted, not run.
  loop.context.poll();
  EXPECT_EQ(order, "abcd");
}

TEST(ManualClockTest, ATimeThatHasPassedIsDueAtOnceButNotInsideTheCall) {
  TestLoop loop;
  const auto timer = loop.clock.make_timer(loop.executor());
  bool called = false;
  timer->async_wait(loop.clock.now(), [&](bool expired) { called = expired; });
  EXPECT_FALSE(called);
  loop.context.poll();
  EXPECT_TRUE(called);
}

TEST(ManualClockTest, CancellingDestroyingOrWaitingAgainTellsTheHandlerFalse) {
  TestLoop loop;
  std::vector<bool> calls;
  const auto handler = [&](bool expired) { calls.push_back(expired); };
  auto timer = loop.clock.make_timer(loop.executor());
  timer->async_wait(loop.clock.now() + 1s, handler);
  timer->cancel();
  timer->async_wait(loop.clock.now() + 1s, handler);
  timer->async_wait(loop.clock.now() + 2s, handler);
  timer.reset();
  loop.clock.advance(1h);
  loop.context.poll();
  EXPECT_EQ(calls, (std::vector<bool>{false, false, false}));
  EXPECT_EQ(loop.clock.next_deadline(), std::nullopt);
}

TEST(ManualClockTest, CancellingWhatHasComeDueDoesNotCallTwice) {
  TestLoop loop;
  std::vector<bool> calls;
  const auto timer = loop.clock.make_timer(loop.executor());
  timer->async_wait(loop.clock.now() + 1s, [&](bool expired) { calls.push_back(expired); });
  loop.clock.advance(1s);
  timer->cancel();
  loop.context.poll();
  EXPECT_EQ(calls, (std::vector<bool>{true}));
}

TEST(ManualClockTest, NextDeadlineIsTheEarliestAndIgnoresTheEndOfTime) {
  TestLoop loop;
  const auto never = loop.clock.make_timer(loop.executor());
  never->async_wait(Clock::time_point::max(), [](bool) {});
  EXPECT_EQ(loop.clock.next_deadline(), std::nullopt);
  EXPECT_FALSE(loop.clock.advance_to_next());
  const auto soon = loop.clock.make_timer(loop.executor());
  soon->async_wait(loop.clock.now() + 5s, [](bool) {});
  EXPECT_EQ(loop.clock.next_deadline(), loop.clock.now() + 5s);
  const auto due = *loop.clock.next_deadline();
  EXPECT_TRUE(loop.clock.advance_to_next());
  EXPECT_EQ(loop.clock.now(), due);
}

TEST(ManualClockTest, AWaitingTimerKeepsItsContextFromRunningOutOfWork) {
  TestLoop loop;
  const auto timer = loop.clock.make_timer(loop.executor());
  timer->async_wait(loop.clock.now() + 1s, [](bool) {});
  loop.context.poll();
  EXPECT_FALSE(loop.context.stopped());
  loop.clock.advance(1s);
  loop.context.poll();
  EXPECT_TRUE(loop.context.stopped());
}

TEST(ManualClockTest, AHandlerThatOwnsItsTimerIsDestroyedWithTheContext) {
  ManualClock clock;
  const auto owned = std::make_shared<int>(1);
  {
    asio::io_context context;
    const std::shared_ptr<Timer> timer = clock.make_timer(context.get_executor());
    timer->async_wait(clock.now() + 1s, [timer, owned](bool) { ADD_FAILURE() << "called at shutdown"; });
    EXPECT_EQ(owned.use_count(), 2);
  }
  EXPECT_EQ(owned.use_count(), 1);
  clock.advance(1h);
}

TEST(VirtualTimeTest, HoursPassInAMomentAndInOrder) {
  TestLoop loop;
  std::vector<Clock::duration> ticks;
  const Clock::time_point start = loop.clock.now();
  const auto tick = [&]() -> core::awaitable<void> {
    for (int i = 0; i < 48; ++i) {
      co_await core::sleep_for(loop.clock, 1h);
      ticks.push_back(loop.clock.now() - start);
    }
  };
  loop.run(tick(), 1000h);
  EXPECT_EQ(ticks.size(), 48U);
  EXPECT_EQ(ticks.back(), 48h);
}

TEST(VirtualTimeTest, StopsAtTheLimitWithTheClockThere) {
  TestLoop loop;
  const Clock::time_point start = loop.clock.now();
  bool fired = false;
  const auto timer = loop.clock.make_timer(loop.executor());
  timer->async_wait(start + 10s, [&](bool expired) { fired = expired; });
  run_in_virtual_time(loop.context, loop.clock, 4s);
  EXPECT_EQ(loop.clock.now(), start + 4s);
  EXPECT_FALSE(fired);
  run_in_virtual_time(loop.context, loop.clock, 6s);
  EXPECT_TRUE(fired);
}

TEST(VirtualTimeTest, EndsWhenTheProgramStopsItsContext) {
  TestLoop loop;
  const Clock::time_point start = loop.clock.now();
  const auto timer = loop.clock.make_timer(loop.executor());
  timer->async_wait(start + 10s, [](bool) {});
  asio::post(loop.context, [&] { loop.context.stop(); });
  run_in_virtual_time(loop.context, loop.clock, 1h);
  EXPECT_EQ(loop.clock.now(), start);
}

TEST(SystemClockTest, ItsTimersExpireAndAreCancelled) {
  asio::io_context context;
  const std::shared_ptr<Clock> clock = Clock::system();
  std::vector<bool> calls;
  const auto first = clock->make_timer(context.get_executor());
  const auto second = clock->make_timer(context.get_executor());
  first->async_wait(clock->now(), [&](bool expired) {
    calls.push_back(expired);
    second->cancel();
  });
  second->async_wait(Clock::time_point::max(), [&](bool expired) { calls.push_back(expired); });
  context.run();
  EXPECT_EQ(calls, (std::vector<bool>{true, false}));
}

}  // namespace
}  // namespace kinesis
