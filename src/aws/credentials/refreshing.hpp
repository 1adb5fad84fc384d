#pragma once

#include "aws/credentials/context.hpp"
#include "aws/credentials/source.hpp"

#include <memory>

namespace kinesis::aws {

/// Keeps what `source` gives as an immutable snapshot and renews it by the rules of refresh_rules.hpp: beside the
/// callers while it is good, one fetch at a time, never without a caller. A failed fetch leaves the old credentials
/// until they have really expired. Letting go of the provider cancels a fetch.
std::shared_ptr<CredentialsProvider> refreshing_credentials(SourceContextPtr context,
                                                            std::unique_ptr<CredentialsSource> source);

}  // namespace kinesis::aws
