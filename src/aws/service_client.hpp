#pragma once

#include "aws/endpoint.hpp"
#include "aws/request_pipeline.hpp"
#include "aws/shape.hpp"
#include "aws/shard_subscription.hpp"
#include <kinesis/client.hpp>
#include <kinesis/cloudwatch.hpp>
#include <kinesis/dynamodb.hpp>
#include <kinesis/kinesis_api.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace kinesis::aws {

/// What a call gets as its answer: into which object, of which type.
class AnswerTarget {
 public:
  AnswerTarget(const TypeDescriptor& type, void* object) : type(type), object(object) {}
  const TypeDescriptor& type;
  void* object;
};

/// The stream or consumer of a request, where it is not only named. Does not own anything.
class NamedResource {
 public:
  NamedResource() {}
  std::string_view arn;
  std::string_view stream_id;
};

/// Where Kinesis is for one operation: an account has hosts of its own for streams that are named by ARN.
class KinesisAddress {
 public:
  /// `override_url` wins over everything.
  KinesisAddress(std::string region, bool fips, bool dual_stack, std::string override_url);

  /// Null: the regional host, which is the pipeline's own. `resource` is what the request names beside a name: an id or
  /// an ARN, or nothing.
  Result<std::shared_ptr<const http::Url>> url_for(std::string_view operation, const NamedResource& resource) const;

 private:
  std::string region_;
  bool fips_;
  bool dual_stack_;
  std::string override_url_;
};

std::shared_ptr<KinesisApi> make_kinesis_client(std::shared_ptr<RequestPipeline> pipeline, KinesisAddress address,
                                                WireFormat format,
                                                SubscriptionSettings subscriptions = SubscriptionSettings());
std::shared_ptr<DynamoDbApi> make_dynamodb_client(std::shared_ptr<RequestPipeline> pipeline);
std::shared_ptr<CloudWatchApi> make_cloudwatch_client(std::shared_ptr<RequestPipeline> pipeline);

/// The format of an answer with a status of success; Error(protocol) if it is empty or its content type is none this
/// service uses, which is what proxies, portals and wrong endpoints give.
Result<BodyFormat> format_of_answer(const http::Response& response);
/// Reads an answer's body into an object, by the content type it has. Nothing at all is an answer only where there is
/// nothing to say.
Result<void> read_answer(const http::Response& response, const TypeDescriptor& type, void* object);
/// `error` of reading an answer, with what helps to find out about it.
Error unreadable(const Error& error, const ServiceAnswer& answer);

}  // namespace kinesis::aws
