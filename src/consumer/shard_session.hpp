#pragma once

#include "consumer/logic/checkpoint_state.hpp"
#include "consumer/logic/record_filter.hpp"
#include "core/async.hpp"
#include "core/channel.hpp"
#include <kinesis/consumer.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

namespace kinesis::consumer {

class LeaseCoordinator;

/// What a session needs of its worker.
struct SessionContext {
  Client client;
  StreamId stream;
  StartPosition start;
  Polling fetch;
  std::function<void(const DiagnosticEvent&)> on_event;
  std::weak_ptr<LeaseCoordinator> coordinator;
};

/// One shard in this worker's hands: reads ahead, hands out batches, keeps the progress, writes checkpoints through the
/// coordinator. Stops delivering as soon as others may believe that the lease has expired. Lives on a strand of its
/// own.
class ShardSession final : public ShardCore, public std::enable_shared_from_this<ShardSession> {
 public:
  /// `lease` as it was taken; `valid_until` as in `extend`.
  ShardSession(SessionContext context, const Lease& lease, Clock::time_point valid_until);

  /// Starts reading.
  void start();

  const std::string& shard_id() const noexcept override { return shard_id_; }
  asio::any_io_executor executor() const override { return strand_; }
  core::awaitable<std::optional<RawBatch>> next_batch() override;
  void stage(const RecordPosition& position) override;
  core::awaitable<CheckpointOutcome> checkpoint() override;
  ShardEnd end() const noexcept override { return end_.load(); }
  void finish(std::exception_ptr failure) override;

  // Called by the coordinator, from its strand.

  /// The lease was renewed: nobody else takes it before `valid_until`.
  void extend(Clock::time_point valid_until) { valid_until_.store(valid_until); }
  /// No more batches: the lease is lost, or the worker stops.
  void end_delivery(ShardEnd why);
  /// Completes once `finish` was called and its writes are done.
  core::awaitable<void> finished();

 private:
  /// What the fetcher hands over: records, or the end of the shard with its children.
  struct Fetched {
    RawBatch batch;
    bool end = false;
    std::vector<ChildShard> children;
  };

  core::awaitable<void> fetch();
  core::awaitable<void> finish_now(std::exception_ptr failure);
  std::optional<Checkpoint> to_write();
  bool still_ours();
  void emit(const DiagnosticEvent& event) const;

  SessionContext context_;
  const std::string shard_id_;
  asio::any_io_executor strand_;
  core::Channel<Fetched> channel_;
  core::TaskGroup fetcher_;
  core::Channel<bool> done_;
  std::atomic<Clock::time_point> valid_until_;
  std::atomic<ShardEnd> end_{ShardEnd::not_ended};
  std::atomic<bool> finishing_{false};
  RecordFilter filter_;  // of the fetcher
  std::mutex mutex_;     // guards state_: stage() comes from the user's threads
  CheckpointState state_;
  std::vector<ChildShard> children_;  // on the strand
};

}  // namespace kinesis::consumer
