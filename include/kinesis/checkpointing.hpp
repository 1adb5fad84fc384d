#pragma once

#include <kinesis/bytes.hpp>
#include <kinesis/identifiers.hpp>
#include <kinesis/record.hpp>

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <variant>

namespace kinesis {

/// How far a shard is done: nothing yet (one of three starting points), up to and including a record, or all of it.
/// Ordered as the KCL orders `checkpoint` values (its ExtendedSequenceNumber): at_timestamp < trim_horizon < latest <
/// numbers < shard_end.
class Checkpoint {
 public:
  enum class Kind { at_timestamp, trim_horizon, latest, record, shard_end };

  static Checkpoint at_timestamp() { return Checkpoint(Kind::at_timestamp, {}); }
  static Checkpoint trim_horizon() { return Checkpoint(Kind::trim_horizon, {}); }
  static Checkpoint latest() { return Checkpoint(Kind::latest, {}); }
  static Checkpoint shard_end() { return Checkpoint(Kind::shard_end, {}); }
  static Checkpoint at(RecordPosition position) { return Checkpoint(Kind::record, std::move(position)); }
  /// From the two attributes of a lease row. Error(protocol) if `value` is neither a sentinel nor a sequence number.
  static Result<Checkpoint> parse(std::string_view value, std::uint64_t sub_sequence_number);

  Kind kind() const noexcept { return kind_; }
  bool is_record() const noexcept { return kind_ == Kind::record; }
  bool is_shard_end() const noexcept { return kind_ == Kind::shard_end; }
  /// Meaningful if `is_record()`.
  const RecordPosition& position() const noexcept { return position_; }
  /// As the lease row has it: "TRIM_HORIZON", "LATEST", "AT_TIMESTAMP", "SHARD_END", or the sequence number.
  std::string value() const;
  std::uint64_t sub_sequence_number() const noexcept { return position_.sub_sequence_number; }

  friend auto operator<=>(const Checkpoint&, const Checkpoint&) = default;

 private:
  Checkpoint(Kind kind, RecordPosition position) : kind_(kind), position_(std::move(position)) {}
  Kind kind_;
  RecordPosition position_;
};

/// What became of a checkpoint.
enum class CheckpointOutcome {
  stored,       ///< Written, or already there.
  nothing_new,  ///< Nothing was staged since the last one.
  lease_lost,   ///< Another worker owns the shard now: stop working on it. Its records will be delivered there again.
};

/// The first half of a commit in two phases, as a worker left it (KCL: pendingCheckpoint, pendingCheckpointState).
struct PreparedCheckpoint {
  Checkpoint checkpoint;
  /// The application's own, up to 4 KiB.
  Blob state;
};

/// When `consume` writes checkpoints: after this many records of a shard, or this long after the first one that is not
/// covered, whichever comes first; and always when the shard ends, is handed over, or the worker stops.
struct CheckpointEvery {
  std::size_t records = 1'000;
  std::chrono::milliseconds interval{5'000};
};

/// Of each partition key, at most one record is handled again after a crash or a lost lease: the next one of a key
/// waits until a checkpoint covers the one before, which is then written at once. Also written after this many keys,
/// and this long after the first record that is not covered. For handlers whose effects cannot be repeated more than
/// once; one write of the lease for each repetition of a key.
struct CheckpointPerKey {
  std::size_t keys = 200;
  std::chrono::milliseconds interval{5'000};
};

using CheckpointPolicy = std::variant<CheckpointEvery, CheckpointPerKey>;

}  // namespace kinesis
