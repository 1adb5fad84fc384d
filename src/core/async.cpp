#include "core/async.hpp"

#include "core/waiter.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include <cstdio>
#include <cstdlib>
#include <list>
#include <vector>

namespace kinesis::core {
namespace {

/// Keeps the start of a task out of its spawner's call: what runs inside another function's middle is a surprise.
awaitable<void> start_later(awaitable<void> task) {
  co_await asio::post(use_awaitable);
  co_await std::move(task);
}

[[noreturn]] void die_of(const std::exception_ptr& failure) {
  std::fprintf(stderr, "kinesis: an exception escaped from a task: %s\n", to_error(failure).what());
  std::abort();
}

/// Waits on `timer`. False if the timer or the coroutine was cancelled.
awaitable<bool> wait_on(Timer& timer, Clock::time_point when) {
  Timer* const waited = &timer;
  auto initiate = [waited, when](auto handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) slot.assign([waited](asio::cancellation_type) { waited->cancel(); });
    waited->async_wait(when, [handler = std::move(handler), slot](bool expired) mutable {
      if (slot.is_connected()) slot.clear();  // The timer may be gone before the slot is.
      std::move(handler)(expired);
    });
  };
  const bool expired =
      co_await asio::async_initiate<const asio::use_awaitable_t<>, void(bool)>(initiate, use_awaitable);
  co_return expired;
}

/// A task that somebody else waits for: how to cancel it, and its deadline. Shared by all who may outlive each other.
/// It must not own the waiting coroutine, which may own it: the task's completion handler does.
struct Started {
  asio::cancellation_signal cancel;
  bool begun = false;            // of spawn_cancellable: where a signal before the beginning would be an exception that
  bool cancelled_early = false;  // nobody catches
  std::unique_ptr<Timer> timer;
  bool timed_out = false;
  bool ended = false;
};

awaitable<void> start_cancellable(Started* started, awaitable<void> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await asio::post(use_awaitable);
  started->begun = true;
  if (started->cancelled_early) started->cancel.emit(asio::cancellation_type::terminal);
  co_await std::move(task);
}

}  // namespace

void spawn(asio::any_io_executor executor, awaitable<void> task, std::function<void(std::exception_ptr)> on_error) {
  asio::co_spawn(executor, start_later(std::move(task)),
                 [on_error = std::move(on_error)](const std::exception_ptr& failure) {
                   if (!failure) return;
                   if (!on_error) die_of(failure);
                   on_error(failure);
                 });
}

void spawn_cancellable(asio::any_io_executor executor, awaitable<void> task, asio::cancellation_slot slot) {
  if (!slot.is_connected()) return spawn(std::move(executor), std::move(task));
  const auto started = std::make_shared<Started>();
  // The slot's owner emits on a thread of its own, perhaps after the task has ended.
  slot.assign([weak = std::weak_ptr<Started>(started), executor](asio::cancellation_type) {
    asio::post(executor, [weak] {
      const std::shared_ptr<Started> running = weak.lock();
      if (!running) return;
      running->cancelled_early = !running->begun;
      if (running->begun) running->cancel.emit(asio::cancellation_type::terminal);
    });
  });
  auto ended = [started](const std::exception_ptr& failure) {
    if (failure) die_of(failure);
  };
  asio::co_spawn(executor, start_cancellable(started.get(), std::move(task)),
                 asio::bind_cancellation_slot(started->cancel.slot(), std::move(ended)));
}

awaitable<void> switch_to(asio::any_io_executor executor) {
  auto token = asio::bind_executor(executor, use_awaitable);
  co_await asio::post(token);
}

awaitable<void> yield() { co_await asio::post(use_awaitable); }

awaitable<void> run_on(asio::any_io_executor executor, awaitable<void> task) {
  auto initiate = [&executor, &task](auto handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    const asio::any_io_executor home = asio::get_associated_executor(handler);
    const auto started = std::make_shared<Started>();
    // The signal is shared: a cancellation under way to the other executor may arrive after the task has ended.
    if (slot.is_connected()) {
      slot.assign([weak = std::weak_ptr<Started>(started), executor](asio::cancellation_type type) {
        asio::dispatch(executor, [weak, type] {
          if (const std::shared_ptr<Started> running = weak.lock()) running->cancel.emit(type);
        });
      });
    }
    auto ended = [started, home, done = std::move(handler)](std::exception_ptr failure) mutable {
      asio::dispatch(home, [done = std::move(done), failure = std::move(failure)]() mutable {
        std::move(done)(std::move(failure));
      });
    };
    asio::co_spawn(executor, std::move(task), asio::bind_cancellation_slot(started->cancel.slot(), std::move(ended)));
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(initiate, use_awaitable);
}

awaitable<void> with_deadline(Clock& clock, Clock::time_point when, awaitable<void> task) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto started = std::make_shared<Started>();
  started->timer = clock.make_timer(executor);
  auto initiate = [&started, &executor, &task, when](auto handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) {
      slot.assign([weak = std::weak_ptr<Started>(started)](asio::cancellation_type type) {
        if (const std::shared_ptr<Started> running = weak.lock()) running->cancel.emit(type);
      });
    }
    started->timer->async_wait(when, [running = started](bool expired) {
      if (!expired || running->ended) return;
      running->timed_out = true;
      running->cancel.emit(asio::cancellation_type::terminal);
    });
    auto ended = [running = started, done = std::move(handler)](std::exception_ptr failure) mutable {
      running->ended = true;
      running->timer->cancel();
      std::move(done)(std::move(failure));
    };
    asio::co_spawn(executor, std::move(task), asio::bind_cancellation_slot(started->cancel.slot(), std::move(ended)));
  };
  std::exception_ptr failure;
  try {
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(initiate, use_awaitable);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  if (started->timed_out && is_cancellation(failure)) throw Error(errc::timeout, "the deadline passed");
  std::rethrow_exception(failure);
}

awaitable<void> sleep_until(Clock& clock, Clock::time_point when) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const std::unique_ptr<Timer> timer = clock.make_timer(executor);
  const bool expired = co_await wait_on(*timer, when);
  if (!expired) throw Error(errc::cancelled, "the sleep was cancelled");
}

awaitable<void> sleep_for(Clock& clock, Clock::duration how_long) {
  const Clock::time_point when = clock.now() + how_long;
  co_await sleep_until(clock, when);
}

bool is_cancellation(const std::exception_ptr& failure) noexcept {
  if (!failure) return false;
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return error.code() == errc::cancelled;
  } catch (const boost::system::system_error& error) {
    return error.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

Error to_error(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return error;
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) return Error(errc::cancelled, "the operation was cancelled");
    return Error(errc::internal, error.what());
  } catch (const std::exception& error) {
    return Error(errc::internal, error.what());
  } catch (...) {
    return Error(errc::internal, "an exception of unknown type");
  }
}

Notifier::Notifier(asio::any_io_executor executor, Clock& clock) : timer_(clock.make_timer(std::move(executor))) {}
Notifier::~Notifier() = default;

void Notifier::wake() {
  woken_ = true;
  if (waiting_) timer_->cancel();
}

awaitable<bool> Notifier::wait_until(Clock::time_point when) {
  if (!woken_) {
    waiting_ = true;
    co_await wait_on(*timer_, when);
    waiting_ = false;
  }
  co_return std::exchange(woken_, false);
}

awaitable<void> Notifier::wait() { co_await wait_until(Clock::time_point::max()); }

struct TaskGroup::State {
  using Child = std::shared_ptr<asio::cancellation_signal>;

  asio::any_io_executor executor;
  std::list<Child> children;
  std::exception_ptr first_failure;
  bool cancelled = false;
  std::shared_ptr<Waiter> joiner;

  void cancel() {
    cancelled = true;
    // A child may end, and leave the list, while it is told.
    const std::vector<Child> told(children.begin(), children.end());
    for (const Child& child : told) child->emit(asio::cancellation_type::terminal);
  }

  void ended(std::list<Child>::iterator child, const std::exception_ptr& failure) {
    children.erase(child);
    if (failure && !cancelled && !first_failure) first_failure = failure;
    if (children.empty() && joiner) std::exchange(joiner, nullptr)->resume(true);
  }
};

TaskGroup::TaskGroup(asio::any_io_executor strand) : state_(std::make_shared<State>()) {
  state_->executor = std::move(strand);
}

TaskGroup::~TaskGroup() = default;

void TaskGroup::spawn(awaitable<void> child) {
  if (state_->cancelled) return;
  const auto signal = std::make_shared<asio::cancellation_signal>();
  const auto place = state_->children.insert(state_->children.end(), signal);
  auto ended = [state = state_, place](const std::exception_ptr& failure) { state->ended(place, failure); };
  asio::co_spawn(state_->executor, start_later(std::move(child)),
                 asio::bind_cancellation_slot(signal->slot(), std::move(ended)));
}

void TaskGroup::cancel() { state_->cancel(); }

awaitable<void> TaskGroup::join() {
  const std::shared_ptr<State> state = state_;
  bool owner_cancelled = false;
  // Children refer to what the owner owns: it may not leave before them, even if it is cancelled.
  const auto on_cancel = [&owner_cancelled, state] {
    owner_cancelled = true;
    state->cancel();
  };
  const std::function<void(const std::shared_ptr<Waiter>&)> started = [&](const std::shared_ptr<Waiter>& waiter) {
    state->joiner = waiter;
  };
  while (!state->children.empty()) {
    std::function<void()> on_cancel_copy = on_cancel;
    co_await suspend(started, std::move(on_cancel_copy));
    const asio::cancellation_state own = co_await asio::this_coro::cancellation_state;
    if (own.cancelled() != asio::cancellation_type::none && !state->children.empty()) {
      on_cancel();
      co_await ignore_cancellation();
    }
  }
  state->cancelled = false;
  const std::exception_ptr failure = std::exchange(state->first_failure, nullptr);
  if (failure) std::rethrow_exception(failure);
  if (owner_cancelled) throw Error(errc::cancelled, "the wait for a task group was cancelled");
}

std::size_t TaskGroup::size() const noexcept { return state_->children.size(); }

}  // namespace kinesis::core
