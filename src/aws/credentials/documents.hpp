#pragma once

#include <kinesis/credentials.hpp>
#include <kinesis/error.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

// The JSON in which credentials arrive. Foreign bytes, and secret: no message ever repeats them. No I/O.
namespace kinesis::aws {

/// Who has written a document, and so what its members are called.
enum class CredentialsForm {
  /// credential_process: Version 1, AccessKeyId, SecretAccessKey, SessionToken?, Expiration?
  /// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html)
  process,
  /// The container and the instance service: AccessKeyId, SecretAccessKey, Token, Expiration; instances add a Code,
  /// "Success" if it is one.
  metadata,
  /// The SSO portal: roleCredentials with accessKeyId, secretAccessKey, sessionToken, expiration in milliseconds.
  sso,
};

/// Reads a document; `source` is left empty. Error(protocol) says what is wrong with it.
Result<Credentials> read_credentials(std::string_view json, CredentialsForm form);

/// What `aws sso login` leaves in ~/.aws/sso/cache.
struct SsoToken {
  std::string access_token;
  std::chrono::system_clock::time_point expires;
};
Result<SsoToken> read_sso_token(std::string_view json);

/// Whether keys can stand in a request: there is an id and a secret, and all is visible ASCII. Keys with a line's end
/// at theirs, which editors and secret stores like to add, would otherwise fail far from here.
Result<void> check_credentials(const Credentials& credentials);

}  // namespace kinesis::aws
