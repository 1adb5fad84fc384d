#pragma once

#include <kinesis/clock.hpp>
#include <kinesis/producer.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace kinesis::producer {

/// A record on its way: what to send, since when, how often it was sent, and who wants to know.
struct PendingRecord {
  PendingRecord(OutgoingRecord<Blob> outgoing, Clock::time_point now, detail::Handler<Receipt> handler = {})
      : record(std::move(outgoing)), accepted(now), done(std::move(handler)) {}

  OutgoingRecord<Blob> record;
  Clock::time_point accepted;
  int attempts = 0;
  /// The flush it belongs to.
  std::uint64_t epoch = 0;
  /// What the last try failed with.
  std::optional<Error> last_error = {};
  detail::Handler<Receipt> done;

  /// What counts against PutRecords' limits, and the buffer's.
  std::size_t bytes() const noexcept { return record.data.size() + record.partition_key.size(); }
};
using PendingPtr = std::unique_ptr<PendingRecord>;

struct BatchLimits {
  std::size_t records = 500;
  std::size_t bytes = std::size_t{5} * 1024 * 1024;
  Clock::duration linger{};
};

/// Gathers records into PutRecords batches: one is ready when it is full by count or bytes, when its oldest record has
/// lingered long enough, or when a flush asked for it. Records that are tried again go first, once their delay is over.
/// A value; time is an argument.
class Batcher {
 public:
  explicit Batcher(BatchLimits limits) : limits_(limits) {}

  void add(PendingPtr record);
  /// Not before `when`.
  void add_again(PendingPtr record, Clock::time_point when);
  /// Everything that is here now is ready at once.
  void flush() { flush_first_ = fresh_.size(); }

  /// The next batch that is ready, or nothing.
  std::vector<PendingPtr> next(Clock::time_point now);
  /// When `next` will have something, if nobody adds anything. Empty: never.
  std::optional<Clock::time_point> ready_at() const;
  /// Records that are due and whose time to live is over, out of the batcher. (One that waits for its next try has time
  /// left: `may_retry`.)
  std::vector<PendingPtr> expired(Clock::time_point now, Clock::duration time_to_live);
  /// When `expired` will have something. Empty: never.
  std::optional<Clock::time_point> expires_at(Clock::duration time_to_live) const;
  /// Everything, in order.
  std::vector<PendingPtr> drain();

  bool empty() const noexcept { return fresh_.empty() && again_.empty(); }

 private:
  bool full() const noexcept { return fresh_.size() >= limits_.records || fresh_bytes_ >= limits_.bytes; }

  BatchLimits limits_;
  std::deque<PendingPtr> fresh_;
  std::size_t fresh_bytes_ = 0;
  /// So many of the first of `fresh_` wait for nobody.
  std::size_t flush_first_ = 0;
  std::multimap<Clock::time_point, PendingPtr> again_;
};

}  // namespace kinesis::producer
