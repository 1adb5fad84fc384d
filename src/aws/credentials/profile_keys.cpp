#include "aws/credentials/sources.hpp"

#include <utility>

namespace kinesis::aws {
namespace {

class ProfileKeysSource final : public CredentialsSource {
 public:
  ProfileKeysSource(SourceContextPtr context, std::string profile)
      : context_(std::move(context)), profile_(std::move(profile)) {}

  std::string name() const override { return "keys of the profile " + profile_; }
  core::awaitable<SourceAnswer> fetch() override { co_return look(); }

 private:
  SourceAnswer look() const {
    const auto id = context_->value(profile_, "aws_access_key_id");
    const auto secret = context_->value(profile_, "aws_secret_access_key");
    if (!id && !secret) return NotConfigured("it has no keys");
    if (!id) return Error(errc::no_credentials, "it has aws_secret_access_key without aws_access_key_id");
    if (!secret) return Error(errc::no_credentials, "it has aws_access_key_id without aws_secret_access_key");
    auto credentials = std::make_shared<Credentials>();
    credentials->access_key_id = *id;
    credentials->secret_access_key = *secret;
    credentials->session_token = context_->value(profile_, "aws_session_token").value_or("");
    credentials->source = name();
    return CredentialsPtr(std::move(credentials));
  }

  const SourceContextPtr context_;
  const std::string profile_;
};

}  // namespace

SourcePtr profile_keys_source(SourceContextPtr context, std::string profile) {
  return std::make_unique<ProfileKeysSource>(std::move(context), std::move(profile));
}

}  // namespace kinesis::aws
