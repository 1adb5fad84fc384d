#include "producer/logic/lanes.hpp"

#include "core/prefetch.hpp"
#include "core/sanitizer.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kinesis::producer {
namespace {

constexpr auto at_once = Clock::time_point::min();
constexpr auto never = Clock::time_point::max();

std::size_t index_of(std::optional<ShardSlot> slot) noexcept { return slot ? std::size_t{*slot} + 1 : 0; }

}  // namespace

Lanes::Lane& Lanes::lane_of(std::optional<ShardSlot> slot, Clock::time_point now) {
  const std::size_t index = index_of(slot);
  if (index >= lanes_.size()) lanes_.resize(index + 1);
  Lane& lane = lanes_[index];
  if (slot && options_.limit_rates && !lane.throttle) lane.throttle.emplace(now);
  activate(index);
  return lane;
}

void Lanes::activate(std::size_t index) {
  if (!std::exchange(lanes_[index].active, true)) active_.push_back(index);
}

Lanes::Lane* Lanes::find(std::optional<ShardSlot> slot) { return const_cast<Lane*>(std::as_const(*this).find(slot)); }

const Lanes::Lane* Lanes::find(std::optional<ShardSlot> slot) const {
  const std::size_t index = index_of(slot);
  return index < lanes_.size() ? &lanes_[index] : nullptr;
}

void Lanes::prefetch(std::span<const PendingPtr> records,
                     std::span<const std::optional<ShardSlot>> slots) const noexcept {
  // Fewer are in the cache all the time.
  constexpr std::size_t many = 64;
  if (active_.size() < many || options_.packing.mode != Packing::Mode::by_shard) return;
  for (const std::optional<ShardSlot>& slot : slots) core::prefetch_lines<2>(find(slot));
  // Each step reads what the one before has fetched, for all of them at a time.
  const auto for_each_open = [&](const auto& step) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const Lane* const lane = find(slots[i]);
      const Entry* const entry = lane == nullptr ? nullptr : lane->open.first();
      if (entry != nullptr && records[i]) step(*entry, *records[i]);
    }
  };
  for_each_open([](const Entry& entry, const PendingRecord&) { core::prefetch_lines<4>(&entry); });
  for_each_open([](const Entry& entry, const PendingRecord&) { entry.prefetch_writer(); });
  for_each_open([](const Entry& entry, const PendingRecord& record) { entry.prefetch_room_for(record); });
}

std::string Lanes::open_key(const PendingRecord& record) const {
  if (options_.packing.mode != Packing::Mode::by_key) return {};
  std::string key = record.record.partition_key;
  if (record.record.explicit_hash_key) key.append(1, '\0').append(*record.record.explicit_hash_key);
  return key;
}

EntryPtr Lanes::OpenEntries::pop_first() {
  if (of_all_ || by_key_.empty()) return std::move(of_all_);
  EntryPtr entry = std::move(by_key_.begin()->second);
  by_key_.erase(by_key_.begin());
  return entry;
}

EntryPtr* Lanes::OpenEntries::find(const std::string& key) {
  if (key.empty()) return of_all_ ? &of_all_ : nullptr;
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &found->second;
}

void Lanes::OpenEntries::erase(const std::string& key) {
  if (key.empty()) {
    of_all_ = nullptr;
  } else {
    by_key_.erase(key);
  }
}

void Lanes::limit_entries(std::size_t max_bytes) noexcept {
  options_.packing.max_bytes = std::min(wanted_entry_bytes_, max_bytes);
}

EntryPtr Lanes::new_entry(std::optional<ShardSlot> slot, const Packing& packing) {
  if (spare_.empty()) return std::make_unique<Entry>(slot, packing);
  EntryPtr entry = std::move(spare_.back());
  spare_.pop_back();
  entry->begin_again(slot, packing);
  return entry;
}

void Lanes::give_back(EntryPtr entry) {
  if (KINESIS_ADDRESS_SANITIZER || spare_.size() >= most_spare || !entry->can_begin_again()) return;
  spare_.push_back(std::move(entry));
}

const Entry* Lanes::add(PendingPtr record, std::optional<ShardSlot> slot, Clock::time_point now) {
  Lane& lane = lane_of(slot, now);
  oldest_ = std::min(oldest_, record->accepted);
  const Clock::time_point send_by = record->accepted + options_.linger;
  if (options_.packing.mode == Packing::Mode::alone || !slot) {
    // By itself; but where records are packed at all, one that readers would take apart is wrapped.
    Packing packing;
    if (!record->alone) packing.mode = options_.packing.mode;
    EntryPtr entry = new_entry(slot, packing);
    entry->add(record);
    const Entry* const added = entry.get();
    close(lane, std::move(entry), send_by);
    return added;
  }
  lane.open_since = lane.open.empty() ? record->accepted : std::min(lane.open_since, record->accepted);
  const std::string key = open_key(*record);
  EntryPtr& open = lane.open.at(key);
  // An entry that one more record would burst is full: it goes as soon as it may.
  if (open && !open->add(record)) close(lane, std::move(open), at_once);
  if (record) {
    open = new_entry(slot, options_.packing);
    open->add(record);
  }
  const Entry* const added = open.get();
  close_if_full(lane, open, key);
  return added;
}

bool Lanes::add_to(const Entry* entry, PendingPtr& record) {
  Lane* const lane = find(entry->slot());
  if (lane == nullptr) return false;
  const std::string key = open_key(*record);
  EntryPtr* const open = lane->open.find(key);
  if (open == nullptr || open->get() != entry || !(*open)->add(record)) return false;
  close_if_full(*lane, *open, key);
  return true;
}

void Lanes::close_if_full(Lane& lane, EntryPtr& open, const std::string& key) {
  if (!open->full()) return;
  close(lane, std::move(open), at_once);
  lane.open.erase(key);
}

void Lanes::close(Lane& lane, EntryPtr entry, Clock::time_point send_by) {
  entry->seal();
  ++ready_entries_;
  ready_bytes_ += entry->bytes();
  // What may go at once lets nothing before it wait.
  if (send_by == at_once)
    for (auto it = lane.ready.rbegin(); it != lane.ready.rend() && it->send_by != at_once; ++it) it->send_by = at_once;
  lane.ready.push_back(Ready{std::move(entry), send_by});
}

void Lanes::add_again(EntryPtr entry, Clock::time_point when) {
  oldest_ = std::min(oldest_, entry->oldest());
  const std::size_t index = index_of(entry->slot());
  activate(index);
  lanes_[index].again.emplace(when, std::move(entry));
}

void Lanes::flush() {
  for (const std::size_t index : active_) {
    Lane& lane = lanes_[index];
    lane.open.erase_if([&](EntryPtr& entry) {
      close(lane, std::move(entry), at_once);
      return true;
    });
    for (Ready& ready : lane.ready) ready.send_by = at_once;
  }
}

bool Lanes::batch_is_full() const noexcept {
  return ready_entries_ >= options_.batch_records || ready_bytes_ >= options_.batch_bytes;
}

/// Records whose shard nobody knows may be for any: the calls of one shard do not limit them.
bool Lanes::is_busy(std::size_t index) const noexcept {
  return index != 0 && lanes_[index].calls >= options_.calls_per_shard;
}

Clock::time_point Lanes::ready_at(std::size_t index, Clock::time_point now, bool all_at_once) const {
  if (is_busy(index)) return never;
  const Lane& lane = lanes_[index];
  if (lane.has_nothing()) return never;
  Clock::time_point at = never;
  if (!lane.again.empty()) at = lane.again.begin()->first;
  if (!lane.ready.empty()) at = std::min(at, all_at_once ? at_once : lane.ready.front().send_by);
  if (!lane.open.empty()) at = std::min(at, all_at_once ? at_once : lane.open_since + options_.linger);
  if (!lane.throttle) return at;
  at = std::max(at, lane.held_until);
  // While the rate holds one entry back, another may become the first, and want more: what is tried again is.
  const Entry* first = nullptr;
  for (;;) {
    const Entry* const then = head_of(lane, std::max(at, now)).entry;
    if (then == first) return at;
    first = then;
    at = std::max(at, lane.throttle->ready_at(1, first->bytes(), now));
  }
}

Clock::time_point Lanes::ready_at(Clock::time_point now, std::size_t calls_in_flight) const {
  const bool all_at_once = calls_in_flight == 0 || batch_is_full();
  Clock::time_point at = never;
  for (const std::size_t index : active_) {
    at = std::min(at, ready_at(index, now, all_at_once));
    if (at <= now) break;
  }
  return at;
}

Lanes::Batch Lanes::next(Clock::time_point now, std::size_t calls_in_flight) {
  Batch batch;
  if (ready_at(now, calls_in_flight) > now) return batch;
  for (std::size_t i = 0; i < active_.size(); ++i) {
    const std::size_t index = active_[(turn_ + i) % active_.size()];
    Lane& lane = lanes_[index];
    if (is_busy(index) || lane.held_until > now) continue;
    const std::size_t before = batch.entries.size();
    const bool room = take_from(lane, batch, now);
    if (batch.entries.size() > before) {
      ++lane.calls;
      batch.lanes.push_back(index == 0 ? std::nullopt : std::optional<ShardSlot>(static_cast<ShardSlot>(index - 1)));
    }
    if (room) continue;
    turn_ = turn_ + i + 1;
    break;
  }
  rest();
  return batch;
}

/// False if the batch has no more room.
bool Lanes::take_from(Lane& lane, Batch& batch, Clock::time_point now) {
  for (;;) {
    const Head head = head_of(lane, now);
    if (head.entry == nullptr) return true;
    const std::size_t size = head.entry->bytes();
    if (batch.entries.size() >= options_.batch_records) return false;
    if (!batch.entries.empty() && batch.bytes + size > options_.batch_bytes) return false;
    if (lane.throttle && !lane.throttle->try_take(1, size, now)) {
      if (lane.ready.size() > 1) lane.held_until = lane.throttle->ready_at(1, size, now) + options_.linger;
      return true;
    }
    batch.bytes += size;
    batch.entries.push_back(pop(lane, head.from));
  }
}

/// What goes first: tries again, closed entries, then what is still being packed.
Lanes::Head Lanes::head_of(const Lane& lane, Clock::time_point now) {
  if (!lane.again.empty() && lane.again.begin()->first <= now)
    return Head{From::again, lane.again.begin()->second.get()};
  if (!lane.ready.empty()) return Head{From::ready, lane.ready.front().entry.get()};
  if (!lane.open.empty()) return Head{From::open, lane.open.first()};
  return Head{};
}

EntryPtr Lanes::pop(Lane& lane, From from) {
  EntryPtr entry;
  if (from == From::again) {
    entry = std::move(lane.again.begin()->second);
    lane.again.erase(lane.again.begin());
  } else if (from == From::open) {
    entry = lane.open.pop_first();
  } else {
    entry = std::move(lane.ready.front().entry);
    lane.ready.pop_front();
    --ready_entries_;
    ready_bytes_ -= entry->bytes();
  }
  return entry;
}

void Lanes::answered(const std::vector<std::optional<ShardSlot>>& lanes) {
  for (const std::optional<ShardSlot>& slot : lanes) --lanes_[index_of(slot)].calls;
}

void Lanes::delivered(std::optional<ShardSlot> slot, std::size_t bytes, Clock::time_point now) {
  if (Lane* const lane = find(slot); lane != nullptr && lane->throttle) lane->throttle->on_delivered(1, bytes, now);
}

void Lanes::throttled(std::optional<ShardSlot> slot, std::size_t bytes, Clock::time_point now) {
  if (Lane* const lane = find(slot); lane != nullptr && lane->throttle) lane->throttle->on_throttled(1, bytes, now);
}

void Lanes::forget_rate(ShardSlot slot) {
  Lane* const lane = find(slot);
  if (lane == nullptr) return;
  lane->throttle.reset();
  lane->held_until = at_once;
}

std::vector<EntryPtr> Lanes::take_unless(const std::function<bool(const Entry&)>& keep) {
  std::vector<EntryPtr> taken;
  oldest_ = never;
  const auto stays = [&](EntryPtr& entry) {
    if (keep(*entry)) {
      oldest_ = std::min(oldest_, entry->oldest());
      return true;
    }
    taken.push_back(std::move(entry));
    return false;
  };
  for (const std::size_t index : active_) {
    Lane& lane = lanes_[index];
    for (auto it = lane.again.begin(); it != lane.again.end();)
      it = stays(it->second) ? std::next(it) : lane.again.erase(it);
    std::erase_if(lane.ready, [&](Ready& ready) {
      const std::size_t bytes = ready.entry->bytes();
      if (stays(ready.entry)) return false;
      --ready_entries_;
      ready_bytes_ -= bytes;
      return true;
    });
    lane.open.erase_if([&](EntryPtr& entry) { return !stays(entry); });
  }
  rest();
  return taken;
}

std::vector<EntryPtr> Lanes::take_expired(Clock::time_point now) {
  if (expires_at() > now) return {};
  return take_unless([&](const Entry& entry) { return entry.oldest() + options_.time_to_live > now; });
}

Clock::time_point Lanes::expires_at() const {
  if (options_.time_to_live <= Clock::duration::zero() || oldest_ == never) return never;
  return oldest_ + options_.time_to_live;
}

/// Lanes with nothing left are not looked at.
void Lanes::rest() {
  std::erase_if(active_, [this](std::size_t index) {
    Lane& lane = lanes_[index];
    lane.active = !lane.has_nothing();
    return !lane.active;
  });
  if (active_.empty()) oldest_ = never;
}

}  // namespace kinesis::producer
