#include "core/async.hpp"

#include "core/test_loop.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <thread>

namespace kinesis::core {
namespace {

using namespace std::chrono_literals;

awaitable<int> seven() {
  co_await yield();
  co_return 7;
}

awaitable<int> fail(errc code) {
  co_await yield();
  throw Error(code, "on purpose");
}

awaitable<void> log_when_done(std::string* log, char name, Clock* clock, Clock::duration after) {
  co_await sleep_for(*clock, after);
  *log += name;
}

TEST(SpawnTest, StartsTheTaskAfterTheSpawnerAndReportsWhatEscapes) {
  TestLoop loop;
  std::string order;
  const auto child = [&]() -> awaitable<void> {
    order += 'b';
    co_await yield();
    throw Error(errc::closed, "gone");
  };
  const auto parent = [&]() -> awaitable<void> {
    spawn(co_await asio::this_coro::executor, child(),
          [&](const std::exception_ptr& e) { order += to_error(e).message(); });
    order += 'a';
    co_return;
  };
  loop.run(parent());
  EXPECT_EQ(order, "abgone");
}

TEST(SpawnDeathTest, AnUnhandledExceptionEndsTheProcessWithItsText) {
  EXPECT_DEATH(
      {
        TestLoop loop;
        const auto task = []() -> awaitable<void> {
          co_await yield();
          throw Error(errc::storage, "disk full");
        };
        spawn(loop.executor(), task());
        loop.run_for();
      },
      "storage: disk full");
}

TEST(RunOnTest, RunsThereAndComesBack) {
  TestLoop loop;
  asio::io_context other;
  auto work = asio::make_work_guard(other);
  std::thread thread([&] { other.run(); });
  std::thread::id there;
  const auto remote = [&]() -> awaitable<std::string> {
    co_await yield();
    there = std::this_thread::get_id();
    co_return "hello";
  };
  std::string result;
  std::thread::id before, after;
  const auto local = [&]() -> awaitable<void> {
    before = std::this_thread::get_id();
    result = co_await run_on(other.get_executor(), remote());
    after = std::this_thread::get_id();
  };
  spawn(loop.executor(), local());
  loop.context.run();
  EXPECT_EQ(there, thread.get_id());
  EXPECT_EQ(before, after);
  EXPECT_EQ(result, "hello");
  work.reset();
  thread.join();
}

TEST(RunOnTest, PassesExceptionsOn) {
  TestLoop loop;
  const auto strand = asio::make_strand(loop.context);
  const auto task = [&]() -> awaitable<void> {
    try {
      co_await run_on(strand, fail(errc::not_found));
      ADD_FAILURE() << "did not throw";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), errc::not_found);
    }
  };
  loop.run(task());
}

TEST(RunOnTest, CancellingTheCallerCancelsTheTask) {
  TestLoop loop;
  const auto strand = asio::make_strand(loop.context);
  bool cancelled = false;
  const auto remote = [&]() -> awaitable<void> {
    try {
      co_await sleep_for(loop.clock, 1h);
    } catch (const Error& error) {
      cancelled = error.code() == errc::cancelled;
      throw;
    }
  };
  const auto local = [&]() -> awaitable<void> { co_await run_on(strand, remote()); };
  const auto task = [&]() -> awaitable<void> {
    TaskGroup group(co_await asio::this_coro::executor);
    group.spawn(local());
    co_await sleep_for(loop.clock, 1s);
    group.cancel();
    co_await group.join();
  };
  const auto start = loop.clock.now();
  loop.run(task());
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(loop.clock.now(), start + 1s);
}

TEST(SwitchToTest, ContinuesOnTheOtherExecutor) {
  TestLoop loop;
  const auto strand = asio::make_strand(loop.context);
  bool inside = false;
  const auto task = [&]() -> awaitable<void> {
    EXPECT_FALSE(strand.running_in_this_thread());
    co_await switch_to(strand);
    inside = strand.running_in_this_thread();
  };
  loop.run(task());
  EXPECT_TRUE(inside);
}

TEST(SleepTest, TakesItsTimeWithBothClocks) {
  TestLoop loop;
  std::string log;
  spawn(loop.executor(), log_when_done(&log, 'b', &loop.clock, 2s));
  spawn(loop.executor(), log_when_done(&log, 'a', &loop.clock, 1s));
  loop.run_for(1s);
  EXPECT_EQ(log, "a");
  loop.run_for(1s);
  EXPECT_EQ(log, "ab");

  asio::io_context real;
  const auto clock = Clock::system();
  spawn(real.get_executor(), log_when_done(&log, 'c', clock.get(), 0s));
  real.run();
  EXPECT_EQ(log, "abc");
}

TEST(CancellationTest, ASleeperThrowsCancelledAndEveryLaterAwaitThrowsToo) {
  for (const bool manual : {true, false}) {
    TestLoop loop;
    const auto system = Clock::system();
    Clock& clock = manual ? static_cast<Clock&>(loop.clock) : *system;
    std::string log;
    const auto sleeper = [&]() -> awaitable<void> {
      try {
        co_await sleep_for(clock, 1h);
      } catch (...) {
        log += is_cancellation(std::current_exception()) ? "first " : "? ";
      }
      try {
        co_await yield();
      } catch (...) {
        log += is_cancellation(std::current_exception()) ? "second " : "? ";
      }
      co_await ignore_cancellation();
      co_await yield();
      log += "tidy";
    };
    const auto task = [&]() -> awaitable<void> {
      TaskGroup group(co_await asio::this_coro::executor);
      group.spawn(sleeper());
      co_await yield();
      co_await yield();
      group.cancel();
      co_await group.join();
    };
    spawn(loop.executor(), task());
    loop.context.run();
    EXPECT_EQ(log, "first second tidy");
  }
}

TEST(NotifierTest, AWakeUpIsKeptForTheNextWait) {
  TestLoop loop;
  Notifier notifier(loop.executor(), loop.clock);
  const auto task = [&]() -> awaitable<void> {
    notifier.wake();
    notifier.wake();
    co_await notifier.wait();
    const auto start = loop.clock.now();
    const bool woken = co_await notifier.wait_until(start + 1s);
    EXPECT_FALSE(woken);
    EXPECT_EQ(loop.clock.now(), start + 1s);
  };
  loop.run(task());
}

TEST(NotifierTest, WakesTheWaiterBeforeItsTime) {
  TestLoop loop;
  Notifier notifier(loop.executor(), loop.clock);
  const auto start = loop.clock.now();
  const auto waker = [&]() -> awaitable<void> {
    co_await sleep_for(loop.clock, 1s);
    notifier.wake();
  };
  const auto task = [&]() -> awaitable<void> {
    spawn(co_await asio::this_coro::executor, waker());
    const bool woken = co_await notifier.wait_until(start + 1h);
    EXPECT_TRUE(woken);
    EXPECT_EQ(loop.clock.now(), start + 1s);
  };
  loop.run(task());
}

TEST(NotifierTest, AWakeUpAtTheVeryDeadlineIsNotLost) {
  TestLoop loop;
  Notifier notifier(loop.executor(), loop.clock);
  const auto task = [&]() -> awaitable<void> {
    const auto when = loop.clock.now() + 1s;
    spawn(co_await asio::this_coro::executor, [](Clock& clock, Notifier& n, Clock::time_point t) -> awaitable<void> {
      co_await sleep_until(clock, t);
      n.wake();
    }(loop.clock, notifier, when));
    const bool first = co_await notifier.wait_until(when);
    const bool second = first ? true : co_await notifier.wait_until(when + 1s);
    EXPECT_TRUE(second);
  };
  loop.run(task());
}

TEST(NotifierTest, ACancelledWaitReturnsAndTheNextAwaitThrows) {
  TestLoop loop;
  Notifier notifier(loop.executor(), loop.clock);
  std::string log;
  const auto waiter = [&]() -> awaitable<void> {
    co_await notifier.wait();
    log += "returned ";
    co_await notifier.wait();
    log += "not here";
  };
  const auto task = [&]() -> awaitable<void> {
    TaskGroup group(co_await asio::this_coro::executor);
    group.spawn(waiter());
    co_await sleep_for(loop.clock, 1s);
    group.cancel();
    co_await group.join();
    log += "joined";
  };
  loop.run(task());
  EXPECT_EQ(log, "returned joined");
}

TEST(TaskGroupTest, JoinWaitsForAllIncludingThoseSpawnedMeanwhile) {
  TestLoop loop;
  std::string log;
  TaskGroup group(loop.executor());
  const auto parent = [&]() -> awaitable<void> {
    co_await sleep_for(loop.clock, 1s);
    group.spawn(log_when_done(&log, 'c', &loop.clock, 5s));
  };
  const auto task = [&]() -> awaitable<void> {
    group.spawn(log_when_done(&log, 'b', &loop.clock, 2s));
    group.spawn(log_when_done(&log, 'a', &loop.clock, 1s));
    group.spawn(parent());
    EXPECT_EQ(group.size(), 3U);
    co_await group.join();
    log += '.';
  };
  loop.run(task());
  EXPECT_EQ(log, "abc.");
  EXPECT_EQ(group.size(), 0U);
}

TEST(TaskGroupTest, JoiningAnEmptyGroupReturnsAtOnce) {
  TestLoop loop;
  TaskGroup group(loop.executor());
  const auto task = [&]() -> awaitable<void> { co_await group.join(); };
  loop.run(task());
}

TEST(TaskGroupTest, TheFirstExceptionWinsAndTheOthersStillRun) {
  TestLoop loop;
  std::string log;
  const auto thrower = [&](Clock::duration after, errc code) -> awaitable<void> {
    co_await sleep_for(loop.clock, after);
    throw Error(code, "on purpose");
  };
  const auto task = [&]() -> awaitable<void> {
    TaskGroup group(co_await asio::this_coro::executor);
    group.spawn(thrower(2s, errc::storage));
    group.spawn(thrower(1s, errc::not_found));
    group.spawn(log_when_done(&log, 'a', &loop.clock, 3s));
    try {
      co_await group.join();
      ADD_FAILURE() << "did not throw";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), errc::not_found);
    }
    EXPECT_EQ(log, "a");
    group.spawn(log_when_done(&log, 'b', &loop.clock, 1s));
    co_await group.join();
    EXPECT_EQ(log, "ab");
  };
  loop.run(task());
}

TEST(TaskGroupTest, CancelDropsTheErrorsOfChildrenAndChildrenThatCameTooLate) {
  TestLoop loop;
  std::string log;
  const auto task = [&]() -> awaitable<void> {
    TaskGroup group(co_await asio::this_coro::executor);
    group.spawn(log_when_done(&log, 'a', &loop.clock, 1s));
    group.cancel();  // Before it started.
    group.spawn(log_when_done(&log, 'b', &loop.clock, 1s));
    EXPECT_EQ(group.size(), 1U);
    co_await group.join();
    EXPECT_EQ(log, "");
    group.spawn(log_when_done(&log, 'c', &loop.clock, 1s));
    co_await group.join();
    EXPECT_EQ(log, "c");
  };
  loop.run(task());
}

TEST(TaskGroupTest, CancellingWhoJoinsCancelsTheChildrenAndStillWaitsForThem) {
  TestLoop loop;
  std::string log;
  const auto child = [&]() -> awaitable<void> {
    try {
      co_await sleep_for(loop.clock, 1h);
    } catch (const Error&) {
      log += "child cancelled, ";
    }
    co_await ignore_cancellation();
    co_await sleep_for(loop.clock, 5s);
    log += "child tidy, ";
  };
  const auto owner = [&]() -> awaitable<void> {
    TaskGroup inner(co_await asio::this_coro::executor);
    inner.spawn(child());
    try {
      co_await inner.join();
    } catch (const Error& error) {
      log += error.code() == errc::cancelled ? "owner cancelled" : "?";
      throw;
    }
  };
  const auto task = [&]() -> awaitable<void> {
    TaskGroup outer(co_await asio::this_coro::executor);
    outer.spawn(owner());
    co_await sleep_for(loop.clock, 1s);
    outer.cancel();
    co_await outer.join();
  };
  const auto start = loop.clock.now();
  loop.run(task());
  EXPECT_EQ(log, "child cancelled, child tidy, owner cancelled");
  EXPECT_EQ(loop.clock.now(), start + 6s);
}

TEST(TaskGroupTest, AContextThatShutsDownFreesOwnersChildrenAndWaits) {
  testing::ManualClock clock;
  const auto alive = std::make_shared<int>(0);
  {
    asio::io_context context;
    const auto child = [&clock]([[maybe_unused]] std::shared_ptr<int> held) -> awaitable<void> {
      co_await sleep_for(clock, 1h);
    };
    const auto owner = [&](std::shared_ptr<int> held) -> awaitable<void> {
      TaskGroup group(co_await asio::this_coro::executor);
      group.spawn(child(held));
      Notifier notifier(co_await asio::this_coro::executor, clock);
      co_await group.join();
    };
    spawn(context.get_executor(), owner(alive));
    context.poll();
    EXPECT_GT(alive.use_count(), 1);
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(DeadlineTest, ATaskInTimeGivesItsValueOrItsError) {
  TestLoop loop;
  const auto task = [&]() -> awaitable<void> {
    const int value = co_await with_deadline(loop.clock, loop.clock.now() + 1s, seven());
    EXPECT_EQ(value, 7);
    try {
      co_await with_deadline(loop.clock, loop.clock.now() + 1s, fail(errc::kms));
      ADD_FAILURE() << "did not throw";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), errc::kms);
    }
  };
  loop.run(task());
  EXPECT_EQ(loop.clock.next_deadline(), std::nullopt);
}

TEST(DeadlineTest, ALateTaskIsCancelledAndTimesOutAtTheDeadline) {
  TestLoop loop;
  const auto start = loop.clock.now();
  const auto task = [&]() -> awaitable<void> {
    try {
      co_await with_deadline(loop.clock, start + 1s, sleep_for(loop.clock, 1h));
      ADD_FAILURE() << "did not throw";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), errc::timeout);
    }
    // The caller itself was not cancelled.
    co_await sleep_for(loop.clock, 1s);
  };
  loop.run(task());
  EXPECT_EQ(loop.clock.now(), start + 2s);
}

TEST(DeadlineTest, CancellingTheCallerCancelsTheTask) {
  TestLoop loop;
  const auto start = loop.clock.now();
  std::string log;
  const auto child = [&]() -> awaitable<void> {
    try {
      co_await with_deadline(loop.clock, start + 1h, sleep_for(loop.clock, 2h));
    } catch (...) {
      log = is_cancellation(std::current_exception()) ? "cancelled" : "?";
    }
  };
  const auto task = [&]() -> awaitable<void> {
    TaskGroup group(co_await asio::this_coro::executor);
    group.spawn(child());
    co_await sleep_for(loop.clock, 1s);
    group.cancel();
    co_await group.join();
  };
  loop.run(task());
  EXPECT_EQ(log, "cancelled");
  EXPECT_EQ(loop.clock.now(), start + 1s);
}

TEST(DeadlineTest, AContextThatShutsDownFreesTaskAndCaller) {
  testing::ManualClock clock;
  const auto alive = std::make_shared<int>(0);
  {
    asio::io_context context;
    const auto strand = asio::make_strand(context);
    const auto task = [&clock]([[maybe_unused]] std::shared_ptr<int> held) -> awaitable<void> {
      co_await sleep_for(clock, 2h);
    };
    const auto limited = [&](std::shared_ptr<int> held) -> awaitable<void> {
      co_await with_deadline(clock, clock.now() + 1h, task(held));
    };
    const auto elsewhere = [&](std::shared_ptr<int> held) -> awaitable<void> { co_await run_on(strand, task(held)); };
    spawn(context.get_executor(), limited(alive));
    spawn(context.get_executor(), elsewhere(alive));
    context.poll();
    EXPECT_EQ(alive.use_count(), 5);
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(ErrorBridgeTest, NamesEveryException) {
  const auto of = [](const auto& e) { return to_error(std::make_exception_ptr(e)); };
  EXPECT_EQ(of(Error(errc::kms, "k")).code(), errc::kms);
  EXPECT_EQ(of(boost::system::system_error(asio::error::operation_aborted)).code(), errc::cancelled);
  EXPECT_EQ(of(std::runtime_error("odd")).message(), "odd");
  EXPECT_EQ(of(3).code(), errc::internal);
}

}  // namespace
}  // namespace kinesis::core
