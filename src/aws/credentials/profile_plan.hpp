#pragma once

#include "aws/config_file.hpp"
#include <kinesis/error.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kinesis::aws {

/// A role to take, as a profile describes it.
struct RoleStep {
  std::string profile;
  std::string role_arn;
  std::string session_name;
  std::string external_id;
  std::optional<int> duration_seconds;
};

/// How a profile comes by credentials: from one place, and then through roles, the first to take first.
struct ProfilePlan {
  enum class Base { keys, web_identity, sso, process, environment, container, instance };
  Base base = Base::keys;
  /// The profile that names the base.
  std::string base_profile;
  std::vector<RoleStep> roles;
};

/// Follows source_profile and credential_source. Nothing if the profile does not exist or says nothing of credentials;
/// Error(no_credentials) if what it says makes no sense: a cycle, a missing profile, a role without a source. Where a
/// profile says several things, the first counts of: a role with its source (not if the profile is the source of
/// another and has keys), web identity, SSO, static keys, credential_process.
/// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html; the order is botocore's.) No
/// I/O.
Result<std::optional<ProfilePlan>> plan_profile(const ConfigFiles& files, const std::string& profile);

}  // namespace kinesis::aws
