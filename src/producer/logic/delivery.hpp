#pragma once

#include <kinesis/clock.hpp>
#include <kinesis/error.hpp>
#include <kinesis/kinesis_api.hpp>
#include <kinesis/producer.hpp>

#include <optional>
#include <variant>

namespace kinesis::producer {

/// What becomes of a record after an answer.
struct Delivered {
  std::string shard_id;
  SequenceNumber sequence_number;
};
struct TryAgain {
  Error error;
};
struct Failed {
  Error error;
};
using Verdict = std::variant<Delivered, TryAgain, Failed>;

/// Judges one entry of an answer. Throttling and faults of the service are tried again; every other code is for ever.
Verdict judge_entry(const PutRecordsResultEntry& entry);
/// Judges a call that failed as a whole: its records are tried again if the error is one that passes.
Verdict judge_call(const Error& error);
/// Whether a record that is to be tried again may be: within its tries and its time.
bool may_retry(const ProducerOptions& options, int attempts, Clock::time_point accepted, Clock::time_point next_try);

/// Refuses at the door what the service would refuse for ever: partition key of 1 to 256 characters of valid UTF-8,
/// explicit hash key in range, data and key together within the limit.
Result<void> check_record(const OutgoingRecord<Blob>& record, std::size_t max_record_bytes);

}  // namespace kinesis::producer
