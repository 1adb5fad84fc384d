#include "emulator/shared_region.hpp"

#include <algorithm>
#include <chrono>

namespace kinesis::emulator {

SharedRegion::SharedRegion(Options options) : options_(std::move(options)), region_(options_.region, now()) {
  for (const FaultRule& rule : options_.faults) faults_.add(rule);
}

Moment SharedRegion::now() const noexcept { return {options_.clock->now(), options_.clock->wall_now()}; }

Result<PutResult> SharedRegion::put(std::string_view operation, const PreparedPut& put) {
  std::size_t evicted = 0;
  WakeList waking;
  auto result = changing([&] {
    EntryFault fault;
    if (faults_.wants_entries(operation)) {
      fault = [&](std::string_view stream, std::string_view shard) {
        return faults_.throttles_entry(operation, stream, shard);
      };
    }
    auto stored = region_.put(put, now(), fault);
    evicted = region_.take_evicted();
    if (stored && !watch_.empty()) collect_readers(*stored, waking);
    return stored;
  });
  if (evicted > 0) log_evicted(evicted);
  if (result && options_.on_accepted) report(operation, put, *result);
  return result;
}

void SharedRegion::collect_readers(const PutResult& result, WakeList& waking) const {
  std::vector<std::uint32_t> shards;
  for (const PutOutcome& outcome : result.outcomes) {
    if (outcome.kind == PutOutcome::Kind::stored) shards.push_back(outcome.shard);
  }
  std::sort(shards.begin(), shards.end());
  shards.erase(std::unique(shards.begin(), shards.end()), shards.end());
  for (const std::uint32_t shard : shards) watch_.collect(result.stream_name, shard, waking.all);
}

void SharedRegion::report(std::string_view, const PreparedPut& put, const PutResult& result) const {
  AcceptedRecord accepted;
  accepted.stream = result.stream_name;
  accepted.accepted = Clock::wall_time_point(std::chrono::milliseconds(result.arrival_millis));
  for (std::size_t i = 0; i < result.outcomes.size(); ++i) {
    const PutOutcome& outcome = result.outcomes[i];
    if (outcome.kind != PutOutcome::Kind::stored) continue;
    const aws::PutRecordView& record = put.request->records[i];
    const std::string shard = shard_id(outcome.shard);
    accepted.shard_id = shard;
    accepted.sequence_number = view(outcome.sequence_number);
    accepted.partition_key = record.partition_key;
    accepted.explicit_hash_key = record.explicit_hash_key.value_or(std::string_view());
    accepted.data = as_text(record.data);
    options_.on_accepted(accepted);
  }
}

// At the bound each put may push something out: one message a second says how much.
void SharedRegion::log_evicted(std::size_t records) {
  std::size_t total = 0;
  {
    const std::lock_guard lock(mutex_);
    evicted_ += records;
    const auto time = options_.clock->now();
    if (time < next_eviction_log_) return;
    next_eviction_log_ = time + std::chrono::seconds(1);
    total = std::exchange(evicted_, 0);
  }
  options_.log.write(LogLevel::warning, "emulator", "the memory bound is reached: the oldest records are gone",
                     {{"records", std::to_string(total)}, {"bytes", std::to_string(options_.region.memory_bytes)}});
}

Result<ReadResult> SharedRegion::read(const GetRecordsRequest& request) {
  return changing([&] { return region_.read(request, now()); });
}

Result<Subscription> SharedRegion::subscribe(const SubscribeToShardRequest& request,
                                             const std::shared_ptr<Wakeup>& wakeup) {
  return changing([&] {
    auto accepted = region_.subscribe(request, now());
    if (accepted) watch_.add(accepted->stream, accepted->shard, wakeup);
    return accepted;
  });
}

SubscriptionStep SharedRegion::next_event(Subscription& subscription) {
  return changing([&] { return region_.next_event(subscription, now()); });
}

void SharedRegion::unsubscribe(const Subscription& subscription, const std::shared_ptr<Wakeup>& wakeup) {
  const std::lock_guard lock(mutex_);
  region_.unsubscribe(subscription, now());
  watch_.remove(subscription.stream, subscription.shard, wakeup);
}

std::optional<Error> SharedRegion::check_ordering(const PutRecordRequest& request) {
  if (!request.sequence_number_for_ordering) return std::nullopt;
  const std::lock_guard lock(mutex_);
  return region_.check_ordering(request, now());
}

FaultDecision SharedRegion::decide(const GetRecordsRequest& request) {
  const auto position = parse_iterator(request.shard_iterator);
  if (!position) return decide(GetRecordsRequest::operation, subject_of(request).stream, "");
  return decide(GetRecordsRequest::operation, position->stream, shard_id(position->shard));
}

FaultDecision SharedRegion::decide(std::string_view operation, std::string_view stream, std::string_view shard) {
  const std::lock_guard lock(mutex_);
  if (faults_.empty()) return {};
  std::vector<std::string> shards;
  if (!shard.empty()) shards.emplace_back(shard);
  return faults_.decide(operation, stream, shards);
}

StreamFault SharedRegion::decide_stream(const SubscribeToShardRequest& request) {
  const Subject subject = subject_of(request);
  const std::lock_guard lock(mutex_);
  if (faults_.empty()) return {};
  return StreamFault(faults_.decide_stream(subject.stream, {std::string(subject.shard)}));
}

FaultDecision SharedRegion::decide(std::string_view operation, const PreparedPut& put) {
  const std::lock_guard lock(mutex_);
  if (faults_.empty()) return {};
  std::vector<std::string> shards;
  if (faults_.wants_shard(operation)) {
    for (const std::uint32_t shard : region_.shards_of(put, now())) shards.push_back(shard_id(shard));
  }
  const auto& name = put.request->stream_name ? put.request->stream_name : put.request->stream_arn;
  return faults_.decide(operation, name.value_or(std::string_view()), shards);
}

void SharedRegion::add_fault(FaultRule rule) {
  const std::lock_guard lock(mutex_);
  faults_.add(std::move(rule));
}

void SharedRegion::clear_faults() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
}

std::vector<Faults::Entry> SharedRegion::faults() const {
  const std::lock_guard lock(mutex_);
  return faults_.list();
}

}  // namespace kinesis::emulator
