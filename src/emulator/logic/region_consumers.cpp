#include "emulator/logic/errors.hpp"
#include "emulator/logic/region.hpp"

#include <algorithm>

// Registered fan-out consumers.
namespace kinesis::emulator {
namespace {

constexpr std::size_t most_consumers = 20;
constexpr std::size_t most_consumers_with_commitment = 50;
constexpr int most_creating = 5;

Timestamp time_of(std::int64_t millis) { return Timestamp(std::chrono::milliseconds(millis)); }

std::optional<Error> check_consumer(const ConsumerRequest& request) {
  Validation validation;
  validation.stream_arn("streamARN", request.stream_arn).name("consumerName", request.consumer_name);
  validation.consumer_arn("consumerARN", request.consumer_arn);
  if (auto error = validation.error()) return error;
  if (request.consumer_arn || (request.stream_arn && request.consumer_name)) return std::nullopt;
  return invalid_argument("Either ConsumerARN, or StreamARN and ConsumerName should be provided.");
}

}  // namespace

Result<RegisterStreamConsumerResponse> Region::perform(const RegisterStreamConsumerRequest& request, Moment now) {
  Validation validation;
  validation.stream_arn("streamARN", request.stream_arn).name("consumerName", request.consumer_name);
  if (auto error = validation.error()) return *error;
  if (auto error = check_tags(request.tags, {}, stream_in(request.stream_arn))) return *error;
  auto found = find_by_arn(request.stream_arn);
  if (!found) return found.error();
  Stream& stream = **found;
  if (!stream.readable()) return *not_active(stream);
  if (stream.consumers.contains(request.consumer_name)) {
    return in_use("Consumer " + request.consumer_name + " under stream " + stream.name() +
                  " already exists for account " + options_.account + ".");
  }
  const bool advantage =
      stream.mode == StreamMode::on_demand && commitment_.status != BillingCommitmentStatus::disabled;
  const std::size_t most = advantage ? most_consumers_with_commitment : most_consumers;
  if (stream.consumers.size() >= most) {
    return limit_exceeded("Stream " + stream.name() + " under account " + options_.account + " already has " +
                          std::to_string(most) + " consumers, which is the limit.");
  }
  const auto creating = std::count_if(stream.consumers.begin(), stream.consumers.end(),
                                      [](const auto& one) { return one.second.status == ConsumerStatus::creating; });
  if (options_.limits && creating >= most_creating) {
    return limit_exceeded("Stream " + stream.name() + " under account " + options_.account +
                          " cannot have more than 5 consumers in CREATING status.");
  }

  Consumer& consumer = stream.consumers[request.consumer_name];
  consumer.name = request.consumer_name;
  consumer.arn = arns_.consumer(stream.name(), request.consumer_name, now.millis() / 1000);
  consumer.created_millis = now.millis();
  consumer.due = due(now);
  consumer.tags = request.tags;
  RegisterStreamConsumerResponse out;
  out.consumer.consumer_name = consumer.name;
  out.consumer.consumer_arn = consumer.arn;
  out.consumer.consumer_status = ConsumerStatus::creating;
  out.consumer.consumer_creation_timestamp = time_of(consumer.created_millis);
  return out;
}

Result<std::pair<Stream*, Consumer*>> Region::find_consumer(const ConsumerRequest& request) {
  std::string_view stream_name;
  std::string_view name;
  if (request.consumer_arn) {
    const auto named = arns_.consumer_name(*request.consumer_arn);
    if (!named) return not_found("Consumer " + *request.consumer_arn + " not found.");
    stream_name = named->stream;
    name = named->name;
    const bool other_stream = request.stream_arn && arns_.stream_name(*request.stream_arn) != stream_name;
    if (other_stream || (request.consumer_name && *request.consumer_name != name)) {
      return invalid_argument("StreamARN and ConsumerName do not belong to ConsumerARN " + *request.consumer_arn + ".");
    }
  } else {
    auto stream = find_by_arn(*request.stream_arn);
    if (!stream) return stream.error();
    stream_name = (*stream)->name();
    name = *request.consumer_name;
  }
  auto stream = find_named(stream_name);
  if (!stream) return stream.error();
  const auto consumer = (*stream)->consumers.find(name);
  // An ARN holds the time of the registration: that of an earlier one is not this consumer's.
  if (consumer == (*stream)->consumers.end() ||
      (request.consumer_arn && consumer->second.arn != *request.consumer_arn)) {
    return consumer_not_found(name, stream_name);
  }
  return std::pair(*stream, &consumer->second);
}

Result<DescribeStreamConsumerResponse> Region::perform(const DescribeStreamConsumerRequest& request, Moment) {
  if (auto error = check_consumer(request)) return *error;
  auto found = find_consumer(request);
  if (!found) return found.error();
  const auto& [stream, consumer] = *found;
  DescribeStreamConsumerResponse out;
  out.consumer_description.consumer_name = consumer->name;
  out.consumer_description.consumer_arn = consumer->arn;
  out.consumer_description.consumer_status = consumer->status;
  out.consumer_description.consumer_creation_timestamp = time_of(consumer->created_millis);
  out.consumer_description.stream_arn = stream->arn();
  return out;
}

Result<DeregisterStreamConsumerResponse> Region::perform(const DeregisterStreamConsumerRequest& request, Moment now) {
  if (auto error = check_consumer(request)) return *error;
  auto found = find_consumer(request);
  if (!found) return found.error();
  Consumer& consumer = *found->second;
  if (consumer.status != ConsumerStatus::active) return consumer_not_active(consumer, *found->first);
  consumer.status = ConsumerStatus::deleting;
  consumer.due = due(now);
  advance(now);
  return DeregisterStreamConsumerResponse();
}

}  // namespace kinesis::emulator
