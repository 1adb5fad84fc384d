#pragma once

#include "aggregation/deaggregator.hpp"
#include <kinesis/consumer.hpp>
#include <kinesis/kinesis_api.hpp>

#include <cstddef>
#include <vector>

namespace kinesis::consumer {

/// Turns the records of a shard's answers into user records: takes aggregates apart as the KCL does, and drops what is
/// at or before the checkpoint (a shard is resumed at its checkpoint, which is therefore read once more). Data are
/// views into the answer. Not thread-safe.
class RecordFilter {
 public:
  /// `range`: the hash keys of the shard; all there are if it is not known, and then nothing is dropped for its place.
  explicit RecordFilter(aggregation::HashRange range) : range_(range) {}

  struct Filtered {
    std::vector<RawRecord> records;
    /// Aggregates dropped whole, because a record inside does not belong to the shard: their producer has sent them
    /// again.
    std::size_t out_of_range = 0;
    /// Aggregates that name keys they do not have. They are in `records` as they came.
    std::size_t malformed = 0;
  };
  Filtered filter(std::vector<KinesisRecord> records, const Checkpoint& after);

 private:
  aggregation::HashRange range_;
  aggregation::Deaggregator deaggregator_;
};

}  // namespace kinesis::consumer
