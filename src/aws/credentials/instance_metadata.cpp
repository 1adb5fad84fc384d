#include "aws/credentials/instance_metadata.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace kinesis::aws {
namespace {

constexpr std::string_view token_path = "/latest/api/token";
constexpr std::string_view token_life = "21600";  // six hours, the most there is
/// How long version 1 is used before version 2 is tried again.
constexpr std::chrono::minutes version_1_life(1);

std::string lowered(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

Error off(std::string why) { return Error(errc::unsupported, std::move(why)); }

/// Where the service is, without a path at the end.
Result<http::Url> base_url(const Settings& settings) {
  std::string text = "http://169.254.169.254";
  const std::string mode = lowered(
      settings.either("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode").value_or("ipv4"));
  if (mode == "ipv6" || settings.flag("AWS_IMDS_USE_IPV6", "imds_use_ipv6")) {
    text = "http://[fd00:ec2::254]";
  } else if (mode != "ipv4") {
    return Error(errc::invalid_argument, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE must be IPv4 or IPv6");
  }
  auto url = http::Url::parse(
      settings.either("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint").value_or(text));
  if (!url) return Error(errc::invalid_argument, "AWS_EC2_METADATA_SERVICE_ENDPOINT is no URL");
  while (url->path.ends_with('/')) url->path.pop_back();
  return url;
}

/// What the token request's answer means where it is no token: version 1, or nothing.
bool means_version_1(int status) noexcept { return status == 403 || status == 404 || status == 405; }

/// The request was sent and nobody answered: between us and the service something drops answers to PUT, as a
/// container's network does.
bool lost_its_answer(const Error& error) noexcept {
  return error.code() == errc::timeout && http::possibly_sent(error);
}

}  // namespace

InstanceMetadata::InstanceMetadata(SourceContextPtr context) : context_(std::move(context)) {}

Result<void> InstanceMetadata::prepare() {
  const Settings& settings = context_->settings();
  if (parse_config_bool(settings.variable("AWS_EC2_METADATA_DISABLED").value_or("")).value_or(false))
    return off("AWS_EC2_METADATA_DISABLED is true");
  if (base_) return {};
  const auto seconds = settings.number("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout");
  if (!seconds) return seconds.error();
  const auto tries = settings.number("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts");
  if (!tries) return tries.error();
  auto base = base_url(settings);
  if (!base) return base.error();
  time_limit_ = std::chrono::seconds(seconds->value_or(1));
  tries_ = tries->value_or(1);
  base_ = std::move(*base);
  return {};
}

core::awaitable<Result<http::Response>> InstanceMetadata::send(std::string method, std::string path) {
  http::Headers headers;
  if (path == token_path) {
    headers.add("x-aws-ec2-metadata-token-ttl-seconds", token_life);
  } else if (!token_.empty()) {
    headers.add("x-aws-ec2-metadata-token", token_);
  }
  http::Request request(std::move(method), base_->path + path, std::move(headers));
  HttpQuestion question = small_question(base_->endpoint, std::move(request), time_limit_);
  question.tries = tries_;
  return ask(context_->direct_http(), *context_->options.clock, std::move(question));
}

core::awaitable<Result<void>> InstanceMetadata::renew_token() {
  token_.clear();
  auto answer = co_await send("PUT", std::string(token_path));
  const Clock::time_point now = context_->options.clock->now();
  if (answer && answer->status == 200) {
    token_ = answer->body.text();
    const bool sound =
        !token_.empty() && std::all_of(token_.begin(), token_.end(), [](char c) { return c > 0x20 && c < 0x7F; });
    if (!sound) co_return Error(errc::protocol, "the instance's metadata service gave a token that cannot be sent");
    int life = 60;
    const std::string_view header = answer->headers.find("x-aws-ec2-metadata-token-ttl-seconds").value_or(token_life);
    std::from_chars(header.data(), header.data() + header.size(), life);
    token_until_ = now + std::chrono::seconds(std::clamp(life, 2, 21'600)) * 9 / 10;
    co_return Result<void>();
  }
  if (answer && !means_version_1(answer->status)) {
    if (answer->status == 400) co_return off("the instance's metadata service gives no tokens (HTTP status 400)");
    co_return Error(errc::service,
                    "the instance's metadata service answers with HTTP status " + std::to_string(answer->status))
        .with_retryable(answer->status >= 500);
  }
  if (!answer && !lost_its_answer(answer.error())) co_return answer.error();
  if (context_->settings().flag("AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled"))
    co_return off("the instance's metadata service gives no token, and AWS_EC2_METADATA_V1_DISABLED is true");
  token_until_ = now + version_1_life;
  co_return Result<void>();
}

core::awaitable<Result<std::string>> InstanceMetadata::get(std::string path) {
  const auto ready = prepare();
  if (!ready) co_return ready.error();
  for (int round = 1;; ++round) {
    if (!has_token()) {
      const auto renewed = co_await renew_token();
      if (!renewed) co_return renewed.error();
    }
    auto answer = co_await send("GET", path);
    if (!answer) co_return answer.error();
    if (answer->status == 200) co_return std::string(answer->body.text());
    if (answer->status == 401 && round == 1) {
      token_until_ = Clock::time_point::min();  // the service has forgotten our token
      continue;
    }
    errc code = errc::service;
    if (answer->status == 404) code = errc::not_found;
    if (answer->status == 401 || answer->status == 403) code = errc::access_denied;
    co_return Error(code, "the instance's metadata service answers with HTTP status " + std::to_string(answer->status))
        .with_retryable(answer->status >= 500);
  }
}

}  // namespace kinesis::aws
