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
/// Once the end of a shard is stored, no handler begins with a record of it.
inline constexpr std::string_view read_again = "no record of an ended shard";
/// While the delivery of a shard is held up, no handler begins.
inline constexpr std::string_view held_up = "no delivery while held up";
/// Nothing of before the place where the application begins. (From AT_TIMESTAMP on a child may be read from its
/// beginning, which is before that where a first start was broken off: so does the KCL.)
inline constexpr std::string_view start = "nothing before the start";
/// A record whose handler failed is not passed over: its shard begins anew with it, or it is handed to the dead-letter
/// function where it failed, or the worker ends with what the handler threw.
inline constexpr std::string_view failures = "failures as the policy says";
/// CheckpointPerKey: a record begins when a checkpoint covers the one before of its key.
inline constexpr std::string_view once_a_key = "a checkpoint between records of a key";
}  // namespace invariant

struct Violation {
  std::string_view invariant;
  std::string what;
};

/// Whether a record is to be handled.
enum class Counts {
  must,
  may,  ///< Of LATEST: while the first worker starts.
  must_not,
};

/// What a fleet is told to do, and so promises.
struct FleetPromises {
  /// Within a session the records of each key are in order, and not all of a shard.
  bool per_key = false;
  /// A checkpoint lies between two records of a key.
  bool saved_per_key = false;
  /// Failures are skipped.
  bool skips = false;
  /// Every shard is read, also those that were closed before the first worker started.
  bool from_the_oldest = true;
  /// Children are read from their beginning, whatever the start.
  bool children_from_the_oldest = false;
};

/// Sees all that happens in a fleet, and judges it at once. Keeps the first violation.
class FleetOracle {
 public:
  using ListShards = std::function<std::vector<KinesisShard>()>;
  explicit FleetOracle(ListShards list_shards, FleetPromises promises = {})
      : list_shards_(std::move(list_shards)), promises_(promises) {}

  /// The service accepted the user record with this number; in the order of positions per shard.
  void accepted(std::size_t number, const std::string& shard_id, RecordPosition position, const std::string& key,
                Counts counts = Counts::must);
  /// A worker got the lease of a shard.
  void session_began(const std::string& worker, const std::string& shard_id);
  void handler_began(const std::string& worker, const std::string& shard_id, std::size_t number);
  /// The handler of a record throws, or is about to.
  void handler_failed(const std::string& worker, const std::string& shard_id, std::size_t number);
  /// The dead-letter function gets a record, rightly if `decodable` and its handler has failed; then has kept it.
  void handed_over(const std::string& worker, const std::string& shard_id, std::size_t number, bool decodable);
  void kept(const std::string& worker, std::size_t number);
  void handler_completed(std::size_t number);
  /// A row of the lease table, before and after a write that was stored. Absent: there was, or is, none.
  void row_written(const std::string& worker, const std::optional<Lease>& before, const std::optional<Lease>& after);

  /// Whether a worker ever got a lease: all leases are made by then.
  bool started() const noexcept { return started_; }
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
    std::vector<Counts> counts;
    std::vector<bool> done;
    /// So many records from the first on are done.
    std::size_t done_to = 0;
    /// The latest session that began with a record.
    std::size_t newest_begun = 0;
    std::vector<std::string> parents;
    /// The records of each key, by their place in the shard.
    std::map<std::string, std::vector<std::size_t>> keys;
    /// So many records from the first on are covered by a checkpoint.
    std::size_t covered = 0;
    bool from_the_oldest = false;
  };
  struct Place {
    ShardLog* shard = nullptr;
    std::size_t index = 0;
    std::string key;
    /// Its place among the records of the key.
    std::size_t of_key = 0;
  };
  struct Session {
    std::string worker;
    std::string shard_id;
    /// The last turn of each order that began.
    std::map<std::string, std::size_t> last;
    /// Records whose handler failed and that are not kept yet; those that were handed over without a handler.
    std::set<std::size_t> failed;
    std::set<std::size_t> undecodable;
  };

  /// What is to be in order, all of a shard or a key; and the place in it.
  std::string order_of(const Place& place) const { return promises_.per_key ? place.key : std::string(); }
  std::size_t turn_of(const Place& place) const { return promises_.per_key ? place.of_key : place.index; }
  void judge_turn(Session& session, const Place& place, const std::string& what);
  void judge_failures(const Session& session, const Place& place, const std::string& what);
  void judge_parents(const ShardLog& log, const std::string& what);
  bool known(std::size_t number) const { return number < records_.size() && records_[number].shard != nullptr; }
  bool has_to_be_read(const std::string& shard_id) const;
  /// That are to be handled.
  bool has_records(const std::string& shard_id) const;
  ShardLog& log_of(const std::string& shard_id);
  void judge_checkpoint(const Lease& row, const std::string& worker);
  void digest(std::string_view text);

  ListShards list_shards_;
  FleetPromises promises_;
  std::map<std::string, ShardLog> shards_;
  std::vector<Place> records_;
  std::vector<Session> sessions_;
  /// The latest session of a worker in a shard, from 1.
  std::map<std::pair<std::string, std::string>, std::size_t> latest_;
  /// Shards whose SHARD_END was stored.
  std::set<std::string> ended_;
  bool started_ = false;
  /// Shards that ever had a lease.
  std::set<std::string> leased_;
  /// In which session of a worker a record failed.
  std::map<std::pair<std::string, std::size_t>, std::size_t> failing_;
  std::size_t handled_ = 0;
  std::uint64_t digest_ = 14695981039346656037u;
  std::optional<Violation> violation_;
};

}  // namespace kinesis::simulation
