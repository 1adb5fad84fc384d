#pragma once

#include "emulator/logic/moment.hpp"
#include "emulator/logic/shard.hpp"
#include "emulator/logic/subscription.hpp"
#include <kinesis/kinesis_api.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kinesis::emulator {

/// A registered fan-out consumer.
struct Consumer {
  std::string name;
  std::string arn;
  ConsumerStatus status = ConsumerStatus::creating;
  std::int64_t created_millis = 0;
  /// When it becomes active, or is gone.
  Moment::Monotonic due{};
  Tags tags;
  std::optional<std::string> policy;
  /// By their numbers; those that were ever subscribed to.
  std::map<std::uint32_t, FanOut> shards = {};
};

/// A stream: its shards, its settings, and what is being done to it. Knows how shards are made from others, not what
/// clients are told.
class Stream {
 public:
  static constexpr int default_retention_hours = 24;
  static constexpr int default_record_kib = 1024;

  /// `serial` is another one for each stream there ever was.
  Stream(std::string name, std::string arn, std::uint64_t serial, Moment now, LogMemory memory);

  const std::string& name() const noexcept { return name_; }
  const std::string& arn() const noexcept { return arn_; }
  std::uint64_t serial() const noexcept { return serial_; }
  std::int64_t created_millis() const noexcept { return created_millis_; }
  StreamStatus status() const noexcept { return status_; }
  bool readable() const noexcept { return status_ == StreamStatus::active || status_ == StreamStatus::updating; }

  /// Makes the status `until_then`, and at `due` (at once if that is not later than now) carries out `change` and
  /// becomes ACTIVE. One change at a time: the status tells.
  void change(StreamStatus until_then, Moment::Monotonic due, Moment now, std::function<void(Stream&, Moment)> change);
  /// Carries out a change before it is due.
  void finish_change(Moment now);
  void start_deleting(Moment::Monotonic due);
  /// Carries out what is due. True if the stream is gone.
  bool advance(Moment now);
  /// When something is due next; the end of time if nothing is.
  Moment::Monotonic next_due() const noexcept;

  // Shards.

  void make_first_shards(std::uint32_t count, Moment now);
  /// The number of a shard is its place, also of expired ones.
  const std::deque<Shard>& shards() const noexcept { return shards_; }
  /// Nothing of a number that never was, or has expired.
  Shard* shard(std::uint32_t number) noexcept;
  std::size_t open_shards() const noexcept { return routes_.size(); }
  /// Open shards by their hash keys.
  std::vector<std::uint32_t> open_by_hash() const;
  /// The open shard of a hash key.
  Shard& route(core::Uint128 hash) { return shards_[find_route(hash)->shard]; }
  /// The open shards in turn, for RecordDistributionStrategy::automatic.
  Shard& next_in_turn();

  /// Closes an open shard; the second of the two new ones starts at `second`.
  void split(std::uint32_t number, core::Uint128 second, Moment now);
  /// Closes two neighbours and makes one of them; the first is the parent, the other the adjacent parent.
  void merge(std::uint32_t parent, std::uint32_t adjacent, Moment now);
  /// Splits and merges until there are `count` shards of the same size. Shards that are none of the last ones live for
  /// no time.
  void scale_to(std::uint32_t count, Moment now);

  /// The index of the next record: greater than that of any before, in the whole stream.
  std::uint64_t take_index() noexcept { return next_index_++; }
  std::uint64_t next_index() const noexcept { return next_index_; }

  /// Forgets records and shards older than the retention period.
  void expire(Moment now);
  std::int64_t trim_horizon(Moment now) const noexcept;
  std::size_t memory() const noexcept;
  std::size_t records() const noexcept;

  // Settings; the region checks them.

  StreamMode mode = StreamMode::provisioned;
  int retention_hours = default_retention_hours;
  int max_record_kib = default_record_kib;
  EncryptionType encryption = EncryptionType::none;
  std::string key_id;
  std::set<MetricsName> metrics;
  std::optional<int> warm_mibps;
  RecordDistributionStrategy distribution = RecordDistributionStrategy::user_partition_key;
  Tags tags;
  std::optional<std::string> policy;
  std::map<std::string, Consumer, std::less<>> consumers;
  /// When the stream was scaled, and when its mode was changed, in the last 24 hours.
  std::deque<std::int64_t> scaled_millis;
  std::deque<std::int64_t> mode_changed_millis;

 private:
  struct Route {
    core::Uint128 first;
    std::uint32_t shard;
  };

  Shard& open(HashRange range, std::vector<std::uint32_t> parents, Moment now);
  void close(Shard& shard, Moment now);
  std::vector<Route>::iterator find_route(core::Uint128 hash);
  void split_at(const std::vector<HashRange>& targets, Moment now);
  void merge_into(const std::vector<HashRange>& targets, Moment now);

  std::string name_;
  std::string arn_;
  std::uint64_t serial_;
  std::int64_t created_millis_;
  LogMemory memory_;
  StreamStatus status_ = StreamStatus::creating;
  Moment::Monotonic due_{};
  std::function<void(Stream&, Moment)> pending_;
  std::deque<Shard> shards_;
  std::vector<Route> routes_;
  std::size_t turn_ = 0;
  std::uint64_t next_index_ = 1;
};

}  // namespace kinesis::emulator
