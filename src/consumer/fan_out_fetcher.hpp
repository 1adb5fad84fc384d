#pragma once

#include "consumer/fan_out_registration.hpp"
#include "consumer/logic/fan_out_position.hpp"
#include "consumer/logic/subscription_pace.hpp"
#include "consumer/shard_feed.hpp"
#include "consumer/subscription_budget.hpp"
#include "core/random.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace kinesis::consumer {

/// Fetches with SubscribeToShard: subscribes, hands on events as there is room for them, and subscribes again after
/// what it has handed on. An event that nobody has room for is not pulled, so it waits in the HTTP/2 window.
class FanOutFetcher final : public Fetcher {
 public:
  /// `feed` must live longer.
  FanOutFetcher(ShardFeed& feed, std::shared_ptr<FanOutRegistration> registration,
                std::shared_ptr<SubscriptionBudget> budget);
  core::awaitable<void> run() override;

 private:
  using NextEvent = Result<std::optional<SubscribeToShardEvent>>;

  core::awaitable<void> fetch();
  core::awaitable<std::optional<Error>> subscribe();
  core::awaitable<void> wait_for_turn();
  core::awaitable<std::optional<Error>> take_event();
  core::awaitable<NextEvent> next_event();
  core::awaitable<void> take_in(SubscribeToShardEvent event, ReadBudget::Hold hold, Clock::time_point began);
  core::awaitable<void> recover(Error failure);
  core::awaitable<void> look_for_consumer(Error failure);
  void failed(const char* doing, const Error& failure);
  void trouble(const char* doing, const Error& failure);
  void let_go(event::SubscriptionEnded::Why why, std::optional<Error> error = {});

  ShardFeed& feed_;
  std::shared_ptr<FanOutRegistration> registration_;
  std::shared_ptr<SubscriptionBudget> budget_;
  FanOutPosition position_;
  SubscriptionPace pace_;
  core::Random random_;
  ShardSubscription subscription_;
  /// While it is open.
  std::optional<Clock::time_point> subscribed_at_;
  std::size_t events_ = 0;
  std::string arn_;
  Clock::time_point next_call_{};
  std::size_t expected_bytes_;
  bool over_ = false;
};

}  // namespace kinesis::consumer
