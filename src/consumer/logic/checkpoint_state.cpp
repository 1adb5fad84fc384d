#include "consumer/logic/checkpoint_state.hpp"

namespace kinesis::consumer {

void CheckpointState::deliver(const RecordPosition& last) {
  if (!delivered_ || *delivered_ < last) delivered_ = last;
}

bool CheckpointState::stage(const RecordPosition& position) {
  if (!delivered_ || *delivered_ < position) return false;
  if (!staged_ || *staged_ < position) staged_ = position;
  return true;
}

std::optional<Checkpoint> CheckpointState::to_write() const {
  if (finished()) return std::nullopt;
  // A closed shard that was resumed at its end delivers nothing, and is done all the same.
  const bool all_staged = !delivered_ || (staged_ && *staged_ == *delivered_);
  if (end_seen_ && all_staged) return Checkpoint::shard_end();
  if (!staged_) return std::nullopt;
  Checkpoint staged = Checkpoint::at(*staged_);
  if (staged > stored_) return staged;
  return std::nullopt;
}

void CheckpointState::store(const Checkpoint& written) {
  if (stored_ < written) stored_ = written;
}

}  // namespace kinesis::consumer
