#pragma once

#include "aws/endpoint.hpp"
#include <kinesis/client.hpp>
#include <kinesis/cloudwatch.hpp>
#include <kinesis/dynamodb.hpp>

#include <memory>
#include <string>

namespace kinesis::aws {

/// The services a client talks to over the network, and what was found out about where they are.
struct Services {
  std::string region;
  std::shared_ptr<KinesisApi> kinesis;
  std::shared_ptr<DynamoDbApi> dynamodb;
  std::shared_ptr<CloudWatchApi> cloudwatch;
};

/// Resolves region, endpoints and credentials from options, environment and configuration files, and makes the clients;
/// nothing is sent yet (but see find_region). Throws Error(invalid_argument) that says what is missing or wrong.
/// `options.clock` is set. `environment` is the process's, except in tests.
Services connect_services(const ClientOptions& options, asio::any_io_executor executor, Environment environment);
Services connect_services(const ClientOptions& options, asio::any_io_executor executor);

}  // namespace kinesis::aws
