#pragma once

#include "core/hash_range.hpp"
#include "core/uint128.hpp"

#include <span>
#include <string_view>

namespace kinesis::aggregation {

using core::HashRange;

/// The hash key of a partition key, by which the service chooses the shard: its MD5 as a number.
core::Uint128 hash_key_of(std::string_view partition_key) noexcept;
/// The same for many, side by side in vector lanes. As many of one as of the other.
void hash_keys_of(std::span<const std::string_view> partition_keys, std::span<core::Uint128> hash_keys);

/// A partition key and its own hash key, whatever explicit hash key its record has.
struct HashedKey {
  std::string_view text;
  core::Uint128 hash_key;
};

inline HashedKey hashed(std::string_view partition_key) noexcept { return {partition_key, hash_key_of(partition_key)}; }

}  // namespace kinesis::aggregation
