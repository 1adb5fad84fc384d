#pragma once

#include "core/async.hpp"
#include <kinesis/clock.hpp>
#include <kinesis/lease.hpp>

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

namespace kinesis::simulation {

/// A lease store that hands everything on to another: for those that differ from it in one call.
class ForwardingLeases : public LeaseRepository {
 public:
  explicit ForwardingLeases(std::shared_ptr<LeaseRepository> inner) : inner_(std::move(inner)) {}

  asio::awaitable<void> prepare() override { return inner_->prepare(); }
  asio::awaitable<std::vector<Lease>> list() override { return inner_->list(); }
  asio::awaitable<LeaseWrite> create(Lease lease) override { return inner_->create(std::move(lease)); }
  asio::awaitable<LeaseWrite> update(LeaseUpdate change) override { return inner_->update(std::move(change)); }
  asio::awaitable<LeaseWrite> remove(Lease known) override { return inner_->remove(std::move(known)); }

 private:
  std::shared_ptr<LeaseRepository> inner_;
};

/// Creating a lease takes a second each.
class CreatesSlowly final : public ForwardingLeases {
 public:
  CreatesSlowly(std::shared_ptr<LeaseRepository> inner, Clock& clock)
      : ForwardingLeases(std::move(inner)), clock_(clock) {}

  asio::awaitable<LeaseWrite> create(Lease lease) override {
    co_await core::sleep_for(clock_, std::chrono::seconds(1));
    const LeaseWrite written = co_await ForwardingLeases::create(std::move(lease));
    co_return written;
  }

 private:
  Clock& clock_;
};

}  // namespace kinesis::simulation
