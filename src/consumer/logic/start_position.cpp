#include "consumer/logic/start_position.hpp"

#include <chrono>
#include <utility>

namespace kinesis::consumer {
namespace {

StartingPosition at(SequenceNumber number) {
  StartingPosition position(ShardIteratorType::at_sequence_number);
  position.sequence_number = std::move(number);
  return position;
}

StartingPosition at(Clock::wall_time_point time) {
  StartingPosition position(ShardIteratorType::at_timestamp);
  position.timestamp = time;
  return position;
}

}  // namespace

StartingPosition after(SequenceNumber number) {
  StartingPosition position(ShardIteratorType::after_sequence_number);
  position.sequence_number = std::move(number);
  return position;
}

StartingPosition start_position(const Checkpoint& checkpoint, const StartPosition& start, const std::string& shard_id,
                                std::optional<Clock::wall_time_point> pinned) {
  switch (checkpoint.kind()) {
    case Checkpoint::Kind::record:
      return at(checkpoint.position().sequence_number);
    case Checkpoint::Kind::latest:
      if (pinned) return at(*pinned);
      return StartingPosition(ShardIteratorType::latest);
    case Checkpoint::Kind::at_timestamp:
      if (const auto* time = std::get_if<AtTimestamp>(&start)) return at(time->time);
      break;
    case Checkpoint::Kind::trim_horizon:
      if (const auto* numbers = std::get_if<AtSequenceNumbers>(&start)) {
        const auto number = numbers->shards.find(shard_id);
        if (number != numbers->shards.end()) return at(number->second);
      }
      break;
    case Checkpoint::Kind::shard_end:
      break;
  }
  return StartingPosition(ShardIteratorType::trim_horizon);
}

std::string to_string(const StartingPosition& position) {
  switch (position.type) {
    case ShardIteratorType::at_sequence_number:
      return "AT_SEQUENCE_NUMBER " + position.sequence_number.value_or(SequenceNumber()).to_string();
    case ShardIteratorType::after_sequence_number:
      return "AFTER_SEQUENCE_NUMBER " + position.sequence_number.value_or(SequenceNumber()).to_string();
    case ShardIteratorType::trim_horizon:
      return "TRIM_HORIZON";
    case ShardIteratorType::latest:
      return "LATEST";
    case ShardIteratorType::at_timestamp: {
      const auto time = position.timestamp.value_or(Timestamp()).time_since_epoch();
      return "AT_TIMESTAMP " + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
    }
    case ShardIteratorType::unknown:
      break;
  }
  return "unknown";
}

}  // namespace kinesis::consumer
