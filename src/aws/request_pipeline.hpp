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

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace kinesis::aws {

/// One call before it is signed.
class ServiceCall {
 public:
  ServiceCall(std::string_view operation, std::string_view content_type, http::Body body)
      : operation(operation), content_type(content_type), body(std::move(body)) {}

  /// AWS's name, such as "PutRecords"; lives as long as the program.
  std::string_view operation;
  std::string_view content_type;
  http::Body body;
};

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
  RetryPolicy retry;
};

/// The one loop all operations go through: sign, send, judge, back off, try again. Corrects the signing time by the service's clock; asks for
/// fresh credentials once when the service refuses those it was given. May be used from any executor.
class RequestPipeline {
 public:
  explicit RequestPipeline(PipelineOptions options);

  /// The answer with a status of success, or the last try's Error with service code, request id and attempts.
  core::awaitable<Result<http::Response>> send(ServiceCall call);

 private:
  using CredentialsPtr = std::shared_ptr<const Credentials>;
  struct Judgement {
    Error error;
    /// Try again at once, with another time or other credentials.
    bool at_once = false;
  };

  http::Request request_for(const ServiceCall& call, std::string_view body_sha256, const std::string& invocation, int attempt,
                            const Credentials* credentials);
  Judgement judge(const Result<http::Response>& answer, const CredentialsPtr& used);
  void note_success(int attempts);
  std::chrono::nanoseconds delay(const Error& error, int attempt);

  const PipelineOptions options_;
  const int max_attempts_;
  SigningKeys keys_;
  std::mutex mutex_;  // guards what follows: calls come from any executor
  ClockSkew skew_;
  RetryQuota quota_;
  core::Random random_;
};

}  // namespace kinesis::aws
