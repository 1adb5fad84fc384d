#pragma once

#include "core/uint128.hpp"
#include <kinesis/clock.hpp>
#include <kinesis/producer.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kinesis::producer {

/// A record on its way, from `send` to its answer.
struct PendingRecord {
  PendingRecord() = default;
  PendingRecord(OutgoingRecord<Blob> outgoing, Clock::time_point now, detail::Handler<Receipt> handler = {}) {
    begin(std::move(outgoing), now);
    done.swap(handler);
  }

  /// As if it were new.
  void begin(OutgoingRecord<Blob> outgoing, Clock::time_point now) {
    bytes = outgoing.data.size() + outgoing.partition_key.size();
    record = std::move(outgoing);
    accepted = now;
    attempts = 0;
    alone = false;
    last_error.reset();
  }

  /// Without its data while they are in an aggregate.
  OutgoingRecord<Blob> record{{}, {}};
  /// Of data and partition key: what counts against PutRecords' limits, and the buffer's.
  std::size_t bytes = 0;
  /// Where it belongs in the hash key space: its explicit hash key, or the MD5 of its partition key.
  core::Uint128 hash;
  Clock::time_point accepted{};
  int attempts = 0;
  /// Not in an aggregate: one with it was stored where no map would have it.
  bool alone = false;
  /// The flush it belongs to.
  std::uint64_t epoch = 0;
  /// What the last try failed with; null if nothing did.
  std::unique_ptr<Error> last_error;
  detail::Handler<Receipt> done;
};
using PendingPtr = std::unique_ptr<PendingRecord>;

/// Where an entry was stored.
struct Stored {
  std::string shard_id;
  SequenceNumber sequence_number;
  bool aggregated = false;
  Clock::time_point answered;
};

/// Records that have one fate: those of an entry that was stored, in its order, or some that failed.
struct Answered {
  std::vector<PendingPtr> records;
  std::variant<Stored, Error> fate;
};

/// Calls the record's handler. `index`: its place in `answered`.
void complete(PendingRecord& record, const Answered& answered, std::size_t index);

/// What a record fails with that was not acknowledged when its producer was closed.
Error closed_error(const PendingRecord& record);
/// What a record fails with that may not be sent (again): its tries or its time are over.
Error given_up_error(const PendingRecord& record);

}  // namespace kinesis::producer
