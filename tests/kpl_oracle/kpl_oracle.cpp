#include "kpl_oracle/kpl_oracle.hpp"

#include "aggregated_record.pb.h"

#include <boost/multiprecision/cpp_int.hpp>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace kinesis::kpl_oracle {
namespace {

using boost::multiprecision::cpp_int;

constexpr std::string_view magic = "\xf3\x89\x9a\xc2";

std::string md5(std::string_view text) {
  std::array<unsigned char, 16> digest;
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr);
  return {digest.begin(), digest.begin() + size};
}

template <class Strings>
std::uint64_t place_in(Strings& table, const std::string& text) {
  const auto at = std::find(table.begin(), table.end(), text);
  if (at != table.end()) return static_cast<std::uint64_t>(at - table.begin());
  *table.Add() = text;
  return static_cast<std::uint64_t>(table.size() - 1);
}

/// The message inside, if magic and checksum are there and it can be read.
bool parse(BytesView data, AggregatedRecord& message) {
  const std::string_view text = as_text(data);
  if (text.size() <= magic.size() + 16 || !text.starts_with(magic)) return false;
  const std::string_view inside = text.substr(magic.size(), text.size() - magic.size() - 16);
  if (text.substr(text.size() - 16) != md5(inside)) return false;
  return message.ParsePartialFromArray(inside.data(), static_cast<int>(inside.size())) && message.IsInitialized();
}

const std::string& entry(const google::protobuf::RepeatedPtrField<std::string>& table, std::uint64_t at) {
  if (at >= static_cast<std::uint64_t>(table.size())) throw std::out_of_range("no such entry");
  return table[static_cast<int>(at)];
}

UserRecord user_record(const AggregatedRecord& message, const Record& record) {
  UserRecord made;
  made.partition_key = entry(message.partition_key_table(), record.partition_key_index());
  if (record.has_explicit_hash_key_index())
    made.explicit_hash_key = entry(message.explicit_hash_key_table(), record.explicit_hash_key_index());
  made.data = record.data();
  return made;
}

cpp_int decimal(std::string text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.erase(0, 1);
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) throw std::invalid_argument(text);
  cpp_int value = 0;
  for (const char digit : text) value = value * 10 + (digit - '0');
  return negative ? cpp_int(-value) : value;
}

cpp_int effective_hash_key(const UserRecord& record) {
  if (record.explicit_hash_key) return decimal(*record.explicit_hash_key);
  cpp_int value = 0;
  for (const char byte : md5(record.partition_key)) value = value * 256 + static_cast<unsigned char>(byte);
  return value;
}

}  // namespace

std::string envelope(std::string_view message) { return std::string(magic) + std::string(message) + md5(message); }

std::string write(const std::vector<UserRecord>& records) {
  AggregatedRecord message;
  for (const UserRecord& record : records) {
    Record& to = *message.add_records();
    to.set_partition_key_index(place_in(*message.mutable_partition_key_table(), record.partition_key));
    if (record.explicit_hash_key) {
      to.set_explicit_hash_key_index(place_in(*message.mutable_explicit_hash_key_table(), *record.explicit_hash_key));
    }
    to.set_data(record.data);
  }
  return envelope(message.SerializeAsString());
}

std::optional<std::vector<UserRecord>> read(BytesView data) {
  AggregatedRecord message;
  if (!parse(data, message)) return std::nullopt;
  std::vector<UserRecord> records;
  try {
    for (const Record& record : message.records()) records.push_back(user_record(message, record));
  } catch (const std::out_of_range&) {
    return std::nullopt;
  }
  return records;
}

KclAnswer deaggregate_like_kcl(BytesView data, const std::string& first, const std::string& last) {
  KclAnswer answer;
  AggregatedRecord message;
  if (!parse(data, message)) {
    answer.raw = true;
    return answer;
  }
  try {
    for (const Record& record : message.records()) {
      UserRecord made = user_record(message, record);
      const cpp_int hash_key = effective_hash_key(made);
      if (hash_key < cpp_int(first) || hash_key > cpp_int(last)) {
        answer.records.clear();
        answer.dropped = true;
        return answer;
      }
      answer.records.push_back(std::move(made));
    }
  } catch (const std::logic_error&) {
    answer.broke_off = true;
  }
  return answer;
}

}  // namespace kinesis::kpl_oracle
