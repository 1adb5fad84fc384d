#include "producer/logic/delivery.hpp"

#include "aws/protocol.hpp"
#include "core/uint128.hpp"
#include "core/utf8.hpp"

namespace kinesis::producer {
namespace {

constexpr std::size_t max_key_characters = 256;

}  // namespace

Verdict judge_entry(const PutRecordsResultEntry& entry) {
  if (entry.error_code.empty()) {
    if (entry.sequence_number && !entry.shard_id.empty()) return Delivered{entry.shard_id, *entry.sequence_number};
    return TryAgain{
        Error(errc::protocol, "an entry of the answer of PutRecords has neither a sequence number nor an error")};
  }
  const Error error = aws::service_error(entry.error_code, entry.error_message, 400, {});
  if (error.retryable()) return TryAgain{error};
  return Failed{error};
}

Verdict judge_call(const Error& error) {
  if (error.retryable()) return TryAgain{error};
  return Failed{error};
}

bool may_retry(const ProducerOptions& options, int attempts, Clock::time_point accepted, Clock::time_point next_try) {
  if (options.max_attempts > 0 && attempts >= options.max_attempts) return false;
  return options.time_to_live.count() == 0 || next_try < accepted + options.time_to_live;
}

Result<void> check_record(const OutgoingRecord<Blob>& record, std::size_t max_record_bytes) {
  const auto characters = core::count_code_points(record.partition_key);
  if (!characters) return Error(errc::invalid_argument, "the partition key is not valid UTF-8");
  if (*characters < 1 || *characters > max_key_characters)
    return Error(errc::invalid_argument,
                 "the partition key has " + std::to_string(*characters) + " characters; 1 to 256 are allowed");
  if (record.explicit_hash_key && !core::Uint128::parse(*record.explicit_hash_key))
    return Error(errc::invalid_argument, "the explicit hash key is not a decimal number from 0 to 2^128 - 1");
  const std::size_t bytes = record.data.size() + record.partition_key.size();
  if (bytes > max_record_bytes)
    return Error(errc::too_large, "the record has " + std::to_string(bytes) +
                                      " bytes of data and partition key; the limit is " +
                                      std::to_string(max_record_bytes));
  return {};
}

}  // namespace kinesis::producer
