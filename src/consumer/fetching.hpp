#pragma once

#include "consumer/read_budget.hpp"
#include "consumer/shard_feed.hpp"
#include <kinesis/consumer.hpp>

#include <cstddef>
#include <memory>

namespace kinesis::consumer {

/// How the sessions of one worker fetch, and what they share for it.
class Fetching {
 public:
  Fetching(Client client, const ConsumerOptions& options);

  /// What all of them may read ahead together.
  std::shared_ptr<ReadBudget> budget() const { return budget_; }
  /// Answers or events that each reads ahead.
  std::size_t prefetch() const;
  /// The fetcher of one session; `feed` must live longer.
  std::unique_ptr<Fetcher> fetcher(ShardFeed& feed) const;

 private:
  Client client_;
  FetchMode mode_;
  std::shared_ptr<ReadBudget> budget_;
};

}  // namespace kinesis::consumer
