#pragma once

#include <kinesis/consumer.hpp>
#include <kinesis/kinesis_api.hpp>

namespace kinesis::consumer {

/// Turns the records of an answer into user records, without those at or before `after` (a shard is resumed at its
/// checkpoint, which is therefore read once more).
std::vector<RawRecord> filter_records(std::vector<KinesisRecord> records, const Checkpoint& after);

}  // namespace kinesis::consumer
