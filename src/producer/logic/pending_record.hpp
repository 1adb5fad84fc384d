#pragma once

#include "core/block_memory.hpp"
#include "core/prefetch.hpp"
#include "core/uint128.hpp"
#include <kinesis/clock.hpp>
#include <kinesis/producer.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace kinesis::producer {

/// A record on its way, from `send` to its answer: what is sent first, then what the producer keeps of it, so that to
/// answer a record touches one cache line of it, or two.
struct PendingRecord {
  PendingRecord() = default;
  PendingRecord(OutgoingRecord<Blob> outgoing, Clock::time_point now, detail::Handler<Receipt> handler = {}) {
    begin(std::move(outgoing), now);
    done.swap(handler);
  }

  /// As if it were new.
  void begin(OutgoingRecord<Blob> outgoing, Clock::time_point now) {
    record = std::move(outgoing);
    borrowed = false;
    begin(now);
  }
  /// The same, with data that are somebody else's and soon end.
  void begin(std::string_view partition_key, BytesView data, Clock::time_point now) {
    record.partition_key = partition_key;
    record.explicit_hash_key.reset();
    record.data = Blob(data, nullptr);
    borrowed = true;
    begin(now);
  }
  /// Called by whoever keeps the data.
  void own_data() {
    if (std::exchange(borrowed, false)) record.data = core::copy_to_block(record.data.bytes());
  }
  /// They are elsewhere, or nobody needs them any more.
  void drop_data() noexcept {
    if (!std::exchange(has_data, false)) return;
    borrowed = false;
    record.data = Blob();
  }
  /// They are here again.
  void put_back(Blob data) noexcept {
    record.data = std::move(data);
    has_data = true;
  }

  /// Without its data while they are in an aggregate.
  OutgoingRecord<Blob> record{{}, {}};
  /// Where it belongs in the hash key space: its explicit hash key, or the MD5 of its partition key.
  core::Uint128 hash;
  Clock::time_point accepted{};
  /// Of data and partition key: what counts against PutRecords' limits, and the buffer's.
  std::size_t bytes = 0;
  int attempts = 0;
  /// Also known by `record`, which need not be looked at then.
  bool has_data = false;
  /// The data end with the turn in which the record is placed.
  bool borrowed = false;
  /// Its handler is bound to no executor.
  bool unbound = false;
  /// Not in an aggregate: the stream spreads its records as it likes, or one with it was stored where no map would have
  /// it.
  bool alone = false;
  /// The flush it belongs to.
  std::uint64_t epoch = 0;
  /// What the last try failed with; null if nothing did.
  std::unique_ptr<Error> last_error;
  detail::Handler<Receipt> done;

  /// Has the processor fetch what is needed to answer it.
  void prefetch() const noexcept {
    core::prefetch_lines<1>(&accepted);
    core::prefetch_lines<1>(&done);
  }

 private:
  void begin(Clock::time_point now) {
    bytes = record.data.size() + record.partition_key.size();
    has_data = true;
    accepted = now;
    attempts = 0;
    alone = false;
    unbound = false;
    last_error.reset();
  }
};
using PendingPtr = std::unique_ptr<PendingRecord>;

/// What has to be known of records together, gathered while each is at hand: to look at all of them again costs more.
struct RecordSums {
  void add(const PendingRecord& record) noexcept {
    bytes += record.bytes;
    first_epoch = std::min(first_epoch, record.epoch);
    last_epoch = std::max(last_epoch, record.epoch);
    unbound = unbound && record.unbound;
  }

  std::size_t bytes = 0;
  /// The smallest and the largest.
  std::uint64_t first_epoch = UINT64_MAX;
  std::uint64_t last_epoch = 0;
  /// No handler is bound to an executor.
  bool unbound = true;
};

/// What a record fails with that was not acknowledged when its producer was closed.
Error closed_error(const PendingRecord& record);
/// What a record fails with that may not be sent (again): its tries or its time are over.
Error given_up_error(const PendingRecord& record);

}  // namespace kinesis::producer
