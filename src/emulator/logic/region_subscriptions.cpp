#include "emulator/logic/errors.hpp"
#include "emulator/logic/region.hpp"

#include <algorithm>

// Enhanced fan-out: SubscribeToShard.
namespace kinesis::emulator {
namespace {

// What a rate has to have again before a subscription that used it up goes on: else its events would be single records.
constexpr double least_event_bytes = std::size_t{256} << 10;

std::optional<Error> check(const SubscribeToShardRequest& request) {
  Validation validation;
  validation.consumer_arn("consumerARN", request.consumer_arn).name("shardId", request.shard_id);
  validation.one_of("startingPosition.type", request.starting_position.type != ShardIteratorType::unknown,
                    "[AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]");
  return validation.error();
}

SubscriptionStep wait_until(Moment::Monotonic when) {
  SubscriptionStep out;
  out.until = when;
  return out;
}

SubscriptionStep event(FanOutEvent event) {
  SubscriptionStep out;
  out.kind = SubscriptionStep::Kind::event;
  out.event = std::move(event);
  return out;
}

}  // namespace

Result<Subscription> Region::subscribe(const SubscribeToShardRequest& request, Moment now) {
  advance(now);
  if (auto error = check(request)) return *error;
  ConsumerRequest named;
  named.consumer_arn = request.consumer_arn;
  auto found = find_consumer(named);
  if (!found) return found.error();
  auto& [stream, consumer] = *found;
  if (!stream->readable()) return stream_not_found(stream->name());
  if (consumer->status != ConsumerStatus::active) return consumer_not_active(*consumer, *stream);
  auto shard = find_shard(*stream, request.shard_id);
  if (!shard) return shard.error();
  FanOut& fan_out = consumer->shards.try_emplace((*shard)->number, now).first->second;
  if (options_.limits && !fan_out.calls.try_take(1, now.monotonic)) {
    return limit_exceeded("Rate exceeded for consumer " + consumer->arn + " and shard " + (*shard)->id + ".");
  }
  auto index = start_of(request.starting_position, SubscribeToShardRequest::operation, **shard, *stream, now);
  if (!index) return index.error();
  if (now.monotonic < fan_out.taken_until) return already_subscribed(*consumer, **shard);
  if (request.dry_run.value_or(false)) return dry_run();

  Subscription out;
  out.id = ++last_subscription_;
  out.stream = stream->name();
  out.serial = stream->serial();
  out.consumer = consumer->name;
  out.consumer_arn = consumer->arn;
  out.shard = (*shard)->number;
  out.index = *index;
  out.expires = now.monotonic + options_.subscription_lifetime;
  out.next_heartbeat = now.monotonic + heartbeat_period;
  // The reader of one that is taken over has to learn of it.
  if (fan_out.active != 0) ++changes_;
  fan_out.active = out.id;
  fan_out.taken_until = now.monotonic + takeover_delay;
  return out;
}

Error Region::already_subscribed(const Consumer& consumer, const Shard& shard) const {
  return in_use("Another active subscription exists for this consumer: " + options_.account + ":" + consumer.arn + ":" +
                shard.id);
}

Error Region::consumer_not_active(const Consumer& consumer, const Stream& stream) const {
  return in_use("Consumer " + consumer.name + " under stream " + stream.name() + " not ACTIVE, instead in state " +
                std::string(to_string(consumer.status)));
}

Error Region::consumer_not_found(std::string_view consumer, std::string_view stream) const {
  return not_found("Consumer " + std::string(consumer) + " under stream " + std::string(stream) +
                   " not found for account " + options_.account + ".");
}

namespace {

SubscriptionStep fail(Subscription& subscription, Error error) {
  subscription.ended = true;
  SubscriptionStep out;
  out.kind = SubscriptionStep::Kind::failure;
  out.error = std::move(error);
  return out;
}

SubscriptionStep end(Subscription& subscription) {
  subscription.ended = true;
  SubscriptionStep out;
  out.kind = SubscriptionStep::Kind::end;
  return out;
}

}  // namespace

SubscriptionStep Region::next_event(Subscription& subscription, Moment now) {
  advance(now);
  if (subscription.ended) return end(subscription);
  const auto found = streams_.find(subscription.stream);
  if (found == streams_.end() || found->second.serial() != subscription.serial || !found->second.readable()) {
    return fail(subscription, stream_not_found(subscription.stream));
  }
  Stream& stream = found->second;
  const auto registered = stream.consumers.find(subscription.consumer);
  if (registered == stream.consumers.end() || registered->second.arn != subscription.consumer_arn ||
      registered->second.status != ConsumerStatus::active) {
    return fail(subscription, consumer_not_found(subscription.consumer, subscription.stream));
  }
  Consumer& consumer = registered->second;
  Shard* const shard = stream.shard(subscription.shard);
  if (shard == nullptr) {
    return fail(subscription, shard_does_not_exist(shard_id(subscription.shard), subscription.stream));
  }
  FanOut& fan_out = consumer.shards.try_emplace(shard->number, now).first->second;
  if (fan_out.active != subscription.id) return fail(subscription, already_subscribed(consumer, *shard));
  if (now.monotonic >= subscription.expires) {
    release(fan_out);
    return end(subscription);
  }
  return next_event(subscription, stream, *shard, fan_out, now);
}

SubscriptionStep Region::next_event(Subscription& subscription, Stream& stream, Shard& shard, FanOut& fan_out,
                                    Moment now) {
  auto wake = std::min(subscription.expires, stream.next_due());
  const bool has_records = shard.log.has(subscription.index);
  const bool has_room = !options_.limits || fan_out.bytes.available(now.monotonic) >= 1;
  if (has_records && has_room) return event(take_records(subscription, stream, shard, fan_out, now));
  if (has_records) {
    wake = std::min(wake, fan_out.bytes.when_available(least_event_bytes, now.monotonic).value_or(wake));
  } else if (!shard.is_open()) {
    return event(last_event(subscription, stream, shard, fan_out, now));
  }
  if (subscription.silent) return wait_until(wake);
  if (now.monotonic < subscription.next_heartbeat) return wait_until(std::min(wake, subscription.next_heartbeat));
  return event(heartbeat(subscription, stream, shard, has_records, now));
}

FanOutEvent Region::take_records(Subscription& subscription, const Stream& stream, Shard& shard, FanOut& fan_out,
                                 Moment now) {
  FanOutEvent out;
  std::size_t most = most_event_bytes;
  if (options_.limits) most = std::min(most, static_cast<std::size_t>(fan_out.bytes.available(now.monotonic)));
  out.slice = shard.log.read(subscription.index, most_event_records, most);
  if (options_.limits) fan_out.bytes.take(static_cast<double>(out.slice.payload), now.monotonic);
  subscription.index = out.slice.next_index;
  subscription.next_heartbeat = now.monotonic + heartbeat_period;
  const bool has_more = shard.log.has(subscription.index);
  if (has_more) out.millis_behind_latest = std::max<std::int64_t>(0, now.millis() - out.slice.last_arrival_millis);
  if (!has_more && !shard.is_open()) {
    FanOutEvent last = last_event(subscription, stream, shard, fan_out, now);
    last.slice = std::move(out.slice);
    return last;
  }
  subscription.continuation =
      shard.sequence.text(subscription.index - 1, static_cast<std::uint64_t>(out.slice.last_arrival_millis / 1000));
  out.continuation = subscription.continuation;
  return out;
}

FanOutEvent Region::last_event(Subscription& subscription, const Stream& stream, const Shard& shard, FanOut& fan_out,
                               Moment now) {
  FanOutEvent out;
  // How long ago the shard ended is how far its reader is behind the tip, which its children have now.
  out.millis_behind_latest = std::max<std::int64_t>(0, now.millis() - *shard.closed_millis);
  out.child_shards = children_of(shard, stream);
  subscription.ended = true;
  release(fan_out);
  return out;
}

FanOutEvent Region::heartbeat(Subscription& subscription, const Stream& stream, const Shard& shard, bool has_records,
                              Moment now) {
  FanOutEvent out;
  // At the tip everything that was put so far, here or into other shards, is behind the reader.
  const std::uint64_t position = has_records ? subscription.index : std::max(subscription.index, stream.next_index());
  if (position != subscription.index || subscription.continuation.empty()) {
    const std::uint64_t seconds =
        std::max(static_cast<std::uint64_t>(now.millis() / 1000), shard.sequence.shard_seconds());
    subscription.continuation = shard.sequence.text(position == 0 ? 0 : position - 1, seconds);
  }
  subscription.index = position;
  subscription.next_heartbeat = now.monotonic + heartbeat_period;
  out.continuation = subscription.continuation;
  if (has_records) {
    out.millis_behind_latest =
        std::max<std::int64_t>(0, now.millis() - shard.log.arrival_from(position).value_or(now.millis()));
  }
  return out;
}

void Region::unsubscribe(const Subscription& subscription, Moment now) {
  advance(now);
  const auto found = streams_.find(subscription.stream);
  if (found == streams_.end() || found->second.serial() != subscription.serial) return;
  const auto registered = found->second.consumers.find(subscription.consumer);
  if (registered == found->second.consumers.end() || registered->second.arn != subscription.consumer_arn) return;
  const auto fan_out = registered->second.shards.find(subscription.shard);
  if (fan_out != registered->second.shards.end() && fan_out->second.active == subscription.id) {
    fan_out->second.active = 0;
  }
}

// A subscription that the service itself has ended is not in the way of the next one.
void Region::release(FanOut& fan_out) noexcept {
  fan_out.active = 0;
  fan_out.taken_until = Moment::Monotonic::min();
}

SubscribeToShardEvent to_event(FanOutEvent event) {
  SubscribeToShardEvent out;
  out.records = to_kinesis_records(event.slice);
  if (event.continuation) out.continuation_sequence_number.emplace(std::string_view(*event.continuation));
  out.millis_behind_latest = event.millis_behind_latest;
  out.child_shards = std::move(event.child_shards);
  return out;
}

}  // namespace kinesis::emulator
