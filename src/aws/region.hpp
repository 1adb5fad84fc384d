#pragma once

#include "aws/settings.hpp"

#include <string>
#include <string_view>

namespace kinesis::aws {

/// The region: `from_code`, AWS_REGION, AWS_DEFAULT_REGION, `region` of the profile, and only if none of these says it,
/// that of the EC2 instance this may run on: then it asks the metadata service, and blocks for up to two seconds
/// (AWS_METADATA_SERVICE_TIMEOUT) where there is none. AWS_EC2_METADATA_DISABLED=true spares that. Throws
/// Error(invalid_argument) if there is none.
std::string find_region(std::string_view from_code, const Settings& settings);

}  // namespace kinesis::aws
