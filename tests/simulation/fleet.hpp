#pragma once

#include "simulation/fleet_mutant.hpp"
#include "simulation/fleet_oracle.hpp"
#include "simulation/fleet_plan.hpp"
#include <kinesis/clock.hpp>

#include <optional>
#include <string>

namespace kinesis::simulation {

struct FleetOptions {
  Mutant mutant = Mutant::none;
  /// Prints what happens to stdout.
  bool trace = false;
};

struct Outcome {
  std::optional<Violation> violation;
  /// When that was, or the end.
  milliseconds at{0};
  std::size_t records = 0;
  std::size_t handled = 0;
  std::size_t sessions = 0;
  /// The same for every run of a plan.
  std::uint64_t digest = 0;
  /// Of all workers that were there, together.
  milliseconds worker_time{0};
};

/// Runs a fleet as planned: chaos, then a time to settle, then a time in which nothing may happen any more.
Outcome run_fleet(const Plan& plan, const FleetOptions& options = {});

}  // namespace kinesis::simulation
