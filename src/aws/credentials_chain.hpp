#pragma once

#include "aws/settings.hpp"
#include "http/client.hpp"

#include <kinesis/credentials.hpp>
#include <kinesis/log.hpp>

#include <memory>
#include <string>

namespace kinesis::aws {

/// What the chain needs: where to look, and how to ask.
struct ChainOptions {
  Settings settings;
  /// Empty: sources that need a region (STS) say so.
  std::string region;
  /// For STS, SSO and container endpoints over the network.
  std::shared_ptr<http::Client> http;
  std::shared_ptr<Clock> clock;
  Log log;
  asio::any_io_executor executor;
};

/// The default chain: environment, web identity, profile (static keys, credential_process, role, SSO), container, instance; the first that has
/// credentials is kept. Cached; refreshed in the background, single-flight, before they expire. Its error says what was tried, and why each
/// source had none.
std::shared_ptr<CredentialsProvider> credentials_chain(ChainOptions options);

}  // namespace kinesis::aws
