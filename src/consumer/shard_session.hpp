#pragma once

#include "consumer/logic/checkpoint_state.hpp"
#include "consumer/shard_feed.hpp"
#include "core/async.hpp"
#include "core/channel.hpp"
#include <kinesis/consumer.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

namespace kinesis::consumer {

class Fetching;
class LeaseCoordinator;

/// What a session needs of its worker.
struct SessionContext {
  Client client;
  StreamId stream;
  StartPosition start;
  std::shared_ptr<Fetching> fetching;
  std::function<void(const DiagnosticEvent&)> on_event;
  std::weak_ptr<LeaseCoordinator> coordinator;
  std::string worker;
  PauseSwitch pauses;
};

/// One shard in this worker's hands: has a fetcher read ahead, hands out batches, keeps the progress, writes
/// checkpoints through the coordinator. Stops delivering as soon as others may believe that the lease has expired.
/// Lives on a strand of its own.
class ShardSession final : public ShardCore, public std::enable_shared_from_this<ShardSession> {
 public:
  /// `lease` as it was taken; `valid_until` as in `extend`.
  ShardSession(SessionContext context, const Lease& lease, Clock::time_point valid_until);

  /// Starts reading.
  void start();

  const std::string& shard_id() const noexcept override { return shard_id_; }
  const std::string& stream() const noexcept override { return stream_; }
  const std::string& lease_key() const noexcept override { return key_; }
  asio::any_io_executor executor() const override { return strand_; }
  core::awaitable<std::optional<RawBatch>> next_batch() override;
  core::awaitable<bool> next_portion(detail::RecordPortion& portion) override;
  void stage(const RecordPosition& position) override;
  core::awaitable<CheckpointOutcome> checkpoint() override;
  core::awaitable<CheckpointOutcome> prepare(Blob state) override;
  std::optional<PreparedCheckpoint> prepared() const override { return prepared_; }
  /// Also tells that the lease may have expired meanwhile, so that the rest of a batch is left alone.
  ShardEnd end() const noexcept override;
  FencingToken fencing_token() const override { return FencingToken{context_.worker, counter_.load()}; }
  PauseSwitch& pauses() noexcept override { return context_.pauses; }
  void report(const DiagnosticEvent& event) override;
  void finish(std::exception_ptr failure) override;

  // Called by the coordinator, from its strand.

  /// The lease was written, its counter is now that: nobody else takes it before `valid_until`.
  void extend(Clock::time_point valid_until, std::int64_t counter) {
    counter_.store(counter);
    valid_until_.store(valid_until);
  }
  /// No more batches: the lease is lost or wanted by another worker, or this one stops. True if the lease is lost and
  /// was not before.
  bool end_delivery(ShardEnd why);
  /// Completes once `finish` was called and its writes are done.
  core::awaitable<void> finished();

 private:
  ShardFeed::Options feed_options(const Lease& lease);
  core::awaitable<void> fetch_all();
  core::awaitable<void> pin(Clock::wall_time_point time);
  core::awaitable<void> finish_now(std::exception_ptr failure);
  core::awaitable<bool> wait_for_records();
  bool take(detail::RecordPortion& portion, std::size_t at_least);
  bool nothing_stored();
  std::optional<Checkpoint> to_write();
  /// Nobody else takes the shard yet. Asked for each record.
  bool is_valid() const noexcept;
  bool still_ours();
  /// Nothing is left that another worker could take: `end` stays what it is.
  void settle() { valid_until_.store(Clock::time_point::max()); }

  SessionContext context_;
  const std::string key_;
  const std::string shard_id_;
  const std::string stream_;
  asio::any_io_executor strand_;
  core::TaskGroup fetching_;
  core::Channel<bool> done_;
  std::atomic<Clock::time_point> valid_until_;
  std::atomic<std::int64_t> counter_;
  std::atomic<ShardEnd> end_{ShardEnd::not_ended};
  std::atomic<bool> finishing_{false};
  ShardFeed feed_;
  std::unique_ptr<Fetcher> fetcher_;
  const std::optional<PreparedCheckpoint> prepared_;
  std::optional<Fetched> taken_;  // on the strand: read, and not handed out, or not all of it
  bool opened_ = false;           // feed_ has its records
  std::mutex mutex_;              // guards state_: stage() comes from the user's threads
  CheckpointState state_;
  std::vector<ChildShard> children_;  // on the strand
};

}  // namespace kinesis::consumer
