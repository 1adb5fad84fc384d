#pragma once

#include <kinesis/bytes.hpp>
#include <kinesis/checkpointing.hpp>
#include <kinesis/error.hpp>
#include <kinesis/identifiers.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kinesis {

namespace asio = boost::asio;

/// One row of the lease table: who works on a shard, and how far it is done. The attributes are those of Amazon's
/// KCL 2.x and 3.x (the names in comments are the KCL's), so that workers of both can share a table.
struct Lease {
  explicit Lease(std::string lease_key) : key(std::move(lease_key)) {}

  /// leaseKey: the shard id; where an application reads several streams "account:stream:creation time in s:shard id".
  std::string key;
  /// leaseOwner: a worker id; absent if nobody has the lease.
  std::optional<std::string> owner;
  /// leaseCounter: the heartbeat. Every write of the owner adds 1.
  std::int64_t counter = 0;
  /// ownerSwitchesSinceCheckpoint: a statistic.
  std::int64_t owner_switches_since_checkpoint = 0;
  /// checkpoint, checkpointSubSequenceNumber.
  Checkpoint checkpoint = Checkpoint::trim_horizon();
  /// pendingCheckpoint, pendingCheckpointSubSequenceNumber, pendingCheckpointState: a prepared checkpoint.
  std::optional<Checkpoint> pending_checkpoint;
  std::optional<Blob> pending_checkpoint_state;
  /// parentShardId: set when the row is made, never changed.
  std::vector<std::string> parent_shard_ids;
  /// childShardIds: known once the shard has ended.
  std::vector<std::string> child_shard_ids;
  /// startingHashKey, endingHashKey: decimal, inclusive.
  std::optional<std::string> starting_hash_key;
  std::optional<std::string> ending_hash_key;
  /// checkpointOwner: during a hand-over the worker that still has to store its checkpoint. `owner` is then the next
  /// one.
  std::optional<std::string> checkpoint_owner;
  /// throughputKBps: what the owner reads, KiB/s.
  std::optional<double> throughput_kbps;

  /// The shard id in the key.
  std::string_view shard_id() const noexcept { return std::string_view(key).substr(stream_size()); }
  /// What is before the shard id in a key of several streams, without the last colon; empty in one of a single stream.
  std::string_view stream() const noexcept {
    return std::string_view(key).substr(0, stream_size() == 0 ? 0 : stream_size() - 1);
  }
  /// The key of another shard of the same stream.
  std::string key_of_sibling(std::string_view other_shard_id) const {
    return std::string(std::string_view(key).substr(0, stream_size())).append(other_shard_id);
  }

  friend bool operator==(const Lease&, const Lease&) = default;

 private:
  std::size_t stream_size() const noexcept {
    const std::size_t colon = key.rfind(':');
    return colon == std::string::npos ? 0 : colon + 1;
  }
};

/// A change of one lease: under which condition it may happen, and what it does. All rules of leases live here; a
/// repository only stores.
///
/// The named constructors are the KCL's operations; each takes the row as the caller last saw it.
class LeaseUpdate {
 public:
  /// The owner's heartbeat. Refused where a hand-over was asked for that `known` does not show, so that the owner
  /// learns of it. `throughput_kbps`: what the owner reads, KiB/s; absent: what the row says stays.
  static LeaseUpdate renew(const Lease& known, std::optional<double> throughput_kbps = std::nullopt);
  /// Makes `worker` the owner, of a free lease or of somebody else's, and ends a hand-over.
  static LeaseUpdate take(const Lease& known, std::string worker);
  /// Asks the owner, who must be there, to hand the lease over to `worker`: `worker` becomes the owner, and who was it
  /// still has to store its checkpoint.
  static LeaseUpdate ask_hand_over(const Lease& known, std::string worker);
  /// The last write of the worker that was asked, with how far it came if that is further than what is stored.
  static LeaseUpdate hand_over(const Lease& known, std::optional<Checkpoint> checkpoint);
  /// The worker that asked wants it no more: the lease stays with who has it.
  static LeaseUpdate cancel_hand_over(const Lease& known);
  /// Stores how far the shard is done. Clears a prepared checkpoint.
  static LeaseUpdate checkpoint(const Lease& known, Checkpoint checkpoint);
  /// Prepares a checkpoint, with up to 4 KiB of the application's own state, without moving the one that counts.
  static LeaseUpdate prepare_checkpoint(const Lease& known, Checkpoint checkpoint, Blob state);
  /// Gives the lease up.
  static LeaseUpdate release(const Lease& known);
  /// The last write of an owner: both in one.
  static LeaseUpdate checkpoint_and_release(const Lease& known, Checkpoint checkpoint);
  /// Notes the children of an ended shard; any worker may.
  static LeaseUpdate child_shards(const Lease& known, std::vector<std::string> child_shard_ids);
  /// Fills in the hash key range; any worker may.
  static LeaseUpdate hash_key_range(const Lease& known, std::string starting_hash_key, std::string ending_hash_key);

  /// What the row must be for the change to happen. Absent members are not looked at. The row must exist in any case.
  struct Condition {
    std::optional<std::int64_t> counter;
    /// Engaged: who must be the owner; engaged with an empty optional: there must be none.
    std::optional<std::optional<std::string>> owner;
    /// The same of checkpointOwner.
    std::optional<std::optional<std::string>> checkpoint_owner;
  };
  /// What happens to the row. Absent members stay as they are.
  struct Change {
    /// Engaged: set the owner; engaged with an empty optional: remove it.
    std::optional<std::optional<std::string>> owner;
    /// Added to the counter: 0 or 1.
    std::int64_t add_to_counter = 0;
    /// Added to the owner switches, after `reset_owner_switches`.
    std::int64_t add_to_owner_switches = 0;
    bool reset_owner_switches = false;
    std::optional<Checkpoint> checkpoint;
    std::optional<Checkpoint> pending_checkpoint;
    std::optional<Blob> pending_checkpoint_state;
    bool clear_pending = false;
    /// Engaged: set checkpointOwner; engaged with an empty optional: remove it.
    std::optional<std::optional<std::string>> checkpoint_owner;
    std::optional<double> throughput_kbps;
    std::optional<std::vector<std::string>> child_shard_ids;
    std::optional<std::string> starting_hash_key;
    std::optional<std::string> ending_hash_key;
  };

  const std::string& key() const noexcept { return key_; }
  const Condition& condition() const noexcept { return condition_; }
  const Change& change() const noexcept { return change_; }
  /// For repositories that read, decide and write back.
  bool applies_to(const Lease& row) const;
  Lease apply(Lease row) const;

 private:
  explicit LeaseUpdate(std::string key) : key_(std::move(key)) {}
  static LeaseUpdate owners_write(const Lease& known);
  std::string key_;
  Condition condition_;
  Change change_;
};

/// What became of a write. A conflict is an expected outcome and carries the row as it stands (absent if there is
/// none).
class LeaseWrite {
 public:
  static LeaseWrite stored() { return LeaseWrite(true, std::nullopt); }
  static LeaseWrite conflict(std::optional<Lease> row) { return LeaseWrite(false, std::move(row)); }
  bool is_stored() const noexcept { return stored_; }
  const std::optional<Lease>& row() const noexcept { return row_; }

 private:
  LeaseWrite(bool stored, std::optional<Lease> row) : stored_(stored), row_(std::move(row)) {}
  bool stored_;
  std::optional<Lease> row_;
};

/// Where leases are kept. Every function may be called from any executor and returns to it; failures of the store are
/// thrown as Error (throttled, storage, connection, …) and retried by the caller. Writes are atomic per row: of two
/// updates with the same condition one is stored.
class LeaseRepository {
 public:
  virtual ~LeaseRepository() = default;
  /// Creates the table or file if need be. Called once before the others.
  virtual asio::awaitable<void> prepare() = 0;
  /// All leases of the application.
  virtual asio::awaitable<std::vector<Lease>> list() = 0;
  /// Stores a new row; a conflict if there is one of this key.
  virtual asio::awaitable<LeaseWrite> create(Lease lease) = 0;
  /// Applies the change if its condition holds.
  virtual asio::awaitable<LeaseWrite> update(LeaseUpdate change) = 0;
  /// Deletes the row of `known.key` if its counter is still that of `known`. An absent row counts as deleted.
  virtual asio::awaitable<LeaseWrite> remove(Lease known) = 0;
};

/// The times of lease coordination. All workers of an application must agree on `failover`.
struct LeaseTiming {
  /// A lease whose counter did not change for this long is free to be taken. KCL: failoverTimeMillis, 10 s.
  std::chrono::milliseconds failover{10'000};
  /// How long after a lease's last write its owner renews it; must leave room for two tries within `failover`.
  std::chrono::milliseconds renew_interval{4'000};
  /// How often the table is read and leases are assigned anew, at least; jitter makes it up to a fifth more often.
  /// While leases are being handed over to this worker it is read four times a second, for `hand_over` at most.
  std::chrono::milliseconds refresh_interval{2'000};
  /// How often the shards of the stream are listed anew. A shard that ends in a worker's hands is noticed at once.
  std::chrono::milliseconds shard_refresh_interval{30'000};
  /// How long a worker that takes a lease from another waits for the record that one has in hand, and its checkpoint,
  /// once it has shown that it knows. One that does not show it (a KCL 2.x, or a dead one) is waited for until its
  /// lease would have expired. 0 does not wait for records in hand.
  std::chrono::milliseconds hand_over{5'000};
  /// How many renewals, and how many takes and creations, are under way at the same time. 1 or more.
  std::size_t parallel_writes = 32;
};

}  // namespace kinesis
