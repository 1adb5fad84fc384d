#include "simulation/fleet_worker.hpp"

#include <cmath>
#include <string_view>
#include <utility>

namespace kinesis::simulation {
namespace {

class DriftingTimer final : public Timer {
 public:
  DriftingTimer(const DriftingClock& clock, std::unique_ptr<Timer> inner) : clock_(clock), inner_(std::move(inner)) {}
  void async_wait(Clock::time_point when, Handler handler) override {
    inner_->async_wait(clock_.to_base(when), std::move(handler));
  }
  void cancel() override { inner_->cancel(); }

 private:
  const DriftingClock& clock_;
  std::unique_ptr<Timer> inner_;
};

}  // namespace

Clock::time_point DriftingClock::now() const noexcept {
  const auto passed = static_cast<double>((base_.now() - origin_).count());
  return origin_ + duration(static_cast<duration::rep>(passed * rate_));
}

Clock::time_point DriftingClock::to_base(time_point when) const {
  if (when == time_point::max()) return when;
  const auto passed = static_cast<double>((when - origin_).count());
  // A microsecond late rather than a nanosecond early.
  return origin_ + duration(static_cast<duration::rep>(std::ceil(passed / rate_))) + std::chrono::microseconds(1);
}

std::unique_ptr<Timer> DriftingClock::make_timer(asio::any_io_executor executor) {
  return std::make_unique<DriftingTimer>(*this, base_.make_timer(std::move(executor)));
}

namespace {

void distort(std::vector<KinesisRecord>& records, Mutant mutant) {
  if (records.size() < 2) return;
  if (mutant == Mutant::skips_a_record && records.size() > 2) records.erase(records.begin() + 1);
  if (mutant == Mutant::swaps_records) std::swap(records.front().data, records.back().data);
}

/// A subscription as one worker sees it.
class FleetSubscription final : public ShardSubscription::Source {
 public:
  FleetSubscription(FleetWorld& world, asio::any_io_executor executor, ShardSubscription inner)
      : world_(world), executor_(std::move(executor)), inner_(std::move(inner)) {}
  asio::any_io_executor executor() const override { return executor_; }
  asio::awaitable<Result<std::optional<SubscribeToShardEvent>>> next() override {
    if (ended_) co_return std::optional<SubscribeToShardEvent>();
    auto event = co_await inner_.next();
    if (world_.random.chance(world_.broken_subscriptions)) {
      inner_.cancel();
      co_return Error(errc::connection, "the connection broke");
    }
    if (world_.random.chance(world_.ended_subscriptions)) {
      ended_ = true;
      inner_.cancel();
      co_return std::optional<SubscribeToShardEvent>();
    }
    if (event && *event) distort((*event)->records, world_.mutant);
    co_return event;
  }
  void cancel() override { inner_.cancel(); }

 private:
  FleetWorld& world_;
  asio::any_io_executor executor_;
  ShardSubscription inner_;
  bool ended_ = false;
};

}  // namespace

/// The service as one worker reaches it: what it reads comes late, and sometimes not at all.
class FleetKinesis final : public KinesisApi {
 public:
  FleetKinesis(FleetWorld& world, FleetWorker& worker) : world_(world), worker_(worker) {}

  asio::awaitable<Result<GetShardIteratorResponse>> get_shard_iterator(GetShardIteratorRequest request) override {
    const bool served = co_await read_arrives();
    if (!served) co_return fault();
    co_return co_await world_.kinesis->get_shard_iterator(std::move(request));
  }
  asio::awaitable<Result<ListShardsResponse>> list_shards(ListShardsRequest request) override {
    const bool served = co_await read_arrives();
    if (!served) co_return fault();
    co_return co_await world_.kinesis->list_shards(std::move(request));
  }
  asio::awaitable<Result<GetRecordsResponse>> get_records(GetRecordsRequest request) override {
    const bool served = co_await read_arrives();
    if (!served) co_return fault();
    if (world_.random.chance(world_.expired_iterators))
      co_return Error(errc::expired_iterator, "the iterator has expired");
    auto answer = co_await world_.kinesis->get_records(std::move(request));
    if (answer) distort(answer->records, world_.mutant);
    co_return answer;
  }
  asio::awaitable<Result<ShardSubscription>> subscribe_to_shard(SubscribeToShardRequest request) override {
    const bool served = co_await read_arrives();
    if (!served) co_return fault();
    if (world_.random.chance(world_.refused_subscriptions))
      co_return Error(errc::already_exists, "another subscription is active");
    auto answer = co_await world_.kinesis->subscribe_to_shard(std::move(request));
    if (!answer) co_return answer.error();
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    co_return ShardSubscription(std::make_shared<FleetSubscription>(world_, executor, std::move(answer).value()));
  }
  asio::awaitable<Result<DescribeStreamSummaryResponse>> describe_stream_summary(
      DescribeStreamSummaryRequest request) override {
    const bool served = co_await read_arrives();
    if (!served) co_return fault();
    co_return co_await world_.kinesis->describe_stream_summary(std::move(request));
  }
  asio::awaitable<Result<DescribeStreamConsumerResponse>> describe_stream_consumer(
      DescribeStreamConsumerRequest request) override {
    const bool served = co_await read_arrives();
    if (!served) co_return fault();
    co_return co_await world_.kinesis->describe_stream_consumer(std::move(request));
  }
  asio::awaitable<Result<RegisterStreamConsumerResponse>> register_stream_consumer(
      RegisterStreamConsumerRequest request) override {
    co_await arrive();
    co_return co_await world_.kinesis->register_stream_consumer(std::move(request));
  }
  asio::awaitable<Result<DeregisterStreamConsumerResponse>> deregister_stream_consumer(
      DeregisterStreamConsumerRequest request) override {
    co_await arrive();
    co_return co_await world_.kinesis->deregister_stream_consumer(std::move(request));
  }
  asio::awaitable<Result<ListStreamConsumersResponse>> list_stream_consumers(
      ListStreamConsumersRequest request) override {
    co_await arrive();
    co_return co_await world_.kinesis->list_stream_consumers(std::move(request));
  }

 private:
  /// A request is made, and on its way.
  core::awaitable<void> arrive() {
    ++worker_.kinesis_calls;
    co_await core::sleep_for(world_.clock, some_latency());
  }
  /// The same of one that may find the service faulty.
  core::awaitable<bool> read_arrives() {
    co_await arrive();
    co_return !world_.random.chance(world_.faulty_reads);
  }
  Clock::duration some_latency() {
    return std::chrono::milliseconds(2) + world_.store.some_latency(std::chrono::milliseconds(8));
  }
  static Error fault() { return Error(errc::service, "the service has a fault"); }

  FleetWorld& world_;
  FleetWorker& worker_;
};

FleetWorker::FleetWorker(FleetWorld& world, std::string name, double rate)
    : world_(world), name_(std::move(name)), clock_(std::make_shared<DriftingClock>(world.clock, rate)) {
  leases_ = std::make_shared<FleetLeases>(world.store, name_, [this] { ++store_calls; });
  ClientOptions client;
  client.clock = clock_;
  client.kinesis = std::make_shared<FleetKinesis>(world, *this);
  ConsumerOptions options{.stream = "orders", .application = "billing"};
  options.leases = leases_;
  options.worker = name_;
  options.fetch = Polling{.idle_interval = world.plan.idle_interval};
  if (world.plan.fan_out) {
    RegisteredConsumer consumer;
    if (world.plan.deregisters) consumer.deregister = RegisteredConsumer::Deregister::by_last_worker;
    options.fetch = EnhancedFanOut{.consumer = consumer};
  }
  options.timing = world.plan.timing;
  options.pauses = pauses_;
  for (const auto& [shard_id, times] : world.held_up) hold_up(shard_id, true);
  if (world.plan.start == Start::latest) options.start = Latest{};
  if (world.plan.start == Start::at_timestamp) options.start = AtTimestamp{world.began + world.plan.start_time};
  if (world.mutant == Mutant::starts_at_the_oldest) options.start = TrimHorizon{};
  if (world.mutant == Mutant::refreshes_without_end) options.timing.refresh_interval = milliseconds(10);
  if (world.mutant == Mutant::takes_everything)
    options.assignment = [](const AssignmentView& view) {
      std::vector<std::string> all;
      for (const AssignableLease& lease : view.leases) all.push_back(lease.key);
      return all;
    };
  options.on_event = [this](const DiagnosticEvent& event) { see(event); };
  consumer_ = std::make_unique<Consumer<std::string>>(Client(context_.get_executor(), client), options, codec());
  core::spawn(context_.get_executor(), consume());
}

FleetWorker::~FleetWorker() = default;

std::size_t FleetWorker::poll() {
  if (frozen_ || gone_) return 0;
  if (context_.stopped()) context_.restart();
  return context_.poll();
}

core::awaitable<void> FleetWorker::consume() {
  std::exception_ptr failure;
  try {
    co_await consume_as_planned();
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure && world_.trace) world_.trace(name_ + " ends: " + core::to_error(failure).what());
  see_end(failure);
  ended_ = true;
}

core::awaitable<void> FleetWorker::consume_as_planned() {
  ConsumeOptions how = consume_options();
  switch (world_.plan.handler) {
    case HandlerKind::function: {
      auto function = [this](const Record<std::string>& record) { handle_at_once(record); };
      co_await async_consume(*consumer_, codec(), function, std::move(how));
      break;
    }
    case HandlerKind::batches: {
      auto batches = [this](std::span<const Record<std::string>> records) { return handle_batch(records); };
      co_await async_consume(*consumer_, codec(), batches, std::move(how));
      break;
    }
    case HandlerKind::coroutine: {
      auto handler = [this](const Record<std::string>& record) { return handle(record); };
      co_await async_consume(*consumer_, codec(), handler, std::move(how));
      break;
    }
  }
}

void FleetWorker::see_end(const std::exception_ptr& failure) {
  const bool by_handler = failure && is_handlers(failure);
  if (by_handler && world_.plan.policy != Policy::stop)
    world_.oracle.violate(invariant::failures, name_ + " ends because a handler has failed");
  if (failed_ && !by_handler)
    world_.oracle.violate(invariant::failures, name_ + " ends, and does not tell what its handler threw");
}

void FleetWorker::hold_up(bool held) {
  if (!held && held_up_ == 0) return;
  held_up_ = held ? held_up_ + 1 : held_up_ - 1;
  if (held && held_up_ == 1 && world_.mutant != Mutant::ignores_pause) pauses_.pause();
  if (held_up_ == 0 && world_.mutant != Mutant::forgets_to_resume) pauses_.resume();
}

void FleetWorker::hold_up(const std::string& shard_id, bool held) {
  if (held && world_.mutant != Mutant::ignores_pause) pauses_.pause(shard_id);
  if (!held && world_.mutant != Mutant::forgets_to_resume) pauses_.resume(shard_id);
}

bool FleetWorker::goes_on_after_failure() {
  if (!failed_ || ended_ || gone_ || frozen_) return false;
  return ++seconds_since_ > 60;
}

void FleetWorker::stop() {
  if (std::exchange(stopping_, true)) return;
  if (world_.mutant == Mutant::ignores_stop) return;
  core::spawn(context_.get_executor(), stop_now());
}

core::awaitable<void> FleetWorker::stop_now() {
  co_await consumer_->async_stop();
  stopped_ = true;
}

void FleetWorker::see(const DiagnosticEvent& event) {
  if (const auto* acquired = std::get_if<event::LeaseAcquired>(&event))
    world_.oracle.session_began(name_, acquired->shard_id);
  if (world_.trace && !std::holds_alternative<event::RecordsRead>(event))
    world_.trace(name_ + ": " + kinesis::to_string(event));
}

}  // namespace kinesis::simulation
