#include "aws/credentials/sources.hpp"
#include "core/time_format.hpp"

#include <utility>

namespace kinesis::aws {
namespace {

class EnvironmentSource final : public CredentialsSource {
 public:
  explicit EnvironmentSource(SourceContextPtr context) : context_(std::move(context)) {}

  std::string name() const override { return "environment"; }
  core::awaitable<SourceAnswer> fetch() override { co_return look(); }

 private:
  SourceAnswer look() const {
    const Settings& settings = context_->settings();
    const auto id = settings.variable("AWS_ACCESS_KEY_ID");
    const auto secret = settings.variable("AWS_SECRET_ACCESS_KEY");
    if (!id && !secret) return NotConfigured("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
    if (!id) return Error(errc::no_credentials, "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not");
    if (!secret) return Error(errc::no_credentials, "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
    auto credentials = std::make_shared<Credentials>();
    credentials->access_key_id = *id;
    credentials->secret_access_key = *secret;
    auto token = settings.variable("AWS_SESSION_TOKEN");
    if (!token) token = settings.variable("AWS_SECURITY_TOKEN");  // its old name
    credentials->session_token = token.value_or("");
    credentials->source = name();
    if (const auto expiration = settings.variable("AWS_CREDENTIAL_EXPIRATION")) {
      credentials->expiration = core::parse_iso8601(*expiration);
      if (!credentials->expiration)
        return Error(errc::no_credentials, "AWS_CREDENTIAL_EXPIRATION is no time in ISO 8601");
      if (*credentials->expiration <= context_->now())
        return Error(errc::no_credentials, "by AWS_CREDENTIAL_EXPIRATION they have expired");
    }
    return CredentialsPtr(std::move(credentials));
  }

  const SourceContextPtr context_;
};

}  // namespace

SourcePtr environment_source(SourceContextPtr context) {
  return std::make_unique<EnvironmentSource>(std::move(context));
}

}  // namespace kinesis::aws
