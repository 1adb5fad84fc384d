#include "consumer/shard_work.hpp"
#include "core/async.hpp"
#include "core/strand.hpp"
#include <kinesis/consume.hpp>

#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdlib>
#include <future>
#include <memory>
#include <utility>

namespace kinesis::detail {
namespace {

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

/// All shards of one `consume`. On the consumer's strand.
class Consuming {
 public:
  Consuming(std::shared_ptr<ConsumerCore> core, std::shared_ptr<const consumer::ConsumeSetup> setup)
      : core_(std::move(core)), setup_(std::move(setup)), shards_(core_->executor()) {}

  core::awaitable<void> run() {
    std::exception_ptr failure;
    try {
      for (;;) {
        std::shared_ptr<ShardCore> shard = co_await core_->next_shard();
        if (!shard) break;
        shards_.spawn(work_on(std::move(shard)));
      }
    } catch (...) {
      failure = std::current_exception();
    }
    const bool cancelled = failure && core::is_cancellation(failure);
    co_await core::ignore_cancellation();
    if (cancelled) {
      shards_.cancel();
      // Nobody asks for shards any more: the leases are for others.
      core::spawn(core_->executor(), core_->stop());
    }
    co_await finish();
    if (cancelled) co_await core_->stop();
    if (failure_) std::rethrow_exception(failure_);
    if (failure) std::rethrow_exception(failure);
  }

 private:
  /// Handlers that a stop finds at work may end it; those that have not when its deadline passes are cancelled. The
  /// consumer then says which ones.
  core::awaitable<void> finish() {
    const Clock::time_point deadline = core_->clock().now() + core_->stop_deadline();
    std::exception_ptr late;
    try {
      co_await core::with_deadline(core_->clock(), deadline, shards_.join());
    } catch (...) {
      late = std::current_exception();
    }
    if (late && core::to_error(late).code() != errc::timeout) std::rethrow_exception(late);
  }

  core::awaitable<void> work_on(std::shared_ptr<ShardCore> shard) {
    const std::unique_ptr<consumer::ShardWork> work = consumer::make_work(shard, core_->clock(), setup_);
    std::exception_ptr failure = co_await core::run_on(shard->executor(), work->run());
    if (!failure || failure_ || !std::holds_alternative<StopAll>(setup_->options.on_failure)) co_return;
    failure_ = std::move(failure);
    core::spawn(core_->executor(), core_->stop());
  }

  std::shared_ptr<ConsumerCore> core_;
  std::shared_ptr<const consumer::ConsumeSetup> setup_;
  core::TaskGroup shards_;
  std::exception_ptr failure_;  // with StopAll: the first one
};

}  // namespace

asio::awaitable<void> consume_with(std::shared_ptr<ConsumerCore> core, ConsumeOptions options, RawHandler handler) {
  auto setup = std::make_shared<consumer::ConsumeSetup>();
  setup->options = std::move(options);
  setup->handler = std::move(handler);
  consumer::check(*setup);
  const auto strand = core->executor();
  Consuming consuming(std::move(core), std::move(setup));
  co_await core::run_on(strand, consuming.run());
}

void consume_until_signal(const Client& client, std::shared_ptr<ConsumerCore> core, ConsumeOptions options,
                          RawHandler handler) {
  const auto signals = std::make_shared<StopSignals>(client.executor(), core);
  signals->wait();
  std::promise<void> ended;
  auto everything = [&ended, signals](std::shared_ptr<ConsumerCore> from, ConsumeOptions how,
                                      RawHandler to) -> core::awaitable<void> {
    std::exception_ptr failure;
    try {
      co_await consume_with(from, std::move(how), std::move(to));
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
  core::spawn(signals->strand(), everything(core, std::move(options), std::move(handler)));
  ended.get_future().get();
}

}  // namespace kinesis::detail
