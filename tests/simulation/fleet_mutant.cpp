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
      {Mutant::ignores_pause, "ignores_pause", {invariant::held_up}},
      {Mutant::forgets_to_resume, "forgets_to_resume", {invariant::at_least_once, invariant::finished}},
      {Mutant::starts_at_the_oldest, "starts_at_the_oldest", {invariant::start}},
      {Mutant::forgets_the_pin, "forgets_the_pin", {invariant::at_least_once, invariant::unprocessed}},
      {Mutant::swallows_failures, "swallows_failures", {invariant::failures, invariant::unprocessed}},
      {Mutant::loses_dead_letters, "loses_dead_letters", {invariant::failures, invariant::unprocessed}},
      {Mutant::keeps_another_letter, "keeps_another_letter", {invariant::failures}},
      {Mutant::goes_on_after_failure, "goes_on_after_failure", {invariant::failures}},
      {Mutant::reads_again, "reads_again", {invariant::read_again}},
      {Mutant::saves_seldom, "saves_seldom", {invariant::once_a_key}},
  };
  return all;
}

}  // namespace kinesis::simulation
