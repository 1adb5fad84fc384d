#pragma once

#include "core/async.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kinesis::tool {

/// A worker of the demo: a process of its own whose standard output is read line by line.
class DemoWorker {
 public:
  /// Starts `arguments[0]`; stderr goes to `log_path`. `environment` is added to this process's. Throws
  /// Error(internal).
  DemoWorker(asio::any_io_executor executor, std::string name, std::vector<std::string> arguments,
             std::vector<std::pair<std::string, std::string>> environment, std::string log_path);
  /// Kills it if it still runs.
  ~DemoWorker();
  DemoWorker(const DemoWorker&) = delete;
  DemoWorker& operator=(const DemoWorker&) = delete;

  const std::string& name() const noexcept { return name_; }
  /// Calls `on_line` for each line until the process closes its output.
  core::awaitable<void> read_lines(std::function<void(std::string_view)> on_line);
  /// Asks it to stop, as a user would.
  void terminate();
  /// Ends it at once, as a crash would (SIGKILL). What it had written can still be read.
  void kill();
  bool killed() const noexcept { return killed_; }
  /// Waits up to `limit`, then kills it. The exit code, or 128 + the signal that ended it. What it said last on stderr
  /// is in `log_path`.
  core::awaitable<int> wait(Clock& clock, Clock::duration limit);
  std::string last_words() const;

 private:
  struct Pipe;
  std::string name_;
  std::string log_path_;
  std::unique_ptr<Pipe> output_;
  int process_ = -1;
  bool killed_ = false;
};

}  // namespace kinesis::tool
