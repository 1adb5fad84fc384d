#include "aggregation/deaggregator.hpp"

#include <algorithm>

namespace kinesis::aggregation {
namespace {

enum class Place { within, outside, not_a_number };

/// Where a record with this explicit hash key belongs. Reads the decimal as Java's BigInteger does: a sign and leading
/// zeros are allowed.
Place place_of(std::string_view decimal, const HashRange& range) noexcept {
  const bool negative = decimal.starts_with('-');
  if (negative || decimal.starts_with('+')) decimal.remove_prefix(1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (decimal.empty() || !std::all_of(decimal.begin(), decimal.end(), is_digit)) return Place::not_a_number;
  decimal.remove_prefix(std::min(decimal.find_first_not_of('0'), decimal.size() - 1));
  const auto value = core::Uint128::parse(decimal);
  if (!value || (negative && *value != 0)) return Place::outside;
  return range.contains(*value) ? Place::within : Place::outside;
}

/// The explicit hash keys of all records together: what any of them says, the worst first.
Place place_of_explicit(std::span<const UserRecordView> records, const HashRange& range) noexcept {
  Place worst = Place::within;
  const char* last = nullptr;
  for (const UserRecordView& record : records) {
    if (!record.explicit_hash_key) continue;
    // Records that share one, which are often neighbours, point to the same bytes.
    if (record.explicit_hash_key->data() == last && !record.explicit_hash_key->empty()) continue;
    last = record.explicit_hash_key->data();
    worst = std::max(worst, place_of(*record.explicit_hash_key, range));
  }
  return worst;
}

bool is_everything(const HashRange& range) noexcept { return range.first == 0 && range.last == core::Uint128::max(); }

bool contains(const HashRange& range, const core::Md5Digest& digest) noexcept {
  return range.contains(core::Uint128::from_big_endian(digest));
}

}  // namespace

std::span<const ReadRecord> Deaggregator::read(std::span<const BytesView> records, const HashRange& range) {
  begin(records);
  return next(range, SIZE_MAX);
}

void Deaggregator::begin(std::span<const BytesView> records) {
  records_ = records;
  next_ = 0;
  next_aggregate_ = 0;
  aggregates_.clear();
  find_aggregates(records, aggregates_);
}

std::span<const ReadRecord> Deaggregator::next(const HashRange& range, std::size_t at_least) {
  read_.clear();
  user_records_.clear();
  keys_.clear();
  keys_of_.clear();
  std::size_t plain = 0;
  for (; next_ < records_.size() && user_records_.size() + plain < at_least; ++next_) {
    ReadRecord& record = read_.emplace_back();
    if (next_aggregate_ == aggregates_.size() || aggregates_[next_aggregate_] != next_) {
      ++plain;
      continue;
    }
    ++next_aggregate_;
    read_one(records_[next_], record, range);
    if (record.form == RecordForm::user_records && !is_everything(range)) collect_keys(read_.size() - 1);
  }
  check_keys(range);
  return read_;
}

void Deaggregator::read_one(BytesView aggregate, ReadRecord& record, const HashRange& range) {
  record.first = user_records_.size();
  switch (reader_.read(aggregate, user_records_)) {
    case ReadOutcome::not_protobuf:
      return;
    case ReadOutcome::bad_index:
      record.form = RecordForm::malformed;
      return;
    case ReadOutcome::user_records:
      break;
  }
  switch (place_of_explicit(std::span(user_records_).subspan(record.first), range)) {
    case Place::within:
      record.form = RecordForm::user_records;
      break;
    case Place::outside:
      record.form = RecordForm::out_of_range;
      break;
    case Place::not_a_number:
      record.form = RecordForm::malformed;
      user_records_.resize(record.first);
      break;
  }
  record.count = user_records_.size() - record.first;
}

/// Puts each key by which a record of the aggregate just read is placed into keys_, once.
void Deaggregator::collect_keys(std::size_t record) {
  const std::size_t first = keys_.size();
  key_seen_.assign(reader_.partition_keys(), 0);
  for (const UserRecordView& one : std::span(user_records_).subspan(read_[record].first)) {
    if (one.explicit_hash_key || key_seen_[one.key_index] != 0) continue;
    key_seen_[one.key_index] = 1;
    keys_.push_back(as_bytes(one.partition_key));
  }
  keys_of_.push_back({record, first, keys_.size() - first});
}

void Deaggregator::check_keys(const HashRange& range) {
  digests_.resize(keys_.size());
  core::md5_many(keys_, digests_);
  for (const Keys& keys : keys_of_) {
    const auto digests = std::span(digests_).subspan(keys.first, keys.count);
    const auto is_in = [&](const core::Md5Digest& digest) { return contains(range, digest); };
    if (!std::all_of(digests.begin(), digests.end(), is_in)) read_[keys.record].form = RecordForm::out_of_range;
  }
}

bool all_within(std::span<const UserRecordView> records, const HashRange& range) {
  if (place_of_explicit(records, range) != Place::within) return false;
  if (is_everything(range)) return true;
  std::vector<BytesView> keys;
  for (const UserRecordView& record : records) {
    if (!record.explicit_hash_key) keys.push_back(as_bytes(record.partition_key));
  }
  std::vector<core::Md5Digest> digests(keys.size());
  core::md5_many(keys, digests);
  return std::all_of(digests.begin(), digests.end(), [&](const auto& digest) { return contains(range, digest); });
}

}  // namespace kinesis::aggregation
