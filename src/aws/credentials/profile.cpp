#include "aws/credentials/profile_plan.hpp"
#include "aws/credentials/sources.hpp"
#include "aws/credentials/sts.hpp"

#include <utility>

namespace kinesis::aws {
namespace {

class ProfileSource final : public CredentialsSource {
 public:
  explicit ProfileSource(SourceContextPtr context) : context_(std::move(context)) {}

  std::string name() const override { return "profile " + context_->settings().profile; }

  core::awaitable<SourceAnswer> fetch() override {
    const Settings& settings = context_->settings();
    auto plan = plan_profile(settings.files, settings.profile);
    if (!plan) co_return plan.error();
    if (!*plan) {
      if (settings.files.profile(settings.profile) != nullptr)
        co_return NotConfigured("it says nothing of credentials");
      co_return NotConfigured(settings.config_path.empty() ? "there are no configuration files without HOME"
                                                           : "there is no such profile");
    }
    CredentialsSource& base = base_for(**plan);
    SourceAnswer answer = co_await base.fetch();
    // The profile has named its source: if that has nothing, the profile is wrong.
    if (const auto* nothing = std::get_if<NotConfigured>(&answer))
      co_return Error(errc::no_credentials, base.name() + ": " + nothing->why);
    if (std::holds_alternative<Error>(answer)) co_return answer;
    CredentialsPtr credentials = std::get<CredentialsPtr>(answer);
    for (const RoleStep& role : (*plan)->roles) {
      sts::AssumeRoleRequest request = request_for(role);
      auto taken = co_await assume_role(context_, std::move(request), credentials);
      if (!taken)
        co_return taken.error().with_context("the role of the profile " + role.profile + " with the credentials of " +
                                             credentials->source);
      taken->source = "role of the profile " + role.profile;
      credentials = std::make_shared<const Credentials>(std::move(*taken));
    }
    co_return credentials;
  }

 private:
  sts::AssumeRoleRequest request_for(const RoleStep& role) const {
    sts::AssumeRoleRequest request(role.role_arn, role.session_name);
    if (request.role_session_name.empty()) request.role_session_name = default_session_name(context_->now());
    if (!role.external_id.empty()) request.external_id = role.external_id;
    request.duration_seconds = role.duration_seconds;
    return request;
  }

  /// The same one as long as the plan names the same: the instance's remembers.
  CredentialsSource& base_for(const ProfilePlan& plan) {
    if (!base_ || base_kind_ != plan.base || base_profile_ != plan.base_profile) base_ = make_base(plan);
    base_kind_ = plan.base;
    base_profile_ = plan.base_profile;
    return *base_;
  }

  SourcePtr make_base(const ProfilePlan& plan) const {
    switch (plan.base) {
      case ProfilePlan::Base::keys:
        return profile_keys_source(context_, plan.base_profile);
      case ProfilePlan::Base::web_identity:
        return profile_web_identity_source(context_, plan.base_profile);
      case ProfilePlan::Base::sso:
        return sso_source(context_, plan.base_profile);
      case ProfilePlan::Base::process:
        return process_source(context_, plan.base_profile);
      case ProfilePlan::Base::environment:
        return environment_source(context_);
      case ProfilePlan::Base::container:
        return container_source(context_);
      case ProfilePlan::Base::instance:
        break;
    }
    return instance_source(context_);
  }

  const SourceContextPtr context_;
  SourcePtr base_;
  ProfilePlan::Base base_kind_ = ProfilePlan::Base::keys;
  std::string base_profile_;
};

}  // namespace

SourcePtr profile_source(SourceContextPtr context) { return std::make_unique<ProfileSource>(std::move(context)); }

}  // namespace kinesis::aws
