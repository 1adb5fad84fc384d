#pragma once

#include "aws/settings.hpp"
#include "http/client.hpp"
#include <kinesis/credentials.hpp>
#include <kinesis/log.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace kinesis::aws {

/// What the chain needs: where to look, and how to ask.
struct ChainOptions {
  Settings settings;
  /// Reads the settings anew before each fetch but the first, so that keys that were changed in a file are found;
  /// blocks, and is called on a thread of its own. Null: they never change.
  std::function<Result<Settings>()> reload;
  /// Empty: sources that need a region (STS) say so.
  std::string region;
  /// For STS and SSO.
  std::shared_ptr<http::Client> http;
  /// For the container's and the instance's service, past every proxy. Null: made when it is needed.
  std::shared_ptr<http::Client> direct_http;
  std::shared_ptr<Clock> clock;
  Log log;
  asio::any_io_executor executor;
  /// A credential_process that takes longer is killed.
  std::chrono::milliseconds process_timeout{60'000};
};

/// The default chain: environment, web identity, profile (static keys, credential_process, role, SSO), container,
/// instance (https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html). The first source that is
/// set up is kept, whether it works or not: a program does not fall back to another identity. Cached; refreshed in the
/// background, single-flight, before they expire; a refusal by the service makes it fetch once more. Its error says in
/// one line what was tried, and why each source had none.
std::shared_ptr<CredentialsProvider> credentials_chain(ChainOptions options);

}  // namespace kinesis::aws
