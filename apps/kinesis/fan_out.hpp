#pragma once

#include "commands.hpp"
#include "core/async.hpp"
#include <kinesis/consumer.hpp>

#include <memory>
#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

// What `--fan-out` of several commands means.
namespace kinesis::tool {

/// Adds `--fan-out [NAME|ARN]`. `otherwise` says which consumer it is without one.
CLI::Option* add_fan_out(CLI::App& command, FanOutArguments& arguments, const std::string& otherwise);

/// The fan-out consumer that a command reads by, if it does. One that the command made up is deregistered at the end.
class FanOutUse {
 public:
  /// `prefix`: of the name of one that is made up; empty: it is named after the application, and stays. Throws
  /// Error(invalid_argument) for what is neither a name nor the ARN of a consumer.
  FanOutUse(Client client, StreamId stream, const FanOutArguments& arguments, const std::string& prefix);

  /// Reads by it, or by `polling` without --fan-out.
  FetchMode fetch(Polling polling) const;
  /// After the consumer has ended, however it did: deregisters a consumer that was made up. Throws Error, which names
  /// the consumer, if it may still be there.
  core::awaitable<void> end();

 private:
  core::awaitable<void> deregister();

  Client client_;
  StreamId stream_;
  bool used_;
  std::string name_;
  std::string arn_;
  bool temporary_ = false;
};

/// `work`, and then the end of `fan_out`, whatever the work throws; that goes first.
core::awaitable<void> run_with_fan_out(std::shared_ptr<FanOutUse> fan_out, core::awaitable<void> work);

}  // namespace kinesis::tool
