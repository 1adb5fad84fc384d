#pragma once

#include "core/random.hpp"
#include "core/uint128.hpp"
#include "producer/logic/shard_map.hpp"
#include <kinesis/clock.hpp>
#include <kinesis/kinesis_api/common.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kinesis::producer {

/// A small number that stands for one shard for as long as the book knows it: what is kept per shard is kept in a
/// vector by slot. Slots of forgotten shards are given to new ones.
using ShardSlot = std::uint32_t;

/// What a refresh has to list.
enum class Listing {
  open,  ///< The open shards: ShardFilter AT_LATEST.
  all,   ///< The closed ones, too (no filter): somebody asked about a shard that may have closed already.
};

/// What another list of shards has changed.
struct MapChange {
  /// Shards that are open now and were not before, or whose range is another one. What was kept under their slots
  /// belonged to somebody else.
  std::vector<ShardSlot> opened;
  /// Shards that are not open any more, or whose range is another one. Records gathered for them have to be placed
  /// anew.
  std::vector<ShardSlot> closed;

  bool any() const noexcept { return !opened.empty() || !closed.empty(); }
};

/// What a producer knows of the shards of its stream, and when it has to ask again.
///
/// The last good map serves until there is a better one, whatever becomes of the attempts to get it: the KPL sends
/// without aggregation and without limits while it refreshes. Shards that close are remembered for a minute, so that
/// late answers can be judged. It is refreshed
///   - every 30 to 60 s, another time each time, so that a fleet does not ask in step;
///   - when a record landed elsewhere than predicted, if the attempt began after the last refresh did: otherwise that
///     refresh has the news already;
///   - when somebody asks about a shard it does not know;
///   - 1 s after a refresh began at the earliest, one at a time, and after failures in 1 s, 2 s, ... up to 30 s,
///     jittered.
/// A value; time is an argument. Not thread-safe.
class ShardBook {
 public:
  /// Knows nothing, and wants to be refreshed at once. `seed` is for the jitter.
  ShardBook(std::uint64_t seed, Clock::time_point now) : random_(seed), due_(now) {}

  /// The open shard that takes `hash`; nothing before the first refresh, and in a hole of the map.
  std::optional<ShardSlot> predict(core::Uint128 hash) const noexcept;
  /// An open or remembered shard.
  std::optional<ShardSlot> find(std::string_view shard_id) const noexcept;
  /// The same, faster where `guess` is right.
  std::optional<ShardSlot> find(std::string_view shard_id, std::optional<ShardSlot> guess) const noexcept;
  /// Whether a record or an aggregate with these hash keys may still be sent as one for that shard. To be asked right
  /// before sending.
  bool fits(ShardSlot slot, core::Uint128 low, core::Uint128 high) const noexcept {
    return is_open(slot) && shards_[slot].range.contains(low, high);
  }
  /// `slot` must come from this book; of a forgotten shard the last value, or that of the shard that came after.
  const std::string& shard_id(ShardSlot slot) const noexcept { return shards_[slot].id; }
  HashRange range(ShardSlot slot) const noexcept { return shards_[slot].range; }
  bool is_open(ShardSlot slot) const noexcept { return slot < shards_.size() && shards_[slot].open; }
  /// One more than the highest slot.
  std::size_t slots() const noexcept { return shards_.size(); }

  const ShardMap& map() const noexcept { return map_; }
  /// 0 before the first map; another number for each different one. A list that says the same changes nothing.
  std::uint64_t generation() const noexcept { return generation_; }

  /// When to refresh; time_point::max() while one is under way. A producer that has nothing to send may let it pass
  /// and refresh once it has.
  Clock::time_point next_refresh() const noexcept;
  /// A refresh begins now. Says what to list; one of the next two must follow.
  Listing refresh_started(Clock::time_point now);
  /// All pages are here. A list that is no map is an error, counts as a failure and leaves everything as it was.
  Result<MapChange> refresh_finished(const std::vector<KinesisShard>& shards, Clock::time_point now);
  void refresh_failed(Clock::time_point now);
  /// Failures since the last refresh that succeeded.
  std::uint32_t failures() const noexcept { return failures_; }

  /// A record of an attempt that began at `began` landed on another shard than predicted. True if that asks for a
  /// refresh.
  bool mispredicted(Clock::time_point began, Clock::time_point now);
  /// Somebody waits to hear of this shard (Placement::unknown_shard): the next refresh lists closed shards, too.
  void ask_about(std::string_view shard_id, Clock::time_point now);
  /// Whether the shards that were there at `when` and are not known are none of this stream's: a list of all shards was
  /// taken after that time.
  bool knows_all_of(Clock::time_point when) const noexcept { return all_listed_ && *all_listed_ > when; }

 private:
  struct Known {
    std::string id;
    HashRange range;
    bool open = false;
    /// If not open: when to forget it. Empty: forgotten, the slot is free.
    std::optional<Clock::time_point> forget_at = {};
  };

  ShardSlot add(std::string_view shard_id, HashRange range);
  void adopt(ShardMap map, MapChange& change, Clock::time_point now);
  void remember_asked(const std::vector<KinesisShard>& shards, Clock::time_point now);
  void forget(Clock::time_point now);

  core::Random random_;
  ShardMap map_;
  std::vector<ShardSlot> slot_of_;  ///< By index of the map.
  std::vector<Known> shards_;       ///< By slot.
  std::map<std::string, ShardSlot, std::less<>> by_id_;
  std::vector<ShardSlot> free_;
  std::uint64_t generation_ = 0;

  Clock::time_point due_;
  std::set<std::string, std::less<>> asked_;
  /// Of the refresh under way: when it began, and what it lists.
  std::optional<Clock::time_point> began_;
  Listing listing_ = Listing::open;
  /// When the last refresh that succeeded began, and the last that listed all shards.
  std::optional<Clock::time_point> listed_;
  std::optional<Clock::time_point> all_listed_;
  std::uint32_t failures_ = 0;
};

}  // namespace kinesis::producer
