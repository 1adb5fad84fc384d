#include "consumer/logic/record_filter.hpp"

#include <utility>

namespace kinesis::consumer {

std::vector<RawRecord> filter_records(std::vector<KinesisRecord> records, const Checkpoint& after) {
  std::vector<RawRecord> out;
  out.reserve(records.size());
  for (KinesisRecord& record : records) {
    RecordPosition position{std::move(record.sequence_number), 0};
    if (after.is_record() && position <= after.position()) continue;
    RawRecord raw;
    raw.data = std::move(record.data);
    raw.partition_key = std::move(record.partition_key);
    raw.position = std::move(position);
    raw.approximate_arrival = record.approximate_arrival_timestamp;
    out.push_back(std::move(raw));
  }
  return out;
}

}  // namespace kinesis::consumer
