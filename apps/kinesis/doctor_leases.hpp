#pragma once

#include "commands.hpp"
#include "core/async.hpp"
#include "doctor_report.hpp"
#include <kinesis/client.hpp>

#include <vector>

namespace kinesis::tool {

/// What is known of the stream by the time its leases are looked at.
struct DoctorStream {
  std::vector<KinesisShard> shards;
  int retention_hours = 0;
};

/// Looks at the leases of an application: whether they are there, who owns them and lives, whether they cover the
/// stream, and how far each shard is.
core::awaitable<void> check_leases(Client client, const DoctorArguments& arguments, const DoctorStream& stream,
                                   DoctorReport& report);

}  // namespace kinesis::tool
