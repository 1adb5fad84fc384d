#pragma once

#include <kinesis/bytes.hpp>
#include <kinesis/kinesis_api/records.hpp>
#include <kinesis/record.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kinesis::detail {

/// A user record where it lies in its answer: nothing is copied before its handler's turn.
struct RecordView {
  BytesView data;
  std::string_view partition_key;
  std::optional<std::string_view> explicit_hash_key;
  /// The Kinesis record that it is, or is a part of.
  const KinesisRecord* around = nullptr;
  std::uint64_t sub_sequence_number = 0;
  bool aggregated = false;

  RecordPosition position() const { return RecordPosition{around->sequence_number, sub_sequence_number}; }
};

/// The same by itself.
inline RawRecord raw_record(const RecordView& view) {
  RawRecord raw;
  raw.data = Blob(view.data, view.around->data.owner());
  raw.partition_key = view.partition_key;
  if (view.explicit_hash_key) raw.explicit_hash_key.emplace(*view.explicit_hash_key);
  raw.position = view.position();
  raw.approximate_arrival = view.around->approximate_arrival_timestamp;
  raw.aggregated = view.aggregated;
  return raw;
}

/// Some of the records of an answer. Fill the same one again and again: its memory is used again, and is still in the
/// processor's cache.
struct RecordPortion {
  std::vector<RecordView> records;
  /// What the views point to.
  std::shared_ptr<const void> answer;
  std::chrono::milliseconds behind_latest{0};
  /// The lease's counter when the portion was handed out.
  std::int64_t lease_counter = 0;
};

}  // namespace kinesis::detail
