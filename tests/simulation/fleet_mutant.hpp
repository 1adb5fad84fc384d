#pragma once

#include <string_view>
#include <vector>

namespace kinesis::simulation {

/// A fleet that does one thing wrong, to prove that it would be noticed.
enum class Mutant {
  none,
  skips_a_record,         ///< Reading leaves one out.
  swaps_records,          ///< Reading changes the order of two.
  completes_early,        ///< The handler returns before its work is done.
  checkpoints_ahead,      ///< The store notes the last record of the shard instead of the one it was told.
  checkpoints_back,       ///< The store notes the start of the shard, now and then.
  forgets_parents,        ///< The store does not tell which shards must end first.
  stores_every_take,      ///< The store reports a take as stored that met another's.
  clocks_run_away,        ///< Clocks run at 0.4 or 1.6 of their rate.
  takes_everything,       ///< A worker wants every lease.
  drops_shard_end,        ///< The store reports the end of a shard as stored and forgets it.
  refreshes_without_end,  ///< Workers read the table a hundred times a second.
  ignores_stop,           ///< A worker that is told to stop goes on.
  ignores_pause,          ///< A worker that is to hold up delivery does not.
  forgets_to_resume,      ///< A worker that is to go on delivering does not.
  starts_at_the_oldest,   ///< A worker begins at the oldest record, wherever it is to begin.
  forgets_the_pin,        ///< The store does not keep what is noted beside a checkpoint, such as where LATEST was.
  swallows_failures,      ///< The handler does not tell that it has failed.
  loses_dead_letters,     ///< What is skipped goes nowhere.
  keeps_another_letter,   ///< What is skipped is not what has failed.
  goes_on_after_failure,  ///< A worker that is to end begins its shard again.
  reads_again,            ///< The store tells that an ended shard is to be read from its beginning.
  saves_seldom,           ///< A worker does not write a checkpoint between two records of a key.
};

struct MutantKind {
  Mutant mutant;
  std::string_view name;
  /// The invariants it breaks; any of them, by what is noticed first.
  std::vector<std::string_view> breaks;
};
const std::vector<MutantKind>& mutants();

}  // namespace kinesis::simulation
