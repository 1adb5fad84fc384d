#pragma once

#include "core/async.hpp"
#include <kinesis/clock.hpp>
#include <kinesis/error.hpp>
#include <kinesis/lease.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace kinesis::simulation {

/// A lease store that can be cut off from its worker.
class CutOffLeases final : public LeaseRepository {
 public:
  explicit CutOffLeases(std::shared_ptr<LeaseRepository> inner) : inner_(std::move(inner)) {}
  bool cut_off = false;
  /// Calls so far: what a DynamoDB table would be asked for.
  std::size_t calls = 0;
  /// What an update takes, by this clock.
  Clock::duration latency{};
  std::shared_ptr<Clock> clock;
  std::size_t most_under_way = 0;
  /// Every so many updates are carried out and fail all the same; 0: none.
  std::size_t lose_answers = 0;
  /// Fails every call with this while it is set.
  std::optional<Error> failure;

  asio::awaitable<void> prepare() override { return inner_->prepare(); }
  asio::awaitable<std::vector<Lease>> list() override {
    check();
    co_return co_await inner_->list();
  }
  asio::awaitable<LeaseWrite> create(Lease lease) override {
    check();
    co_return co_await inner_->create(std::move(lease));
  }
  asio::awaitable<LeaseWrite> update(LeaseUpdate change) override {
    check();
    most_under_way = std::max(most_under_way, ++under_way_);
    if (latency > Clock::duration::zero()) co_await core::sleep_for(*clock, latency);
    --under_way_;
    LeaseWrite written = co_await inner_->update(std::move(change));
    if (lose_answers > 0 && ++updates_ % lose_answers == 0)
      throw Error(errc::connection, "the answer is lost").with_retryable(true);
    co_return written;
  }
  asio::awaitable<LeaseWrite> remove(Lease known) override {
    check();
    co_return co_await inner_->remove(std::move(known));
  }

 private:
  void check() {
    ++calls;
    if (cut_off) throw Error(errc::connection, "cut off").with_retryable(true);
    if (failure) throw *failure;
  }
  std::shared_ptr<LeaseRepository> inner_;
  std::size_t under_way_ = 0;
  std::size_t updates_ = 0;
};

}  // namespace kinesis::simulation
