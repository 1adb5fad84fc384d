#include "emulator/logic/shard_log.hpp"

#include "aws/records_cbor.hpp"

#include <algorithm>
#include <array>

namespace kinesis::emulator {
namespace {

// More than the members of a record take beside data and key: names, heads, a sequence number of 56 digits, the time.
constexpr std::size_t most_overhead = 256;
// A shard that gets little has little memory: each chunk is the next size, and the last size is kept.
constexpr std::array<std::size_t, 3> chunk_sizes = {std::size_t{4} << 10, std::size_t{64} << 10, std::size_t{1} << 20};

}  // namespace

void ShardLog::make_room(std::size_t bytes) {
  if (!chunks_.empty()) {
    const core::Buffer& last = chunks_.back()->bytes;
    if (last.capacity() - last.size() >= bytes) return;
  }
  std::size_t size = chunk_sizes[0];
  if (!chunks_.empty()) {
    const std::size_t before = chunks_.back()->bytes.capacity();
    const auto* next = std::upper_bound(chunk_sizes.begin(), chunk_sizes.end(), before);
    size = std::max(size, std::min(next == chunk_sizes.end() ? chunk_sizes.back() : *next, source_.most_chunk));
  }
  auto chunk = std::make_shared<Chunk>();
  chunk->bytes = source_.pool->get(std::max(size, bytes));
  memory_ += chunk->bytes.capacity();
  chunks_.push_back(std::move(chunk));
}

void ShardLog::append(std::uint64_t index, const aws::StoredRecordView& record) {
  const std::size_t payload = record.data.size() + record.partition_key.size();
  make_room(payload + most_overhead);
  Chunk& chunk = *chunks_.back();
  const std::size_t offset = chunk.bytes.size();
  aws::append_record_cbor(record, chunk.bytes);
  last_arrival_ = std::max(last_arrival_, record.approximate_arrival_millis);
  last_index_ = index;
  chunk.entries.push_back({index, last_arrival_, static_cast<std::uint32_t>(offset),
                           static_cast<std::uint32_t>(chunk.bytes.size() - offset),
                           static_cast<std::uint32_t>(payload)});
  ++records_;
  memory_ += sizeof(Entry);
}

template <class Less>
ShardLog::Place ShardLog::find(Less less) const {
  const auto chunk =
      std::partition_point(chunks_.begin(), chunks_.end(), [&](const auto& one) { return less(one->entries.back()); });
  if (chunk == chunks_.end()) return {chunks_.size(), 0};
  const auto& entries = (*chunk)->entries;
  const auto first = entries.begin() + static_cast<std::ptrdiff_t>(chunk == chunks_.begin() ? dropped_ : 0);
  const auto entry = std::partition_point(first, entries.end(), less);
  return {static_cast<std::size_t>(chunk - chunks_.begin()), static_cast<std::size_t>(entry - entries.begin())};
}

RecordSlice ShardLog::read(std::uint64_t from, std::size_t most_records, std::uint64_t most_payload) const {
  RecordSlice out;
  out.next_index = from;
  Place place = find([&](const Entry& entry) { return entry.index < from; });
  for (; place.chunk < chunks_.size(); place = {place.chunk + 1, 0}) {
    const std::shared_ptr<Chunk>& chunk = chunks_[place.chunk];
    const std::size_t first = place.entry;
    std::size_t end = first;
    for (; end < chunk->entries.size() && out.records < most_records; ++end) {
      const Entry& entry = chunk->entries[end];
      if (out.records > 0 && out.payload + entry.payload > most_payload) break;
      ++out.records;
      out.payload += entry.payload;
    }
    if (end == first) break;
    const Entry& last = chunk->entries[end - 1];
    const std::size_t start = chunk->entries[first].offset;
    out.fragments.emplace_back(BytesView(chunk->bytes.data() + start, last.offset + last.size - start), chunk);
    out.last_arrival_millis = last.arrival_millis;
    out.next_index = last.index + 1;
    if (end < chunk->entries.size()) break;
  }
  return out;
}

std::optional<std::uint64_t> ShardLog::index_at(std::int64_t millis) const {
  const Place place = find([&](const Entry& entry) { return entry.arrival_millis < millis; });
  if (place.chunk == chunks_.size()) return std::nullopt;
  return at(place).index;
}

std::optional<std::int64_t> ShardLog::arrival_from(std::uint64_t index) const {
  const Place place = find([&](const Entry& entry) { return entry.index < index; });
  if (place.chunk == chunks_.size()) return std::nullopt;
  return at(place).arrival_millis;
}

std::optional<std::int64_t> ShardLog::oldest_arrival() const {
  if (chunks_.empty()) return std::nullopt;
  return chunks_.front()->entries[dropped_].arrival_millis;
}

void ShardLog::remove_front() {
  const Chunk& chunk = *chunks_.front();
  memory_ -= chunk.bytes.capacity() + chunk.entries.size() * sizeof(Entry);
  records_ -= chunk.entries.size() - dropped_;
  dropped_ = 0;
  chunks_.pop_front();
}

void ShardLog::drop_before(std::int64_t millis) {
  while (!chunks_.empty() && chunks_.front()->entries.back().arrival_millis < millis) remove_front();
  if (chunks_.empty()) return;
  const auto& entries = chunks_.front()->entries;
  const auto first = entries.begin() + static_cast<std::ptrdiff_t>(dropped_);
  const auto kept =
      std::partition_point(first, entries.end(), [&](const Entry& entry) { return entry.arrival_millis < millis; });
  records_ -= static_cast<std::size_t>(kept - first);
  dropped_ += static_cast<std::size_t>(kept - first);
}

std::size_t ShardLog::drop_oldest() {
  if (chunks_.empty()) return 0;
  const std::size_t before = records_;
  remove_front();
  return before - records_;
}

void ShardLog::clear() {
  while (!chunks_.empty()) remove_front();
}

}  // namespace kinesis::emulator
