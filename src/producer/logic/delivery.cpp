#include "producer/logic/delivery.hpp"

#include "aws/protocol.hpp"
#include "core/uint128.hpp"
#include "core/utf8.hpp"

#include <utility>

namespace kinesis::producer {
namespace {

constexpr std::size_t max_key_characters = 256;

}  // namespace

Trouble trouble_of(const Error& error) noexcept {
  switch (error.code()) {
    case errc::throttled:
    case errc::limit_exceeded:
      return Trouble::throttled;
    case errc::service:
    case errc::connection:
    case errc::timeout:
    case errc::full:
    case errc::protocol:
      return Trouble::transient;
    case errc::expired_credentials:
      return Trouble::credentials;
    case errc::no_credentials:
      return error.retryable() ? Trouble::credentials : Trouble::fatal;
    case errc::already_exists:
      return error.service_code() == "ResourceInUseException" ? Trouble::not_ready : Trouble::fatal;
    default:
      return error.retryable() ? Trouble::transient : Trouble::fatal;
  }
}

Verdict judge_entry(PutRecordsResultEntry entry, std::string_view request_id) {
  if (entry.error_code.empty()) {
    if (entry.sequence_number && !entry.shard_id.empty())
      return Delivered{std::move(entry.shard_id), *entry.sequence_number};
    return TryAgain{
        Error(errc::protocol, "an entry of the answer of PutRecords has neither a sequence number nor an error")
            .with_service("", 200, std::string(request_id))};
  }
  return judge_call(aws::service_error(entry.error_code, entry.error_message, 400, request_id));
}

Verdict judge_call(const Error& error) {
  const Trouble trouble = trouble_of(error);
  if (trouble == Trouble::fatal) return Failed{error};
  return TryAgain{error, trouble};
}

Placement judge_placement(const SentEntry& entry, std::string_view actual_shard, const ShardBook& book) {
  if (entry.raw_single) return Placement::delivered;
  if (const auto actual = book.find(actual_shard, entry.predicted))
    return book.range(*actual).contains(entry.low, entry.high) ? Placement::delivered : Placement::wrong_shard;
  // One record by itself, wrapped: where the service put it by its hash key is where it belongs.
  if (!entry.predicted && entry.low == entry.high) return Placement::delivered;
  return book.knows_all_of(entry.answered) ? Placement::wrong_shard : Placement::unknown_shard;
}

bool was_mispredicted(const SentEntry& entry, std::string_view actual_shard, const ShardBook& book) {
  return entry.predicted && book.find(actual_shard, entry.predicted) != entry.predicted;
}

bool may_retry(const ProducerOptions& options, int attempts, Clock::time_point accepted, Clock::time_point next_try) {
  if (options.max_attempts > 0 && attempts >= options.max_attempts) return false;
  return options.time_to_live.count() == 0 || next_try < accepted + options.time_to_live;
}

Error no_hash_key_error() {
  return Error(errc::invalid_argument,
               "the stream takes no explicit hash key: it spreads its records as it likes (RecordDistributionStrategy "
               "AUTO)");
}

Error too_large_error(std::size_t bytes, std::size_t max_record_bytes) {
  return Error(errc::too_large, "the record has " + std::to_string(bytes) +
                                    " bytes of data and partition key; the limit is " +
                                    std::to_string(max_record_bytes));
}

Result<void> check_record(std::string_view partition_key, const std::optional<std::string>& explicit_hash_key,
                          std::size_t data_size, std::size_t max_record_bytes, bool may_lack_key) {
  const auto characters = core::count_code_points(partition_key);
  if (!characters) return Error(errc::invalid_argument, "the partition key is not valid UTF-8");
  if ((*characters < 1 && !may_lack_key) || *characters > max_key_characters)
    return Error(errc::invalid_argument,
                 "the partition key has " + std::to_string(*characters) + " characters; 1 to 256 are allowed");
  if (explicit_hash_key && !core::Uint128::parse(*explicit_hash_key))
    return Error(errc::invalid_argument, "the explicit hash key is not a decimal number from 0 to 2^128 - 1");
  const std::size_t bytes = data_size + partition_key.size();
  if (bytes > max_record_bytes) return too_large_error(bytes, max_record_bytes);
  return {};
}

}  // namespace kinesis::producer
