#pragma once

#include <kinesis/error.hpp>
#include <kinesis/histogram.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kinesis {

/// How often each kind of error occurred. A value; not thread-safe.
class ErrorCounts {
 public:
  void add(errc code, std::uint64_t times = 1) noexcept { counts_[static_cast<std::size_t>(code)] += times; }
  std::uint64_t operator[](errc code) const noexcept { return counts_[static_cast<std::size_t>(code)]; }
  std::uint64_t total() const noexcept;
  /// Those that occurred, in the order of `errc`.
  std::vector<std::pair<errc, std::uint64_t>> all() const;

  ErrorCounts& operator+=(const ErrorCounts& other) noexcept;
  void clear() noexcept { counts_ = {}; }

 private:
  std::array<std::uint64_t, static_cast<std::size_t>(errc::internal) + 1> counts_{};
};

/// What one shard has taken from a producer.
struct ProducerShardMetrics {
  std::string shard_id;
  std::uint64_t records = 0;    ///< User records delivered.
  std::uint64_t bytes = 0;      ///< Their data and partition keys.
  std::uint64_t entries = 0;    ///< Kinesis records stored, each aggregate as one.
  std::uint64_t throttled = 0;  ///< Kinesis records refused for the shard's rate.
};

/// What a producer has done so far: counters that only grow, but for `buffered_*` and `waiting_*`. `+` adds those of
/// another one, of this process or of another stream. An entry is a Kinesis record: an aggregate, or a user record sent
/// as it is.
///
/// In bounded memory: 58 KB for each histogram at most (a few KB in practice), and `max_shards` shards.
struct ProducerMetrics {
  std::uint64_t records_accepted = 0;   ///< Taken into the buffer.
  std::uint64_t records_delivered = 0;  ///< Stored by the service.
  std::uint64_t records_failed = 0;     ///< Completed with an error after being accepted: the sum of the next three.
  std::uint64_t records_expired = 0;    ///< Out of time or of attempts.
  std::uint64_t records_closed = 0;     ///< Not acknowledged before the producer was closed.
  std::uint64_t records_refused = 0;    ///< Refused for ever, by the service or by the library.
  std::uint64_t bytes_delivered = 0;    ///< Data and partition keys of user records.
  std::uint64_t calls = 0;              ///< PutRecords calls.
  std::uint64_t calls_failed = 0;       ///< Calls that failed as a whole.
  std::uint64_t entries_sent = 0;       ///< Entries in all calls.
  std::uint64_t entries_delivered = 0;  ///< Of those, stored where their readers find them.
  std::uint64_t entries_throttled = 0;  ///< Of those, refused for the shard's rate, or in a call that was.
  std::uint64_t entries_retried = 0;    ///< Sent again, for whatever reason.
  std::uint64_t entries_misplaced = 0;  ///< Stored on a shard whose readers would drop them, and sent again.
  std::uint64_t buffered_records = 0;   ///< Now buffered or in flight.
  std::uint64_t buffered_bytes = 0;     ///< Now: their data and partition keys.
  std::uint64_t waiting_records = 0;    ///< Now waiting for room in the buffer, and not accepted yet.
  std::uint64_t waiting_bytes = 0;      ///< Now: their data and partition keys.

  ErrorCounts records_failed_by;   ///< What `records_failed` completed with.
  ErrorCounts entries_refused_by;  ///< Of calls that were answered: what single entries were refused with.
  ErrorCounts calls_failed_by;     ///< What `calls_failed` failed with.

  /// From `send` to the answer, of delivered records, in microseconds.
  Histogram latency_us;
  /// From the oldest record of an entry, or from the answer to the attempt before, to the call it was sent in.
  Histogram waited_us;
  /// From the start of a call to its answer, retries inside the client included, in microseconds.
  Histogram request_us;
  /// Of each call: user records, entries, and bytes (data and partition keys).
  Histogram records_per_call;
  Histogram entries_per_call;
  Histogram bytes_per_call;
  /// User records in each entry that was sent: the size of aggregates.
  Histogram records_per_entry;
  /// How often each delivered record was sent.
  Histogram attempts;
  /// Bytes of the calls under way, looked at whenever one begins, itself included.
  Histogram bytes_in_flight;

  /// In the order of their first use. Shards beyond `max_shards` are counted together, as `other_shards`.
  std::vector<ProducerShardMetrics> shards;
  static constexpr std::size_t max_shards = 1000;
  static constexpr std::string_view other_shards = "other";

  /// The shard's entry in `shards`, null if there is none.
  const ProducerShardMetrics* shard(std::string_view shard_id) const noexcept;

  ProducerMetrics& operator+=(const ProducerMetrics& other);
  friend ProducerMetrics operator+(ProducerMetrics left, const ProducerMetrics& right) {
    left += right;
    return left;
  }
  /// Forgets everything, keeps the memory of the histograms.
  void clear();
};

/// For people: some 15 lines, aligned, each with its newline; of many shards only the busiest.
std::string to_string(const ProducerMetrics& metrics);
/// One JSON object in one line, without a newline: the counters under their names, errors and shards as objects by
/// name, and each histogram as count, min, mean, p50, p90, p99, p999 and max.
std::string to_json(const ProducerMetrics& metrics);

}  // namespace kinesis
