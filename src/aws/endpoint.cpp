#include "aws/endpoint.hpp"

#include <algorithm>
#include <array>

namespace kinesis::aws {
namespace {

struct PartitionRule {
  Partition partition;
  /// Regions are <one of these><words and digits>-<number>.
  std::array<std::string_view, 9> prefixes;
};

// First match wins; the longer prefixes of us and eu stand before "aws".
constexpr std::array<PartitionRule, 8> partitions = {{
    {{"aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"}, {"cn-"}},
    {{"aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu"}, {"eusc-"}},
    {{"aws-iso", "c2s.ic.gov", "api.aws.ic.gov"}, {"us-iso-", "aws-iso-global"}},
    {{"aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud"}, {"us-isob-", "aws-iso-b-global"}},
    {{"aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"}, {"eu-isoe-", "aws-iso-e-global"}},
    {{"aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov"}, {"us-isof-", "aws-iso-f-global"}},
    {{"aws-us-gov", "amazonaws.com", "api.aws"}, {"us-gov-", "aws-us-gov-global"}},
    {{"aws", "amazonaws.com", "api.aws"}, {"us-", "eu-", "ap-", "sa-", "ca-", "me-", "af-", "il-", "mx-"}},
}};

std::string_view host_prefix(Service service) noexcept {
  switch (service) {
    case Service::kinesis:
      return "kinesis";
    case Service::dynamodb:
      return "dynamodb";
    case Service::cloudwatch:
      return "monitoring";
    case Service::sts:
      return "sts";
    case Service::sso_portal:
      return "portal.sso";
  }
  return "";
}

/// In environment variables and in `services` sections: the service's id, with other spelling.
std::string_view setting_name(Service service) noexcept {
  switch (service) {
    case Service::kinesis:
      return "KINESIS";
    case Service::dynamodb:
      return "DYNAMODB";
    case Service::cloudwatch:
      return "CLOUDWATCH";
    case Service::sts:
      return "STS";
    case Service::sso_portal:
      return "SSO";
  }
  return "";
}

bool is_alphanumeric(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// What may stand between two dots of a host name: nothing else gets there from settings or ARNs.
bool is_host_label(std::string_view text) noexcept {
  if (text.empty() || text.size() > 63 || text.front() == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '-'; });
}

struct Arn {
  std::string_view partition, service, region, account, resource;
};

std::optional<Arn> parse_arn(std::string_view text) noexcept {
  std::array<std::string_view, 6> parts;
  for (std::size_t i = 0; i < 5; ++i) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    parts[i] = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (parts[0] != "arn" || parts[1].empty() || parts[2].empty() || text.empty()) return std::nullopt;
  return Arn{parts[1], parts[2], parts[3], parts[4], text};
}

bool has_account_hosts(const Partition& partition) noexcept {
  return partition.name != "aws-iso" && partition.name != "aws-iso-b";
}

Error wrong(std::string what) { return Error(errc::invalid_argument, std::move(what)); }

/// "<account>.data-kinesis" or "<first 20>.<last 3>.control-kinesis": what stands before the region, if the request
/// names a stream.
Result<std::string> stream_host(const EndpointQuestion& question, const Partition& partition) {
  if (question.service != Service::kinesis || question.operation == OperationType::regional ||
      !has_account_hosts(partition)) {
    return std::string();
  }
  const std::string suffix = question.operation == OperationType::data ? ".data-kinesis" : ".control-kinesis";
  const std::string_view id = question.stream_id;
  if (id.size() == 24 && id[20] == '-' && is_host_label(id.substr(0, 20)) && is_host_label(id.substr(21))) {
    return std::string(id.substr(0, 20)) + "." + std::string(id.substr(21)) + suffix;
  }
  if (question.resource_arn.empty()) return std::string();
  const std::optional<Arn> arn = parse_arn(question.resource_arn);
  if (!arn) return wrong("not an ARN");
  if (!is_host_label(arn->account)) return wrong("the ARN has no valid account id");
  if (!is_host_label(arn->region)) return wrong("the ARN has no valid region");
  if (arn->service != "kinesis") return wrong("the ARN is not of Kinesis");
  if (arn->resource.substr(0, arn->resource.find_first_of(":/")) != "stream")
    return wrong("the ARN is not of a stream");
  if (arn->partition != partition.name) {
    return wrong("the ARN is in another partition than the region, " + std::string(partition.name));
  }
  return std::string(arn->account) + suffix;
}

}  // namespace

std::string_view signing_name(Service service) noexcept {
  return service == Service::sso_portal ? "awsssoportal" : host_prefix(service);
}

const Partition& partition_of(std::string_view region) noexcept {
  for (const PartitionRule& rule : partitions) {
    for (const std::string_view prefix : rule.prefixes) {
      if (!prefix.empty() && region.starts_with(prefix)) return rule.partition;
    }
  }
  return partitions.back().partition;
}

Result<EndpointAnswer> resolve_endpoint(const EndpointQuestion& question) {
  if (!question.override_url.empty()) {
    if (question.use_fips) return wrong("FIPS and an endpoint of one's own exclude each other");
    if (question.use_dual_stack) return wrong("dual stack and an endpoint of one's own exclude each other");
    return EndpointAnswer{std::string(question.override_url), std::string(question.region)};
  }
  if (question.region.empty()) return wrong("no region is set");
  if (!is_host_label(question.region)) return wrong("the region is not valid");
  const std::string region(question.region);
  if (question.service == Service::dynamodb && region == "local") {
    if (question.use_fips || question.use_dual_stack)
      return wrong("the local endpoint has neither FIPS nor dual stack");
    return EndpointAnswer{"http://localhost:8000", "us-east-1"};
  }
  if (question.service == Service::sts && region == "aws-global" && !question.use_fips && !question.use_dual_stack) {
    return EndpointAnswer{"https://sts.amazonaws.com", "us-east-1"};
  }

  const Partition& partition = partition_of(region);
  Result<std::string> stream = stream_host(question, partition);
  if (!stream) return stream.error();
  const bool of_stream = !stream->empty();
  std::string host = of_stream ? *std::move(stream) : std::string(host_prefix(question.service));
  if (question.use_fips) {
    // In us-gov the plain regional hosts are the FIPS ones; over dual stack only CloudWatch's is.
    const bool plain = partition.name == "aws-us-gov" && !of_stream &&
                       (!question.use_dual_stack || question.service == Service::cloudwatch);
    if (!plain) host += "-fips";
  }
  const std::string_view suffix = question.use_dual_stack ? partition.dual_stack_dns_suffix : partition.dns_suffix;
  return EndpointAnswer{"https://" + host + "." + region + "." + std::string(suffix), region};
}

std::string find_endpoint_override(Service service, std::string_view from_code, const Environment& environment,
                                   const ConfigFiles& files, std::string_view profile) {
  if (!from_code.empty()) return std::string(from_code);
  const ConfigSection* section = files.profile(profile);
  const auto of_profile = [&](std::string_view key) -> std::string_view {
    return section == nullptr ? std::string_view() : section->find(key).value_or("");
  };
  const std::string ignore = environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
                                 .value_or(std::string(of_profile("ignore_configured_endpoint_urls")));
  if (parse_config_bool(ignore).value_or(false)) return {};

  const std::string name(setting_name(service));
  for (const std::string& variable : {"AWS_ENDPOINT_URL_" + name, std::string("AWS_ENDPOINT_URL")}) {
    std::optional<std::string> url = environment(variable);
    if (url && !url->empty()) return *std::move(url);
  }
  if (const ConfigSection* services = files.services(of_profile("services")); services != nullptr) {
    std::string lower = name;
    for (char& c : lower) c = static_cast<char>(c - 'A' + 'a');
    const std::string_view url = services->find(lower, "endpoint_url").value_or("");
    if (!url.empty()) return std::string(url);
  }
  return std::string(of_profile("endpoint_url"));
}

}  // namespace kinesis::aws
