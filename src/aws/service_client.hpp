#pragma once

#include "aws/endpoint.hpp"
#include "aws/request_pipeline.hpp"
#include "aws/shape.hpp"
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

/// Where Kinesis is for one operation: an account has hosts of its own for streams that are named by ARN.
class KinesisAddress {
 public:
  /// `override_url` wins over everything.
  KinesisAddress(std::string region, bool fips, bool dual_stack, std::string override_url);

  /// Null: the regional host, which is the pipeline's own.
  Result<std::shared_ptr<const http::Url>> url_for(std::string_view operation, std::string_view resource_arn) const;

 private:
  std::string region_;
  bool fips_;
  bool dual_stack_;
  std::string override_url_;
};

std::shared_ptr<KinesisApi> make_kinesis_client(std::shared_ptr<RequestPipeline> pipeline, KinesisAddress address,
                                                WireFormat format);
std::shared_ptr<DynamoDbApi> make_dynamodb_client(std::shared_ptr<RequestPipeline> pipeline);
std::shared_ptr<CloudWatchApi> make_cloudwatch_client(std::shared_ptr<RequestPipeline> pipeline);

/// Reads an answer's body into an object, by the content type it has.
Result<void> read_answer(const http::Response& response, const TypeDescriptor& type, void* object);

}  // namespace kinesis::aws
