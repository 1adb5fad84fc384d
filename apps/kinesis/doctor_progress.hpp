#pragma once

#include "doctor_report.hpp"

#include <string>
#include <vector>

namespace kinesis::tool {

/// How far the unfinished leases of an application are.
struct Progress {
  std::vector<ShardLag> lags;
  /// Shards that could not be read at their checkpoint, each with the reason.
  std::vector<std::string> failed;
  /// How long the stream keeps records; 0: nobody knows.
  int retention_hours = 0;
};

/// What is to be said of it: whether it can be read on, how old the oldest record is that is not done, and whether it
/// will be lost to the stream's retention. One finding or two, all of the check "progress".
std::vector<Finding> judge(const Progress& progress);

}  // namespace kinesis::tool
