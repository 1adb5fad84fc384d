#pragma once

#include "consumer/logic/lease_book.hpp"
#include "consumer/shard_session.hpp"
#include "core/async.hpp"
#include "core/channel.hpp"
#include "core/random.hpp"
#include <kinesis/consumer.hpp>

#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace kinesis::consumer {

/// The only writer of leases in this process: lists, creates, takes, renews, checkpoints and releases them, and starts
/// a session for each one it gets. Everything runs on its strand.
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
    bool lost = false;
  };
  using OwnedPtr = std::shared_ptr<Owned>;
  using MakeUpdate = std::function<LeaseUpdate(const Lease&)>;

  core::awaitable<void> prepare();
  core::awaitable<void> prepare_with_retries();
  core::awaitable<void> unless_stopped(core::awaitable<void> reading);
  core::awaitable<void> refresh_loop();
  core::awaitable<void> renew_loop();
  core::awaitable<void> look();
  core::awaitable<void> create_missing();
  core::awaitable<void> take_share();
  core::awaitable<void> take(std::string key);
  core::awaitable<void> renew(OwnedPtr owned);
  core::awaitable<bool> write(OwnedPtr owned, MakeUpdate make);
  core::awaitable<bool> write_once(OwnedPtr owned, LeaseUpdate update);
  core::awaitable<void> create_children(OwnedPtr owned, std::vector<ChildShard> children);
  core::awaitable<CheckpointOutcome> checkpoint_here(std::shared_ptr<ShardSession> session, Checkpoint checkpoint,
                                                     std::vector<ChildShard> children);
  core::awaitable<void> release_here(std::shared_ptr<ShardSession> session, std::optional<Checkpoint> checkpoint,
                                     std::vector<ChildShard> children, std::exception_ptr failure);
  core::awaitable<void> finish_sessions();

  void lose(const OwnedPtr& owned);
  void put_aside(const std::string& key);
  OwnedPtr find(const std::shared_ptr<ShardSession>& session) const;
  std::set<std::string> not_to_take();
  Clock::time_point valid_until(Clock::time_point sent) const;
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
  core::TaskGroup loops_;
  core::TaskGroup readings_;       // what a stop need not wait for
  core::Channel<bool> taking_;     // holds an element while leases are being taken
  core::Channel<bool> stop_done_;  // closed at the end of stop
  core::Notifier wake_refresh_;
  core::Notifier wake_renew_;
  core::Random random_;
  LeaseBook book_;
  std::map<std::string, OwnedPtr> owned_;
  std::set<std::string> lost_in_this_cycle_;
  std::map<std::string, Aside> aside_;
  std::vector<KinesisShard> shards_;
  Clock::time_point shards_listed_{};
  bool stopping_ = false;  // no new leases
  bool stopped_ = false;   // no more renewals
};

}  // namespace kinesis::consumer
