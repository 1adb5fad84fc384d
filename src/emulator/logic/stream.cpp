#include "emulator/logic/stream.hpp"

#include <algorithm>

namespace kinesis::emulator {
namespace {

constexpr std::int64_t millis_per_hour = 3'600'000;

std::uint64_t seconds_of(Moment now) noexcept {
  const std::int64_t millis = now.millis();
  return millis < 0 ? 0 : static_cast<std::uint64_t>(millis / 1000);
}

}  // namespace

Stream::Stream(std::string name, std::string arn, std::uint64_t serial, Moment now, LogMemory memory)
    : name_(std::move(name)),
      arn_(std::move(arn)),
      serial_(serial),
      created_millis_(now.millis()),
      memory_(std::move(memory)) {}

void Stream::change(StreamStatus until_then, Moment::Monotonic due, Moment now,
                    std::function<void(Stream&, Moment)> change) {
  status_ = until_then;
  due_ = due;
  pending_ = std::move(change);
  advance(now);
}

void Stream::finish_change(Moment now) {
  due_ = std::min(due_, now.monotonic);
  advance(now);
}

void Stream::start_deleting(Moment::Monotonic due) {
  status_ = StreamStatus::deleting;
  due_ = due;
  pending_ = nullptr;
}

bool Stream::advance(Moment now) {
  for (auto it = consumers.begin(); it != consumers.end();) {
    Consumer& consumer = it->second;
    const bool is_due = consumer.due <= now.monotonic;
    if (is_due && consumer.status == ConsumerStatus::deleting) {
      it = consumers.erase(it);
      continue;
    }
    if (is_due) consumer.status = ConsumerStatus::active;
    ++it;
  }
  if (status_ == StreamStatus::active || due_ > now.monotonic) return false;
  if (status_ == StreamStatus::deleting) return true;
  status_ = StreamStatus::active;
  const auto pending = std::move(pending_);
  pending_ = nullptr;
  if (pending) pending(*this, now.at(due_));
  return false;
}

Moment::Monotonic Stream::next_due() const noexcept {
  auto next = status_ == StreamStatus::active ? Moment::Monotonic::max() : due_;
  for (const auto& [name, consumer] : consumers) {
    if (consumer.status != ConsumerStatus::active) next = std::min(next, consumer.due);
  }
  return next;
}

void Stream::make_first_shards(std::uint32_t count, Moment now) {
  for (const HashRange& range : uniform_ranges(count)) routes_.push_back({range.first, open(range, {}, now).number});
}

Shard& Stream::open(HashRange range, std::vector<std::uint32_t> parents, Moment now) {
  std::uint64_t seconds = seconds_of(now);
  for (const std::uint32_t parent : parents) seconds = std::max(seconds, shards_[parent].sequence.shard_seconds() + 1);
  const auto number = static_cast<std::uint32_t>(shards_.size());
  Shard& shard = shards_.emplace_back(number, range, seconds, now, memory_);
  for (const std::uint32_t parent : parents) shards_[parent].children.push_back(number);
  shard.parents = std::move(parents);
  return shard;
}

void Stream::close(Shard& shard, Moment now) { shard.closed_millis = std::max(now.millis(), shard.created_millis); }

Shard* Stream::shard(std::uint32_t number) noexcept {
  if (number >= shards_.size() || shards_[number].expired) return nullptr;
  return &shards_[number];
}

std::vector<std::uint32_t> Stream::open_by_hash() const {
  std::vector<std::uint32_t> out;
  out.reserve(routes_.size());
  for (const Route& route : routes_) out.push_back(route.shard);
  return out;
}

std::vector<Stream::Route>::iterator Stream::find_route(core::Uint128 hash) {
  const auto above = std::upper_bound(routes_.begin(), routes_.end(), hash,
                                      [](core::Uint128 key, const Route& route) { return key < route.first; });
  return std::prev(above);
}

Shard& Stream::next_in_turn() {
  turn_ = (turn_ + 1) % routes_.size();
  return shards_[routes_[turn_].shard];
}

void Stream::split(std::uint32_t number, core::Uint128 second, Moment now) {
  const HashRange range = shards_[number].range;
  const auto place = find_route(range.first);
  close(shards_[number], now);
  place->shard = open({range.first, second - 1}, {number}, now).number;
  routes_.insert(place + 1, {second, open({second, range.last}, {number}, now).number});
}

void Stream::merge(std::uint32_t parent, std::uint32_t adjacent, Moment now) {
  const HashRange a = shards_[parent].range;
  const HashRange b = shards_[adjacent].range;
  const auto place = find_route(std::min(a.first, b.first));
  close(shards_[parent], now);
  close(shards_[adjacent], now);
  place->shard = open({place->first, std::max(a.last, b.last)}, {parent, adjacent}, now).number;
  routes_.erase(place + 1);
}

void Stream::scale_to(std::uint32_t count, Moment now) {
  const std::vector<HashRange> targets = uniform_ranges(count);
  split_at(targets, now);
  merge_into(targets, now);
}

// Splits every open shard wherever a target begins within it, from left to right.
void Stream::split_at(const std::vector<HashRange>& targets, Moment now) {
  for (const HashRange& target : targets) {
    const Shard& shard = route(target.first);
    if (shard.range.first != target.first) split(shard.number, target.first, now);
  }
}

// Merges what lies within one target, from left to right.
void Stream::merge_into(const std::vector<HashRange>& targets, Moment now) {
  for (const HashRange& target : targets) {
    for (;;) {
      const Shard& left = route(target.first);
      if (left.range.last >= target.last) break;
      merge(left.number, route(left.range.last + 1).number, now);
    }
  }
}

std::int64_t Stream::trim_horizon(Moment now) const noexcept {
  return std::max(created_millis_, now.millis() - std::int64_t{retention_hours} * millis_per_hour);
}

void Stream::expire(Moment now) {
  const std::int64_t horizon = now.millis() - std::int64_t{retention_hours} * millis_per_hour;
  for (Shard& shard : shards_) {
    if (shard.expired) continue;
    shard.log.drop_before(horizon);
    if (shard.closed_millis && *shard.closed_millis < horizon) {
      shard.log.clear();
      shard.expired = true;
    }
  }
}

std::size_t Stream::memory() const noexcept {
  std::size_t sum = 0;
  for (const Shard& shard : shards_) sum += shard.log.memory();
  return sum;
}

std::size_t Stream::records() const noexcept {
  std::size_t sum = 0;
  for (const Shard& shard : shards_) sum += shard.log.records();
  return sum;
}

}  // namespace kinesis::emulator
