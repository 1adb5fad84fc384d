#pragma once

#include <kinesis/clock.hpp>
#include <kinesis/error.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>

namespace kinesis {

/// Keys that sign requests. Immutable once handed out. Never printed by the library.
struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  /// Empty for long-term keys.
  std::string session_token;
  /// Absent for long-term keys.
  std::optional<Clock::wall_time_point> expiration;
  /// Where they came from, for messages: "environment", "profile default", …
  std::string source;
};

/// A source of credentials. Called before each request from any executor: implementations cache, and refresh
/// single-flight.
class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;
  /// Valid credentials, or Error(no_credentials) that says what was tried.
  virtual asio::awaitable<Result<std::shared_ptr<const Credentials>>> get() = 0;
  /// The service refused `used` as expired or unknown: fetch anew before the next answer, once.
  virtual void refused(const std::shared_ptr<const Credentials>& used) = 0;
};

/// Always these.
std::shared_ptr<CredentialsProvider> static_credentials(std::string access_key_id, std::string secret_access_key,
                                                        std::string session_token = {});

}  // namespace kinesis
