#pragma once

#include "core/async.hpp"

#include <boost/asio/any_completion_handler.hpp>

#include <functional>
#include <list>
#include <memory>
#include <mutex>

namespace kinesis::core {

struct WaiterLot;

/// The handler of something that waits for an event which no I/O object brings: a coroutine in a channel, a manual
/// timer.
///
/// It keeps its executor's context busy while it waits, and is destroyed unheard when that context shuts down, as Asio
/// does with the handlers of its own objects. Without that, a coroutine frame that owns what it waits for would never
/// be freed, or be freed after its context.
class Waiter {
 public:
  using Handler = asio::any_completion_handler<void(bool)>;

  /// `executor` belongs to an execution context.
  static std::shared_ptr<Waiter> park(const asio::any_io_executor& executor, Handler handler);
  ~Waiter();
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  /// Posts the handler with `value` to its executor. False if that was done before or the context has gone. From any
  /// thread.
  bool resume(bool value);
  /// False once it was resumed or its context has gone.
  bool waiting() const;

 private:
  friend struct WaiterLot;
  struct Taken {
    Handler handler;
    asio::any_io_executor executor;
  };
  Waiter() = default;

  std::shared_ptr<WaiterLot> lot_;  ///< Its mutex guards all below.
  Handler handler_;
  asio::any_io_executor executor_;
  Waiter* previous_ = nullptr;
  Waiter* next_ = nullptr;
};

/// Suspends the calling coroutine and tells `started` how to wake it; may be woken from within it. Returns what
/// `resume` was given. If the coroutine is cancelled meanwhile, `on_cancel` is called, which may or may not resume it;
/// without one it returns false.
awaitable<bool> suspend(const std::function<void(const std::shared_ptr<Waiter>&)>& started,
                        std::function<void()> on_cancel = {});

/// Coroutines that wait for their turn, first come, first woken. The owner's mutex guards it.
class WaitQueue {
 public:
  /// Joins the queue and only then releases `lock`. Throws Error(cancelled) if the coroutine is cancelled before it is
  /// woken.
  awaitable<void> wait(std::unique_lock<std::mutex> lock);
  void wake_one();
  void wake_all();

 private:
  std::list<std::shared_ptr<Waiter>> waiters_;  ///< Not a deque: an empty one of those takes half a kilobyte.
};

}  // namespace kinesis::core
