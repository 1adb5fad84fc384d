#pragma once

#include <kinesis/kinesis_api.hpp>
#include <kinesis/lease.hpp>
#include <kinesis/record.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kinesis::simulation {

/// What the library promises of a fleet.
namespace invariant {
/// Every accepted record is handled to its end, and none is jumped over within a session.
inline constexpr std::string_view at_least_once = "every record at least once";
inline constexpr std::string_view order = "order within a session";
inline constexpr std::string_view unprocessed = "no checkpoint over an unprocessed record";
inline constexpr std::string_view moved_back = "no checkpoint moves back";
inline constexpr std::string_view parents_first = "a child after its parents";
/// Once two workers know of all others, and for as long as nothing happens.
inline constexpr std::string_view share = "fair share";
/// Once a session of a shard has begun with a record, no earlier session of it begins with one: neither of a worker
/// that stood still, nor with clocks that differ by a twentieth, nor while the store cannot be reached. What an earlier
/// session has in hand at that moment, one record, it may finish.
inline constexpr std::string_view overlap = "no two sessions of a shard";
inline constexpr std::string_view finished = "leases of drained shards finished";
inline constexpr std::string_view calls = "no storm of calls";
/// A graceful stop ends within the deadline.
inline constexpr std::string_view stops = "a stop ends";
}  // namespace invariant

struct Violation {
  std::string_view invariant;
  std::string what;
};

/// Sees all that happens in a fleet, and judges it at once. Keeps the first violation.
class FleetOracle {
 public:
  using ListShards = std::function<std::vector<KinesisShard>()>;
  /// `per_key`: within a session the records of each key are in order, and not all of a shard.
  explicit FleetOracle(ListShards list_shards, bool per_key = false)
      : list_shards_(std::move(list_shards)), per_key_(per_key) {}

  /// The service accepted the user record with this number; in the order of positions per shard.
  void accepted(std::size_t number, const std::string& shard_id, RecordPosition position, const std::string& key);
  /// A worker got the lease of a shard.
  void session_began(const std::string& worker, const std::string& shard_id);
  /// A handler begins with a record; returns false if nothing it does counts any more.
  void handler_began(const std::string& worker, const std::string& shard_id, std::size_t number);
  void handler_completed(std::size_t number);
  /// A row of the lease table, before and after a write that was stored. Absent: there was, or is, none.
  void row_written(const std::string& worker, const std::optional<Lease>& before, const std::optional<Lease>& after);

  /// Every record was handled to its end.
  bool all_handled() const;
  /// Of closed shards whose every record was handled, those whose lease is not finished.
  std::vector<std::string> unfinished(const std::map<std::string, Lease>& rows);
  /// Every open shard's last record is covered by a checkpoint.
  bool all_checkpointed(const std::map<std::string, Lease>& rows) const;
  std::string missing() const;
  std::optional<RecordPosition> last_of(const std::string& shard_id) const;

  void violate(std::string_view invariant, std::string what) {
    if (!violation_) violation_ = Violation{invariant, std::move(what)};
  }
  const std::optional<Violation>& violation() const noexcept { return violation_; }

  std::size_t records() const noexcept { return records_.size(); }
  std::size_t handled() const noexcept { return handled_; }
  std::size_t sessions() const noexcept { return sessions_.size(); }
  /// Of all that was handled, and in which order.
  std::uint64_t digest() const noexcept { return digest_; }

 private:
  struct ShardLog {
    std::string id;
    std::vector<RecordPosition> positions;
    std::vector<std::size_t> numbers;
    std::vector<bool> done;
    /// So many records from the first on are done.
    std::size_t done_to = 0;
    /// The latest session that began with a record.
    std::size_t newest_begun = 0;
    std::vector<std::string> parents;
    /// How many records each key has.
    std::map<std::string, std::size_t> keys;
  };
  struct Place {
    ShardLog* shard = nullptr;
    std::size_t index = 0;
    /// What is to be in order: the place in the shard, or among the records of the key.
    std::string order;
    std::size_t turn = 0;
  };
  struct Session {
    std::string worker;
    std::string shard_id;
    /// The last turn of each order that began.
    std::map<std::string, std::size_t> last;
  };

  ShardLog& log_of(const std::string& shard_id);
  void judge_checkpoint(const Lease& row, const std::string& worker);
  void digest(std::string_view text);

  ListShards list_shards_;
  bool per_key_;
  std::map<std::string, ShardLog> shards_;
  std::vector<Place> records_;
  std::vector<Session> sessions_;
  /// The latest session of a worker in a shard, from 1.
  std::map<std::pair<std::string, std::string>, std::size_t> latest_;
  /// Shards whose SHARD_END was stored.
  std::set<std::string> ended_;
  std::size_t handled_ = 0;
  std::uint64_t digest_ = 14695981039346656037u;
  std::optional<Violation> violation_;
};

}  // namespace kinesis::simulation
