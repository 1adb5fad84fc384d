#include "consumer/lease_coordinator.hpp"
#include "consumer/shard_session.hpp"
#include "core/async.hpp"
#include "core/keep_beside.hpp"
#include <kinesis/consumer.hpp>
#include <kinesis/lease_repositories.hpp>

#include <utility>

namespace kinesis {
namespace {

using consumer::LeaseCoordinator;
using consumer::ShardSession;

void check(const ConsumerOptions& options) {
  const LeaseTiming& timing = options.timing;
  const auto fail = [](const char* why) {
    throw Error(errc::invalid_argument, std::string("ConsumerOptions: ") + why);
  };
  if (timing.failover.count() <= 0 || timing.renew_interval.count() <= 0 || timing.refresh_interval.count() <= 0 ||
      timing.shard_refresh_interval.count() <= 0)
    fail("the times of leases must be positive");
  if (timing.renew_interval * 2 > timing.failover)
    fail("timing.renew_interval must be at most half of timing.failover, or one late renewal loses every lease");
  if (timing.hand_over.count() < 0) fail("timing.hand_over must not be negative");
  if (timing.parallel_writes < 1) fail("timing.parallel_writes must be at least 1");
  if (!options.assignment) fail("assignment must not be empty; balanced() is the default");
  if (options.fetch.max_records < 1 || options.fetch.max_records > 10'000)
    fail("fetch.max_records must be 1 to 10,000");
  if (options.fetch.prefetch < 1) fail("fetch.prefetch must be at least 1");
  if (options.fetch.prefetch_bytes < 1) fail("fetch.prefetch_bytes must be at least 1");
  if (options.fetch.idle_interval.count() < 0) fail("fetch.idle_interval must be at least 0");
  if (options.stop_deadline.count() < 0) fail("stop_deadline must be at least 0");
}

class WorkerCore final : public ConsumerCore {
 public:
  WorkerCore(Client client, ConsumerOptions options)
      : client_(client),
        stop_deadline_(options.stop_deadline),
        pauses_(options.pauses),
        coordinator_(std::make_shared<LeaseCoordinator>(std::move(client), std::move(options))),
        failure_(std::make_shared<Failure>()) {
    core::spawn(coordinator_->strand(), run(coordinator_, failure_));
  }
  ~WorkerCore() override { core::spawn(coordinator_->strand(), end(coordinator_)); }

  asio::any_io_executor executor() const override { return coordinator_->strand(); }
  Clock& clock() const noexcept override { return client_.clock(); }
  const WorkerId& worker() const noexcept override { return coordinator_->worker(); }
  std::chrono::milliseconds stop_deadline() const noexcept override { return stop_deadline_; }
  PauseSwitch& pauses() noexcept override { return pauses_; }

  asio::awaitable<std::shared_ptr<ShardCore>> next_shard() override {
    const auto coordinator = coordinator_;
    const auto failure = failure_;
    std::optional<std::shared_ptr<ShardSession>> session = co_await coordinator->sessions().pop();
    if (session) co_return std::move(*session);
    if (failure->error) std::rethrow_exception(failure->error);
    co_return nullptr;
  }

  asio::awaitable<void> stop() override { return core::run_on(coordinator_->strand(), end(coordinator_)); }

 private:
  struct Failure {
    std::exception_ptr error;  // set on the strand before sessions() is closed
  };

  static core::awaitable<void> run(std::shared_ptr<LeaseCoordinator> coordinator, std::shared_ptr<Failure> failure) {
    std::exception_ptr error;
    try {
      co_await coordinator->run();
    } catch (...) {
      error = std::current_exception();
    }
    failure->error = error;
    coordinator->sessions().close();
  }
  static core::awaitable<void> end(std::shared_ptr<LeaseCoordinator> coordinator) { co_await coordinator->stop(); }

  Client client_;
  std::chrono::milliseconds stop_deadline_;
  PauseSwitch pauses_;
  std::shared_ptr<LeaseCoordinator> coordinator_;
  std::shared_ptr<Failure> failure_;
};

}  // namespace

std::shared_ptr<ConsumerCore> make_consumer_core(Client client, ConsumerOptions options) {
  check(options);
  if (!options.leases) options.leases = dynamodb_leases(client.without_thread(), options.application.text());
  auto worker = std::make_shared<WorkerCore>(client.without_thread(), std::move(options));
  return core::keep_beside(std::move(client), std::move(worker));
}

}  // namespace kinesis
