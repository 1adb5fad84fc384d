#pragma once

#include "aws/sigv4_verify.hpp"
#include "http/server.hpp"
#include <kinesis/emulator.hpp>
#include <kinesis/error.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kinesis::emulator {

/// Judges who sent a request. With keys the signature is verified as AWS does; without, the header only has to have the
/// right form. Thread-safe.
class Authorization {
 public:
  /// `region`: what credentials must be scoped to.
  Authorization(std::vector<EmulatorOptions::Key> keys, std::string region);

  /// AWS's error, or nothing.
  std::optional<Error> refuse(const http::ServerRequest& request, core::WallTime now);

 private:
  std::optional<Error> verify(const http::ServerRequest& request, core::WallTime now);

  const std::vector<EmulatorOptions::Key> keys_;
  const std::string region_;
  aws::SigningKeys signing_keys_;
};

/// What is wrong with the form of an Authorization header.
std::optional<Error> check_authorization_form(const http::Headers& headers);

}  // namespace kinesis::emulator
