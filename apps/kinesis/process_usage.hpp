#pragma once

namespace kinesis::tool {

/// User and system time of the process, in nanoseconds.
double cpu_ns();
/// The most memory the process has had resident, in MB.
double peak_rss_mb();
/// Threads of the process now; 0 where it cannot be told.
int thread_count();

}  // namespace kinesis::tool
