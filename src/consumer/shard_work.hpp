#pragma once

#include "consumer/logic/record_window.hpp"
#include "core/async.hpp"
#include <kinesis/consume.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace kinesis::consumer {

/// What every shard of a `consume` shares.
struct ConsumeSetup {
  ConsumeOptions options;
  detail::RawHandler handler;
};

/// The work on one shard: hands its records to the handler, applies the failure policy, and checkpoints when enough are
/// done or enough time went by. On the shard's strand.
class ShardWork {
 public:
  ShardWork(std::shared_ptr<ShardCore> shard, Clock& clock, std::shared_ptr<const ConsumeSetup> setup);
  virtual ~ShardWork() = default;

  /// Works until the shard has no more, the handler fails, or it is cancelled; finishes the shard. What made it fail,
  /// if anything did.
  core::awaitable<std::exception_ptr> run();

 protected:
  virtual core::awaitable<void> hand_over() = 0;
  /// After a checkpoint: what is saved, or nothing if the lease is lost.
  virtual void saved(const std::optional<RecordPosition>& /*covered*/) {}

  /// Calls the handler, for one record or a batch; returns once they are done, or skipped.
  core::awaitable<void> handle(std::span<RawRecord> records, detail::Delivery delivery);
  bool may_be_paused() const { return shard_->pauses().any(); }
  bool is_paused() const { return may_be_paused() && shard_->pauses().paused(shard_->lease_key()); }
  core::awaitable<void> while_paused();
  bool skips() const noexcept { return skip_ != nullptr; }
  detail::Delivery delivery(std::chrono::milliseconds behind_latest, std::int64_t lease_counter) const;
  /// Records until a checkpoint is due by their number, 1 or more.
  std::size_t until_enough() const noexcept { return enough_ - std::min(unsaved_, enough_ - 1); }
  /// `records` more are done, all up to `position`. True if that is enough for a checkpoint.
  bool done(const RecordPosition& position, std::size_t records);
  core::awaitable<void> checkpoint();
  /// A checkpoint in the background, as soon as possible.
  void checkpoint_soon();

  const std::shared_ptr<ShardCore> shard_;
  Clock& clock_;
  const std::shared_ptr<const ConsumeSetup> setup_;

 private:
  core::awaitable<void> checkpoint_when_due();
  core::awaitable<void> skip(RawRecord record, std::exception_ptr failure);

  const SkipRecord* skip_ = nullptr;
  std::size_t enough_ = 0;
  std::chrono::milliseconds interval_{0};
  core::Notifier wake_;
  core::TaskGroup ticker_;
  std::size_t unsaved_ = 0;
  bool soon_ = false;
  std::optional<RecordPosition> staged_;
  Clock::time_point due_{};
};

/// One record, or one batch, after the other.
class OrderedWork final : public ShardWork {
 public:
  using ShardWork::ShardWork;

 private:
  core::awaitable<void> hand_over() override;
  core::awaitable<void> hand_over_batches();
  core::awaitable<void> hand_over_directly();
  bool call_directly(const detail::Delivery& delivery, std::span<const detail::RecordView>& left);
  core::awaitable<void> hand_over_one_by_one();

  detail::RecordPortion portion_;
};

/// Several records at a time, each partition key in order; or one at a time, each key no further than its checkpoint.
class KeyedWork final : public ShardWork {
 public:
  KeyedWork(std::shared_ptr<ShardCore> shard, Clock& clock, std::shared_ptr<const ConsumeSetup> setup,
            RecordWindow::Options window);

 private:
  struct Waiting {
    RawRecord record;
    std::chrono::milliseconds behind_latest;
    std::int64_t lease_counter;
  };

  core::awaitable<void> hand_over() override;
  void saved(const std::optional<RecordPosition>& covered) override;
  core::awaitable<void> take_in();
  core::awaitable<void> run_one(RecordWindow::Ticket ticket);
  core::awaitable<void> handle_one(Waiting waiting);
  void start_runners();
  core::awaitable<void> go_on_after_pause();
  std::optional<RecordWindow::Ticket> next();
  bool takes_in() const;
  bool goes_on() const;
  bool has_more();

  detail::RecordPortion portion_;
  RecordWindow window_;
  std::unordered_map<RecordWindow::Ticket, Waiting> waiting_;
  core::TaskGroup intake_;
  core::TaskGroup runners_;
  core::Notifier room_;
  core::Notifier progress_;
  bool failed_ = false;
  bool waits_for_resume_ = false;
};

std::unique_ptr<ShardWork> make_work(std::shared_ptr<ShardCore> shard, Clock& clock,
                                     std::shared_ptr<const ConsumeSetup> setup);
/// Throws Error(invalid_argument) for what does not go together.
void check(const ConsumeSetup& setup);

}  // namespace kinesis::consumer
