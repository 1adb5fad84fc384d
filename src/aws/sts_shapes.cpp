#include "aws/sts_shapes.hpp"

#include "aws/shape_macros.hpp"

namespace kinesis::aws {

using namespace sts;

KINESIS_STRUCTURE(Credentials, REQUIRED(access_key_id, "AccessKeyId"), REQUIRED(secret_access_key, "SecretAccessKey"),
                  REQUIRED(session_token, "SessionToken"), REQUIRED(expiration, "Expiration"))
KINESIS_STRUCTURE(AssumedRoleUser, REQUIRED(assumed_role_id, "AssumedRoleId"), REQUIRED(arn, "Arn"))
KINESIS_STRUCTURE(AssumeRoleResponse, OPTIONAL(credentials, "Credentials"),
                  OPTIONAL(assumed_role_user, "AssumedRoleUser"))
KINESIS_STRUCTURE(AssumeRoleRequest, REQUIRED(role_arn, "RoleArn"), REQUIRED(role_session_name, "RoleSessionName"),
                  OPTIONAL(policy, "Policy"), OPTIONAL(duration_seconds, "DurationSeconds"),
                  OPTIONAL(external_id, "ExternalId"), OPTIONAL(serial_number, "SerialNumber"),
                  OPTIONAL(token_code, "TokenCode"), OPTIONAL(source_identity, "SourceIdentity"))
KINESIS_STRUCTURE(AssumeRoleWithWebIdentityResponse, OPTIONAL(credentials, "Credentials"),
                  OPTIONAL(subject_from_web_identity_token, "SubjectFromWebIdentityToken"),
                  OPTIONAL(assumed_role_user, "AssumedRoleUser"), OPTIONAL(provider, "Provider"),
                  OPTIONAL(audience, "Audience"))
KINESIS_STRUCTURE(AssumeRoleWithWebIdentityRequest, REQUIRED(role_arn, "RoleArn"),
                  REQUIRED(role_session_name, "RoleSessionName"), REQUIRED(web_identity_token, "WebIdentityToken"),
                  OPTIONAL(provider_id, "ProviderId"), OPTIONAL(policy, "Policy"),
                  OPTIONAL(duration_seconds, "DurationSeconds"))
KINESIS_STRUCTURE(GetCallerIdentityResponse, OPTIONAL(user_id, "UserId"), OPTIONAL(account, "Account"),
                  OPTIONAL(arn, "Arn"))
KINESIS_EMPTY(GetCallerIdentityRequest)

}  // namespace kinesis::aws
