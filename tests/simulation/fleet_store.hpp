#pragma once

#include "core/async.hpp"
#include "core/random.hpp"
#include "simulation/fleet_mutant.hpp"
#include "simulation/fleet_oracle.hpp"
#include <kinesis/lease.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace kinesis::simulation {

/// The lease table and the way to it, as the whole fleet shares them. Requests travel on the executor of the service:
/// a worker that stands still or has crashed does not keep what it has sent from being carried out.
struct FleetStore {
  FleetStore(asio::any_io_executor executor, Clock& clock, FleetOracle& oracle, std::uint64_t seed)
      : executor(std::move(executor)), clock(clock), oracle(oracle), random(seed) {}

  asio::any_io_executor executor;
  Clock& clock;
  FleetOracle& oracle;
  core::Random random;
  Mutant mutant = Mutant::none;
  std::map<std::string, Lease> rows;
  /// A request, and an answer, take up to so long.
  Clock::duration latency{};
  double throttled = 0;
  double lost_answers = 0;
  /// Who does not reach it.
  std::set<std::string> cut_off;

  Clock::duration some_latency(Clock::duration most);
  LeaseWrite create(const std::string& worker, const Lease& lease);
  LeaseWrite update(const std::string& worker, const LeaseUpdate& change);
  LeaseWrite remove(const std::string& worker, const Lease& known);
  std::vector<Lease> list();
};

/// The lease table as one worker reaches it.
class FleetLeases final : public LeaseRepository {
 public:
  FleetLeases(FleetStore& store, std::string worker, std::function<void()> called)
      : store_(store), worker_(std::move(worker)), called_(std::move(called)) {}

  asio::awaitable<void> prepare() override { co_return; }
  asio::awaitable<std::vector<Lease>> list() override;
  asio::awaitable<LeaseWrite> create(Lease lease) override;
  asio::awaitable<LeaseWrite> update(LeaseUpdate change) override;
  asio::awaitable<LeaseWrite> remove(Lease known) override;

 private:
  template <class T>
  core::awaitable<T> call(std::function<T()> carry_out);
  template <class T>
  static core::awaitable<T> serve(FleetStore* store, std::string worker, std::function<T()> carry_out);

  FleetStore& store_;
  std::string worker_;
  std::function<void()> called_;
};

}  // namespace kinesis::simulation
