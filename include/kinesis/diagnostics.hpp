#pragma once

#include <kinesis/checkpointing.hpp>
#include <kinesis/error.hpp>
#include <kinesis/log.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kinesis {

/// What a consumer tells about itself. Events come in order for one shard, from any thread.
namespace event {

// Leases.

/// This worker owns the shard now, and continues after `from`.
struct LeaseAcquired {
  std::string shard_id;
  Checkpoint from;
  bool stolen = false;  ///< Taken from a worker that still renewed it.
};
/// Another worker owns the shard, or may: delivery has stopped.
struct LeaseLost {
  std::string shard_id;
};
/// Another worker took the shard while this one was renewing it. Comes beside LeaseLost.
struct LeaseStolen {
  std::string shard_id;
  std::string by;
};
/// Another worker takes the shard: this one finishes the record in hand, stores its checkpoint and hands it over.
struct LeaseWanted {
  std::string shard_id;
  std::string worker;
};
/// This worker gave the lease back, or handed it over.
struct LeaseReleased {
  std::string shard_id;
};
struct LeasesRenewed {
  std::size_t leases;
  std::chrono::nanoseconds took;
};

// Workers.

/// A worker owns a lease that owned none before.
struct WorkerJoined {
  std::string worker;
};
/// A worker owns no lease any more.
struct WorkerLeft {
  std::string worker;
};
/// Leases were compared with the fair share, and some are being taken.
struct Balanced {
  std::size_t workers;  ///< Those that own leases, this one included.
  std::size_t leases;   ///< Of shards that can be worked on.
  std::size_t owned;    ///< By this worker, before.
  std::size_t taking;
};

// Shards.

/// Reading begins.
struct ShardStarted {
  std::string shard_id;
  Checkpoint from;
};
/// Everything of the shard is done; its children can start.
struct ShardEnded {
  std::string shard_id;
  std::vector<std::string> children;
};
/// The shard got a lease: at the first start, or after a split or merge.
struct ShardFound {
  std::string shard_id;
  std::vector<std::string> parents;
};
/// The shard has to wait until its parents are done.
struct ShardBlocked {
  std::string shard_id;
  std::vector<std::string> parents;
};

// Reading and delivering.

/// An answer of GetRecords, or an event of SubscribeToShard.
struct RecordsRead {
  std::string shard_id;
  std::size_t records;
  std::size_t bytes;
  std::chrono::milliseconds behind_latest;
  /// What the call took, or how long the event was waited for.
  std::chrono::nanoseconds took;
};
/// The service has accepted a subscription to the shard, from there on: "AFTER_SEQUENCE_NUMBER 123".
struct Subscribed {
  std::string shard_id;
  std::string from;
};
/// A subscription is over. Another one follows, but at the end of the shard and when this worker let go of it.
struct SubscriptionEnded {
  enum class Why {
    in_order,   ///< The service ended it, as it does after 5 minutes.
    shard_end,  ///< The shard has nothing more.
    failed,     ///< `error` tells; what is done about it comes as Trouble or Failed.
    let_go,     ///< The lease is lost or handed over, or the worker stops.
  };
  std::string shard_id;
  Why why;
  std::size_t events;
  std::chrono::milliseconds lasted;
  std::optional<Error> error = {};
};
/// This worker has registered the fan-out consumer, and it is active.
struct ConsumerRegistered {
  std::string consumer_arn;
};
/// This worker was the last one, and has deregistered the fan-out consumer (`Deregister::by_last_worker`).
struct ConsumerDeregistered {
  std::string consumer_arn;
};
/// There is no fan-out consumer to be had, so this worker polls (`EnhancedFanOut::fallback`).
struct FellBack {
  Error error;
};
/// Aggregates that hold a record of another shard, dropped as the KCL drops them: their producer sent them again.
struct AggregatesDropped {
  std::string shard_id;
  std::size_t aggregates;
};
/// FailurePolicy SkipRecord: the dead-letter function has the record, and it counts as done.
struct RecordSkipped {
  std::string shard_id;
  RecordPosition position;
  Error error;
};
struct CheckpointStored {
  std::string shard_id;
  Checkpoint checkpoint;
};
struct CheckpointPrepared {
  std::string shard_id;
  Checkpoint checkpoint;
};

// What goes wrong.

/// Something failed and is tried again.
struct Trouble {
  std::string shard_id;  ///< Empty if it concerns the worker as a whole.
  std::string doing;
  Error error;
  /// How long it waits before it tries again, where it knows.
  std::optional<std::chrono::milliseconds> retry_in = {};
};
/// Something failed that trying again will not mend: somebody has to look. It is tried again all the same, seldom.
struct Failed {
  std::string shard_id;  ///< Empty if it concerns the worker as a whole.
  std::string doing;
  Error error;
};
/// The deadline of a stop passed with handlers at work; their leases were given back without them.
struct StopTimedOut {
  std::vector<std::string> shard_ids;
};
}  // namespace event

using DiagnosticEvent =
    std::variant<event::LeaseAcquired, event::LeaseLost, event::LeaseStolen, event::LeaseWanted, event::LeaseReleased,
                 event::LeasesRenewed, event::WorkerJoined, event::WorkerLeft, event::Balanced, event::ShardStarted,
                 event::ShardEnded, event::ShardFound, event::ShardBlocked, event::RecordsRead, event::Subscribed,
                 event::SubscriptionEnded, event::ConsumerRegistered, event::ConsumerDeregistered, event::FellBack,
                 event::AggregatesDropped, event::RecordSkipped, event::CheckpointStored, event::CheckpointPrepared,
                 event::Trouble, event::Failed, event::StopTimedOut>;

/// One line of text.
std::string to_string(const DiagnosticEvent& event);
/// How much the event matters: what happens many times a second is trace or debug, moves of leases and shards are info,
/// what is tried again is a warning, what needs somebody is an error. A consumer writes each event to its client's log
/// at this level.
LogLevel level(const DiagnosticEvent& event) noexcept;

}  // namespace kinesis
