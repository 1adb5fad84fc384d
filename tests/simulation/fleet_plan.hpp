#pragma once

#include <kinesis/lease.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kinesis::simulation {

using std::chrono::milliseconds;

/// What happens to a fleet.
enum class Act {
  crash,              ///< A worker ends without a word; another takes its place after a while.
  stop,               ///< A worker is stopped gracefully, and replaced after a while.
  pause,              ///< A worker's process stands still, then goes on.
  partition,          ///< A worker does not reach the lease store.
  slow_store,         ///< Requests and answers of the lease store take up to `how_much` seconds.
  throttled_store,    ///< The share `how_much` of requests is refused.
  lost_answers,       ///< The share `how_much` of requests is carried out, and the answers are lost.
  faulty_reads,       ///< The share `how_much` of reads fails.
  expired_iterators,  ///< The share `how_much` of reads finds its iterator expired.
  // Of fan-out only:
  broken_subscriptions,  ///< The share `how_much` of events is lost with the connection.
  ended_subscriptions,  ///< The share `how_much` of subscriptions is ended by the service, in order, at its next event.
  refused_subscriptions,  ///< The share `how_much` of subscriptions is refused: another one is active.
  deregistered,           ///< Somebody deregisters the consumer.
  // Of all:
  split,
  merge,
  resize,            ///< UpdateShardCount to `how_much`.
  deploy,            ///< Every worker is stopped and replaced, one after the other.
  slow_handler,      ///< Each record takes a worker `how_much` seconds more.
  throwing_handler,  ///< The share `how_much` of records makes the handler throw.
  join,              ///< One more worker.
  leave,             ///< A worker is stopped for good, if another is left.
  hold_shard,        ///< All workers hold up the delivery of a shard.
  hold_worker,       ///< A worker holds up the delivery of all its shards.
};

struct Element {
  milliseconds at;
  Act act;
  /// Which worker or shard, modulo how many there are.
  std::size_t who = 0;
  milliseconds how_long{0};
  double how_much = 0;
};
/// "at 12.0 s: pause of worker 3 for 14.0 s"
std::string to_string(const Element& element);

/// Where a fleet begins.
enum class Start { trim_horizon, latest, at_timestamp };
/// What takes the records.
enum class HandlerKind {
  coroutine,
  function,  ///< Returns nothing and never waits.
  batches,   ///< A coroutine that takes what was read together.
};
/// What becomes of a record whose handler throws.
enum class Policy { restart, skip, stop };

/// A run of a fleet. The same plan gives the same run.
struct Plan {
  std::uint64_t seed = 0;
  std::size_t workers = 1;
  int shards = 1;
  /// How long things happen; then all is mended and the fleet has to settle.
  milliseconds chaos{60'000};
  LeaseTiming timing;
  milliseconds idle_interval{1'000};
  /// Checkpoints of `consume`.
  std::size_t checkpoint_records = 1'000;
  milliseconds checkpoint_interval{5'000};
  /// What a record takes, at most.
  milliseconds work{0};
  /// A request to the lease store, and its answer, take up to so long.
  milliseconds store_latency{5};
  /// Kinesis records a second, and user records in one; 1: not aggregated.
  std::size_t rate = 5;
  std::size_t aggregated = 1;
  /// By how much the clocks of workers run fast or slow, at most.
  double drift = 0;
  /// The limits of shards and of the control plane.
  bool limits = false;
  /// Workers read by enhanced fan-out, and do not poll.
  bool fan_out = false;
  /// The last worker that stops deregisters the consumer.
  bool deregisters = false;
  /// How long the service lets a subscription live.
  milliseconds subscription_lifetime{300'000};
  /// Records of a shard that are handled at a time, each key in order; 1: one after the other.
  std::size_t per_key = 1;
  std::size_t keys = 200;
  Start start = Start::trim_horizon;
  /// Records are put, and shards are split, for so long before the first worker starts.
  milliseconds first_start{0};
  /// Of Start::at_timestamp: records of before do not count.
  milliseconds start_time{0};
  HandlerKind handler = HandlerKind::coroutine;
  Policy policy = Policy::restart;
  /// The share of records that make the handler throw: always where they are skipped, else the first time.
  double poison = 0;
  /// With Policy::skip: half of those cannot even be decoded.
  bool undecodable = false;
  /// With Policy::skip: the share of records that cannot be kept at first, so that the shard starts again.
  double dead_letter_faults = 0;
  /// A checkpoint lies between two records of a key, and after so many keys; 0: as `checkpoint_records` says.
  std::size_t checkpoint_keys = 0;
  std::vector<Element> elements;
};
/// Whether a record makes the handler throw.
bool is_poison(const Plan& plan, std::size_t number);
/// Whether it is one of those that cannot be decoded.
bool is_undecodable(const Plan& plan, std::size_t number);
Plan make_plan(std::uint64_t seed);
std::string to_string(const Plan& plan);

}  // namespace kinesis::simulation
