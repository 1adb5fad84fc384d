#pragma once

#include "core/uint128.hpp"

namespace kinesis::core {

/// Hash keys from `first` to `last`, both included, such as those of a shard. Default: all there are.
struct HashRange {
  Uint128 first;
  Uint128 last = Uint128::max();

  constexpr bool contains(Uint128 hash_key) const noexcept { return first <= hash_key && hash_key <= last; }
  /// Whether everything from `low` to `high` is in it.
  constexpr bool contains(Uint128 low, Uint128 high) const noexcept { return first <= low && high <= last; }
  friend bool operator==(const HashRange&, const HashRange&) = default;
};

}  // namespace kinesis::core
