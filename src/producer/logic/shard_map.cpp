#include "producer/logic/shard_map.hpp"

#include <algorithm>
#include <bit>
#include <unordered_set>

namespace kinesis::producer {
namespace {

Error malformed(const std::string& shard_id, const std::string& what) {
  return Error(errc::protocol, "the list of shards is malformed: shard \"" + shard_id + "\" " + what);
}

}  // namespace

Result<HashRange> hash_range_of(const KinesisShard& shard) {
  const auto first = core::Uint128::parse(shard.hash_key_range.starting_hash_key);
  const auto last = core::Uint128::parse(shard.hash_key_range.ending_hash_key);
  if (!first || !last) return malformed(shard.shard_id, "has a range whose ends are no hash keys");
  if (*first > *last) return malformed(shard.shard_id, "has a range that ends before it starts");
  return HashRange{*first, *last};
}

Result<ShardMap> ShardMap::of(const std::vector<KinesisShard>& shards) {
  struct Open {
    HashRange range;
    const std::string* id;
  };
  std::vector<Open> open;
  std::unordered_set<std::string_view> ids;
  open.reserve(shards.size());
  for (const KinesisShard& shard : shards) {
    if (shard.sequence_number_range.ending_sequence_number) continue;
    const Result<HashRange> range = hash_range_of(shard);
    if (!range) return range.error();
    if (shard.shard_id.empty()) return malformed({}, "has no id");
    if (!ids.insert(shard.shard_id).second) return malformed(shard.shard_id, "is listed twice");
    open.push_back({*range, &shard.shard_id});
  }
  if (open.empty()) return Error(errc::protocol, "the list of shards has no open shard");
  std::sort(open.begin(), open.end(), [](const Open& l, const Open& r) { return l.range.first < r.range.first; });

  ShardMap map;
  map.firsts_.reserve(open.size());
  map.lasts_.reserve(open.size());
  map.ids_.reserve(open.size());
  for (const Open& shard : open) {
    if (!map.empty() && shard.range.first <= map.lasts_.back())
      return malformed(*shard.id, "has hash keys of shard \"" + map.ids_.back() + "\", and both are open");
    map.firsts_.push_back(shard.range.first);
    map.lasts_.push_back(shard.range.last);
    map.ids_.push_back(*shard.id);
  }
  map.make_index();
  return map;
}

void ShardMap::make_index() {
  constexpr std::size_t most_bits = 16;
  const auto bits = std::min<std::size_t>(most_bits, static_cast<std::size_t>(std::bit_width(4 * lasts_.size())));
  index_shift_ = static_cast<int>(64 - bits);
  index_.reserve((std::size_t{1} << bits) + 1);
  std::uint32_t shard = 0;
  for (std::uint64_t first_bits = 0; first_bits < std::uint64_t{1} << bits; ++first_bits) {
    const core::Uint128 begin(first_bits << index_shift_, 0);
    while (shard < lasts_.size() && lasts_[shard] < begin) ++shard;
    index_.push_back(shard);
  }
  index_.push_back(static_cast<std::uint32_t>(lasts_.size()));
}

std::optional<std::uint32_t> ShardMap::predict(core::Uint128 hash) const noexcept {
  if (empty()) return std::nullopt;
  const auto first_bits = static_cast<std::size_t>(hash.high() >> index_shift_);
  const auto last =
      std::lower_bound(lasts_.begin() + index_[first_bits], lasts_.begin() + index_[first_bits + 1], hash);
  if (last == lasts_.end()) return std::nullopt;
  const auto shard = static_cast<std::size_t>(last - lasts_.begin());
  if (hash < firsts_[shard]) return std::nullopt;
  return static_cast<std::uint32_t>(shard);
}

std::optional<std::uint32_t> ShardMap::find(std::string_view shard_id) const noexcept {
  const auto found = std::find(ids_.begin(), ids_.end(), shard_id);
  if (found == ids_.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - ids_.begin());
}

}  // namespace kinesis::producer
