#pragma once

#include <kinesis/clock.hpp>
#include <kinesis/error.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <memory>
#include <string>

// The coroutine vocabulary of the library. Include this instead of Asio's timers, channels and co_spawn: those are expensive to compile,
// and only src/core/*.cpp pays for them.
namespace kinesis::core {

using asio::awaitable;
using asio::use_awaitable;

/// Starts `task` on `executor`; an exception that escapes is handed to `on_error` (a defect otherwise: logged to stderr and aborted).
void spawn(asio::any_io_executor executor, awaitable<void> task,
           std::function<void(std::exception_ptr)> on_error = {});

/// Continues on `executor`. Returns there even if the caller ran elsewhere.
awaitable<void> switch_to(asio::any_io_executor executor);

/// Runs `task` on `executor` and comes back to the caller's own.
template <class T>
awaitable<T> run_on(asio::any_io_executor executor, awaitable<T> task);

/// Lets everything else that is ready run first.
awaitable<void> yield();

/// Sleeps on the caller's executor. Throws Error(cancelled) if the coroutine is cancelled meanwhile.
awaitable<void> sleep_until(Clock& clock, Clock::time_point when);
awaitable<void> sleep_for(Clock& clock, Clock::duration how_long);

/// One coroutine waits for a time or for being woken, whichever is first. A wake-up that finds nobody waiting is kept for the next wait.
/// All calls on one strand; `wake` and `wait` of one notifier must not overlap from two threads.
class Notifier {
 public:
  Notifier(asio::any_io_executor executor, Clock& clock);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  /// Wakes the waiter, or makes the next wait return at once.
  void wake();
  /// True if woken, false if `when` passed first (or the coroutine is being cancelled: the next await throws).
  awaitable<bool> wait_until(Clock::time_point when);
  /// Waits without a limit.
  awaitable<void> wait();

 private:
  std::unique_ptr<Timer> timer_;
  bool woken_ = false;
  bool waiting_ = false;
};


/// Children that live no longer than the group: spawned on its executor, stopped together, waited for together.
/// Used from the executor's strand only, except where said.
class TaskGroup {
 public:
  explicit TaskGroup(asio::any_io_executor strand);
  /// The group must have been joined or never used.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts a child. Its exception is kept (the first one wins) and rethrown by join; errors of cancelled children are dropped.
  void spawn(awaitable<void> child);
  /// Cancels every child: what it awaits throws, as does all it awaits later.
  void cancel();
  /// Waits until all children have ended, those spawned meanwhile included; then rethrows the first exception.
  awaitable<void> join();
  std::size_t size() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace kinesis::core
