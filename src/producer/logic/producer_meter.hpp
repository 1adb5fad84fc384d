#pragma once

#include "producer/logic/pending_record.hpp"
#include "producer/logic/shard_book.hpp"
#include <kinesis/producer_listener.hpp>
#include <kinesis/producer_metrics.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kinesis::producer {

/// A number that comes many times in a row, for a histogram that is told once.
struct Run {
  void add(std::uint64_t next, std::uint64_t more, Histogram& histogram) {
    if (next != value) end(histogram);
    value = next;
    times += more;
  }
  void end(Histogram& histogram) { histogram.record(value, std::exchange(times, 0)); }

  std::uint64_t value = 0;
  std::uint64_t times = 0;
};

/// What one call carries.
struct CallLoad {
  std::uint64_t entries = 0;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  /// Of its entries.
  Run records_of_each = {};
};

/// What the meter wants to know of an entry.
struct EntryFacts {
  std::uint64_t records = 0;
  /// As the service counts them.
  std::uint64_t bytes = 0;
  /// Where it was stored, or was meant to be; empty if nobody knows.
  std::string_view shard_id = {};
  /// The slot it was sent for: finds the shard faster.
  std::optional<ShardSlot> slot = {};
  /// Before this attempt.
  Clock::duration waited{0};
};

/// Counts what the stages of a producer report, and tells the listener if there is one. It counts into a tally of its
/// own, which `end_turn` adds to the totals that others may read, so that only that call needs their lock. What it does
/// per record costs a few nanoseconds. A value on the producer's strand; knows no clock. Not thread-safe.
class ProducerMeter {
 public:
  explicit ProducerMeter(std::string stream, std::shared_ptr<ProducerListener> listener = nullptr)
      : stream_(std::move(stream)), listener_(std::move(listener)) {}

  /// An entry goes into the call.
  void entry_sent(CallLoad& call, std::uint64_t records, std::uint64_t bytes, Clock::duration waited) {
    ++call.entries;
    call.records += records;
    call.bytes += bytes;
    call.records_of_each.add(records, 1, tally_.records_per_entry);
    tally_.waited_us.record(micros(waited));
  }
  void call_began(CallLoad& call);
  /// `error`: of the call as a whole; null if it was answered.
  void call_ended(const CallLoad& call, const Error* error, Clock::duration took);

  // What became of an entry of a call.
  /// Its records are delivered. They still have to have their attempts and the time they were accepted.
  void entry_delivered(const EntryFacts& entry, std::span<const PendingPtr> records, Clock::time_point now);
  void entry_misplaced(const EntryFacts& entry);
  /// `answered`: with an error of its own, rather than one of its call.
  void entry_refused(const EntryFacts& entry, const Error& error, bool answered);

  void entry_sent_again() { ++tally_.entries_retried, changed_ = true; }
  /// A record that was accepted completes with an error; `outcome` is anything but delivered.
  void record_failed(const PendingRecord& record, ProducerOutcome outcome, const Error& error,
                     std::string_view shard_id = {});

  /// Adds what was counted since the last call to `totals`, always the same ones. Of those, `records_accepted` and
  /// `buffered_*` are somebody else's, and only read.
  void end_turn(ProducerMetrics& totals);
  /// Tells the listener what `end_turn` has seen. Apart from it, because no lock should be held.
  void report_turn();

 private:
  /// Records that failed alike, one after the other.
  struct FailedGroup {
    std::string shard_id;
    ProducerOutcome outcome = ProducerOutcome::refused;
    std::optional<Error> error;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    ProducerStatistic retries;
  };
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept { return std::hash<std::string_view>()(name); }
  };

  static std::uint64_t micros(Clock::duration time) noexcept {
    const std::int64_t nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
    return nanos > 0 ? static_cast<std::uint64_t>(nanos) / 1000 : 0;
  }
  ProducerShardMetrics& tally_of(const EntryFacts& entry);
  std::uint32_t index_of(const EntryFacts& entry);
  std::uint32_t index_of(std::string_view shard_id);
  void report_entry(const EntryFacts& entry, ProducerEntryOutcome outcome, const Error* error);
  void report_delivered(const EntryFacts& entry, std::span<const PendingPtr> records, std::uint64_t bytes,
                        Clock::time_point now);
  void report_failed();

  std::string stream_;
  std::shared_ptr<ProducerListener> listener_;

  /// Since the end of the last turn; without shards.
  ProducerMetrics tally_;
  Run attempts_;
  bool changed_ = false;
  /// The same by shard, in the order of the totals' shards; and those that are not zero.
  std::vector<ProducerShardMetrics> shards_;
  std::vector<std::uint32_t> touched_;
  std::unordered_map<std::string, std::uint32_t, NameHash, std::equal_to<>> index_;
  /// By slot: where it was last, to be looked at first.
  std::vector<std::uint32_t> by_slot_;

  std::uint64_t bytes_in_flight_ = 0;
  FailedGroup failed_;
  /// As of the last `end_turn`, and as last told.
  ProducerBufferReport buffer_;
  ProducerBufferReport told_;
};

}  // namespace kinesis::producer
