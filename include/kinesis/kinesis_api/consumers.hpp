#pragma once

#include <kinesis/kinesis_api/common.hpp>

#include <utility>

// Enhanced fan-out: the registered consumers of a stream.
namespace kinesis {

/// AWS's "Consumer": a registered fan-out consumer. (`Consumer<T>` is the library's own.)
struct KinesisConsumer {
  KinesisConsumer() = default;

  std::string consumer_name;
  std::string consumer_arn;
  ConsumerStatus consumer_status = ConsumerStatus::unknown;
  Timestamp consumer_creation_timestamp;
  friend bool operator==(const KinesisConsumer&, const KinesisConsumer&) = default;
};

/// AWS's "ConsumerDescription".
struct KinesisConsumerDescription {
  KinesisConsumerDescription() = default;

  std::string consumer_name;
  std::string consumer_arn;
  ConsumerStatus consumer_status = ConsumerStatus::unknown;
  Timestamp consumer_creation_timestamp;
  std::string stream_arn;
};

struct RegisterStreamConsumerResponse {
  RegisterStreamConsumerResponse() = default;

  KinesisConsumer consumer;
};

/// Registers a fan-out consumer; it can be used once its status is `active`.
struct RegisterStreamConsumerRequest {
  using Response = RegisterStreamConsumerResponse;
  static constexpr std::string_view operation = "RegisterStreamConsumer";

  RegisterStreamConsumerRequest() = default;
  RegisterStreamConsumerRequest(std::string stream_arn, std::string consumer_name)
      : stream_arn(std::move(stream_arn)), consumer_name(std::move(consumer_name)) {}

  std::string stream_arn;
  std::string consumer_name;
  std::optional<std::string> stream_id;
  Tags tags;
};

/// A consumer by its ARN, or by the ARN of its stream and its name.
struct ConsumerRequest {
  ConsumerRequest() = default;
  explicit ConsumerRequest(std::string consumer_arn) : consumer_arn(std::move(consumer_arn)) {}
  ConsumerRequest(std::string stream_arn, std::string consumer_name)
      : stream_arn(std::move(stream_arn)), consumer_name(std::move(consumer_name)) {}

  std::optional<std::string> stream_arn;
  std::optional<std::string> consumer_name;
  std::optional<std::string> consumer_arn;
  std::optional<std::string> stream_id;
};

struct DeregisterStreamConsumerResponse {
  DeregisterStreamConsumerResponse() = default;
};

struct DeregisterStreamConsumerRequest : ConsumerRequest {
  using Response = DeregisterStreamConsumerResponse;
  static constexpr std::string_view operation = "DeregisterStreamConsumer";

  using ConsumerRequest::ConsumerRequest;
  DeregisterStreamConsumerRequest() = default;
};

struct DescribeStreamConsumerResponse {
  DescribeStreamConsumerResponse() = default;

  KinesisConsumerDescription consumer_description;
};

struct DescribeStreamConsumerRequest : ConsumerRequest {
  using Response = DescribeStreamConsumerResponse;
  static constexpr std::string_view operation = "DescribeStreamConsumer";

  using ConsumerRequest::ConsumerRequest;
  DescribeStreamConsumerRequest() = default;
};

struct ListStreamConsumersResponse {
  ListStreamConsumersResponse() = default;

  std::vector<KinesisConsumer> consumers;
  std::optional<std::string> next_token;
};

/// Lists the fan-out consumers of a stream, a page at a time.
struct ListStreamConsumersRequest {
  using Response = ListStreamConsumersResponse;
  static constexpr std::string_view operation = "ListStreamConsumers";

  ListStreamConsumersRequest() = default;
  explicit ListStreamConsumersRequest(std::string stream_arn) : stream_arn(std::move(stream_arn)) {}

  std::string stream_arn;
  std::optional<std::string> next_token;
  /// 1 to 10,000; the service's default is 100.
  std::optional<int> max_results;
  std::optional<Timestamp> stream_creation_timestamp;
  std::optional<std::string> stream_id;
};

}  // namespace kinesis
