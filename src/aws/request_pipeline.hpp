#pragma once

#include "aws/clock_skew.hpp"
#include "aws/protocol.hpp"
#include "aws/retry.hpp"
#include "aws/sigv4.hpp"
#include "core/random.hpp"
#include "http/client.hpp"
#include <kinesis/credentials.hpp>
#include <kinesis/log.hpp>
#include <kinesis/retry.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace kinesis::aws {

/// One call before it is signed.
class ServiceCall {
 public:
  ServiceCall(std::string_view operation, std::string_view content_type, http::Body body)
      : operation(operation), content_type(content_type), body(std::move(body)) {}

  /// AWS's name, such as "PutRecords"; lives as long as the program, as does `content_type`.
  std::string_view operation;
  std::string_view content_type;
  /// X-Amz-Target; empty for the query protocol.
  std::string target;
  http::Body body;
  /// Where to, if not to the service's own address.
  std::shared_ptr<const http::Url> url;
};

/// An answer with a status of success, or an error with the body it came with.
class ServiceAnswer {
 public:
  ServiceAnswer(http::Response response, int attempts) : response(std::move(response)), attempts(attempts) {}
  ServiceAnswer(http::StreamedResponse stream, int attempts) : stream(std::move(stream)), attempts(attempts) {}
  ServiceAnswer(Error error, Blob body = Blob())
      : error(std::move(error)), error_body(std::move(body)), attempts(this->error->attempts()) {}

  std::optional<http::Response> response;
  /// In place of `response`, of a call that was opened.
  std::optional<http::StreamedResponse> stream;
  std::optional<Error> error;
  /// With `http::body_padding` bytes behind it, unless it is empty.
  Blob error_body;
  /// How often the request was sent.
  int attempts = 0;
};

inline constexpr std::string_view default_user_agent = "kinesis-cpp/0.1";

/// Where one service is, and who calls.
struct PipelineOptions {
  Service service = Service::kinesis;
  http::Url url;
  std::string region;
  std::shared_ptr<http::Client> http;
  /// Null: unsigned.
  std::shared_ptr<CredentialsProvider> credentials;
  std::shared_ptr<Clock> clock;
  Log log;
  RetryRules rules;
  /// Adaptive, or not.
  RetryPolicy::Mode retry_mode = RetryPolicy::Mode::standard;
  std::string user_agent = std::string(default_user_agent);
  /// The longest pause within the body of an error, where a stream was to be opened.
  Clock::duration error_patience = std::chrono::seconds(10);
};

/// The one loop all operations go through: sign, send, judge, back off, try again. Corrects the signing time by the
/// service's clock; asks for fresh credentials once when the service refuses those it was given. May be used from any
/// executor.
class RequestPipeline {
 public:
  explicit RequestPipeline(PipelineOptions options);

  /// The answer, or the last try's error with service code, request id and attempts.
  core::awaitable<ServiceAnswer> send(ServiceCall call);
  /// The same over `http`, for an answer that is a stream: returns at its head. Not tried again, since the service may
  /// have begun to answer, but for the two things that say that it has not: a wrong time and refused credentials. The
  /// body of an error is awaited.
  core::awaitable<ServiceAnswer> open(ServiceCall call, std::shared_ptr<http::Client> http);

 private:
  using CredentialsPtr = std::shared_ptr<const Credentials>;
  /// What all tries of one call have in common.
  struct Signing {
    std::string body_sha256;
    std::string invocation;
    int max_attempts = 1;
  };
  /// What one try brought: an answer or an error, and what the answer said about time.
  struct Attempt {
    std::optional<http::Response> response;
    std::optional<http::StreamedResponse> stream;
    std::optional<Error> error;
    Blob error_body;
    /// The service may have seen it.
    bool sent = true;
    ClockSkew::duration skew_used{};
    std::optional<ClockSkew::duration> skew_observed;
    std::optional<std::chrono::milliseconds> retry_after;
  };

  core::awaitable<Result<CredentialsPtr>> identity();
  /// `streams` is null for a call that is sent.
  core::awaitable<ServiceAnswer> perform(ServiceCall call, std::shared_ptr<http::Client> streams);
  core::awaitable<Attempt> attempt(const ServiceCall& call, const Signing& signing, int number,
                                   CredentialsPtr credentials, http::Client* streams);
  /// A whole answer, or one that is empty beside `result.stream`.
  core::awaitable<Result<http::Response>> exchange(const http::Url& url, http::Request request, http::Client* streams,
                                                   Attempt& result);
  Result<http::Request> signed_request(const ServiceCall& call, const Signing& signing, int number,
                                       const Credentials* credentials, core::WallTime now);
  void read(http::Response answer, Attempt& result);
  core::awaitable<void> wait_for_rate();
  void note_answer(const Attempt& attempt);
  std::optional<std::chrono::nanoseconds> delay_after(CallRetries& retries, const Error& error, const Attempt& attempt);
  std::string new_invocation_id();

  const PipelineOptions options_;
  const RetryRules rules_;
  /// Of what is opened.
  const RetryRules once_;
  SigningKeys keys_;
  ClockSkew skew_;
  RetryQuota quota_;
  std::mutex mutex_;  // guards what follows: calls come from any executor
  core::Random random_;
  AdaptiveRateLimiter limiter_;
};

}  // namespace kinesis::aws
