#pragma once

#include "core/hash_range.hpp"
#include "core/uint128.hpp"
#include <kinesis/error.hpp>
#include <kinesis/kinesis_api/common.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kinesis::producer {

using core::HashRange;

/// The range of a shard as ListShards gives it, or Error(protocol) if its ends are no hash keys or the wrong way round.
Result<HashRange> hash_range_of(const KinesisShard& shard);

/// Which open shard takes which hash key. Immutable; the shards are numbered in the order of their ranges.
class ShardMap {
 public:
  /// Predicts nothing.
  ShardMap() = default;

  /// The map of the open shards among `shards`, in any order. Shards with an ending sequence number are closed and left
  /// out: not every endpoint heeds the filter AT_LATEST. Error(protocol) if there is no open shard, or if one has a
  /// malformed range, no id, the id of another, or hash keys of another. Holes are allowed, and nothing is predicted
  /// for what is in one: a wrong guess would cost more than none.
  static Result<ShardMap> of(const std::vector<KinesisShard>& shards);

  /// The shard that takes `hash`, with one look where shards are of about one size; nothing in a hole.
  std::optional<std::uint32_t> predict(core::Uint128 hash) const noexcept;
  /// By id, in linear time.
  std::optional<std::uint32_t> find(std::string_view shard_id) const noexcept;

  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(ids_.size()); }
  bool empty() const noexcept { return ids_.empty(); }
  /// `shard` must be below size().
  const std::string& shard_id(std::uint32_t shard) const noexcept { return ids_[shard]; }
  HashRange range(std::uint32_t shard) const noexcept { return {firsts_[shard], lasts_[shard]}; }

  friend bool operator==(const ShardMap&, const ShardMap&) = default;

 private:
  void make_index();

  // Apart, so that the search touches nothing but ends.
  std::vector<core::Uint128> lasts_;
  std::vector<core::Uint128> firsts_;
  std::vector<std::string> ids_;
  /// By the first bits of a hash: the first shard that does not end before all hashes which begin so. One more at the
  /// end.
  std::vector<std::uint32_t> index_;
  int index_shift_ = 63;
};

}  // namespace kinesis::producer
