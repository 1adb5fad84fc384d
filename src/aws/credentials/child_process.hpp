#pragma once

#include <kinesis/error.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace kinesis::aws {

/// Runs a program, found in PATH, and returns what it wrote to its standard output. Its input is empty; its standard
/// error is ours, for what it has to say to the user. Killed when it writes more than `most_bytes`, takes longer than
/// `patience`, or `stop` becomes true. Blocks the calling thread. Error(storage) names the program and how it ended,
/// never what it wrote.
Result<std::string> run_program(const std::vector<std::string>& words, std::size_t most_bytes,
                                std::chrono::milliseconds patience, const std::atomic<bool>& stop);

}  // namespace kinesis::aws
