#pragma once

#include <kinesis/error.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string_view>

namespace kinesis {

/// Some numbers, as CloudWatch's statistic sets have them. Merged by `+=`.
struct ProducerStatistic {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;
  std::uint64_t min = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t max = 0;

  void add(std::uint64_t value, std::uint64_t times = 1) noexcept {
    if (times > 0) *this += ProducerStatistic{times, value * times, value, value};
  }
  ProducerStatistic& operator+=(const ProducerStatistic& other) noexcept {
    count += other.count;
    sum += other.sum;
    min = std::min(min, other.min);
    max = std::max(max, other.max);
    return *this;
  }
};

/// What became of user records.
enum class ProducerOutcome {
  delivered,  ///< Stored where their readers find them.
  expired,    ///< Out of time or of attempts; the error is that of the last attempt, or timeout.
  closed,     ///< Not acknowledged before the producer was closed.
  refused,    ///< Refused for ever, by the service or by the library.
};
/// "delivered", "expired", ...
std::string_view to_string(ProducerOutcome outcome) noexcept;

/// What became of one entry (an aggregate, or a user record sent as it is) of an answered call.
enum class ProducerEntryOutcome {
  stored,     ///< Where its readers find it.
  misplaced,  ///< On a shard whose readers drop it; it is sent again.
  refused,    ///< Not stored. Whether it is sent again depends on the error.
};

/// The buffer, at the end of a turn of the producer's loop.
struct ProducerBufferReport {
  std::string_view stream;             ///< Its name.
  std::uint64_t records_accepted = 0;  ///< Since the last report.
  std::uint64_t records_pending = 0;   ///< Now buffered or in flight.
  std::uint64_t bytes_pending = 0;     ///< Their data and partition keys.
};

/// One PutRecords call that has ended.
struct ProducerCallReport {
  std::string_view stream;
  std::uint64_t entries = 0;
  std::uint64_t records = 0;  ///< User records in them.
  std::uint64_t bytes = 0;    ///< What the service counts: data and partition keys of the entries.
  std::chrono::nanoseconds took{0};
  std::uint64_t records_pending = 0;  ///< As in the last ProducerBufferReport.
  const Error* error = nullptr;       ///< Of the call as a whole; null if it was answered.
};

/// One entry of an answered call.
struct ProducerEntryReport {
  std::string_view stream;
  /// Where it was stored, or was meant to be; empty if nobody knows.
  std::string_view shard_id;
  ProducerEntryOutcome outcome = ProducerEntryOutcome::stored;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  /// Before this attempt: since its oldest record was accepted, or since the attempt before ended.
  std::chrono::nanoseconds waited{0};
  const Error* error = nullptr;  ///< Of a refused one; null otherwise.
};

/// User records that are done, those of an entry together; records that fail outside of a call in larger groups.
struct ProducerRecordsReport {
  std::string_view stream;
  std::string_view shard_id;  ///< Where they are stored, or were meant to be; empty if nobody knows.
  ProducerOutcome outcome = ProducerOutcome::delivered;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;       ///< Their data and partition keys.
  ProducerStatistic retries;     ///< Of each record: attempts after the first.
  ProducerStatistic latency_us;  ///< Of each delivered record, from `send` to the answer. Empty for others.
  const Error* error = nullptr;  ///< What they failed with (that of the first); null if delivered.
};

/// Hears what a producer does, call by call: what exporters to CloudWatch and the like are made of. Those that can do
/// with totals (Prometheus) rather read `Producer::metrics` when they are asked.
///
/// Called on the producer's strand, never two at a time, per call or per entry but never per record; may outlive the
/// producer, and may listen to several, which then call at the same time. Be quick: the producer waits. Do not throw,
/// nor call the producer. What a report points to is valid during the call only. Every function does nothing by
/// default.
///
/// Where the metrics of Amazon's KPL come from:
///
///     UserRecordsReceived                 on_buffer   records_accepted
///     UserRecordsPending                  on_buffer   records_pending
///     UserRecordsPut                      on_records  1 for each delivered record, 0 for each other one
///     UserRecordsDataPut                  on_records  bytes, if delivered
///     RetriesPerRecord                    on_records  retries
///     UserRecordExpired                   on_records  records, if expired
///     KinesisRecordsPut                   on_entry    1 if stored or misplaced, 0 if refused
///     KinesisRecordsDataPut               on_entry    bytes, if stored or misplaced
///     UserRecordsPerKinesisRecord         on_entry    records
///     BufferingTime                       on_entry    waited
///     ErrorsByCode, AllErrors             on_entry    error->service_code() if refused ("Wrong Shard" if misplaced),
///                                         on_call     error->service_code() of a call that failed
///     RequestTime                         on_call     took
///     KinesisRecordsPerPutRecordsRequest  on_call     entries
///     UserRecordsPerPutRecordsRequest     on_call     records
class ProducerListener {
 public:
  virtual ~ProducerListener() = default;
  virtual void on_buffer(const ProducerBufferReport&) noexcept {}
  virtual void on_call(const ProducerCallReport&) noexcept {}
  virtual void on_entry(const ProducerEntryReport&) noexcept {}
  virtual void on_records(const ProducerRecordsReport&) noexcept {}
};

}  // namespace kinesis
