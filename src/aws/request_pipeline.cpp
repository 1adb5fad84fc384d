#include "aws/request_pipeline.hpp"

#include "core/buffer_pool.hpp"
#include "core/digest.hpp"
#include "core/hex.hpp"
#include "http/watched_response.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <span>
#include <utility>

namespace kinesis::aws {
namespace {

std::string sha256_hex(const http::Body& body) {
  if (body.parts().size() == 1) return core::to_hex(core::sha256(body.parts()[0].bytes()));
  core::Sha256 digest;
  for (const Blob& part : body.parts()) digest.update(part.bytes());
  return core::to_hex(digest.finish());
}

bool same_keys(const std::shared_ptr<const Credentials>& left,
               const std::shared_ptr<const Credentials>& right) noexcept {
  return left == right ||
         (left && right && left->access_key_id == right->access_key_id &&
          left->secret_access_key == right->secret_access_key && left->session_token == right->session_token);
}

/// Whether the body is what the service sent, as far as it says so. DynamoDB does; a body that is stored or re-encoded
/// on its way may differ.
bool is_whole(const http::Response& answer) noexcept {
  const auto header = answer.headers.find("x-amz-crc32");
  if (!header || answer.headers.contains("content-encoding")) return true;
  std::uint32_t expected = 0;
  const auto [end, error] = std::from_chars(header->data(), header->data() + header->size(), expected);
  if (error != std::errc() || end != header->data() + header->size()) return true;
  return core::crc32(answer.body.bytes()) == expected;
}

bool is_success(int status) noexcept { return status >= 200 && status < 300; }

/// Room for the one more try that fresh credentials get.
RetryRules rules_of_open(RetryRules rules) {
  rules.max_attempts = 2;
  return rules;
}

/// What is longer is no error of a service, and is not read to its end.
constexpr std::size_t most_error_bytes = std::size_t{1} << 20;

/// The whole of an answer that is no stream after all.
core::awaitable<Result<http::Response>> read_whole(http::StreamedResponse streamed, std::shared_ptr<Clock> clock,
                                                   Clock::duration patience) {
  const int status = streamed.status;
  http::Headers headers = streamed.headers;
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  http::WatchedResponse answer(std::move(streamed), executor, std::move(clock), patience);
  core::Buffer body;
  while (body.size() < most_error_bytes) {
    const auto piece = co_await answer.read();
    if (!piece) co_return piece.error();
    if (!*piece) break;
    body.append((*piece)->bytes());
  }
  co_return http::Response(status, std::move(headers), std::move(body).freeze());
}

}  // namespace

RequestPipeline::RequestPipeline(PipelineOptions options)
    : options_(std::move(options)),
      rules_(options_.rules),
      once_(rules_of_open(options_.rules)),
      random_(core::random_seed()),
      limiter_(options_.clock->now()) {}

core::awaitable<ServiceAnswer> RequestPipeline::send(ServiceCall call) { return perform(std::move(call), nullptr); }

core::awaitable<ServiceAnswer> RequestPipeline::open(ServiceCall call, std::shared_ptr<http::Client> http) {
  return perform(std::move(call), std::move(http));
}

core::awaitable<ServiceAnswer> RequestPipeline::perform(ServiceCall call, std::shared_ptr<http::Client> streams) {
  const RetryRules& rules = streams ? once_ : rules_;
  const Signing signing{sha256_hex(call.body), new_invocation_id(), rules.max_attempts};
  CallRetries retries(rules, quota_);
  bool corrected_clock = false;
  int sent = 0;
  CredentialsPtr refused;
  std::optional<ServiceAnswer> refusal;
  for (int number = 1;; ++number) {
    Result<CredentialsPtr> credentials = co_await identity();
    if (!credentials) co_return ServiceAnswer(credentials.error().with_attempts(sent));
    // Whoever gave the refused credentials has no others: the same question would get the same answer.
    if (refused && same_keys(refused, *credentials)) co_return std::move(*refusal);
    co_await wait_for_rate();
    Attempt tried = co_await attempt(call, signing, number, *credentials, streams.get());
    if (tried.sent) ++sent;
    note_answer(tried);
    if (tried.response) {
      retries.succeeded();
      co_return ServiceAnswer(std::move(*tried.response), sent);
    }
    if (tried.stream) {
      retries.succeeded();
      co_return ServiceAnswer(std::move(*tried.stream), sent);
    }
    const Error error = tried.error->with_attempts(sent);
    if (options_.log.enabled(LogLevel::debug))
      options_.log.write(LogLevel::debug, "aws", std::string(call.operation) + " failed: " + error.what());
    if (!corrected_clock && ClockSkew::explains(error, tried.skew_used, tried.skew_observed)) {
      corrected_clock = true;  // the next signature has the service's time
      continue;
    }
    const bool of_credentials = classify(error) == FailureKind::credentials;
    std::optional<std::chrono::nanoseconds> delay;
    if (!streams || of_credentials) delay = delay_after(retries, error, tried);
    refused.reset();
    if (of_credentials && options_.credentials) {
      options_.credentials->refused(*credentials);
      refused = *credentials;
      refusal.emplace(error, tried.error_body);
    }
    if (!delay) co_return ServiceAnswer(error, std::move(tried.error_body));
    if (delay->count() > 0)
      co_await core::sleep_for(*options_.clock, std::chrono::duration_cast<Clock::duration>(*delay));
  }
}

core::awaitable<Result<RequestPipeline::CredentialsPtr>> RequestPipeline::identity() {
  if (!options_.credentials) co_return CredentialsPtr();
  co_return co_await options_.credentials->get();
}

core::awaitable<RequestPipeline::Attempt> RequestPipeline::attempt(const ServiceCall& call, const Signing& signing,
                                                                   int number, CredentialsPtr credentials,
                                                                   http::Client* streams) {
  Attempt result;
  TimeEvidence evidence;
  evidence.sent = options_.clock->wall_now();
  result.skew_used = skew_.skew();
  auto request = signed_request(call, signing, number, credentials.get(), skew_.corrected(evidence.sent));
  if (!request) {
    result.error = request.error();
    result.sent = false;
    co_return result;
  }
  const http::Url& url = call.url ? *call.url : options_.url;
  auto answer = co_await exchange(url, std::move(*request), streams, result);
  if (!answer) {
    result.error = answer.error();
    result.sent = http::possibly_sent(answer.error());
    co_return result;
  }
  evidence.received = options_.clock->wall_now();
  const http::Headers& headers = result.stream ? result.stream->headers : answer->headers;
  evidence.date = headers.find("date").value_or("");
  evidence.has_age = headers.contains("age");
  result.skew_observed = skew_.observe(evidence);
  if (!result.stream) read(std::move(*answer), result);
  co_return result;
}

core::awaitable<Result<http::Response>> RequestPipeline::exchange(const http::Url& url, http::Request request,
                                                                  http::Client* streams, Attempt& result) {
  if (streams == nullptr) co_return co_await options_.http->send(url.endpoint, std::move(request));
  http::RequestOptions options;
  options.replay_when_stale = false;
  auto opened = co_await streams->open(url.endpoint, std::move(request), options);
  if (!opened) co_return opened.error();
  if (is_success(opened->status)) {
    result.stream.emplace(std::move(*opened));
    co_return http::Response();
  }
  auto whole = co_await read_whole(std::move(*opened), options_.clock, options_.error_patience);
  co_return whole;
}

void RequestPipeline::read(http::Response answer, Attempt& result) {
  const http::Headers& headers = answer.headers;
  const std::string_view request_id =
      headers.find("x-amzn-requestid").value_or(headers.find("x-amz-request-id").value_or(""));
  if (!is_whole(answer)) {
    result.error = Error(errc::connection, "the answer was damaged on its way: it does not match its x-amz-crc32")
                       .with_service("", answer.status, std::string(request_id));
    return;
  }
  if (is_success(answer.status)) {
    result.response = std::move(answer);
    return;
  }
  ErrorHeaders error_headers;
  error_headers.content_type = headers.find("content-type").value_or("");
  error_headers.error_type = headers.find("x-amzn-errortype").value_or("");
  error_headers.request_id = request_id;
  result.retry_after = parse_retry_after(headers.find("x-amz-retry-after").value_or(""));
  result.error = error_of(answer.status, error_headers, answer.body);
  result.error_body = std::move(answer.body);
}

Result<http::Request> RequestPipeline::signed_request(const ServiceCall& call, const Signing& signing, int number,
                                                      const Credentials* credentials, core::WallTime now) try {
  const http::Url& url = call.url ? *call.url : options_.url;
  http::Headers headers;
  headers.reserve(12, 1024);
  headers.add("host", url.endpoint.authority());
  headers.add("content-type", call.content_type);
  if (!call.target.empty()) headers.add("x-amz-target", call.target);
  if (credentials != nullptr) {
    std::array<HeaderView, 3> views;
    for (std::size_t i = 0; i < headers.size(); ++i) views[i] = HeaderView{headers[i].name, headers[i].value};
    SignableRequest signable;
    signable.path = url.path;
    signable.query = url.query;
    signable.headers = std::span(views).first(headers.size());
    signable.body_sha256 = signing.body_sha256;
    const SigningIdentity identity{credentials->access_key_id, credentials->secret_access_key,
                                   credentials->session_token};
    const Signature signature =
        sign(signable, identity, SigningScope{options_.region, signing_name(options_.service)}, now, keys_);
    headers.add("x-amz-date", signature.amz_date);
    if (!credentials->session_token.empty()) headers.add("x-amz-security-token", credentials->session_token);
    headers.add("authorization", signature.authorization);
  }
  headers.add("user-agent", options_.user_agent);
  headers.add("amz-sdk-invocation-id", signing.invocation);
  headers.add("amz-sdk-request", "attempt=" + std::to_string(number) + "; max=" + std::to_string(signing.max_attempts));
  return http::Request("POST", url.target(), std::move(headers), call.body);
} catch (const Error&) {
  // A header that cannot be sent. All are ours but the keys.
  return Error(errc::no_credentials, "the credentials of " +
                                         (credentials != nullptr ? credentials->source : std::string("nobody")) +
                                         " have characters that cannot be sent");
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

void RequestPipeline::note_answer(const Attempt& attempt) {
  if (options_.retry_mode != RetryPolicy::Mode::adaptive) return;
  const bool throttled = attempt.error && classify(*attempt.error) == FailureKind::throttled;
  const std::lock_guard lock(mutex_);
  limiter_.answered(throttled, options_.clock->now());
}

std::optional<std::chrono::nanoseconds> RequestPipeline::delay_after(CallRetries& retries, const Error& error,
                                                                     const Attempt& attempt) {
  const std::lock_guard lock(mutex_);
  return retries.failed(error, random_, attempt.retry_after);
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
