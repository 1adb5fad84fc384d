#pragma once

#include "aws/sigv4.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

// The other side of a signature, as the services judge it. Which error comes first, and its text, are those AWS was
// seen to give: recorded by the authors of kinesalite and dynalite (github.com/mhart) from the real services, the five
// minutes from reports of Kinesis users (github.com/awslabs/amazon-kinesis-producer/issues/222). No I/O and no clock.
namespace kinesis::aws {

/// Why a request is refused. All with HTTP status 400.
struct SignatureRefusal {
  std::string code;  ///< Such as "InvalidSignatureException", without a namespace.
  std::string message;
};

/// A key the service knows. Copies of secrets: keep short.
struct KnownKey {
  std::string secret_access_key;
  /// What must be sent as x-amz-security-token. Empty for a long-term key.
  std::string session_token;
  /// The token's time is over.
  bool expired = false;
};

struct VerifyOptions {
  /// What the credential must be scoped to. An empty region accepts any.
  std::string_view region;
  std::string_view service;
  core::WallTime now;
  /// How far the signer's clock may be off.
  std::chrono::minutes tolerance{5};
};

struct VerifyResult {
  std::optional<SignatureRefusal> refusal;
  /// Who signed and for which region, as far as the header could be read.
  std::string access_key_id;
  std::string region;
};

/// Judges the `authorization` header of a request. `request.headers` are all headers as received, with `host`; over
/// HTTP/2 the caller adds it from :authority. `find_key` says whether there is such an access key.
VerifyResult verify_signature(const SignableRequest& request, const VerifyOptions& options,
                              const std::function<std::optional<KnownKey>(std::string_view access_key_id)>& find_key,
                              SigningKeys& keys);

}  // namespace kinesis::aws
