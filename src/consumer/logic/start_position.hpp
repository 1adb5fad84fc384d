#pragma once

#include <kinesis/checkpointing.hpp>
#include <kinesis/clock.hpp>
#include <kinesis/fetch_mode.hpp>
#include <kinesis/kinesis_api/records.hpp>

#include <optional>
#include <string>

namespace kinesis::consumer {

/// Where reading of a shard begins: at the checkpoint of its lease, which is read once more (it may be an aggregate
/// that is done only in part), or where the options say. `pinned`: where LATEST is, if that is known.
StartingPosition start_position(const Checkpoint& checkpoint, const StartPosition& start, const std::string& shard_id,
                                std::optional<Clock::wall_time_point> pinned);

/// Where it goes on once something came.
StartingPosition after(SequenceNumber number);

/// "AFTER_SEQUENCE_NUMBER 123", "LATEST".
std::string to_string(const StartingPosition& position);

}  // namespace kinesis::consumer
