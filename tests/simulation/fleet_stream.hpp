#pragma once

#include "core/async.hpp"
#include "core/random.hpp"
#include "emulator/direct_api.hpp"
#include "simulation/fleet_oracle.hpp"
#include "simulation/fleet_plan.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kinesis::simulation {

/// The stream a fleet reads: what is put into it, how its shards are split and merged.
class FleetStream {
 public:
  FleetStream(const Plan& plan, std::shared_ptr<Clock> clock);

  std::shared_ptr<KinesisApi> api() const { return service_.api(); }
  std::vector<KinesisShard> shards() { return service_.shards(name); }
  /// Those that are not closed, by their hash keys.
  std::vector<KinesisShard> open_shards();

  /// `counts`: whether what is accepted now is to be handled.
  core::awaitable<void> put(FleetOracle* oracle, core::Random* random, std::function<Counts()> counts);
  /// Splits or merges.
  void reshard(const Element& element);
  core::awaitable<void> resize(int count);
  core::awaitable<void> deregister();

  /// Empty unless events are to be told.
  std::function<void(const std::string&)> trace;

  static constexpr auto name = "orders";

 private:
  void tell(const Error& error) const;

  const Plan& plan_;
  emulator::InProcessKinesis service_;
  std::size_t next_number_ = 0;
};

}  // namespace kinesis::simulation
