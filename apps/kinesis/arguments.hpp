#pragma once

#include "commands.hpp"

#include <functional>
#include <string>

namespace CLI {
class App;
}

// The command line in parts: what arguments.cpp and arguments_consumer.cpp share.
namespace kinesis::tool {

/// A command with its examples at the end of its help.
CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& description,
                      const std::string& examples);
/// The options of a command that talks to a service.
void add_connection(CLI::App& command, ConnectionArguments& connection);

/// Each adds one command to `app`; when it was asked for, `arguments` is filled in and `run` runs it.
void add_consume(CLI::App& app, ConnectionArguments& connection, ConsumeArguments& arguments,
                 std::function<int()>& run);
void add_leases(CLI::App& app, ConnectionArguments& connection, LeasesArguments& arguments, std::function<int()>& run);
void add_doctor(CLI::App& app, ConnectionArguments& connection, DoctorArguments& arguments, std::function<int()>& run);
void add_bench_consume(CLI::App& bench, ConnectionArguments& connection, BenchConsumeArguments& arguments,
                       std::function<int()>& run);

}  // namespace kinesis::tool
