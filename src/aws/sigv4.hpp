#pragma once

#include "core/digest.hpp"
#include "core/time_format.hpp"

#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

// Signature Version 4 of AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html. Signs with
// the headers of a request over HTTP; no chunks, no presigned URLs. No I/O and no clock.
namespace kinesis::aws {

/// A header field; does not own its text.
struct HeaderView {
  std::string_view name;
  std::string_view value;
};

/// What a signature covers of a request. Does not own anything.
struct SignableRequest {
  std::string_view method = "POST";
  /// As on the request line, percent-encoded, without the query. It is encoded once more for signing, as all services
  /// but S3 do.
  std::string_view path = "/";
  /// As on the request line, without the question mark.
  std::string_view query;
  /// All headers; must hold `host` (over HTTP/2 the value of :authority). x-amz-date and x-amz-security-token are added
  /// by sign().
  std::span<const HeaderView> headers;
  /// SHA-256 of the body as 64 lower-case hexadecimal digits.
  std::string_view body_sha256;
};

/// Who signs. Does not own anything.
struct SigningIdentity {
  std::string_view access_key_id;
  std::string_view secret_access_key;
  /// Empty for long-term keys.
  std::string_view session_token;
};

/// For what a key is derived.
struct SigningScope {
  std::string_view region;
  std::string_view service;  ///< The signing name: "kinesis", "dynamodb", "monitoring", "sts".
};

/// The headers to add to the request, beside those that were signed. A session token is to be sent as
/// x-amz-security-token.
struct Signature {
  std::string amz_date;       ///< The value of x-amz-date.
  std::string authorization;  ///< The value of authorization.
};

/// Derived keys by secret, day, region and service: deriving one costs as much as signing four times. Keeps the few
/// used last. Thread-safe.
class SigningKeys {
 public:
  /// `date` is "yyyymmdd".
  core::HmacKey get(std::string_view secret_access_key, std::string_view date, const SigningScope& scope);

 private:
  struct Entry {
    std::string secret;
    std::string date;
    std::string region;
    std::string service;
    core::HmacKey key;
  };
  std::mutex mutex_;
  std::deque<Entry> entries_;
};

/// How a path is brought into canonical form.
enum class PathForm {
  normalized,  ///< Without empty, "." and ".." segments: every service but S3.
  as_it_is,
};

/// Whether sign() covers the header: all but those that proxies and HTTP implementations change (authorization,
/// connection, expect, user-agent, x-amzn-trace-id, content-length and the like).
bool is_signed_header(std::string_view name) noexcept;

/// Signs `request` at `now`, which the caller has corrected for its clock's error.
Signature sign(const SignableRequest& request, const SigningIdentity& identity, const SigningScope& scope,
               core::WallTime now, SigningKeys& keys, PathForm path_form = PathForm::normalized);

// The steps, for the verifying side and for tests.

/// "method\npath\nquery\nheaders\nsigned names\nbody hash", with exactly the given headers, and the list of their names
/// beside it.
struct CanonicalRequest {
  std::string text;
  std::string signed_headers;
};
CanonicalRequest canonical_request(const SignableRequest& request, PathForm path_form);
/// "yyyymmdd/region/service/aws4_request".
std::string credential_scope(std::string_view date, const SigningScope& scope);
std::string string_to_sign(std::string_view amz_date, std::string_view credential_scope, std::string_view canonical);

}  // namespace kinesis::aws
