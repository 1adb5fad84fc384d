#include "consumer/fetching.hpp"

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

Fetching::Fetching(Client client, const ConsumerOptions& options)
    : client_(std::move(client)), mode_(options.fetch), budget_(budget_of(mode_)) {}

std::size_t Fetching::prefetch() const {
  const auto prefetch = [](const auto& how) { return how.prefetch; };
  return std::visit(prefetch, mode_);
}

std::unique_ptr<Fetcher> Fetching::fetcher(ShardFeed& feed) const {
  return std::make_unique<PollingFetcher>(feed, std::get<Polling>(mode_));
}

}  // namespace kinesis::consumer
