#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// The operations of STS that the credentials chain needs. STS speaks the query protocol: form-encoded requests, answers
// in XML.
namespace kinesis::aws::sts {

using Timestamp = std::chrono::system_clock::time_point;

/// Temporary credentials. Secret: never log one.
struct Credentials {
  Credentials() = default;

  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
  Timestamp expiration;
};

struct AssumedRoleUser {
  AssumedRoleUser() = default;

  std::string assumed_role_id;
  std::string arn;
};

struct AssumeRoleResponse {
  AssumeRoleResponse() = default;

  Credentials credentials;
  std::optional<AssumedRoleUser> assumed_role_user;
};

/// Signed with the credentials of whoever takes the role.
struct AssumeRoleRequest {
  using Response = AssumeRoleResponse;
  static constexpr std::string_view operation = "AssumeRole";

  AssumeRoleRequest() = default;
  AssumeRoleRequest(std::string role_arn, std::string role_session_name)
      : role_arn(std::move(role_arn)), role_session_name(std::move(role_session_name)) {}

  std::string role_arn;
  std::string role_session_name;
  std::optional<std::string> policy;
  /// 900 to 43,200.
  std::optional<int> duration_seconds;
  std::optional<std::string> external_id;
  std::optional<std::string> serial_number;
  std::optional<std::string> token_code;
  std::optional<std::string> source_identity;
};

struct AssumeRoleWithWebIdentityResponse {
  AssumeRoleWithWebIdentityResponse() = default;

  Credentials credentials;
  std::optional<std::string> subject_from_web_identity_token;
  std::optional<AssumedRoleUser> assumed_role_user;
  std::optional<std::string> provider;
  std::optional<std::string> audience;
};

/// Not signed.
struct AssumeRoleWithWebIdentityRequest {
  using Response = AssumeRoleWithWebIdentityResponse;
  static constexpr std::string_view operation = "AssumeRoleWithWebIdentity";

  AssumeRoleWithWebIdentityRequest() = default;
  AssumeRoleWithWebIdentityRequest(std::string role_arn, std::string role_session_name, std::string web_identity_token)
      : role_arn(std::move(role_arn)),
        role_session_name(std::move(role_session_name)),
        web_identity_token(std::move(web_identity_token)) {}

  std::string role_arn;
  std::string role_session_name;
  std::string web_identity_token;
  std::optional<std::string> provider_id;
  std::optional<std::string> policy;
  std::optional<int> duration_seconds;
};

struct GetCallerIdentityResponse {
  GetCallerIdentityResponse() = default;

  std::string user_id;
  std::string account;
  std::string arn;
};

struct GetCallerIdentityRequest {
  using Response = GetCallerIdentityResponse;
  static constexpr std::string_view operation = "GetCallerIdentity";

  GetCallerIdentityRequest() = default;
};

}  // namespace kinesis::aws::sts
