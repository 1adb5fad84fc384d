#include "aws/credentials/sources.hpp"

#include <utility>

namespace kinesis::aws {
namespace {

class ProfileSource final : public CredentialsSource {
 public:
  explicit ProfileSource(const Settings& settings) : settings_(settings) {}

  std::string name() const override { return "profile " + settings_.profile; }
  core::awaitable<SourceAnswer> fetch() override { co_return look(); }

 private:
  SourceAnswer look() const {
    if (settings_.files.profile(settings_.profile) == nullptr) return NotConfigured("there is no such profile");
    const auto id = settings_.profile_value("aws_access_key_id");
    const auto secret = settings_.profile_value("aws_secret_access_key");
    if (!id && !secret) return NotConfigured("it has no keys");
    if (!id) return Error(errc::no_credentials, "it has aws_secret_access_key without aws_access_key_id");
    if (!secret) return Error(errc::no_credentials, "it has aws_access_key_id without aws_secret_access_key");
    auto credentials = std::make_shared<Credentials>();
    credentials->access_key_id = *id;
    credentials->secret_access_key = *secret;
    credentials->session_token = settings_.profile_value("aws_session_token").value_or("");
    credentials->source = name();
    return CredentialsPtr(std::move(credentials));
  }

  const Settings settings_;
};

}  // namespace

std::unique_ptr<CredentialsSource> profile_source(const Settings& settings) { return std::make_unique<ProfileSource>(settings); }

}  // namespace kinesis::aws
