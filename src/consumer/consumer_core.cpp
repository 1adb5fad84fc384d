#include "consumer/lease_coordinator.hpp"
#include "consumer/shard_session.hpp"
#include "core/async.hpp"
#include "core/keep_beside.hpp"
#include <kinesis/consumer.hpp>
#include <kinesis/lease_repositories.hpp>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

namespace kinesis {
namespace {

using consumer::LeaseCoordinator;
using consumer::ShardSession;

[[noreturn]] void fail(const char* why) { throw Error(errc::invalid_argument, std::string("ConsumerOptions: ") + why); }

void check(const Polling& polling) {
  if (polling.max_records < 1 || polling.max_records > 10'000) fail("fetch.max_records must be 1 to 10,000");
  if (polling.prefetch < 1) fail("fetch.prefetch must be at least 1");
  if (polling.prefetch_bytes < 1) fail("fetch.prefetch_bytes must be at least 1");
  if (polling.idle_interval.count() < 0) fail("fetch.idle_interval must be at least 0");
}

bool is_consumer_name(std::string_view name) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '-'; };
  return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), allowed);
}

void check(const EnhancedFanOut& fan_out, const ApplicationName& application) {
  if (const auto* registered = std::get_if<RegisteredConsumer>(&fan_out.consumer)) {
    if (!is_consumer_name(registered->name.empty() ? application.text() : registered->name))
      fail(
          "fetch: the name of a fan-out consumer has 1 to 128 letters, digits, _ . -; give RegisteredConsumer one if "
          "the application's is longer");
  } else if (!std::get<ExistingConsumer>(fan_out.consumer).arn.starts_with("arn:")) {
    fail("fetch: ExistingConsumer needs the ARN of a fan-out consumer");
  }
  if (fan_out.subscriptions_per_second < 1) fail("fetch.subscriptions_per_second must be at least 1");
  if (fan_out.prefetch < 1) fail("fetch.prefetch must be at least 1");
  if (fan_out.prefetch_bytes < 1) fail("fetch.prefetch_bytes must be at least 1");
  if (fan_out.fallback) check(*fan_out.fallback);
}

void check_fetch(const ConsumerOptions& options) {
  if (const auto* fan_out = std::get_if<EnhancedFanOut>(&options.fetch)) {
    check(*fan_out, options.application);
    if (options.stream.all().size() > 1 && std::holds_alternative<ExistingConsumer>(fan_out->consumer))
      fail("fetch: an ExistingConsumer is one stream's, and there are several; use RegisteredConsumer");
  } else {
    check(std::get<Polling>(options.fetch));
  }
}

void check(const ConsumerOptions& options) {
  const LeaseTiming& timing = options.timing;
  if (timing.failover.count() <= 0 || timing.renew_interval.count() <= 0 || timing.refresh_interval.count() <= 0 ||
      timing.shard_refresh_interval.count() <= 0)
    fail("the times of leases must be positive");
  if (timing.renew_interval * 2 > timing.failover)
    fail("timing.renew_interval must be at most half of timing.failover, or one late renewal loses every lease");
  if (timing.hand_over.count() < 0) fail("timing.hand_over must not be negative");
  if (timing.parallel_writes < 1) fail("timing.parallel_writes must be at least 1");
  if (!options.assignment) fail("assignment must not be empty; balanced() is the default");
  check_fetch(options);
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

asio::awaitable<bool> ShardCore::next_portion(detail::RecordPortion& portion) {
  /// A batch, and the Kinesis records that it might have come from.
  struct Whole {
    RawBatch batch;
    std::vector<KinesisRecord> around;
  };
  std::optional<RawBatch> batch = co_await next_batch();
  if (!batch) co_return false;
  const auto whole = std::make_shared<Whole>();
  whole->batch = std::move(*batch);
  whole->around.reserve(whole->batch.records.size());
  portion.records.clear();
  for (const RawRecord& raw : whole->batch.records) {
    KinesisRecord& around = whole->around.emplace_back();
    around.sequence_number = raw.position.sequence_number;
    around.approximate_arrival_timestamp = raw.approximate_arrival;
    around.data = raw.data;
    detail::RecordView& view = portion.records.emplace_back();
    view.data = raw.data.bytes();
    view.partition_key = raw.partition_key;
    view.explicit_hash_key = raw.explicit_hash_key;
    view.around = &around;
    view.sub_sequence_number = raw.position.sub_sequence_number;
    view.aggregated = raw.aggregated;
  }
  portion.behind_latest = whole->batch.behind_latest;
  portion.lease_counter = whole->batch.lease_counter;
  portion.answer = whole;
  co_return true;
}

}  // namespace kinesis
