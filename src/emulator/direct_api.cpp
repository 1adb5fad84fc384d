#include "emulator/direct_api.hpp"

#include "core/async.hpp"
#include "emulator/live_subscription.hpp"
#include "emulator/shared_region.hpp"

#include <mutex>

namespace kinesis::emulator {
namespace {

using core::awaitable;
using Action = FaultRule::Action;

// What a client sees when the answer does not arrive as it was sent. Nothing if it does.
std::optional<Error> lost_answer(const FaultDecision& faults) {
  if (!faults.rule) return std::nullopt;
  switch (faults.rule->action) {
    case Action::reset_before:
    case Action::reset_after:
      return Error(errc::connection, "the connection was reset by a fault rule").with_attempts(1);
    case Action::truncate:
      return Error(errc::connection, "the answer was cut short by a fault rule").with_attempts(1);
    case Action::corrupt:
      return Error(errc::protocol, "the answer was corrupted by a fault rule").with_attempts(1);
    default:
      return std::nullopt;
  }
}

awaitable<void> pause(std::shared_ptr<SharedRegion> region, Clock::duration time) {
  if (time > Clock::duration::zero()) {
    co_await core::sleep_for(region->clock(), time);
  } else {
    co_await core::yield();
  }
}

// What is done at once, between the pause and the answer.
template <class Request>
Result<typename Request::Response> carry_out(SharedRegion& region, const Request& request) {
  return region.call(request);
}

Result<PutRecordsResponse> carry_out(SharedRegion& region, const PutRecordsRequest& request) {
  const aws::PutRecordsView view = aws::view_of(std::make_shared<const PutRecordsRequest>(request));
  auto prepared = prepare_put(view, true);
  if (!prepared) return prepared.error();
  auto result = region.put(PutRecordsRequest::operation, *prepared);
  if (!result) return result.error();
  return to_response(*result, region.account());
}

Result<PutRecordResponse> carry_out(SharedRegion& region, const PutRecordRequest& request) {
  if (auto error = region.check_ordering(request)) return *error;
  const aws::PutRecordsView view = single_put(request);
  auto prepared = prepare_put(view, false);
  if (!prepared) return prepared.error();
  auto result = region.put(PutRecordRequest::operation, *prepared);
  if (!result) return result.error();
  return to_single_response(*result, region.account());
}

Result<GetRecordsResponse> carry_out(SharedRegion& region, const GetRecordsRequest& request) {
  auto result = region.read(request);
  if (!result) return result.error();
  return to_records(*std::move(result));
}

template <class Request>
FaultDecision faults_for(SharedRegion& region, const Request& request) {
  return region.decide(request);
}
FaultDecision faults_for(SharedRegion& region, const PutRecordsRequest& request) {
  const aws::PutRecordsView view = aws::view_of(std::make_shared<const PutRecordsRequest>(request));
  const auto prepared = prepare_put(view, true);
  return prepared ? region.decide(PutRecordsRequest::operation, *prepared) : FaultDecision();
}
FaultDecision faults_for(SharedRegion& region, const PutRecordRequest& request) {
  const aws::PutRecordsView view = single_put(request);
  const auto prepared = prepare_put(view, false);
  return prepared ? region.decide(PutRecordRequest::operation, *prepared) : FaultDecision();
}

// The parts of a call before and after its pause, so that the coroutine itself is small: there is one for each
// operation.
template <class Request>
Result<typename Request::Response> answer(SharedRegion& region, const Request& request, const FaultDecision& faults) {
  if (faults.is(Action::reset_before)) return *lost_answer(faults);
  if (faults.rule) {
    if (auto error = fault_error(*faults.rule, Request::operation)) return error->with_attempts(1);
  }
  auto result = carry_out(region, request);
  if (auto error = lost_answer(faults)) return *error;
  if (!result) return result.error().with_attempts(1);
  return result;
}

template <class Request>
awaitable<Result<typename Request::Response>> run(std::shared_ptr<SharedRegion> region, Clock::duration latency,
                                                  Request request) {
  const FaultDecision faults = faults_for(*region, request);
  co_await pause(region, latency + faults.latency);
  co_return answer(*region, request, faults);
}

// The events of a subscription, as a client would get them.
class DirectSubscription final : public ShardSubscription::Source {
 public:
  using Event = std::optional<SubscribeToShardEvent>;

  DirectSubscription(asio::any_io_executor executor, std::shared_ptr<LiveSubscription> live, StreamFault fault)
      : executor_(std::move(executor)), live_(std::move(live)), fault_(std::move(fault)) {}

  asio::any_io_executor executor() const override { return executor_; }
  asio::awaitable<Result<Event>> next() override;
  void cancel() override { live_->cancel(); }

 private:
  // What breaks the stream now, and what breaks the event that is there.
  std::optional<Error> broken_stream() const;
  std::optional<Error> broken_event() const;
  Error fail(Error error);

  asio::any_io_executor executor_;
  std::shared_ptr<LiveSubscription> live_;
  StreamFault fault_;
  std::optional<Error> failure_;
};

std::optional<Error> DirectSubscription::broken_event() const {
  if (fault_.is_due(Action::stream_corrupt)) return Error(errc::protocol, "an event was corrupted by a fault rule");
  if (fault_.is_due(Action::stream_cut)) return Error(errc::connection, "the stream was cut short by a fault rule");
  return std::nullopt;
}

std::optional<Error> DirectSubscription::broken_stream() const {
  if (fault_.is_due(Action::stream_reset)) return Error(errc::connection, "the stream was reset by a fault rule");
  if (fault_.is_due(Action::stream_error)) return fault_.error();
  return std::nullopt;
}

// Gives up the place in the region as well.
Error DirectSubscription::fail(Error error) {
  failure_ = error;
  live_->cancel();
  return error;
}

asio::awaitable<Result<std::optional<SubscribeToShardEvent>>> DirectSubscription::next() {
  if (failure_) co_return *failure_;
  if (auto error = broken_stream()) co_return fail(*std::move(error));
  if (fault_.is_due(Action::stream_silence)) live_->silence();
  if (fault_.is_due(Action::stream_stall)) co_await live_->wait_for_cancel();
  SubscriptionStep step = co_await live_->next();
  if (step.error) co_return fail(*std::move(step.error));
  if (step.kind == SubscriptionStep::Kind::end) co_return Event();
  if (auto error = broken_event()) co_return fail(*std::move(error));
  fault_.count_event();
  co_return Event(to_event(std::move(step.event)));
}

awaitable<Result<ShardSubscription>> subscribe(std::shared_ptr<SharedRegion> region, Clock::duration latency,
                                               SubscribeToShardRequest request) {
  const FaultDecision faults = region->decide(request);
  co_await pause(region, latency + faults.latency);
  if (faults.is(Action::reset_before)) co_return *lost_answer(faults);
  if (faults.rule) {
    if (auto error = fault_error(*faults.rule, SubscribeToShardRequest::operation)) co_return error->with_attempts(1);
  }
  auto live = LiveSubscription::open(region, request);
  if (auto error = lost_answer(faults)) co_return *error;
  if (!live) co_return live.error().with_attempts(1);
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  co_return ShardSubscription(
      std::make_shared<DirectSubscription>(executor, *std::move(live), region->decide_stream(request)));
}

class DirectApi final : public KinesisApi {
 public:
  DirectApi(std::shared_ptr<SharedRegion> region, Clock::duration latency)
      : region_(std::move(region)), latency_(latency) {}

#define X(Operation, function)                                                                 \
  asio::awaitable<Result<Operation##Response>> function(Operation##Request request) override { \
    return run<Operation##Request>(region_, latency_, std::move(request));                     \
  }
  KINESIS_OPERATIONS(X)
#undef X
  asio::awaitable<Result<ShardSubscription>> subscribe_to_shard(SubscribeToShardRequest request) override {
    return subscribe(region_, latency_, std::move(request));
  }

 private:
  std::shared_ptr<SharedRegion> region_;
  Clock::duration latency_;
};

}  // namespace

std::shared_ptr<KinesisApi> direct_api(std::shared_ptr<SharedRegion> region, Clock::duration latency) {
  return std::make_shared<DirectApi>(std::move(region), latency);
}

struct InProcessKinesis::AcceptedLog {
  mutable std::mutex mutex;
  std::vector<Accepted> records;

  void add(const AcceptedRecord& record) {
    Accepted copy;
    copy.stream = record.stream;
    copy.shard_id = record.shard_id;
    copy.sequence_number = SequenceNumber(record.sequence_number);
    copy.partition_key = record.partition_key;
    copy.explicit_hash_key = record.explicit_hash_key;
    copy.data = record.data;
    copy.accepted = record.accepted;
    const std::lock_guard lock(mutex);
    records.push_back(std::move(copy));
  }
};

InProcessKinesis::InProcessKinesis(Options options) : accepted_(std::make_shared<AcceptedLog>()) {
  if (!options.clock) throw Error(errc::invalid_argument, "InProcessKinesis needs a clock");
  SharedRegion::Options shared;
  shared.region.region = options.region;
  shared.region.account = options.account;
  shared.region.limits = options.limits;
  shared.region.stream_delay = options.stream_delay;
  shared.region.iterator_lifetime = options.iterator_lifetime;
  shared.region.subscription_lifetime = options.subscription_lifetime;
  shared.region.memory_bytes = options.memory_bytes;
  shared.clock = options.clock;
  shared.log = options.log;
  shared.faults = options.faults;
  shared.on_accepted = [log = accepted_](const AcceptedRecord& record) { log->add(record); };
  region_ = std::make_shared<SharedRegion>(std::move(shared));
  api_ = direct_api(region_, options.latency);
}

InProcessKinesis::~InProcessKinesis() = default;

void InProcessKinesis::create_stream(const std::string& name, int shards) {
  region_->with_region([&](Region& region, Moment now) { return region.create_active(name, shards, now); }).value();
}

void InProcessKinesis::split(const std::string& stream, const ShardId& shard) {
  region_->with_region([&](Region& region, Moment now) { return region.split_in_half(stream, shard, now); }).value();
}

void InProcessKinesis::merge(const std::string& stream, const ShardId& shard, const ShardId& adjacent) {
  region_->with_region([&](Region& region, Moment now) { return region.merge(stream, shard, adjacent, now); }).value();
}

std::vector<KinesisShard> InProcessKinesis::shards(const std::string& stream) {
  return region_->with_region([&](Region& region, Moment now) { return region.describe_shards(stream, now); }).value();
}

void InProcessKinesis::add_fault(FaultRule rule) { region_->add_fault(std::move(rule)); }
void InProcessKinesis::clear_faults() { region_->clear_faults(); }

std::vector<InProcessKinesis::Accepted> InProcessKinesis::accepted() const {
  const std::lock_guard lock(accepted_->mutex);
  return accepted_->records;
}

std::size_t InProcessKinesis::accepted_count() const {
  const std::lock_guard lock(accepted_->mutex);
  return accepted_->records.size();
}

}  // namespace kinesis::emulator
