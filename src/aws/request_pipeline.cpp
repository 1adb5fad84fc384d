#include "aws/request_pipeline.hpp"

#include "core/digest.hpp"
#include "core/hex.hpp"

#include <cstdio>
#include <utility>

namespace kinesis::aws {
namespace {

constexpr std::string_view user_agent = "kinesis-cpp/0.1";

std::string sha256_hex(const http::Body& body) {
  if (body.parts().size() == 1) return core::to_hex(core::sha256(body.parts()[0].bytes()));
  core::Sha256 digest;
  for (const Blob& part : body.parts()) digest.update(part.bytes());
  return core::to_hex(digest.finish());
}

bool is_throttle(const Error& error) { return classify(error) == FailureKind::throttled; }

}  // namespace

RequestPipeline::RequestPipeline(PipelineOptions options)
    : options_(std::move(options)),
      rules_(options_.rules),
      random_(core::random_seed()),
      limiter_(options_.clock->now()) {}

core::awaitable<ServiceAnswer> RequestPipeline::send(ServiceCall call) {
  const std::string body_sha256 = sha256_hex(call.body);
  const std::string invocation = new_invocation_id();
  CallRetries retries(rules_, quota_);
  bool corrected_clock = false;
  for (;;) {
    Result<CredentialsPtr> credentials = co_await identity();
    if (!credentials) co_return ServiceAnswer(credentials.error());
    co_await wait_for_rate();
    Attempt tried = co_await attempt(call, body_sha256, invocation, retries.attempts(), *credentials);
    if (tried.response) {
      retries.succeeded();
      co_return ServiceAnswer(std::move(*tried.response));
    }
    const Error error = tried.error->with_attempts(retries.attempts());
    if (options_.log.enabled(LogLevel::debug))
      options_.log.write(LogLevel::debug, "aws", std::string(call.operation) + " failed: " + error.what());
    if (!corrected_clock && ClockSkew::explains(error, tried.skew_used, tried.skew_observed)) {
      corrected_clock = true;  // the next signature has the service's time
      continue;
    }
    if (classify(error) == FailureKind::credentials && options_.credentials)
      options_.credentials->refused(*credentials);
    const auto delay = after_failure(retries, tried);
    if (!delay) co_return ServiceAnswer(error, std::move(tried.error_body));
    if (delay->count() > 0)
      co_await core::sleep_for(*options_.clock, std::chrono::duration_cast<Clock::duration>(*delay));
  }
}

core::awaitable<Result<RequestPipeline::CredentialsPtr>> RequestPipeline::identity() {
  if (!options_.credentials) co_return CredentialsPtr();
  co_return co_await options_.credentials->get();
}

core::awaitable<RequestPipeline::Attempt> RequestPipeline::attempt(const ServiceCall& call,
                                                                   std::string_view body_sha256,
                                                                   std::string_view invocation, int number,
                                                                   CredentialsPtr credentials) {
  Attempt result;
  TimeEvidence evidence;
  evidence.sent = options_.clock->wall_now();
  result.skew_used = skew_.skew();
  http::Request request =
      signed_request(call, body_sha256, invocation, number, credentials.get(), skew_.corrected(evidence.sent));
  const http::Url& url = call.url ? *call.url : options_.url;
  auto answer = co_await options_.http->send(url.endpoint, std::move(request));
  if (!answer) {
    result.error = answer.error();
    co_return result;
  }
  const http::Headers& headers = answer->headers;
  evidence.received = options_.clock->wall_now();
  evidence.date = headers.find("date").value_or("");
  evidence.has_age = headers.contains("age");
  result.skew_observed = skew_.observe(evidence);
  if (answer->status >= 200 && answer->status < 300) {
    result.response = std::move(*answer);
    co_return result;
  }
  ErrorHeaders error_headers;
  error_headers.content_type = headers.find("content-type").value_or("");
  error_headers.error_type = headers.find("x-amzn-errortype").value_or("");
  error_headers.request_id = headers.find("x-amzn-requestid").value_or(headers.find("x-amz-request-id").value_or(""));
  result.retry_after = parse_retry_after(headers.find("x-amz-retry-after").value_or(""));
  result.error = error_of(answer->status, error_headers, answer->body);
  result.error_body = std::move(answer->body);
  co_return result;
}

http::Request RequestPipeline::signed_request(const ServiceCall& call, std::string_view body_sha256,
                                              std::string_view invocation, int number, const Credentials* credentials,
                                              core::WallTime now) {
  const http::Url& url = call.url ? *call.url : options_.url;
  http::Headers headers;
  headers.reserve(12, 1024);
  headers.add("host", url.endpoint.authority());
  headers.add("content-type", call.content_type);
  if (!call.target.empty()) headers.add("x-amz-target", call.target);
  if (credentials != nullptr) {
    std::vector<HeaderView> views;
    for (const http::Headers::Field field : headers) views.push_back(HeaderView{field.name, field.value});
    SignableRequest signable;
    signable.path = url.path;
    signable.query = url.query;
    signable.headers = views;
    signable.body_sha256 = body_sha256;
    const SigningIdentity identity{credentials->access_key_id, credentials->secret_access_key,
                                   credentials->session_token};
    const Signature signature =
        sign(signable, identity, SigningScope{options_.region, signing_name(options_.service)}, now, keys_);
    headers.add("x-amz-date", signature.amz_date);
    if (!credentials->session_token.empty()) headers.add("x-amz-security-token", credentials->session_token);
    headers.add("authorization", signature.authorization);
  }
  headers.add("user-agent", user_agent);
  headers.add("amz-sdk-invocation-id", invocation);
  headers.add("amz-sdk-request", "attempt=" + std::to_string(number) + "; max=" + std::to_string(rules_.max_attempts));
  return http::Request("POST", url.target(), std::move(headers), call.body);
}

core::awaitable<void> RequestPipeline::wait_for_rate() {
  if (options_.retry_mode != RetryPolicy::Mode::adaptive) co_return;
  const Clock::time_point now = options_.clock->now();
  Clock::time_point when = now;
  {
    const std::lock_guard lock(mutex_);
    when = limiter_.reserve(now);
  }
  if (when > now) co_await core::sleep_until(*options_.clock, when);
}

std::optional<std::chrono::nanoseconds> RequestPipeline::after_failure(CallRetries& retries, const Attempt& attempt) {
  const std::lock_guard lock(mutex_);
  if (options_.retry_mode == RetryPolicy::Mode::adaptive)
    limiter_.answered(is_throttle(*attempt.error), options_.clock->now());
  return retries.failed(*attempt.error, random_, attempt.retry_after);
}

std::string RequestPipeline::new_invocation_id() {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  {
    const std::lock_guard lock(mutex_);
    high = random_();
    low = random_();
  }
  char text[40];
  std::snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>(high >> 16) & 0xffffU, static_cast<unsigned>(high) & 0xfffU,
                (static_cast<unsigned>(low >> 48) & 0x3fffU) | 0x8000U,
                static_cast<unsigned long long>(low & 0xffffffffffffULL));
  return text;
}

}  // namespace kinesis::aws
