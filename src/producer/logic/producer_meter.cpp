#include "producer/logic/producer_meter.hpp"

#include "producer/logic/delivery.hpp"

#include <algorithm>
#include <utility>

namespace kinesis::producer {
namespace {

std::uint64_t retries_of(const PendingRecord& record) noexcept {
  return record.attempts > 1 ? static_cast<std::uint64_t>(record.attempts - 1) : 0;
}

}  // namespace

void ProducerMeter::call_began(CallLoad& call) {
  call.records_of_each.end(tally_.records_per_entry);
  bytes_in_flight_ += call.bytes;
  ++tally_.calls;
  tally_.entries_sent += call.entries;
  tally_.entries_per_call.record(call.entries);
  tally_.records_per_call.record(call.records);
  tally_.bytes_per_call.record(call.bytes);
  tally_.bytes_in_flight.record(bytes_in_flight_);
  changed_ = true;
}

void ProducerMeter::call_ended(const CallLoad& call, const Error* error, Clock::duration took) {
  bytes_in_flight_ -= call.bytes;
  tally_.request_us.record(micros(took));
  if (error) {
    ++tally_.calls_failed;
    tally_.calls_failed_by.add(error->code());
  }
  changed_ = true;
  if (!listener_) return;
  ProducerCallReport report;
  report.stream = stream_;
  report.entries = call.entries;
  report.records = call.records;
  report.bytes = call.bytes;
  report.took = took;
  report.records_pending = buffer_.records_pending;
  report.error = error;
  listener_->on_call(report);
}

void ProducerMeter::entry_delivered(const EntryFacts& entry, std::span<const PendingPtr> records,
                                    Clock::time_point now) {
  if (records.empty()) return;
  std::uint64_t bytes = 0;
  for (const PendingPtr& record : records) {
    bytes += record->bytes;
    tally_.latency_us.record(micros(now - record->accepted));
    attempts_.add(static_cast<std::uint64_t>(record->attempts), 1, tally_.attempts);
  }
  tally_.records_delivered += records.size();
  tally_.bytes_delivered += bytes;
  ++tally_.entries_delivered;
  changed_ = true;
  ProducerShardMetrics& shard = tally_of(entry);
  shard.records += records.size();
  shard.bytes += bytes;
  ++shard.entries;
  if (!listener_) return;
  report_entry(entry, ProducerEntryOutcome::stored, nullptr);
  report_delivered(entry, records, bytes, now);
}

void ProducerMeter::entry_misplaced(const EntryFacts& entry) {
  ++tally_.entries_misplaced;
  changed_ = true;
  report_entry(entry, ProducerEntryOutcome::misplaced, nullptr);
}

void ProducerMeter::entry_refused(const EntryFacts& entry, const Error& error, bool answered) {
  if (trouble_of(error) == Trouble::throttled) {
    ++tally_.entries_throttled;
    if (!entry.shard_id.empty()) ++tally_of(entry).throttled;
  }
  changed_ = true;
  if (!answered) return;
  tally_.entries_refused_by.add(error.code());
  report_entry(entry, ProducerEntryOutcome::refused, &error);
}

void ProducerMeter::record_failed(const PendingRecord& record, ProducerOutcome outcome, const Error& error,
                                  std::string_view shard_id) {
  ++tally_.records_failed;
  if (outcome == ProducerOutcome::expired) ++tally_.records_expired;
  if (outcome == ProducerOutcome::closed) ++tally_.records_closed;
  if (outcome == ProducerOutcome::refused) ++tally_.records_refused;
  tally_.records_failed_by.add(error.code());
  changed_ = true;
  if (!listener_) return;
  if (failed_.records > 0 && (failed_.outcome != outcome || failed_.error->code() != error.code() ||
                              failed_.error->service_code() != error.service_code() || failed_.shard_id != shard_id))
    report_failed();
  if (failed_.records == 0) {
    failed_.shard_id = shard_id;
    failed_.outcome = outcome;
    failed_.error = error;
  }
  ++failed_.records;
  failed_.bytes += record.bytes;
  failed_.retries.add(retries_of(record));
}

void ProducerMeter::end_turn(ProducerMetrics& totals) {
  buffer_.records_pending = totals.buffered_records;
  buffer_.bytes_pending = totals.buffered_bytes;
  buffer_.records_accepted = totals.records_accepted;  // all there ever were
  if (!std::exchange(changed_, false)) return;
  attempts_.end(tally_.attempts);
  totals += tally_;
  tally_.clear();
  for (std::size_t i = totals.shards.size(); i < shards_.size(); ++i)
    totals.shards.push_back(ProducerShardMetrics{.shard_id = shards_[i].shard_id});
  for (const std::uint32_t index : touched_) {
    ProducerShardMetrics& from = shards_[index];
    ProducerShardMetrics& to = totals.shards[index];
    to.records += std::exchange(from.records, 0);
    to.bytes += std::exchange(from.bytes, 0);
    to.entries += std::exchange(from.entries, 0);
    to.throttled += std::exchange(from.throttled, 0);
  }
  touched_.clear();
}

void ProducerMeter::report_turn() {
  if (!listener_) return;
  report_failed();
  if (buffer_.records_accepted == told_.records_accepted && buffer_.records_pending == told_.records_pending &&
      buffer_.bytes_pending == told_.bytes_pending)
    return;
  ProducerBufferReport report = buffer_;
  report.stream = stream_;
  report.records_accepted -= std::exchange(told_, buffer_).records_accepted;
  listener_->on_buffer(report);
}

/// The entry's shard, which is not zero from now on.
ProducerShardMetrics& ProducerMeter::tally_of(const EntryFacts& entry) {
  const std::uint32_t index = index_of(entry);
  ProducerShardMetrics& shard = shards_[index];
  if (shard.entries == 0 && shard.throttled == 0) touched_.push_back(index);
  return shard;
}

std::uint32_t ProducerMeter::index_of(const EntryFacts& entry) {
  if (!entry.slot) return index_of(entry.shard_id);
  if (*entry.slot >= by_slot_.size()) by_slot_.resize(*entry.slot + std::size_t{1});
  std::uint32_t& index = by_slot_[*entry.slot];
  // A slot may be another shard's by now, and an entry may be stored elsewhere than it was sent for.
  if (index >= shards_.size() || shards_[index].shard_id != entry.shard_id) index = index_of(entry.shard_id);
  return index;
}

std::uint32_t ProducerMeter::index_of(std::string_view shard_id) {
  if (const auto found = index_.find(shard_id); found != index_.end()) return found->second;
  if (index_.size() >= ProducerMetrics::max_shards) shard_id = ProducerMetrics::other_shards;
  if (const auto found = index_.find(shard_id); found != index_.end()) return found->second;
  const auto index = static_cast<std::uint32_t>(shards_.size());
  shards_.push_back(ProducerShardMetrics{.shard_id = std::string(shard_id)});
  index_.emplace(shard_id, index);
  return index;
}

void ProducerMeter::report_entry(const EntryFacts& entry, ProducerEntryOutcome outcome, const Error* error) {
  if (!listener_) return;
  ProducerEntryReport report;
  report.stream = stream_;
  report.shard_id = entry.shard_id;
  report.outcome = outcome;
  report.records = entry.records;
  report.bytes = entry.bytes;
  report.waited = entry.waited;
  report.error = error;
  listener_->on_entry(report);
}

void ProducerMeter::report_delivered(const EntryFacts& entry, std::span<const PendingPtr> records, std::uint64_t bytes,
                                     Clock::time_point now) {
  ProducerRecordsReport report;
  report.stream = stream_;
  report.shard_id = entry.shard_id;
  report.records = records.size();
  report.bytes = bytes;
  for (const PendingPtr& record : records) {
    report.retries.add(retries_of(*record));
    report.latency_us.add(micros(now - record->accepted));
  }
  listener_->on_records(report);
}

/// What is gathered of records that failed.
void ProducerMeter::report_failed() {
  if (failed_.records == 0) return;
  ProducerRecordsReport report;
  report.stream = stream_;
  report.shard_id = failed_.shard_id;
  report.outcome = failed_.outcome;
  report.records = failed_.records;
  report.bytes = failed_.bytes;
  report.retries = failed_.retries;
  report.error = &*failed_.error;
  listener_->on_records(report);
  failed_ = FailedGroup();
}

}  // namespace kinesis::producer
