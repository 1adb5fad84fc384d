#pragma once

#include "aws/records.hpp"
#include "core/md5.hpp"
#include "core/uint128.hpp"
#include "emulator/logic/sequence_number.hpp"
#include <kinesis/error.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kinesis::emulator {

/// A PutRecord or PutRecords request as far as it can be judged without its stream: checked, and its keys hashed. Made
/// without a lock.
struct PreparedPut {
  const aws::PutRecordsView* request = nullptr;
  /// For errors: members of PutRecords are called "records.1.member.data", of PutRecord "data".
  bool many = true;
  std::vector<core::Uint128> hashes;  // of records without a key: 0
  /// The first record without a partition key, if there is one: most streams refuse it.
  std::optional<std::size_t> first_without_key;
  /// The record with the most bytes of data and key.
  std::size_t largest = 0;
  std::size_t largest_bytes = 0;

  std::string member(std::size_t record, std::string_view name) const;
};

/// ValidationException or InvalidArgumentException for what is wrong whatever the stream. `request` must outlive the
/// result.
Result<PreparedPut> prepare_put(const aws::PutRecordsView& request, bool many);

/// What became of one record.
struct PutOutcome {
  enum class Kind : std::uint8_t { stored, throttled };
  Kind kind = Kind::stored;
  std::uint32_t shard = 0;
  SequenceText sequence_number{};  // if stored
};

struct PutResult {
  std::string stream_name;
  std::vector<PutOutcome> outcomes;
  std::size_t failed = 0;
  EncryptionType encryption = EncryptionType::none;
  std::int64_t arrival_millis = 0;
};

/// Asked for each record whether a fault throttles it.
using EntryFault = std::function<bool(std::string_view stream, std::string_view shard_id)>;

}  // namespace kinesis::emulator
