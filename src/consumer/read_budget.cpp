#include "consumer/read_budget.hpp"

#include <functional>
#include <utility>

namespace kinesis::consumer {

ReadBudget::Place::Place(std::shared_ptr<ReadBudget> budget) : budget_(std::move(budget)) {
  const std::lock_guard lock(budget_->mutex_);
  member_ = budget_->budget_.join();
}

ReadBudget::Place::~Place() {
  const std::lock_guard lock(budget_->mutex_);
  budget_->waiting_.erase(member_);
  budget_->budget_.leave(member_);
  budget_->hand_out();
}

core::awaitable<ReadBudget::Hold> ReadBudget::Place::take(std::size_t bytes) {
  const auto self = shared_from_this();
  std::unique_lock lock(budget_->mutex_);
  budget_->budget_.ask(member_, bytes);
  budget_->hand_out();
  if (budget_->granted_.erase(member_) > 0) co_return Hold(self, bytes);
  std::mutex& mutex = budget_->mutex_;
  const std::function<void(const std::shared_ptr<core::Waiter>&)> started =
      [&](const std::shared_ptr<core::Waiter>& waiter) {
        budget_->waiting_[member_] = waiter;
        lock.release();
        mutex.unlock();  // The coroutine may be running again, elsewhere, as soon as this returns.
      };
  const bool woken = co_await core::suspend(started);
  if (woken) co_return Hold(self, bytes);
  lock = std::unique_lock(mutex);
  if (budget_->waiting_.erase(member_) > 0) {
    budget_->budget_.withdraw(member_);
  } else {
    budget_->budget_.give_back(member_, bytes);  // its turn came while it was being cancelled
  }
  budget_->hand_out();
  throw Error(errc::cancelled, "the wait was cancelled");
}

void ReadBudget::hand_out() {
  while (const std::optional<ByteBudget::Member> member = budget_.grant()) {
    const auto waiter = waiting_.find(*member);
    if (waiter == waiting_.end()) {
      granted_.insert(*member);
      continue;
    }
    const auto woken = std::move(waiter->second);
    waiting_.erase(waiter);
    woken->resume(true);
  }
}

ReadBudget::Hold::~Hold() {
  if (place_) settle(0);
}

void ReadBudget::Hold::settle(std::size_t real) {
  ReadBudget& budget = *place_->budget_;
  const std::lock_guard lock(budget.mutex_);
  budget.budget_.settle(place_->member_, bytes_, real);
  bytes_ = real;
  budget.hand_out();
}

}  // namespace kinesis::consumer
