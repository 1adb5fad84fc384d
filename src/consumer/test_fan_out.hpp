#pragma once

#include "consumer/logic/start_position.hpp"
#include "core/test_loop.hpp"
#include <kinesis/kinesis.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

// A service with one stream and fan-out consumers, that does what a test says.
namespace kinesis::consumer {

using namespace std::chrono_literals;
using core::awaitable;

/// What a subscription brings next, after a while: an event, an error, or (neither) its end in order.
struct Step {
  std::optional<SubscribeToShardEvent> event;
  std::optional<Error> error;
  Clock::duration after{0};
};
using Script = std::vector<Step>;

inline SequenceNumber sequence_number(std::size_t number) { return SequenceNumber(std::to_string(number)); }

/// Records `first` to `first + count - 1`, each with its number as data.
inline Step records(std::size_t first, std::size_t count, Clock::duration after = {}, std::int64_t behind = 0) {
  Step step;
  step.after = after;
  step.event.emplace();
  for (std::size_t i = first; i < first + count; ++i) {
    KinesisRecord record;
    record.sequence_number = sequence_number(i);
    record.data = Blob(std::to_string(i));
    record.partition_key = "key";
    step.event->records.push_back(std::move(record));
  }
  step.event->continuation_sequence_number = sequence_number(first + count - 1);
  step.event->millis_behind_latest = behind;
  return step;
}
/// An event without records that says where to continue.
inline Step heartbeat(std::size_t continuation, Clock::duration after = 5s) {
  Step step;
  step.after = after;
  step.event.emplace();
  step.event->continuation_sequence_number = sequence_number(continuation);
  step.event->millis_behind_latest = 0;
  return step;
}
/// Five minutes of a shard in which nothing happens, and the end.
inline Script idle_after(Step first, std::size_t continuation) {
  Script script{std::move(first)};
  for (int i = 0; i < 60; ++i) script.push_back(heartbeat(continuation));
  script.emplace_back();
  return script;
}
inline Step failure(errc code, Clock::duration after = {}) {
  Step step;
  step.after = after;
  step.error.emplace(code, "as the test wants it");
  return step;
}
inline Step orderly_end(Clock::duration after = {}) {
  Step step;
  step.after = after;
  return step;
}
/// The end of the shard, with children or by the continuation that is missing.
inline Step shard_end(std::vector<std::string> children, bool continuation = false) {
  Step step;
  step.event.emplace();
  step.event->millis_behind_latest = 0;
  if (continuation) step.event->continuation_sequence_number = sequence_number(1);
  for (std::string& child : children) {
    ChildShard shard;
    shard.shard_id = std::move(child);
    step.event->child_shards.push_back(std::move(shard));
  }
  return step;
}

class ScriptedFanOut final : public KinesisApi {
 public:
  explicit ScriptedFanOut(core::TestLoop& loop) : loop_(loop) {}

  struct Call {
    Clock::time_point when;
    std::string from;
    std::string arn;
    std::string shard_id;
  };
  /// What a subscription brings; after its last step an empty event every 5 s, or nothing more if it `stalls`.
  std::function<Result<Script>(const SubscribeToShardRequest&)> on_subscribe;
  bool stalls = false;
  std::vector<Call> calls;
  /// Steps that were asked for.
  std::size_t pulled = 0;
  std::set<const void*> open;

  // The consumer.

  std::optional<ConsumerStatus> status;
  /// How often it must be looked at before it has this status.
  std::size_t looks_until_active = 0;
  std::deque<Error> summary_errors;
  std::deque<Error> describe_errors;
  std::deque<Error> register_errors;
  std::size_t other_consumers = 0;
  std::size_t generation = 0;
  std::size_t described = 0;
  std::size_t registered = 0;
  std::size_t deregistered = 0;
  std::string arn() const { return "arn:consumer/billing:" + std::to_string(generation); }

  asio::awaitable<Result<ShardSubscription>> subscribe_to_shard(SubscribeToShardRequest request) override {
    calls.push_back(
        Call{loop_.clock.now(), to_string(request.starting_position), request.consumer_arn, request.shard_id});
    co_await core::sleep_for(loop_.clock, 2ms);
    auto script = on_subscribe(request);
    if (!script) co_return script.error();
    co_return ShardSubscription(std::make_shared<Source>(*this, std::move(script).value()));
  }
  asio::awaitable<Result<DescribeStreamSummaryResponse>> describe_stream_summary(
      DescribeStreamSummaryRequest) override {
    co_await core::sleep_for(loop_.clock, 2ms);
    if (auto error = take(summary_errors)) co_return *error;
    DescribeStreamSummaryResponse answer;
    answer.stream_description_summary.stream_arn = "arn:stream";
    co_return answer;
  }
  asio::awaitable<Result<DescribeStreamConsumerResponse>> describe_stream_consumer(
      DescribeStreamConsumerRequest request) override {
    ++described;
    co_await core::sleep_for(loop_.clock, 2ms);
    if (auto error = take(describe_errors)) co_return *error;
    const bool another = request.consumer_arn && *request.consumer_arn != arn();
    if (!status || another) co_return Error(errc::not_found, "there is no such consumer");
    if (looks_until_active > 0 && --looks_until_active == 0) {
      if (status == ConsumerStatus::deleting) {
        status.reset();
      } else {
        status = ConsumerStatus::active;
      }
    }
    DescribeStreamConsumerResponse answer;
    answer.consumer_description.consumer_arn = arn();
    answer.consumer_description.consumer_status = status.value_or(ConsumerStatus::deleting);
    co_return answer;
  }
  asio::awaitable<Result<RegisterStreamConsumerResponse>> register_stream_consumer(
      RegisterStreamConsumerRequest request) override {
    ++registered;
    name = request.consumer_name;
    co_await core::sleep_for(loop_.clock, 2ms);
    if (auto error = take(register_errors)) co_return *error;
    ++generation;
    status = looks_until_active > 0 ? ConsumerStatus::creating : ConsumerStatus::active;
    RegisterStreamConsumerResponse answer;
    answer.consumer.consumer_arn = arn();
    answer.consumer.consumer_status = ConsumerStatus::creating;
    co_return answer;
  }
  asio::awaitable<Result<DeregisterStreamConsumerResponse>> deregister_stream_consumer(
      DeregisterStreamConsumerRequest) override {
    ++deregistered;
    status.reset();
    co_return DeregisterStreamConsumerResponse();
  }
  asio::awaitable<Result<ListStreamConsumersResponse>> list_stream_consumers(ListStreamConsumersRequest) override {
    ListStreamConsumersResponse answer;
    KinesisConsumer other;
    other.consumer_status = ConsumerStatus::active;
    answer.consumers.assign(other_consumers, other);
    co_return answer;
  }
  std::string name;

 private:
  static std::optional<Error> take(std::deque<Error>& errors) {
    if (errors.empty()) return std::nullopt;
    Error error = errors.front();
    errors.pop_front();
    return error;
  }

  class Source final : public ShardSubscription::Source {
   public:
    Source(ScriptedFanOut& service, Script script) : service_(service), script_(std::move(script)) {
      service_.open.insert(this);
    }
    ~Source() override { service_.open.erase(this); }
    asio::any_io_executor executor() const override { return service_.loop_.executor(); }
    asio::awaitable<Result<std::optional<SubscribeToShardEvent>>> next() override {
      if (at_ == script_.size() && service_.stalls) co_await core::sleep_for(service_.loop_.clock, 10h);
      if (at_ == script_.size()) script_.push_back(heartbeat(continuation_));
      Step step = std::move(script_[at_++]);
      if (step.event && step.event->continuation_sequence_number)
        continuation_ = std::stoull(step.event->continuation_sequence_number->to_string());
      ++service_.pulled;
      co_await core::sleep_for(service_.loop_.clock, step.after);
      if (step.error) co_return *step.error;
      co_return std::move(step.event);
    }
    void cancel() override { service_.open.erase(this); }

   private:
    ScriptedFanOut& service_;
    Script script_;
    std::size_t at_ = 0;
    std::size_t continuation_ = 1;
  };

  core::TestLoop& loop_;
};

}  // namespace kinesis::consumer
