#include "consumer/fetching.hpp"

#include "consumer/diagnostics.hpp"
#include "consumer/fan_out_fetcher.hpp"
#include "consumer/polling_fetcher.hpp"

#include <utility>
#include <variant>

namespace kinesis::consumer {
namespace {

std::shared_ptr<ReadBudget> budget_of(const FetchMode& mode) {
  const auto limit = [](const auto& how) { return how.prefetch_bytes; };
  return std::make_shared<ReadBudget>(std::visit(limit, mode));
}

}  // namespace

Fetching::Fetching(Client client, const ConsumerOptions& options, const StreamId& stream, const Fetching* first)
    : client_(std::move(client)),
      mode_(options.fetch),
      on_event_(options.on_event),
      budget_(first != nullptr ? first->budget_ : budget_of(mode_)) {
  const auto* fan_out = std::get_if<EnhancedFanOut>(&mode_);
  if (fan_out == nullptr) return;
  registration_ =
      std::make_shared<FanOutRegistration>(client_, stream, options.application, fan_out->consumer, on_event_);
  subscriptions_ = first != nullptr
                       ? first->subscriptions_
                       : std::make_shared<SubscriptionBudget>(fan_out->subscriptions_per_second, client_.clock().now());
}

core::awaitable<void> Fetching::prepare() {
  if (!registration_) co_return;
  std::exception_ptr failure;
  try {
    co_await registration_->prepare();
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  const std::optional<Polling> fallback = std::get<EnhancedFanOut>(mode_).fallback;
  if (!fallback || core::is_cancellation(failure)) std::rethrow_exception(failure);
  tell(on_event_, client_.log(), event::FellBack{core::to_error(failure)});
  registration_.reset();
  subscriptions_.reset();
  mode_ = *fallback;
  budget_ = budget_of(mode_);
}

bool Fetching::ends_with_last_worker() const {
  return registration_ && registration_->ends_with_last_worker() && !registration_->arn().empty();
}

core::awaitable<void> Fetching::tidy_up() {
  if (registration_) co_await registration_->deregister();
}

std::size_t Fetching::prefetch() const {
  const auto prefetch = [](const auto& how) { return how.prefetch; };
  return std::visit(prefetch, mode_);
}

std::unique_ptr<Fetcher> Fetching::fetcher(ShardFeed& feed) const {
  if (registration_) return std::make_unique<FanOutFetcher>(feed, registration_, subscriptions_);
  return std::make_unique<PollingFetcher>(feed, std::get<Polling>(mode_));
}

}  // namespace kinesis::consumer
