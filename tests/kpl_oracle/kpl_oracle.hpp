#pragma once

#include <kinesis/bytes.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Aggregates as others write and read them: over libprotobuf, OpenSSL and big integers of Boost, and slowly. Shares
// nothing with src/aggregation, which is tested against it.
namespace kinesis::kpl_oracle {

struct UserRecord {
  std::string partition_key;
  std::optional<std::string> explicit_hash_key;
  std::string data;

  friend bool operator==(const UserRecord&, const UserRecord&) = default;
};

/// Magic, `message`, and the MD5 of `message`.
std::string envelope(std::string_view message);

/// One aggregate as libprotobuf writes it, each key once.
std::string write(const std::vector<UserRecord>& records);

/// What `data` holds; nothing if it is no aggregate, or one with something wrong.
std::optional<std::vector<UserRecord>> read(BytesView data);

/// What Amazon's KCL for Java makes of one Kinesis record.
struct KclAnswer {
  /// It hands out the record as it is. Otherwise:
  bool raw = false;
  /// it hands out these,
  std::vector<UserRecord> records;
  /// and had an exception after the last one, whose aggregate it then leaves.
  bool broke_off = false;
  /// It dropped the aggregate for a record whose hash key is not in the range.
  bool dropped = false;
};

/// `first` and `last`: decimal hash keys of the shard, both included. AggregatorUtil.deaggregate of the KCL 3.5.
KclAnswer deaggregate_like_kcl(BytesView data, const std::string& first = "0",
                               const std::string& last = "340282366920938463463374607431768211455");

}  // namespace kinesis::kpl_oracle
