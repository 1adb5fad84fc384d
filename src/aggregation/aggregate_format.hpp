#pragma once

#include <kinesis/bytes.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

// The record format of the Kinesis Producer Library (KPL): several user records in the data of one Kinesis record, as
// magic, protobuf message, MD5 of the message. The message, in the terms of Protocol Buffers 2:
//
//   AggregatedRecord  1 repeated string partition_key_table   2 repeated string explicit_hash_key_table   3 repeated
//   Record Record            1 required uint64 partition_key_index   2 optional uint64 explicit_hash_key_index
//                     3 required bytes data                   4 repeated Tag (nobody writes them)
//   Tag               1 required string key                   2 optional string value
namespace kinesis::aggregation {

inline constexpr std::array<std::byte, 4> magic = {std::byte{0xf3}, std::byte{0x89}, std::byte{0x9a}, std::byte{0xc2}};
inline constexpr std::size_t checksum_size = 16;
/// What an aggregate has around its message.
inline constexpr std::size_t envelope_size = magic.size() + checksum_size;

/// The fields whose values are strings, bytes or messages, and the two that are numbers, as the byte in front of them.
namespace tag {
inline constexpr std::byte partition_key{0x0a};
inline constexpr std::byte explicit_hash_key{0x12};
inline constexpr std::byte record{0x1a};
inline constexpr std::byte partition_key_index{0x08};
inline constexpr std::byte explicit_hash_key_index{0x10};
inline constexpr std::byte data{0x1a};
}  // namespace tag

/// How many bytes the shortest varint of `value` has: 7 bits in each.
constexpr std::size_t varint_size(std::uint64_t value) noexcept {
  // Of 1 to 64 bits: the same as dividing by 7 and rounding up, without a division.
  return (static_cast<std::size_t>(std::bit_width(value | 1)) * 9 + 64) / 64;
}

/// Writes the shortest varint of `value`; returns where it ends.
inline std::byte* write_varint(std::byte* to, std::uint64_t value) noexcept {
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<std::byte>(value | 0x80);
  *to++ = static_cast<std::byte>(value);
  return to;
}

/// Whether readers might take `data` for an aggregate. A user record of such bytes must not be sent bare, even alone:
/// put it into an aggregate of one.
inline bool looks_like_aggregate(BytesView data) noexcept {
  return data.size() >= magic.size() && std::equal(magic.begin(), magic.end(), data.begin());
}

}  // namespace kinesis::aggregation
