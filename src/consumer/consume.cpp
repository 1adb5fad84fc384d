#include "core/async.hpp"
#include "core/strand.hpp"
#include <kinesis/consumer.hpp>

#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdlib>
#include <future>
#include <memory>
#include <utility>

namespace kinesis::detail {
namespace {

/// The work on one shard: hands records to the handler and checkpoints when enough are done or enough time went by. On
/// the shard's strand.
class ShardWork {
 public:
  ShardWork(std::shared_ptr<ShardCore> shard, Clock& clock, CheckpointEvery every)
      : shard_(std::move(shard)),
        clock_(clock),
        every_(every),
        wake_(shard_->executor(), clock),
        tasks_(shard_->executor()) {}

  core::awaitable<void> run(const RecordHandler& handler) {
    tasks_.spawn(checkpoint_when_due());
    std::exception_ptr failure;
    try {
      co_await hand_over(handler);
    } catch (...) {
      failure = std::current_exception();
    }
    tasks_.cancel();
    co_await core::ignore_cancellation();
    try {
      co_await tasks_.join();
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
    shard_->finish(std::move(failure));
  }

 private:
  core::awaitable<void> hand_over(const RecordHandler& handler) {
    for (;;) {
      std::optional<RawBatch> batch = co_await shard_->next_batch();
      if (!batch) co_return;
      for (RawRecord& record : batch->records) {
        // The rest of a batch whose shard went to another worker is that one's.
        if (shard_->end() != ShardEnd::not_ended) co_return;
        const RecordPosition position = record.position;
        co_await handler(*shard_, std::move(record), batch->behind_latest);
        shard_->stage(position);
        const bool enough = ++unsaved_ >= every_.records;
        if (unsaved_ == 1) {
          due_ = clock_.now() + every_.interval;
          wake_.wake();
        }
        if (!enough) continue;
        unsaved_ = 0;
        co_await shard_->checkpoint();
      }
    }
  }

  core::awaitable<void> checkpoint_when_due() {
    for (;;) {
      if (unsaved_ == 0) {
        co_await wake_.wait();
        continue;
      }
      if (clock_.now() < due_) {
        co_await wake_.wait_until(due_);
        continue;
      }
      unsaved_ = 0;
      co_await shard_->checkpoint();
    }
  }

  std::shared_ptr<ShardCore> shard_;
  Clock& clock_;
  CheckpointEvery every_;
  core::Notifier wake_;
  core::TaskGroup tasks_;
  std::size_t unsaved_ = 0;
  Clock::time_point due_{};
};

/// Stops a consumer on the first SIGINT or SIGTERM, ends the process on the second. On a strand of its own.
class StopSignals : public std::enable_shared_from_this<StopSignals> {
 public:
  StopSignals(const asio::any_io_executor& executor, std::shared_ptr<ConsumerCore> consumer)
      : strand_(core::make_strand(executor)), signals_(strand_, SIGINT, SIGTERM), consumer_(std::move(consumer)) {}

  const asio::any_io_executor& strand() const noexcept { return strand_; }
  void cancel() { signals_.cancel(); }
  void wait() {
    signals_.async_wait([self = shared_from_this()](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (std::exchange(self->stopping_, true)) std::_Exit(128 + signal);
      core::spawn(self->consumer_->executor(), self->consumer_->stop());
      self->wait();
    });
  }

 private:
  asio::any_io_executor strand_;
  asio::signal_set signals_;
  std::shared_ptr<ConsumerCore> consumer_;
  bool stopping_ = false;
};

core::awaitable<void> work_on(std::shared_ptr<ConsumerCore> core, std::shared_ptr<ShardCore> shard,
                              CheckpointEvery every, std::shared_ptr<const RecordHandler> handler) {
  ShardWork work(shard, core->clock(), every);
  co_await core::run_on(shard->executor(), work.run(*handler));
}

}  // namespace

asio::awaitable<void> consume_with(std::shared_ptr<ConsumerCore> core, CheckpointEvery every, RecordHandler handler) {
  const auto shared = std::make_shared<const RecordHandler>(std::move(handler));
  const auto strand = core->executor();
  core::TaskGroup shards(strand);
  auto supervise = [](std::shared_ptr<ConsumerCore> from, CheckpointEvery policy,
                      std::shared_ptr<const RecordHandler> to, core::TaskGroup* group) -> core::awaitable<void> {
    std::exception_ptr failure;
    try {
      for (;;) {
        std::shared_ptr<ShardCore> shard = co_await from->next_shard();
        if (!shard) break;
        group->spawn(work_on(from, std::move(shard), policy, to));
      }
    } catch (...) {
      failure = std::current_exception();
    }
    co_await group->join();
    if (failure) std::rethrow_exception(failure);
  };
  co_await core::run_on(strand, supervise(core, every, shared, &shards));
}

void consume_until_signal(const Client& client, std::shared_ptr<ConsumerCore> core, CheckpointEvery every,
                          RecordHandler handler) {
  const auto signals = std::make_shared<StopSignals>(client.executor(), core);
  signals->wait();
  std::promise<void> ended;
  auto everything = [&ended, every, signals](std::shared_ptr<ConsumerCore> from,
                                             RecordHandler to) -> core::awaitable<void> {
    std::exception_ptr failure;
    try {
      co_await consume_with(from, every, std::move(to));
      co_await from->stop();
    } catch (...) {
      failure = std::current_exception();
    }
    signals->cancel();
    if (failure) {
      ended.set_exception(failure);
    } else {
      ended.set_value();
    }
  };
  core::spawn(signals->strand(), everything(core, std::move(handler)));
  ended.get_future().get();
}

}  // namespace kinesis::detail
