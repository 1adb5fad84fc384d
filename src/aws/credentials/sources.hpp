#pragma once

#include "aws/credentials/context.hpp"
#include "aws/credentials/source.hpp"

#include <memory>
#include <string>

// Each is a file of its own.
namespace kinesis::aws {

using SourcePtr = std::unique_ptr<CredentialsSource>;

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION.
SourcePtr environment_source(SourceContextPtr context);
/// AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME.
SourcePtr web_identity_source(SourceContextPtr context);
/// What the profile says, which may be any of the following and roles to take with what they give.
SourcePtr profile_source(SourceContextPtr context);
/// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or AWS_CONTAINER_CREDENTIALS_FULL_URI: ECS tasks and EKS pod identities.
SourcePtr container_source(SourceContextPtr context);
/// The metadata service of the EC2 instance this runs on.
SourcePtr instance_source(SourceContextPtr context);

/// Of one profile: static keys, web_identity_token_file, credential_process, sso_*.
SourcePtr profile_keys_source(SourceContextPtr context, std::string profile);
SourcePtr profile_web_identity_source(SourceContextPtr context, std::string profile);
SourcePtr process_source(SourceContextPtr context, std::string profile);
SourcePtr sso_source(SourceContextPtr context, std::string profile);

}  // namespace kinesis::aws
