#include "consumer/logic/record_filter.hpp"

#include <span>
#include <string>
#include <utility>

namespace kinesis::consumer {
namespace {

using aggregation::RecordForm;

RawRecord as_it_came(KinesisRecord record) {
  RawRecord raw;
  raw.data = std::move(record.data);
  raw.partition_key = std::move(record.partition_key);
  raw.position = RecordPosition{std::move(record.sequence_number), 0};
  raw.approximate_arrival = record.approximate_arrival_timestamp;
  return raw;
}

RawRecord user_record(const KinesisRecord& around, const aggregation::UserRecordView& inside, std::uint64_t index) {
  RawRecord raw;
  raw.data = Blob(inside.data, around.data.owner());
  raw.partition_key = inside.partition_key;
  if (inside.explicit_hash_key) raw.explicit_hash_key = std::string(*inside.explicit_hash_key);
  raw.position = RecordPosition{around.sequence_number, index};
  raw.approximate_arrival = around.approximate_arrival_timestamp;
  raw.aggregated = true;
  return raw;
}

}  // namespace

RecordFilter::Filtered RecordFilter::filter(std::vector<KinesisRecord> records, const Checkpoint& after) {
  std::vector<BytesView> data;
  data.reserve(records.size());
  for (const KinesisRecord& record : records) data.push_back(record.data.bytes());
  const std::span<const aggregation::ReadRecord> read = deaggregator_.read(data, range_);
  const auto user_records = deaggregator_.user_records();
  const auto covered = [&](const RecordPosition& position) {
    return after.is_record() && position <= after.position();
  };
  Filtered out;
  out.records.reserve(records.size() + user_records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (read[i].form == RecordForm::out_of_range) {
      ++out.out_of_range;
    } else if (read[i].form == RecordForm::user_records) {
      for (std::size_t index = 0; index < read[i].count; ++index) {
        RawRecord raw = user_record(records[i], user_records[read[i].first + index], index);
        if (!covered(raw.position)) out.records.push_back(std::move(raw));
      }
    } else {
      if (read[i].form == RecordForm::malformed) ++out.malformed;
      RawRecord raw = as_it_came(std::move(records[i]));
      if (!covered(raw.position)) out.records.push_back(std::move(raw));
    }
  }
  return out;
}

}  // namespace kinesis::consumer
