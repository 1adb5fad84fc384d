#pragma once

#include <kinesis/checkpointing.hpp>

#include <optional>

namespace kinesis::consumer {

/// What is known of the progress in one shard, and what a checkpoint call must therefore write. Positions: what was
/// stored before this worker began, delivered to the user, staged by the user, stored by this worker; and whether the
/// end of the shard was seen. A value.
class CheckpointState {
 public:
  /// `stored`: the checkpoint of the lease when it was taken.
  explicit CheckpointState(Checkpoint stored) : stored_(std::move(stored)) {}

  /// Records up to `last` were handed to the user.
  void deliver(const RecordPosition& last);
  /// Nothing comes after what was delivered.
  void see_end() { end_seen_ = true; }
  /// Everything up to `position` is done. Earlier than one staged before: no effect. False if it was never delivered.
  bool stage(const RecordPosition& position);

  /// The checkpoint to write now: SHARD_END once the end was seen and everything delivered is staged, else what is
  /// staged beyond what is stored.
  std::optional<Checkpoint> to_write() const;
  void store(const Checkpoint& written);

  const Checkpoint& stored() const noexcept { return stored_; }
  /// The whole shard is done and that is written.
  bool finished() const noexcept { return stored_.is_shard_end(); }

 private:
  Checkpoint stored_;
  std::optional<RecordPosition> delivered_;
  std::optional<RecordPosition> staged_;
  bool end_seen_ = false;
};

}  // namespace kinesis::consumer
