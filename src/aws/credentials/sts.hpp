#pragma once

#include "aws/credentials/context.hpp"
#include "aws/credentials/source.hpp"
#include "aws/sts_types.hpp"

namespace kinesis::aws {

/// Takes a role with the credentials of `caller`. Retries as a service client does. The `source` of what comes back is
/// empty.
core::awaitable<Result<Credentials>> assume_role(SourceContextPtr context, sts::AssumeRoleRequest request,
                                                 CredentialsPtr caller);
/// Trades a token of another identity provider for credentials of a role. Not signed.
core::awaitable<Result<Credentials>> assume_role_with_web_identity(SourceContextPtr context,
                                                                   sts::AssumeRoleWithWebIdentityRequest request);

/// A session name for those who gave none: "kinesis-cpp-1767225600000".
std::string default_session_name(core::WallTime now);

}  // namespace kinesis::aws
