#pragma once

#include "aws/credentials/context.hpp"

#include <string>

namespace kinesis::aws {

/// The metadata service of an EC2 instance, version 2, and 1 where only that is there
/// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html). Set up by
/// AWS_EC2_METADATA_SERVICE_ENDPOINT, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE, AWS_EC2_METADATA_V1_DISABLED,
/// AWS_EC2_METADATA_DISABLED, AWS_METADATA_SERVICE_TIMEOUT and AWS_METADATA_SERVICE_NUM_ATTEMPTS, or the profile's keys
/// of the same names. One question at a time.
class InstanceMetadata {
 public:
  explicit InstanceMetadata(SourceContextPtr context);

  /// The text at `path`, "/latest/meta-data/...". Errors: unsupported (switched off, or not to be asked), not_found (no
  /// such path), connection and timeout (nobody answers: this is no instance), service, protocol, access_denied,
  /// invalid_argument (a setting).
  core::awaitable<Result<std::string>> get(std::string path);

 private:
  core::awaitable<Result<void>> renew_token();
  core::awaitable<Result<http::Response>> send(std::string method, std::string path);
  Result<void> prepare();
  bool has_token() const { return context_->options.clock->now() < token_until_; }

  const SourceContextPtr context_;
  std::optional<http::Url> base_;
  Clock::duration time_limit_{};
  int tries_ = 1;
  /// Empty: version 1.
  std::string token_;
  Clock::time_point token_until_ = Clock::time_point::min();
};

}  // namespace kinesis::aws
