#pragma once

#include "core/async.hpp"
#include <kinesis/client.hpp>
#include <kinesis/lease.hpp>

#include <memory>
#include <string>

namespace kinesis::tool {

/// The leases that --leases names: "sqlite:FILE", "memory", "dynamodb" for the table named after the application, or
/// "dynamodb:TABLE". Throws Error(invalid_argument).
std::shared_ptr<LeaseRepository> open_leases(const std::string& where, const std::string& application,
                                             const Client& client);

/// The same for commands that look at leases somebody else made: makes neither file nor table, and is ready to be
/// listed. Throws Error: not_found if they are not there, invalid_argument for "memory" and where the application is
/// needed and not given.
core::awaitable<std::shared_ptr<LeaseRepository>> open_existing_leases(std::string where, std::string application,
                                                                       Client client);
/// What these leases are kept in, for messages: "the table billing", "leases.db".
std::string lease_place(const std::string& where, const std::string& application);

}  // namespace kinesis::tool
