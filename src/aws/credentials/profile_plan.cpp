#include "aws/credentials/profile_plan.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace kinesis::aws {
namespace {

Error wrong(std::string what) { return Error(errc::no_credentials, std::move(what)); }

std::optional<std::string> value(const ConfigSection& section, std::string_view key) {
  const auto found = section.find(key);
  if (!found || found->empty()) return std::nullopt;
  return std::string(*found);
}

bool has(const ConfigSection& section, std::string_view key) { return value(section, key).has_value(); }
bool has_keys(const ConfigSection& section) {
  return has(section, "aws_access_key_id") || has(section, "aws_secret_access_key");
}

Result<RoleStep> role_of(const ConfigSection& section, const std::string& profile) {
  RoleStep step;
  step.profile = profile;
  step.role_arn = value(section, "role_arn").value_or("");
  step.session_name = value(section, "role_session_name").value_or("");
  step.external_id = value(section, "external_id").value_or("");
  if (const auto text = value(section, "duration_seconds")) {
    int seconds = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (error != std::errc() || end != text->data() + text->size() || seconds < 900 || seconds > 43'200)
      return wrong("duration_seconds of the profile " + profile + " must be 900 to 43200");
    step.duration_seconds = seconds;
  }
  if (has(section, "mfa_serial"))
    return wrong("the role of the profile " + profile +
                 " wants an MFA code (mfa_serial), which this library cannot ask for");
  return step;
}

Result<ProfilePlan::Base> base_named(const std::string& name, const std::string& profile) {
  if (name == "Environment") return ProfilePlan::Base::environment;
  if (name == "EcsContainer") return ProfilePlan::Base::container;
  if (name == "Ec2InstanceMetadata") return ProfilePlan::Base::instance;
  return wrong("credential_source of the profile " + profile +
               " must be Environment, Ec2InstanceMetadata or EcsContainer");
}

/// What a profile without a role to take has itself.
std::optional<ProfilePlan::Base> base_of(const ConfigSection& section) {
  if (has(section, "web_identity_token_file")) return ProfilePlan::Base::web_identity;
  for (const std::string_view key : {"sso_session", "sso_start_url", "sso_account_id", "sso_role_name"})
    if (has(section, key)) return ProfilePlan::Base::sso;
  if (has_keys(section)) return ProfilePlan::Base::keys;
  if (has(section, "credential_process")) return ProfilePlan::Base::process;
  return std::nullopt;
}

}  // namespace

Result<std::optional<ProfilePlan>> plan_profile(const ConfigFiles& files, const std::string& profile) {
  ProfilePlan plan;
  std::vector<std::string> seen;
  std::string name = profile;
  const auto finish = [&](ProfilePlan::Base base) {
    plan.base = base;
    plan.base_profile = name;
    std::reverse(plan.roles.begin(), plan.roles.end());
    return std::optional<ProfilePlan>(std::move(plan));
  };
  for (;;) {
    const ConfigSection* section = files.profile(name);
    if (section == nullptr) {
      if (seen.empty()) return std::optional<ProfilePlan>();
      return wrong("source_profile of the profile " + seen.back() + " names " + name + ", which does not exist");
    }
    const bool is_source = !seen.empty();
    const bool takes_role = has(*section, "role_arn") && !has(*section, "web_identity_token_file");
    if (!takes_role || (is_source && has_keys(*section))) {
      if (is_source && has_keys(*section)) return finish(ProfilePlan::Base::keys);
      if (const auto base = base_of(*section)) return finish(*base);
      if (seen.empty()) return std::optional<ProfilePlan>();
      return wrong("source_profile of the profile " + seen.back() + " names " + name +
                   ", which says nothing of credentials");
    }
    if (std::find(seen.begin(), seen.end(), name) != seen.end())
      return wrong("the profiles' source_profile goes in a circle, at " + name);
    auto role = role_of(*section, name);
    if (!role) return role.error();
    plan.roles.push_back(std::move(*role));
    seen.push_back(name);
    const auto source_profile = value(*section, "source_profile");
    const auto credential_source = value(*section, "credential_source");
    if (source_profile && credential_source)
      return wrong("the profile " + name + " has both source_profile and credential_source; one must go");
    if (credential_source) {
      const auto base = base_named(*credential_source, name);
      if (!base) return base.error();
      return finish(*base);
    }
    if (!source_profile)
      return wrong("the profile " + name + " has role_arn without source_profile or credential_source");
    name = *source_profile;
  }
}

}  // namespace kinesis::aws
