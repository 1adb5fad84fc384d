#pragma once

#include <kinesis/clock.hpp>
#include <kinesis/error.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

// The coroutine vocabulary of the library. Include this instead of Asio's timers, channels and co_spawn: those are
// expensive to compile, and only src/core/*.cpp pays for them.
//
// Cancellation: what a cancelled coroutine awaits ends at once, with Error(cancelled) where it had begun to wait; every
// later co_await throws boost::system::system_error(operation_aborted), by Asio's own rule. `is_cancellation` knows
// both. To tidy up with awaits, first `co_await ignore_cancellation()`.
namespace kinesis::core {

using asio::awaitable;
using asio::use_awaitable;

/// Starts `task` on `executor`, after the caller has returned there; an exception that escapes is handed to `on_error`
/// on `executor` (a defect otherwise: logged to stderr and aborted).
void spawn(asio::any_io_executor executor, awaitable<void> task, std::function<void(std::exception_ptr)> on_error = {});

/// The same, cancelled by whoever owns `slot`, whatever type of cancellation it says. No exception may escape, and a
/// cancelled task's awaits throw only from where it says `co_await asio::this_coro::throw_if_cancelled(true)`.
void spawn_cancellable(asio::any_io_executor executor, awaitable<void> task, asio::cancellation_slot slot);

/// Continues on `executor`. Returns there even if the caller ran elsewhere. Only until the coroutine's next wait, which
/// returns to the executor it was spawned on: to stay longer, use run_on.
awaitable<void> switch_to(asio::any_io_executor executor);

/// Runs `task` on `executor` and comes back to the caller's own. Cancelling the caller cancels the task.
awaitable<void> run_on(asio::any_io_executor executor, awaitable<void> task);

/// Runs `task` until `when`, then cancels it: Error(timeout), once it has ended. A task that ends with a value or an
/// error of its own, however late, gives that. The caller's executor must be a strand.
awaitable<void> with_deadline(Clock& clock, Clock::time_point when, awaitable<void> task);

namespace detail {
template <class T>
awaitable<void> store(awaitable<T> task, std::optional<T>* out) {
  out->emplace(co_await std::move(task));
}
}  // namespace detail

// Templates over the functions above, so that only one file instantiates co_spawn.
template <class T>
awaitable<T> run_on(asio::any_io_executor executor, awaitable<T> task) {
  std::optional<T> value;
  co_await run_on(std::move(executor), detail::store(std::move(task), &value));
  co_return std::move(*value);
}
template <class T>
awaitable<T> with_deadline(Clock& clock, Clock::time_point when, awaitable<T> task) {
  std::optional<T> value;
  co_await with_deadline(clock, when, detail::store(std::move(task), &value));
  co_return std::move(*value);
}

/// `co_await ignore_cancellation();` forgets that the coroutine was cancelled, and protects all it does from then on.
inline auto ignore_cancellation() noexcept {
  return asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
}

/// Lets everything else that is ready run first.
awaitable<void> yield();

/// Sleeps on the caller's executor. Throws Error(cancelled) if the coroutine is cancelled meanwhile.
awaitable<void> sleep_until(Clock& clock, Clock::time_point when);
awaitable<void> sleep_for(Clock& clock, Clock::duration how_long);

/// Whether `failure` only says that somebody cancelled the coroutine.
bool is_cancellation(const std::exception_ptr& failure) noexcept;
/// What a caught exception is as an Error: itself, cancelled, or internal with the text of any other.
Error to_error(const std::exception_ptr& failure);

/// One coroutine waits for a time or for being woken, whichever is first. A wake-up that finds nobody waiting is kept
/// for the next wait. All calls on one strand; `wake` and `wait` of one notifier must not overlap from two threads.
/// Nobody may wait when it is destroyed.
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
  /// Waits without a limit. Returns early if the coroutine is being cancelled: the next await throws.
  awaitable<void> wait();

 private:
  std::unique_ptr<Timer> timer_;
  bool woken_ = false;
  bool waiting_ = false;
};

/// Children that live no longer than the group: spawned on its executor, stopped together, waited for together.
/// Used from the executor's strand only, except where said.
///
/// To end a group whose owner may have been cancelled: `group.cancel(); co_await ignore_cancellation(); co_await
/// group.join();`
class TaskGroup {
 public:
  explicit TaskGroup(asio::any_io_executor strand);
  /// The group must have been joined or never used. (When a whole context is shut down, unjoined groups are fine.)
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts a child, after the caller has returned to the executor. Its exception is kept (the first one wins) and
  /// rethrown by join; errors of cancelled children are dropped. After cancel() and until join() returns, children are
  /// dropped without being started.
  void spawn(awaitable<void> child);
  /// Cancels every child: what it awaits throws, as does all it awaits later.
  void cancel();
  /// Waits until all children have ended, those spawned meanwhile included; then rethrows the first exception. The
  /// group can be used again. Cancelling the waiting coroutine cancels the children, and join still waits for them; it
  /// then throws Error(cancelled). One coroutine joins.
  awaitable<void> join();
  std::size_t size() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace kinesis::core
