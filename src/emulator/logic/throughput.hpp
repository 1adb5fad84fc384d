#pragma once

#include "core/token_bucket.hpp"
#include "emulator/logic/moment.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace kinesis::emulator {

/// What AWS allows a shard and a call.
inline constexpr std::size_t shard_write_bytes = std::size_t{1} << 20;  // a second
inline constexpr std::size_t shard_write_records = 1000;                // a second
inline constexpr std::size_t shard_read_bytes = std::size_t{2} << 20;   // a second
inline constexpr std::size_t shard_reads = 5;                           // a second; GetRecords, and GetShardIterator
inline constexpr std::size_t most_read_records = 10'000;
inline constexpr std::size_t most_read_bytes = std::size_t{10} << 20;
inline constexpr std::size_t most_put_bytes = std::size_t{10} << 20;

/// The rates of one shard. A rate allows a burst of one second's worth.
class ShardThroughput {
 public:
  explicit ShardThroughput(Moment now) noexcept;

  /// Whether a record of data and key of this size may be written now; takes its share if so. A record above a second's
  /// worth is let through when nothing was written for a second, and the shard then pays it off.
  bool admit_write(std::size_t bytes, Moment now) noexcept;
  /// Whether GetRecords may be called; `charge_read` says afterwards what it gave. An answer above a second's worth
  /// blocks the shard for as many seconds as it is of those: 5 for 10 MiB.
  bool admit_read(Moment now) noexcept;
  void charge_read(std::uint64_t bytes, Moment now) noexcept;
  bool admit_iterator(Moment now) noexcept { return iterators_.try_take(1, now.monotonic); }

 private:
  core::TokenBucket write_records_;
  core::TokenBucket write_bytes_;
  core::TokenBucket reads_;
  core::TokenBucket read_bytes_;
  core::TokenBucket iterators_;
};

/// How often the operations of the control plane may be called: some per account, some per stream.
class ControlRates {
 public:
  /// `stream` may be empty. Operations that are not known have no limit here.
  bool admit(std::string_view operation, std::string_view stream, Moment now);

 private:
  std::map<std::string, core::TokenBucket, std::less<>> buckets_;
};

}  // namespace kinesis::emulator
