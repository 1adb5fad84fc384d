#pragma once

#include "core/async.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kinesis::tool {

/// A command of the user's, run by the shell, that reads what it is to do from its standard input. Its standard error
/// is ours, and so is its standard output unless that is read. In a process group of its own: a Ctrl-C is ours to
/// answer.
class ChildProcess {
 public:
  enum class Output { ours, read };
  /// Starts `command`; `environment` is added to this process's. Throws Error(internal).
  ChildProcess(asio::any_io_executor executor, const std::string& command,
               const std::vector<std::pair<std::string, std::string>>& environment, Output output);
  /// Kills its group if it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Waits until the process has taken all of `text`. False if it reads no more.
  core::awaitable<bool> write(std::string text);
  void close_input();
  /// Calls `on_line` for each line of its output, without the newline, until it closes it.
  core::awaitable<void> read_lines(std::function<void(std::string_view)> on_line);
  /// Waits until it has ended: the exit code, or 128 + the signal that ended it.
  core::awaitable<int> wait(Clock& clock);
  void kill() noexcept;

 private:
  struct Pipes;
  std::unique_ptr<Pipes> pipes_;
  int process_ = -1;
};

}  // namespace kinesis::tool
