#pragma once

#include <kinesis/checkpointing.hpp>
#include <kinesis/error.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace kinesis {

/// What a consumer tells about itself. Events come in order for one shard, from any thread.
namespace event {
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
/// This worker gave the lease back.
struct LeaseReleased {
  std::string shard_id;
};
struct LeasesRenewed {
  std::size_t leases;
  std::chrono::nanoseconds took;
};
/// An answer of GetRecords.
struct RecordsRead {
  std::string shard_id;
  std::size_t records;
  std::size_t bytes;
  std::chrono::milliseconds behind_latest;
  std::chrono::nanoseconds took;
};
struct CheckpointStored {
  std::string shard_id;
  Checkpoint checkpoint;
};
/// Everything of the shard is done; its children can start.
struct ShardEnded {
  std::string shard_id;
  std::vector<std::string> children;
};
/// Something failed and is tried again.
struct Trouble {
  std::string shard_id;  ///< Empty if it concerns the worker as a whole.
  std::string doing;
  Error error;
};
}  // namespace event

using DiagnosticEvent = std::variant<event::LeaseAcquired, event::LeaseLost, event::LeaseReleased, event::LeasesRenewed,
                                     event::RecordsRead, event::CheckpointStored, event::ShardEnded, event::Trouble>;

/// One line of text.
std::string to_string(const DiagnosticEvent& event);

}  // namespace kinesis
