#pragma once

#include "consumer/fan_out_registration.hpp"
#include "consumer/read_budget.hpp"
#include "consumer/shard_feed.hpp"
#include "consumer/subscription_budget.hpp"
#include "core/async.hpp"
#include <kinesis/consumer.hpp>

#include <cstddef>
#include <functional>
#include <memory>

namespace kinesis::consumer {

/// How the sessions of one worker fetch, and what they share for it.
class Fetching {
 public:
  /// `first`: that of another stream of the same consumer, whose budgets are shared; or null.
  Fetching(Client client, const ConsumerOptions& options, const StreamId& stream, const Fetching* first);

  /// Before the first session: finds or registers the fan-out consumer; falls back to polling if there is none to be
  /// had and the options allow it. Throws Error otherwise.
  core::awaitable<void> prepare();
  /// Whether the last worker that stops has something to tidy up, and that.
  bool ends_with_last_worker() const;
  core::awaitable<void> tidy_up();

  /// What all of them may read ahead together.
  std::shared_ptr<ReadBudget> budget() const { return budget_; }
  /// Answers or events that each reads ahead.
  std::size_t prefetch() const;
  /// The fetcher of one session; `feed` must live longer.
  std::unique_ptr<Fetcher> fetcher(ShardFeed& feed) const;

 private:
  Client client_;
  FetchMode mode_;
  const std::function<void(const DiagnosticEvent&)> on_event_;
  std::shared_ptr<FanOutRegistration> registration_;   // null: polls
  std::shared_ptr<SubscriptionBudget> subscriptions_;  // the same
  std::shared_ptr<ReadBudget> budget_;
};

}  // namespace kinesis::consumer
