#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kinesis::emulator {

/// What a shard iterator says: read on from here.
struct ShardPosition {
  std::string stream;
  /// Of the stream: a later one of the same name has another.
  std::uint64_t serial = 0;
  std::uint32_t shard = 0;
  /// The first record to give has this index or a higher one.
  std::uint64_t index = 0;
  /// When the iterator was given out.
  std::int64_t issued_millis = 0;
  friend bool operator==(const ShardPosition&, const ShardPosition&) = default;
};

/// Up to 256 characters for a stream name of 128; AWS allows 512.
std::string to_iterator(const ShardPosition& position);
/// Nothing if it is none of ours.
std::optional<ShardPosition> parse_iterator(std::string_view iterator);

/// "Thu Jan 22 01:22:02 UTC 2015", as AWS writes times into messages.
std::string message_time(std::int64_t millis);

}  // namespace kinesis::emulator
