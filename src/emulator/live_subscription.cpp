#include "emulator/live_subscription.hpp"

#include "emulator/shared_region.hpp"

#include <utility>

namespace kinesis::emulator {

void Wakeup::wake() {
  std::shared_ptr<core::Waiter> waiter;
  {
    const std::lock_guard lock(mutex_);
    if (!waiter_) {
      woken_ = true;
      return;
    }
    waiter = std::move(waiter_);
    waiter_ = nullptr;
  }
  waiter->resume(true);
}

core::awaitable<void> Wakeup::wait_until(Clock& clock, Clock::time_point when) {
  const std::unique_ptr<Timer> timer = clock.make_timer(co_await asio::this_coro::executor);
  const std::function<void(const std::shared_ptr<core::Waiter>&)> started =
      [&](const std::shared_ptr<core::Waiter>& waiter) {
        // Before anybody can wake it: from then on the coroutine may run elsewhere.
        timer->async_wait(when, [weak = std::weak_ptr<core::Waiter>(waiter)](bool expired) {
          const auto waiting = weak.lock();
          if (expired && waiting) waiting->resume(false);
        });
        bool woken = false;
        {
          const std::lock_guard lock(mutex_);
          woken = std::exchange(woken_, false);
          if (!woken) waiter_ = waiter;
        }
        if (woken) waiter->resume(true);
      };
  co_await core::suspend(started);
  const std::lock_guard lock(mutex_);
  waiter_ = nullptr;
}

Result<std::shared_ptr<LiveSubscription>> LiveSubscription::open(std::shared_ptr<SharedRegion> region,
                                                                 const SubscribeToShardRequest& request) {
  auto wakeup = std::make_shared<Wakeup>();
  auto accepted = region->subscribe(request, wakeup);
  if (!accepted) return accepted.error();
  return std::make_shared<LiveSubscription>(std::move(region), std::move(wakeup), *std::move(accepted));
}

LiveSubscription::LiveSubscription(std::shared_ptr<SharedRegion> region, std::shared_ptr<Wakeup> wakeup,
                                   Subscription subscription)
    : region_(std::move(region)), wakeup_(std::move(wakeup)), subscription_(std::move(subscription)) {}

LiveSubscription::~LiveSubscription() { region_->unsubscribe(subscription_, wakeup_); }

core::awaitable<SubscriptionStep> LiveSubscription::next() {
  for (;;) {
    SubscriptionStep step;
    if (cancelled_) {
      step.kind = SubscriptionStep::Kind::failure;
      step.error = Error(errc::cancelled, "the subscription was cancelled");
      co_return step;
    }
    step = region_->next_event(subscription_);
    if (step.kind != SubscriptionStep::Kind::wait) co_return step;
    co_await wakeup_->wait_until(region_->clock(), step.until);
  }
}

core::awaitable<void> LiveSubscription::wait_for_cancel() {
  while (!cancelled_) co_await wakeup_->wait_until(region_->clock(), Clock::time_point::max());
}

void LiveSubscription::cancel() {
  if (cancelled_.exchange(true)) return;
  region_->unsubscribe(subscription_, wakeup_);
  wakeup_->wake();
}

}  // namespace kinesis::emulator
