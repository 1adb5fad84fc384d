#pragma once

#include "aws/credentials_chain.hpp"
#include "core/async.hpp"
#include "core/random.hpp"
#include "core/time_format.hpp"
#include "core/worker_thread.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>

namespace kinesis::aws {

/// What the sources of one chain share. Used on the chain's strand, except where said.
class SourceContext {
 public:
  explicit SourceContext(ChainOptions options);

  const Settings& settings() const noexcept { return options.settings; }
  /// A key of any profile that is set and not empty.
  std::optional<std::string> value(const std::string& profile, std::string_view key) const;
  core::WallTime now() const { return options.clock->wall_now(); }
  /// For what is on this machine or next to it: never through a proxy.
  http::Client& direct_http();
  void log(LogLevel level, const std::string& message) const { options.log.write(level, "credentials", message); }

  ChainOptions options;
  core::Random random;
  /// For what blocks.
  core::WorkerThread worker;
  /// Set once nobody waits for an answer any more. From any thread.
  std::atomic<bool> closing = false;
};
using SourceContextPtr = std::shared_ptr<SourceContext>;

/// Where and how to ask.
class HttpQuestion {
 public:
  HttpQuestion(http::Endpoint endpoint, http::Request request)
      : endpoint(std::move(endpoint)), request(std::move(request)) {}
  http::Endpoint endpoint;
  http::Request request;
  http::RequestOptions options;
  /// Tries in all, and the pause between two.
  int tries = 1;
  Clock::duration pause = std::chrono::seconds(1);
};
/// A question of limits that fit into a credentials answer, which is small.
HttpQuestion small_question(http::Endpoint endpoint, http::Request request, Clock::duration time_limit);

/// Asks again after errors of the transport and answers of 429 and 5xx; gives the last one otherwise. `client` must
/// outlive it.
core::awaitable<Result<http::Response>> ask(http::Client& client, Clock& clock, HttpQuestion question);

/// Reads a small file on the worker; a file that is not there is an error here.
core::awaitable<Result<std::string>> read_secret_file(SourceContextPtr context, std::string path);

}  // namespace kinesis::aws
