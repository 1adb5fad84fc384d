#include "producer/logic/shard_book.hpp"

#include "core/backoff.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace kinesis::producer {
namespace {

using namespace std::chrono_literals;

constexpr Clock::duration shortest_period = 30s;
constexpr Clock::duration longest_period = 60s;
constexpr Clock::duration least_between = 1s;
constexpr Clock::duration remembered_for = 60s;
constexpr core::Backoff after_failure{1s, 30s, 2, core::Backoff::Jitter::half};

}  // namespace

std::optional<ShardSlot> ShardBook::predict(core::Uint128 hash) const noexcept {
  const auto shard = map_.predict(hash);
  if (!shard) return std::nullopt;
  return slot_of_[*shard];
}

std::optional<ShardSlot> ShardBook::find(std::string_view shard_id) const noexcept {
  const auto found = by_id_.find(shard_id);
  if (found == by_id_.end()) return std::nullopt;
  return found->second;
}

std::optional<ShardSlot> ShardBook::find(std::string_view shard_id, std::optional<ShardSlot> guess) const noexcept {
  if (!guess || *guess >= shards_.size()) return find(shard_id);
  const Known& shard = shards_[*guess];
  const bool known = shard.open || shard.forget_at;
  return known && shard.id == shard_id ? guess : find(shard_id);
}

Clock::time_point ShardBook::next_refresh() const noexcept { return began_ ? Clock::time_point::max() : due_; }

Listing ShardBook::refresh_started(Clock::time_point now) {
  began_ = now;
  listing_ = asked_.empty() ? Listing::open : Listing::all;
  return listing_;
}

Result<MapChange> ShardBook::refresh_finished(const std::vector<KinesisShard>& shards, Clock::time_point now) {
  Result<ShardMap> map = ShardMap::of(shards);
  if (!map) {
    refresh_failed(now);
    return map.error();
  }
  const Clock::time_point began = std::exchange(began_, std::nullopt).value_or(now);
  listed_ = began;
  failures_ = 0;
  const auto span = static_cast<std::uint64_t>((longest_period - shortest_period).count());
  due_ = now + shortest_period + Clock::duration(random_.below(span + 1));

  MapChange change;
  if (*map != map_) adopt(*std::move(map), change, now);
  if (listing_ == Listing::all) {
    all_listed_ = began;
    remember_asked(shards, now);
  }
  // Who was asked about while this refresh was under way, and is not in it, needs another.
  std::erase_if(asked_, [&](const std::string& id) { return by_id_.contains(id); });
  if (!asked_.empty()) due_ = std::max(now, began + least_between);
  forget(now);
  return change;
}

void ShardBook::refresh_failed(Clock::time_point now) {
  began_.reset();
  due_ = now + after_failure.delay(failures_++, random_);
}

bool ShardBook::mispredicted(Clock::time_point began, Clock::time_point now) {
  if (began_ || !listed_ || began <= *listed_) return false;
  // The delay after a failure stands: the endpoint needs it.
  if (failures_ > 0) return false;
  due_ = std::min(due_, std::max(now, *listed_ + least_between));
  return true;
}

void ShardBook::ask_about(std::string_view shard_id, Clock::time_point now) {
  asked_.emplace(shard_id);
  if (failures_ > 0) return;
  due_ = std::min(due_, listed_ ? std::max(now, *listed_ + least_between) : now);
}

ShardSlot ShardBook::add(std::string_view shard_id, HashRange range) {
  ShardSlot slot = 0;
  if (free_.empty()) {
    slot = static_cast<ShardSlot>(shards_.size());
    shards_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  shards_[slot] = Known{std::string(shard_id), range};
  by_id_.emplace(shard_id, slot);
  return slot;
}

void ShardBook::adopt(ShardMap map, MapChange& change, Clock::time_point now) {
  const std::vector<ShardSlot> before = std::exchange(slot_of_, {});
  std::vector<bool> was_open(shards_.size());
  for (const ShardSlot slot : before) {
    was_open[slot] = true;
    shards_[slot].open = false;
  }
  slot_of_.reserve(map.size());
  for (std::uint32_t shard = 0; shard < map.size(); ++shard) {
    const std::string& id = map.shard_id(shard);
    const auto known = find(id);
    const ShardSlot slot = known ? *known : add(id, map.range(shard));
    slot_of_.push_back(slot);
    Known& entry = shards_[slot];
    entry.open = true;
    entry.forget_at.reset();
    const bool was = slot < was_open.size() && was_open[slot];
    if (was && entry.range == map.range(shard)) continue;
    // Another range under the same id: the stream was deleted and created anew.
    if (was) change.closed.push_back(slot);
    change.opened.push_back(slot);
    entry.range = map.range(shard);
  }
  for (const ShardSlot slot : before) {
    if (shards_[slot].open) continue;
    change.closed.push_back(slot);
    shards_[slot].forget_at = now + remembered_for;
  }
  map_ = std::move(map);
  ++generation_;
}

/// Closed shards are kept only if somebody waits for them: a stream with a history has thousands.
void ShardBook::remember_asked(const std::vector<KinesisShard>& shards, Clock::time_point now) {
  for (const KinesisShard& shard : shards) {
    if (by_id_.contains(shard.shard_id) || !asked_.contains(shard.shard_id)) continue;
    const Result<HashRange> range = hash_range_of(shard);
    if (!range) continue;
    shards_[add(shard.shard_id, *range)].forget_at = now + remembered_for;
  }
  // Whoever is not in a list of all shards is in no later one either; who asked after it began asks again.
  asked_.clear();
}

void ShardBook::forget(Clock::time_point now) {
  for (ShardSlot slot = 0; slot < shards_.size(); ++slot) {
    Known& shard = shards_[slot];
    if (!shard.forget_at || *shard.forget_at > now) continue;
    by_id_.erase(shard.id);
    shard.forget_at.reset();
    free_.push_back(slot);
  }
}

}  // namespace kinesis::producer
