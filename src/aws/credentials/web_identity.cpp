#include "aws/credentials/sources.hpp"
#include "aws/credentials/sts.hpp"

#include <utility>

namespace kinesis::aws {
namespace {

/// From a token file that somebody else keeps fresh, such as Kubernetes.
class WebIdentitySource final : public CredentialsSource {
 public:
  /// Without a profile the variables count.
  WebIdentitySource(SourceContextPtr context, std::optional<std::string> profile)
      : context_(std::move(context)), profile_(std::move(profile)) {}

  std::string name() const override { return profile_ ? "web identity of the profile " + *profile_ : "web identity"; }

  core::awaitable<SourceAnswer> fetch() override {
    const auto file = find("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
    const auto role = find("AWS_ROLE_ARN", "role_arn");
    if (!file) co_return NotConfigured("AWS_WEB_IDENTITY_TOKEN_FILE is not set");
    if (!role) co_return Error(errc::no_credentials, "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
    auto token = co_await read_secret_file(context_, *file);
    if (!token) co_return token.error();
    while (!token->empty() && (token->back() == '\n' || token->back() == '\r')) token->pop_back();
    if (token->empty()) co_return Error(errc::no_credentials, "the token file " + *file + " is empty");
    std::string session =
        find("AWS_ROLE_SESSION_NAME", "role_session_name").value_or(default_session_name(context_->now()));
    sts::AssumeRoleWithWebIdentityRequest request(*role, std::move(session), std::move(*token));
    auto taken = co_await assume_role_with_web_identity(context_, std::move(request));
    if (!taken) co_return taken.error();
    taken->source = name();
    co_return std::make_shared<const Credentials>(std::move(*taken));
  }

 private:
  std::optional<std::string> find(std::string_view variable, std::string_view key) const {
    return profile_ ? context_->value(*profile_, key) : context_->settings().variable(variable);
  }

  const SourceContextPtr context_;
  const std::optional<std::string> profile_;
};

}  // namespace

SourcePtr web_identity_source(SourceContextPtr context) {
  return std::make_unique<WebIdentitySource>(std::move(context), std::nullopt);
}

SourcePtr profile_web_identity_source(SourceContextPtr context, std::string profile) {
  return std::make_unique<WebIdentitySource>(std::move(context), std::move(profile));
}

}  // namespace kinesis::aws
