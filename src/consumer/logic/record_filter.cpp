#include "consumer/logic/record_filter.hpp"

#include <limits>
#include <span>
#include <utility>

namespace kinesis::consumer {
namespace {

using aggregation::RecordForm;
using detail::RecordView;

/// Checksums are verified so many side by side, and a group has a multiple of it.
constexpr std::size_t lanes = 16;
/// A group is large enough with one of these: what it has is read again when it is taken apart, from the cache.
constexpr std::size_t group_bytes = std::size_t{512} * 1024;
constexpr std::size_t group_records = 256;

constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();

RecordView as_it_came(const KinesisRecord& record) {
  RecordView view;
  view.data = record.data.bytes();
  view.partition_key = record.partition_key;
  view.around = &record;
  return view;
}

RecordView user_record(const KinesisRecord& around, const aggregation::UserRecordView& inside, std::uint64_t index) {
  RecordView view;
  view.data = inside.data;
  view.partition_key = inside.partition_key;
  view.explicit_hash_key = inside.explicit_hash_key;
  view.around = &around;
  view.sub_sequence_number = index;
  view.aggregated = true;
  return view;
}

}  // namespace

RecordFilter::RecordFilter(aggregation::HashRange range, Checkpoint after)
    : range_(range), after_(std::move(after)), beyond_(!after_.is_record()) {}

void RecordFilter::begin(std::vector<KinesisRecord> records) {
  records_ = std::make_shared<const std::vector<KinesisRecord>>(std::move(records));
  grouped_ = 0;
  data_.clear();
  read_ = 0;
  out_of_range_ = 0;
  malformed_ = 0;
}

void RecordFilter::begin_group() {
  data_.clear();
  read_ = 0;
  std::size_t bytes = 0;
  while (grouped_ < size() && bytes < group_bytes && data_.size() < group_records) {
    for (std::size_t lane = 0; lane < lanes && grouped_ < size(); ++lane, ++grouped_) {
      data_.push_back((*records_)[grouped_].data.bytes());
      bytes += data_.back().size();
    }
  }
  deaggregator_.begin(data_);
}

bool RecordFilter::next(detail::RecordPortion& portion, std::size_t at_least) {
  portion.records.clear();
  portion.answer = records_;
  while (portion.records.size() < at_least && !at_end()) {
    if (read_ == data_.size()) begin_group();
    const KinesisRecord* const first = records_->data() + (grouped_ - data_.size() + read_);
    const auto read = deaggregator_.next(range_, at_least - portion.records.size());
    for (std::size_t i = 0; i < read.size(); ++i) take_in(first[i], read[i], portion.records);
    read_ += read.size();
  }
  return !portion.records.empty();
}

void RecordFilter::take_in(const KinesisRecord& record, const aggregation::ReadRecord& read,
                           std::vector<RecordView>& out) {
  if (read.form == RecordForm::out_of_range) {
    ++out_of_range_;
    return;
  }
  if (read.form == RecordForm::malformed) ++malformed_;
  const std::uint64_t begin = first_to_deliver(record);
  if (read.form == RecordForm::user_records) {
    const auto inside = deaggregator_.user_records().subspan(read.first, read.count);
    for (std::uint64_t index = begin; index < inside.size(); ++index)
      out.push_back(user_record(record, inside[static_cast<std::size_t>(index)], index));
  } else if (begin == 0) {
    out.push_back(as_it_came(record));
  }
}

/// The index inside of it of the first user record that the checkpoint does not cover.
std::uint64_t RecordFilter::first_to_deliver(const KinesisRecord& record) {
  if (beyond_) return 0;
  const RecordPosition& checkpoint = after_.position();
  if (record.sequence_number < checkpoint.sequence_number) return none;
  if (record.sequence_number == checkpoint.sequence_number) {
    // The end of the record, if it stands there.
    return checkpoint.sub_sequence_number == none ? none : checkpoint.sub_sequence_number + 1;
  }
  beyond_ = true;
  return 0;
}

}  // namespace kinesis::consumer
