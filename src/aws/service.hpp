#pragma once

#include <string_view>

namespace kinesis::aws {

/// The services of AWS this library talks to.
enum class Service {
  kinesis,
  dynamodb,
  cloudwatch,
  sts,
  sso_portal,  ///< Where cached SSO tokens are traded for credentials.
};

/// The name requests are signed for: "kinesis", "dynamodb", "monitoring", "sts"; the portal's are not signed.
std::string_view signing_name(Service service) noexcept;

}  // namespace kinesis::aws
