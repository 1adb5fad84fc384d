#include "child_process.hpp"

#include "c_strings.hpp"
#include "read_lines.hpp"
#include <kinesis/error.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace kinesis::tool {
namespace {

/// A pipe whose ends no other child inherits.
class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0)
      throw Error(errc::internal, std::string("cannot make a pipe: ") + std::strerror(errno));
  }
  ~Pipe() {
    for (const int end : ends_)
      if (end >= 0) close(end);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int end(std::size_t which) const noexcept { return ends_[which]; }
  int release(std::size_t which) noexcept { return std::exchange(ends_[which], -1); }

 private:
  std::array<int, 2> ends_{};
};

/// In a group of its own, with the signals of a fresh process: the tool ignores SIGPIPE.
class SpawnSettings {
 public:
  SpawnSettings() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};
};

}  // namespace

struct ChildProcess::Pipes {
  explicit Pipes(const asio::any_io_executor& executor) : input(executor), output(executor) {}
  asio::posix::stream_descriptor input;
  asio::posix::stream_descriptor output;
};

ChildProcess::ChildProcess(asio::any_io_executor executor, const std::string& command,
                           const std::vector<std::pair<std::string, std::string>>& environment, Output output)
    : pipes_(std::make_unique<Pipes>(executor)) {
  Pipe input;
  Pipe answers;
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
  for (const auto& [name, value] : environment) {
    const std::string prefix = name + "=";
    std::erase_if(variables, [&](const std::string& variable) { return variable.starts_with(prefix); });
    variables.push_back(prefix + value);
  }
  CStrings argv({"/bin/sh", "-c", command});
  CStrings envp(std::move(variables));
  SpawnSettings settings;
  posix_spawn_file_actions_adddup2(&settings.files, input.end(0), STDIN_FILENO);
  if (output == Output::read) posix_spawn_file_actions_adddup2(&settings.files, answers.end(1), STDOUT_FILENO);
  const int failed =
      posix_spawn(&process_, argv.front(), &settings.files, &settings.attributes, argv.data(), envp.data());
  if (failed != 0) {
    process_ = -1;
    throw Error(errc::internal, std::string("cannot start /bin/sh: ") + std::strerror(failed));
  }
  pipes_->input.assign(input.release(1));
  if (output == Output::read) pipes_->output.assign(answers.release(0));
}

ChildProcess::~ChildProcess() {
  if (process_ <= 0) return;
  kill();
  waitpid(process_, nullptr, 0);
}

void ChildProcess::kill() noexcept {
  if (process_ > 0) ::kill(-process_, SIGKILL);
}

core::awaitable<bool> ChildProcess::write(std::string text) {
  boost::system::error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  co_await asio::async_write(pipes_->input, asio::buffer(text), token);
  co_return !error;
}

void ChildProcess::close_input() {
  boost::system::error_code ignored;
  pipes_->input.close(ignored);
}

core::awaitable<void> ChildProcess::read_lines(std::function<void(std::string_view)> on_line) {
  return tool::read_lines(pipes_->output, std::move(on_line));
}

core::awaitable<int> ChildProcess::wait(Clock& clock) {
  int status = 0;
  std::chrono::milliseconds pause(1);
  while (waitpid(process_, &status, WNOHANG) == 0) {
    co_await core::sleep_for(clock, pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(20));
  }
  process_ = -1;
  co_return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace kinesis::tool
