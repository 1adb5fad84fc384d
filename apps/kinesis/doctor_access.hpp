#pragma once

#include "commands.hpp"
#include "core/async.hpp"
#include "doctor_report.hpp"
#include <kinesis/credentials.hpp>

#include <memory>

namespace kinesis::tool {

/// Looks at what comes before any call: configuration, region, endpoint, clock, credentials and whose they are. Returns
/// where the credentials come from, for the client; null if there is no point in going on.
core::awaitable<std::shared_ptr<CredentialsProvider>> check_access(asio::any_io_executor executor,
                                                                   const ConnectionArguments& connection,
                                                                   DoctorReport& report);

}  // namespace kinesis::tool
