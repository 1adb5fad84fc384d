#pragma once

#include "producer/logic/entry.hpp"
#include "producer/logic/throttle.hpp"

#include <deque>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kinesis::producer {

struct LaneOptions {
  Packing packing;
  /// Entries and bytes of one call.
  std::size_t batch_records = 500;
  std::size_t batch_bytes = std::size_t{5} * 1024 * 1024;
  /// Calls under way that carry entries of one shard.
  std::size_t calls_per_shard = 4;
  /// The longest that a record waits for company while calls are under way.
  Clock::duration linger{};
  /// Zero: no limit.
  Clock::duration time_to_live{};
  /// Off: nothing is held back for a shard's rate.
  bool limit_rates = true;
};

/// What waits to be sent: a lane for each shard, in which records are packed into entries, kept to the shard's rate and
/// handed out for calls. One more lane takes records whose shard nobody knows.
///
/// While no call is under way everything may go at once; otherwise records gather until an entry is full, a call is
/// full, or the oldest has lingered. Once a call is made, every lane that may send joins it. A value; time is an
/// argument.
class Lanes {
 public:
  /// The entries of one call.
  struct Batch {
    std::vector<EntryPtr> entries;
    /// The lanes they came from, each once.
    std::vector<std::optional<ShardSlot>> lanes;
    /// Data and partition keys of the entries.
    std::size_t bytes = 0;
  };

  explicit Lanes(LaneOptions options) : options_(options), lanes_(1) { options_.packing.memory = memory_.get(); }

  /// No aggregate is larger from now on, whatever the packing says: what the stream takes.
  void limit_entries(std::size_t max_bytes) noexcept;

  /// Returns the entry the record went into.
  const Entry* add(PendingPtr record, std::optional<ShardSlot> slot, Clock::time_point now);
  /// Has the processor fetch what it needs to add those records, each to its shard: with many shards little of it is in
  /// its cache. As many as are added soon after.
  void prefetch(std::span<const PendingPtr> records, std::span<const std::optional<ShardSlot>> slots) const noexcept;
  /// Adds the record to that very entry, if that is still open and has room. Leaves the record alone otherwise.
  bool add_to(const Entry* entry, PendingPtr& record);
  /// An entry that is to be sent again, not before `when`.
  void add_again(EntryPtr entry, Clock::time_point when);
  /// What is here now waits for nothing but its shard's rate.
  void flush();

  /// What the next call takes; no entries if it is not time for one. Its lanes are busy until it is `answered`.
  Batch next(Clock::time_point now, std::size_t calls_in_flight);
  /// When `next` will have something if nothing else happens; max(): never.
  Clock::time_point ready_at(Clock::time_point now, std::size_t calls_in_flight) const;
  void answered(const std::vector<std::optional<ShardSlot>>& lanes);

  /// What became of entries: the lane's rate learns from it.
  void delivered(std::optional<ShardSlot> slot, std::size_t bytes, Clock::time_point now);
  void throttled(std::optional<ShardSlot> slot, std::size_t bytes, Clock::time_point now);
  /// The slot is another shard's now, of whose rate nothing is known.
  void forget_rate(ShardSlot slot);
  /// Entries out of the lanes of which a record's time to live is over.
  std::vector<EntryPtr> take_expired(Clock::time_point now);
  /// When `take_expired` is to be asked again; max(): never.
  Clock::time_point expires_at() const;
  /// Entries out of the lanes for which `keep` is false, in order.
  std::vector<EntryPtr> take_unless(const std::function<bool(const Entry&)>& keep);

  /// An entry that is done with, its records gone: the next ones have its memory.
  void give_back(EntryPtr entry);

  bool empty() const noexcept { return active_.empty(); }
  /// Memory that is kept for the next entries, and can be given back.
  bool can_trim() const noexcept { return memory_->can_trim(); }
  void trim() {
    memory_->trim();
    spare_.clear();
  }

 private:
  struct Ready {
    EntryPtr entry;
    /// Company or not, it goes then.
    Clock::time_point send_by;
  };
  /// The entries that are still being packed, by key where keys are packed apart. Where all go together there is but
  /// the one of the empty key, which needs no search and no memory.
  class OpenEntries {
   public:
    bool empty() const noexcept { return !of_all_ && by_key_.empty(); }
    const Entry* first() const noexcept {
      return of_all_ || by_key_.empty() ? of_all_.get() : by_key_.begin()->second.get();
    }
    EntryPtr pop_first();
    /// Null if there is none yet.
    EntryPtr& at(const std::string& key) { return key.empty() ? of_all_ : by_key_[key]; }
    EntryPtr* find(const std::string& key);
    void erase(const std::string& key);
    /// Those for which `leaves` is true are not here any more.
    template <class Leaves>
    void erase_if(Leaves leaves) {
      if (of_all_ && leaves(of_all_)) of_all_ = nullptr;
      for (auto it = by_key_.begin(); it != by_key_.end();) it = leaves(it->second) ? by_key_.erase(it) : std::next(it);
    }

   private:
    EntryPtr of_all_;
    std::unordered_map<std::string, EntryPtr> by_key_;
  };
  struct Lane {
    // First what each record needs.
    OpenEntries open;
    /// No record in `open` is older.
    Clock::time_point open_since{};
    bool active = false;
    std::optional<ShardThrottle> throttle;
    std::deque<Ready> ready;
    std::multimap<Clock::time_point, EntryPtr> again;
    std::size_t calls = 0;
    /// Its rate is used up, and several wait: they go together, not one by one as the rate lets them.
    Clock::time_point held_until = Clock::time_point::min();

    bool has_nothing() const noexcept { return ready.empty() && again.empty() && open.empty(); }
  };

  enum class From { again, ready, open };
  struct Head {
    From from = From::again;
    const Entry* entry = nullptr;
  };

  /// Entries kept for the next ones.
  static constexpr std::size_t most_spare = 2048;

  EntryPtr new_entry(std::optional<ShardSlot> slot, const Packing& packing);
  Lane& lane_of(std::optional<ShardSlot> slot, Clock::time_point now);
  Lane* find(std::optional<ShardSlot> slot);
  const Lane* find(std::optional<ShardSlot> slot) const;
  void activate(std::size_t index);
  std::string open_key(const PendingRecord& record) const;
  void close(Lane& lane, EntryPtr entry, Clock::time_point send_by);
  void close_if_full(Lane& lane, EntryPtr& open, const std::string& key);
  bool batch_is_full() const noexcept;
  bool is_busy(std::size_t index) const noexcept;
  Clock::time_point ready_at(std::size_t index, Clock::time_point now, bool all_at_once) const;
  bool take_from(Lane& lane, Batch& batch, Clock::time_point now);
  static Head head_of(const Lane& lane, Clock::time_point now);
  EntryPtr pop(Lane& lane, From from);
  void rest();

  std::unique_ptr<EntryMemory> memory_ = std::make_unique<EntryMemory>();  ///< Before the entries that give back to it.
  std::vector<EntryPtr> spare_;
  LaneOptions options_;
  std::size_t wanted_entry_bytes_ = options_.packing.max_bytes;
  std::deque<Lane> lanes_;  // the first is of no shard, then by slot
  std::vector<std::size_t> active_;
  std::size_t turn_ = 0;
  /// Closed entries that wait, and their bytes.
  std::size_t ready_entries_ = 0;
  std::size_t ready_bytes_ = 0;
  /// No record here is older.
  Clock::time_point oldest_ = Clock::time_point::max();
};

}  // namespace kinesis::producer
