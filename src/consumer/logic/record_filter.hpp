#pragma once

#include "aggregation/deaggregator.hpp"
#include <kinesis/consumer.hpp>
#include <kinesis/detail/record_portion.hpp>
#include <kinesis/kinesis_api.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace kinesis::consumer {

/// Turns the records of a shard's answers into user records, one answer after the other and each in portions: takes
/// aggregates apart as the KCL does, and drops what is at or before the checkpoint (a shard is resumed at its
/// checkpoint, which is therefore read once more). An answer of 10 MB has 100,000 user records of 100 B; a portion of
/// them, and the aggregates that it comes from, are still in the processor's cache when their turn comes. Not
/// thread-safe.
class RecordFilter {
 public:
  /// User records of a portion, at least, where the answer has them. An aggregate is in one portion, whatever its size.
  static constexpr std::size_t portion_size = 256;

  /// `range`: the hash keys of the shard; all there are if it is not known, and then nothing is dropped for its place.
  /// `after`: the checkpoint.
  RecordFilter(aggregation::HashRange range, Checkpoint after);

  /// The next answer; what is left of the one before is forgotten. The records of an answer, and those of all answers,
  /// are in order.
  void begin(std::vector<KinesisRecord> records);
  /// Replaces what is in `portion` by the next records, as many as it takes for `at_least`, or all that are left. False
  /// if none are left.
  bool next(detail::RecordPortion& portion, std::size_t at_least = portion_size);
  /// `next` has looked at all records of the answer.
  bool at_end() const noexcept { return read_ == data_.size() && grouped_ == size(); }

  // Of the answer, as far as it has been read:

  /// Aggregates dropped whole, because a record inside does not belong to the shard: their producer has sent them
  /// again.
  std::size_t out_of_range() const noexcept { return out_of_range_; }
  /// Aggregates that name keys they do not have. They are delivered as they came.
  std::size_t malformed() const noexcept { return malformed_; }

 private:
  std::size_t size() const noexcept { return records_ ? records_->size() : 0; }
  void begin_group();
  void take_in(const KinesisRecord& record, const aggregation::ReadRecord& read, std::vector<detail::RecordView>& out);
  std::uint64_t first_to_deliver(const KinesisRecord& record);

  aggregation::HashRange range_;
  Checkpoint after_;
  /// A record after the checkpoint has come.
  bool beyond_;
  aggregation::Deaggregator deaggregator_;
  std::shared_ptr<const std::vector<KinesisRecord>> records_;
  /// Of records_, those in groups that were begun.
  std::size_t grouped_ = 0;
  /// The group's, and how many of them were read.
  std::vector<BytesView> data_;
  std::size_t read_ = 0;
  std::size_t out_of_range_ = 0;
  std::size_t malformed_ = 0;
};

}  // namespace kinesis::consumer
