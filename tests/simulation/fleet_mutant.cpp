#include "simulation/fleet_mutant.hpp"

#include "simulation/fleet_oracle.hpp"

namespace kinesis::simulation {

const std::vector<MutantKind>& mutants() {
  static const std::vector<MutantKind> all{
      {Mutant::skips_a_record, "skips_a_record", {invariant::at_least_once}},
      {Mutant::swaps_records, "swaps_records", {invariant::order}},
      {Mutant::completes_early, "completes_early", {invariant::unprocessed}},
      {Mutant::checkpoints_ahead, "checkpoints_ahead", {invariant::unprocessed}},
      {Mutant::checkpoints_back, "checkpoints_back", {invariant::moved_back}},
      {Mutant::forgets_parents, "forgets_parents", {invariant::parents_first}},
      {Mutant::stores_every_take, "stores_every_take", {invariant::overlap}},
      {Mutant::clocks_run_away, "clocks_run_away", {invariant::overlap}},
      {Mutant::takes_everything, "takes_everything", {invariant::share}},
      {Mutant::drops_shard_end, "drops_shard_end", {invariant::finished}},
      {Mutant::refreshes_without_end, "refreshes_without_end", {invariant::calls}},
      {Mutant::ignores_stop, "ignores_stop", {invariant::stops}},
  };
  return all;
}

}  // namespace kinesis::simulation
