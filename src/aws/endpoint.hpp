#pragma once

#include "aws/config_file.hpp"
#include <kinesis/error.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

// Where the services are. The rules are those of the services' endpoint rule sets and AWS's partition table, as
// botocore ships them (botocore/data/*/endpoint-rule-set-1.json, partitions.json, August 2026). No I/O.
namespace kinesis::aws {

enum class Service { kinesis, dynamodb, cloudwatch, sts, sso_portal };

/// The service name in a signature.
std::string_view signing_name(Service service) noexcept;

/// What an operation of Kinesis works on decides its host, where the account has one: `data` is PutRecord, PutRecords,
/// GetRecords, GetShardIterator and SubscribeToShard; `control` all others of streams and consumers; `regional` those
/// without a stream: CreateStream, ListStreams, DescribeLimits and the account's settings.
enum class OperationType { regional, control, data };

struct Partition {
  std::string_view name;  ///< As in ARNs: "aws", "aws-cn".
  std::string_view dns_suffix;
  std::string_view dual_stack_dns_suffix;
};
/// A region of no known pattern is taken to be in "aws".
const Partition& partition_of(std::string_view region) noexcept;

struct EndpointQuestion {
  Service service = Service::kinesis;
  std::string_view region;
  bool use_fips = false;
  bool use_dual_stack = false;
  /// An endpoint of the user's choice wins over all else. See find_endpoint_override.
  std::string_view override_url;
  OperationType operation = OperationType::regional;
  /// ARN of the stream or of one of its consumers that the operation names; else the regional host is taken.
  std::string_view resource_arn;
  /// AWS's 24-character id of the stream.
  std::string_view stream_id;
};

struct EndpointAnswer {
  std::string url;
  std::string signing_region;
};

/// Error(invalid_argument) where the settings contradict each other or something named is malformed.
Result<EndpointAnswer> resolve_endpoint(const EndpointQuestion& question);

/// Looks up an environment variable; nothing if it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

/// The endpoint the user has chosen for `service`, empty if none: `from_code`, AWS_ENDPOINT_URL_<SERVICE>,
/// AWS_ENDPOINT_URL, the profile's `services` section, the profile's endpoint_url; the first that is not empty.
/// AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true leaves only the first.
/// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html)
std::string find_endpoint_override(Service service, std::string_view from_code, const Environment& environment,
                                   const ConfigFiles& files, std::string_view profile);

}  // namespace kinesis::aws
