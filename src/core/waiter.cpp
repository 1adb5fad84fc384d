#include "core/waiter.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>

#include <vector>

namespace kinesis::core {

/// The waiters of one execution context. Outlives the context if a waiter does.
struct WaiterLot {
  std::mutex mutex;
  bool closed = false;
  Waiter* first = nullptr;

  void link(Waiter& waiter) {
    waiter.next_ = first;
    if (first != nullptr) first->previous_ = &waiter;
    first = &waiter;
  }

  /// Takes the handler out; an empty one if it is gone already. Needs the mutex.
  Waiter::Taken unlink(Waiter& waiter) {
    Waiter::Taken taken;
    if (!waiter.handler_) return taken;
    (waiter.previous_ != nullptr ? waiter.previous_->next_ : first) = waiter.next_;
    if (waiter.next_ != nullptr) waiter.next_->previous_ = waiter.previous_;
    waiter.previous_ = waiter.next_ = nullptr;
    // Boost 1.81's move assignment of this type calls itself for ever.
    taken.handler.swap(waiter.handler_);
    taken.executor = std::move(waiter.executor_);
    return taken;
  }

  Waiter::Taken take(Waiter& waiter) {
    const std::lock_guard lock(mutex);
    return unlink(waiter);
  }

  void close() {
    // Handlers own coroutines whose destructors may come back here: this is destroyed after the lock.
    std::vector<Waiter::Taken> taken;
    const std::lock_guard lock(mutex);
    closed = true;
    while (first != nullptr) taken.push_back(unlink(*first));
  }
};

namespace {

class WaiterService final : public asio::execution_context::service {
 public:
  using key_type = WaiterService;
  // NOLINTNEXTLINE(cert-err58-cpp)
  inline static asio::execution_context::id id;

  explicit WaiterService(asio::execution_context& context)
      : asio::execution_context::service(context), lot(std::make_shared<WaiterLot>()) {}
  void shutdown() override { lot->close(); }

  const std::shared_ptr<WaiterLot> lot;
};

}  // namespace

std::shared_ptr<Waiter> Waiter::park(const asio::any_io_executor& executor, Handler handler) {
  std::shared_ptr<Waiter> waiter(new Waiter);
  asio::execution_context& context = asio::query(executor, asio::execution::context);
  waiter->lot_ = asio::use_service<WaiterService>(context).lot;
  const std::lock_guard lock(waiter->lot_->mutex);
  if (waiter->lot_->closed) return waiter;  // The handler is destroyed, unheard, after the lock.
  waiter->handler_.swap(handler);
  waiter->executor_ = asio::prefer(executor, asio::execution::outstanding_work.tracked);
  waiter->lot_->link(*waiter);
  return waiter;
}

Waiter::~Waiter() {
  if (lot_ != nullptr) const Taken destroyed_after_the_lock = lot_->take(*this);
}

bool Waiter::resume(bool value) {
  Taken taken = lot_->take(*this);
  if (!taken.handler) return false;
  asio::post(taken.executor, [handler = std::move(taken.handler), value]() mutable { std::move(handler)(value); });
  return true;
}

bool Waiter::waiting() const {
  const std::lock_guard lock(lot_->mutex);
  return static_cast<bool>(handler_);
}

awaitable<bool> suspend(const std::function<void(const std::shared_ptr<Waiter>&)>& started,
                        std::function<void()> on_cancel) {
  auto initiate = [&started, &on_cancel](auto handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    const asio::any_io_executor executor = asio::get_associated_executor(handler);
    // Wrapped, so that any_completion_handler does not claim the slot for itself.
    auto resumed = [handler = std::move(handler)](bool value) mutable { std::move(handler)(value); };
    const std::shared_ptr<Waiter> waiter = Waiter::park(executor, std::move(resumed));
    // Before anybody can wake it: from then on the slot may belong to the coroutine's next operation.
    if (slot.is_connected()) {
      slot.assign([weak = std::weak_ptr<Waiter>(waiter), on_cancel = std::move(on_cancel)](asio::cancellation_type) {
        const std::shared_ptr<Waiter> cancelled = weak.lock();
        if (!cancelled || !cancelled->waiting()) return;
        if (on_cancel) {
          on_cancel();
        } else {
          cancelled->resume(false);
        }
      });
    }
    started(waiter);
  };
  const bool value = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(bool)>(initiate, use_awaitable);
  co_return value;
}

awaitable<void> WaitQueue::wait(std::unique_lock<std::mutex> lock) {
  std::mutex& mutex = *lock.mutex();
  std::shared_ptr<Waiter> mine;
  const std::function<void(const std::shared_ptr<Waiter>&)> started = [&](const std::shared_ptr<Waiter>& waiter) {
    mine = waiter;
    waiters_.push_back(waiter);
    lock.release();
    mutex.unlock();  // The coroutine may be running again, elsewhere, as soon as this returns: nothing of it is touched
                     // after.
  };
  const bool woken = co_await suspend(started);
  if (woken) co_return;
  lock = std::unique_lock(mutex);
  waiters_.remove(mine);
  throw Error(errc::cancelled, "the wait was cancelled");
}

void WaitQueue::wake_one() {
  while (!waiters_.empty()) {
    const std::shared_ptr<Waiter> waiter = std::move(waiters_.front());
    waiters_.pop_front();
    if (waiter->resume(true)) return;
  }
}

void WaitQueue::wake_all() {
  while (!waiters_.empty()) wake_one();
}

}  // namespace kinesis::core
