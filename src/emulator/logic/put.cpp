#include "emulator/logic/put.hpp"

#include "core/utf8.hpp"
#include "emulator/logic/errors.hpp"
#include "emulator/logic/throughput.hpp"
#include "emulator/logic/validation.hpp"

namespace kinesis::emulator {
namespace {

constexpr std::size_t most_key_characters = 256;

Error bad_explicit_hash(std::string_view value) {
  return invalid_argument(
      "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was " +
      std::string(value));
}

// An empty key was not given, or given as "": the service refuses both where it wants one.
bool good_key(std::string_view key) noexcept {
  if (key.size() <= most_key_characters) return core::is_utf8(key);
  const auto characters = core::count_code_points(key);
  return characters && *characters <= most_key_characters;
}

// What is wrong with the members of the records, the first ten of them.
std::optional<Error> find_errors(const PreparedPut& put) {
  Validation found;
  const auto& records = put.request->records;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const aws::PutRecordView& record = records[i];
    if (!core::is_utf8(record.partition_key)) {
      return service_error("SerializationException",
                           "The text at '" + put.member(i, "partitionKey") + "' is not UTF-8.");
    }
    if (!good_key(record.partition_key)) {
      found.fail(put.member(i, "partitionKey"), record.partition_key.substr(0, 32),
                 "Member must have length less than or equal to 256");
    }
    if (record.explicit_hash_key) found.hash_key(put.member(i, "explicitHashKey"), *record.explicit_hash_key);
  }
  return found.error();
}

}  // namespace

std::string PreparedPut::member(std::size_t record, std::string_view name) const {
  if (!many) return std::string(name);
  return "records." + std::to_string(record + 1) + ".member." + std::string(name);
}

Result<PreparedPut> prepare_put(const aws::PutRecordsView& request, bool many) {
  PreparedPut put;
  put.request = &request;
  put.many = many;
  const auto& records = request.records;
  if (records.empty()) {
    return *Validation().count("records", 0, 1, aws::max_put_records).error();
  }
  put.hashes.resize(records.size());

  std::vector<BytesView> keys;
  std::vector<std::uint32_t> places;
  keys.reserve(records.size());
  places.reserve(records.size());
  bool good = true;
  std::size_t total = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const aws::PutRecordView& record = records[i];
    const std::size_t bytes = record.data.size() + record.partition_key.size();
    total += bytes;
    if (bytes > put.largest_bytes) put.largest = i, put.largest_bytes = bytes;
    good = good && good_key(record.partition_key);
    if (record.partition_key.empty() && !put.first_without_key) put.first_without_key = i;
    if (record.explicit_hash_key) {
      const auto hash = core::Uint128::parse(*record.explicit_hash_key);
      good = good && hash.has_value();
      put.hashes[i] = hash.value_or(core::Uint128());
    } else if (!record.partition_key.empty()) {
      keys.push_back(as_bytes(record.partition_key));
      places.push_back(static_cast<std::uint32_t>(i));
    }
  }
  if (!good) {
    if (auto error = find_errors(put)) return *error;
    for (const aws::PutRecordView& record : records) {
      if (record.explicit_hash_key && !core::Uint128::parse(*record.explicit_hash_key)) {
        return bad_explicit_hash(*record.explicit_hash_key);
      }
    }
  }
  if (total > most_put_bytes) return invalid_argument("Records size exceeds 10 MB limit");

  std::vector<core::Md5Digest> digests(keys.size());
  core::md5_many(keys, digests);
  for (std::size_t i = 0; i < keys.size(); ++i) put.hashes[places[i]] = core::Uint128::from_big_endian(digests[i]);
  return put;
}

}  // namespace kinesis::emulator
