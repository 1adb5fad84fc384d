#pragma once

#include "consumer/fetching.hpp"
#include "consumer/logic/lease_book.hpp"
#include "consumer/shard_keeper.hpp"
#include "consumer/shard_session.hpp"
#include "core/async.hpp"
#include "core/channel.hpp"
#include "core/random.hpp"
#include <kinesis/consumer.hpp>

#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace kinesis::consumer {

/// The only writer of leases in this process: lists, takes, renews, checkpoints, hands over and releases them, and
/// starts a session for each one it gets. Everything runs on its strand.
///
/// A hand-over: the worker that wants a lease of another writes itself as the owner and the other as checkpointOwner,
/// and waits. The other sees it with its next refresh or renewal, ends its session after the record in hand, and stores
/// its checkpoint while it removes checkpointOwner; then the first begins. It begins anyway when the other must have
/// stopped: if it never answered, when its lease would have expired; if it did, `LeaseTiming::hand_over` later.
class LeaseCoordinator final : public std::enable_shared_from_this<LeaseCoordinator> {
 public:
  LeaseCoordinator(Client client, ConsumerOptions options);

  const asio::any_io_executor& strand() const noexcept { return strand_; }
  const WorkerId& worker() const noexcept { return options_.worker; }

  /// Prepares the store, then coordinates until stopped. Throws if the stream or the store cannot be used at all.
  core::awaitable<void> run();
  /// Ends all sessions, waits for their last writes up to the deadline, releases what is left. What only reads is
  /// abandoned at once. Called again, it waits for the first call's end.
  core::awaitable<void> stop();

  /// Sessions of leases this worker got; closed at the end.
  core::Channel<std::shared_ptr<ShardSession>>& sessions() noexcept { return sessions_; }

  // For sessions; each comes back to the caller's executor.

  core::awaitable<CheckpointOutcome> checkpoint(std::shared_ptr<ShardSession> session, Checkpoint checkpoint,
                                                std::vector<ChildShard> children);
  core::awaitable<CheckpointOutcome> prepare_checkpoint(std::shared_ptr<ShardSession> session, Checkpoint checkpoint,
                                                        Blob state);
  /// The session's last write, and the end of its lease here. `failure`: leave the shard alone for a while.
  core::awaitable<void> release(std::shared_ptr<ShardSession> session, std::optional<Checkpoint> checkpoint,
                                std::vector<ChildShard> children, std::exception_ptr failure);

 private:
  /// A lease of ours. Its writes go one after another: each needs the counter the one before left.
  struct Owned {
    explicit Owned(Lease row) : lease(std::move(row)), turn(1) {}
    Lease lease;
    core::Channel<bool> turn;
    std::shared_ptr<ShardSession> session;
    /// Until when nobody else takes it.
    Clock::time_point valid_until{};
    Clock::time_point renewal_due{};
    bool handing_over = false;
    /// When the next worker may begin: so long after this one may have shown that it knows.
    std::optional<Clock::time_point> next_begins;
    /// Lost, or given back: nothing is written any more.
    bool ended = false;
  };
  using OwnedPtr = std::shared_ptr<Owned>;
  using MakeUpdate = std::function<LeaseUpdate(const Lease&)>;

  /// A lease another worker was asked for.
  struct Awaited {
    Lease lease;
    Clock::time_point asked;
    /// When its owner must have stopped, as far as this worker has seen.
    Clock::time_point start_anyway;
    bool answered = false;
    bool ready = false;
  };

  /// A stream, and what works on it alone.
  struct StreamPart {
    StreamPart(LeaseCoordinator& worker, ConsumedStream its, const Fetching* first)
        : stream(std::move(its)),
          fetching(std::make_shared<Fetching>(worker.client_, worker.options_, stream.id, first)),
          keeper(worker.client_, worker.options_, stream, worker.strand_, worker.book_) {}
    ConsumedStream stream;
    std::shared_ptr<Fetching> fetching;
    ShardKeeper keeper;
  };

  /// A lease as it was written, and when that was sent: from then on others count its time.
  struct Taken {
    Lease row;
    Clock::time_point sent;
  };

  core::awaitable<void> prepare();
  core::awaitable<void> find_streams();
  core::awaitable<void> prepare_fetching();
  core::awaitable<void> keep_shards();
  core::awaitable<void> read_table();
  /// Null: it is of a stream that this consumer does not read.
  StreamPart* part_of(const Lease& lease) const;
  core::awaitable<void> prepare_with_retries();
  core::awaitable<void> unless_stopped(core::awaitable<void> reading);
  core::awaitable<void> refresh_loop();
  core::awaitable<void> renew_loop();
  core::awaitable<void> look();
  void look_at_owned(const OwnedPtr& owned, Clock::time_point now);
  void look_at_awaited(Clock::time_point now);
  Clock::time_point next_look();

  core::awaitable<void> assign();
  core::awaitable<bool> assign_once();
  AssignmentView view() const;
  std::vector<std::string> to_take(const AssignmentView& view, const std::set<std::string>& wanted);
  void let_go(const AssignmentView& view, const std::set<std::string>& wanted);
  core::awaitable<void> take(std::string key);
  core::awaitable<std::optional<Taken>> take_row(Lease known);
  core::awaitable<void> take_free(Lease known);
  core::awaitable<void> ask_for(Lease known, Clock::time_point silent_until);
  core::awaitable<void> begin_awaited(std::string key);
  core::awaitable<void> begin(Lease row, Clock::time_point sent, bool stolen);
  core::awaitable<void> cancel_asked();
  core::awaitable<void> leave_fan_out();
  bool others_work(const StreamPart& part, Clock::time_point now) const;
  core::awaitable<void> cancel_asking(Lease known);
  void end_unclaimed();

  core::awaitable<void> renew(OwnedPtr owned);
  core::awaitable<bool> write(OwnedPtr owned, MakeUpdate make);
  core::awaitable<bool> write_once(OwnedPtr owned, LeaseUpdate update, Clock::time_point first_sent);
  core::awaitable<CheckpointOutcome> checkpoint_here(std::shared_ptr<ShardSession> session, Checkpoint checkpoint,
                                                     std::vector<ChildShard> children);
  core::awaitable<CheckpointOutcome> prepare_here(std::shared_ptr<ShardSession> session, Checkpoint checkpoint,
                                                  Blob state);
  core::awaitable<void> release_here(std::shared_ptr<ShardSession> session, std::optional<Checkpoint> checkpoint,
                                     std::vector<ChildShard> children, std::exception_ptr failure);
  core::awaitable<void> end_shard(OwnedPtr owned, std::vector<ChildShard> children);
  core::awaitable<void> finish_sessions();

  void wrote(const OwnedPtr& owned, Lease row, Clock::time_point sent);
  void start_hand_over(const OwnedPtr& owned, const Lease& row);
  void tell_validity(Owned& owned) const;
  /// `row`: as another worker left it, if it was seen.
  void lose(const OwnedPtr& owned, const Lease* row);
  void forget(const OwnedPtr& owned);
  bool given_up(const ShardSession& session, const std::optional<Checkpoint>& checkpoint) const;
  void put_aside(const std::string& key);
  void schedule(const OwnedPtr& owned);
  OwnedPtr find(const std::shared_ptr<ShardSession>& session) const;
  Clock::time_point valid_until(Clock::time_point sent) const;
  void watch_workers();
  void watch_blocked();
  void emit(const DiagnosticEvent& event) const;
  void trouble(const std::string& shard_id, const std::string& doing, const Error& error) const;

  struct Aside {
    Clock::time_point until;
    std::uint32_t failures = 0;
  };

  Client client_;
  ConsumerOptions options_;
  asio::any_io_executor strand_;
  core::Channel<std::shared_ptr<ShardSession>> sessions_;
  core::TaskGroup loops_;          // and the renewals
  core::TaskGroup readings_;       // what a stop need not wait for
  core::Channel<bool> taking_;     // holds an element while leases are being taken
  core::Channel<bool> stop_done_;  // closed at the end of stop
  core::Notifier wake_refresh_;
  core::Notifier wake_renew_;
  core::Random random_;
  LeaseBook book_;
  TableRead table_read_;                              // which is in the book
  std::set<std::string> workers_;                     // that own leases, as last told
  std::set<std::string> blocked_;                     // shards that wait for their parents, as last told
  std::vector<std::unique_ptr<StreamPart>> streams_;  // set by prepare
  std::map<std::string, OwnedPtr> owned_;
  std::map<std::string, Awaited> awaited_;
  std::multimap<Clock::time_point, OwnedPtr> renewals_;
  std::size_t renewing_ = 0;
  std::size_t renewed_ = 0;  // since renewals began to be under way
  Clock::time_point renewing_since_{};
  std::map<std::string, Clock::time_point> lost_;  // not taken back before then
  std::map<std::string, Aside> aside_;
  std::set<std::string> ended_here_;  // shards whose children this worker had rather keep
  std::size_t taken_ = 0;             // in this assignment
  std::size_t missed_ = 0;            // others were faster
  bool stopping_ = false;             // no new leases
  bool stopped_ = false;              // no more renewals
};

}  // namespace kinesis::consumer
