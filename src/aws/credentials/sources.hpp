#pragma once

#include "aws/credentials/source.hpp"
#include "aws/settings.hpp"

#include <memory>

namespace kinesis::aws {

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION.
std::unique_ptr<CredentialsSource> environment_source(const Settings& settings);
/// What the profile says.
std::unique_ptr<CredentialsSource> profile_source(const Settings& settings);

}  // namespace kinesis::aws
