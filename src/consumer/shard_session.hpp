#pragma once

#include "consumer/logic/checkpoint_state.hpp"
#include "consumer/logic/record_filter.hpp"
#include "consumer/read_budget.hpp"
#include "core/async.hpp"
#include "core/channel.hpp"
#include <kinesis/consumer.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

namespace kinesis::consumer {

class LeaseCoordinator;
struct Reading;  // where a fetcher stands

/// What a session needs of its worker.
struct SessionContext {
  Client client;
  StreamId stream;
  StartPosition start;
  Polling fetch;
  std::function<void(const DiagnosticEvent&)> on_event;
  std::weak_ptr<LeaseCoordinator> coordinator;
  std::string worker;
  PauseSwitch pauses;
  std::shared_ptr<ReadBudget> budget;
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
  /// What the fetcher hands over: records, or the end of the shard with its children.
  struct Fetched {
    RawBatch batch;
    bool end = false;
    std::vector<ChildShard> children;
    std::optional<ReadBudget::Hold> hold;
  };

  core::awaitable<void> fetch();
  core::awaitable<void> fetch_all();
  core::awaitable<std::optional<Error>> ask_iterator(Reading& reading);
  core::awaitable<std::optional<Error>> ask_records(Reading& reading);
  core::awaitable<void> hand_on(Reading& reading, GetRecordsResponse answer, ReadBudget::Hold hold,
                                Clock::time_point began);
  Clock::time_point after_failure(Reading& reading, const Error& failure);
  core::awaitable<void> pin(Clock::wall_time_point time);
  core::awaitable<void> finish_now(std::exception_ptr failure);
  bool nothing_stored();
  std::optional<Checkpoint> to_write();
  bool still_ours();

  SessionContext context_;
  const std::string shard_id_;
  asio::any_io_executor strand_;
  core::Channel<Fetched> channel_;
  core::TaskGroup fetcher_;
  core::Channel<bool> done_;
  std::atomic<Clock::time_point> valid_until_;
  std::atomic<std::int64_t> counter_;
  std::atomic<ShardEnd> end_{ShardEnd::not_ended};
  std::atomic<bool> finishing_{false};
  RecordFilter filter_;                           // of the fetcher
  std::optional<Clock::wall_time_point> pinned_;  // on the strand: where LATEST is
  std::shared_ptr<ReadBudget::Place> place_;      // of the fetcher
  const std::optional<PreparedCheckpoint> prepared_;
  std::optional<Fetched> taken_;  // on the strand: read, and not handed out
  std::mutex mutex_;              // guards state_: stage() comes from the user's threads
  CheckpointState state_;
  std::vector<ChildShard> children_;  // on the strand
};

}  // namespace kinesis::consumer
