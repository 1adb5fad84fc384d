#include "demo_worker.hpp"

#include "c_strings.hpp"
#include "read_lines.hpp"
#include <kinesis/error.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace kinesis::tool {

struct DemoWorker::Pipe {
  explicit Pipe(const asio::any_io_executor& executor) : stream(executor) {}
  asio::posix::stream_descriptor stream;
};

DemoWorker::DemoWorker(asio::any_io_executor executor, std::string name, std::vector<std::string> arguments,
                       std::vector<std::pair<std::string, std::string>> environment, std::string log_path)
    : name_(std::move(name)), log_path_(std::move(log_path)), output_(std::make_unique<Pipe>(executor)) {
  std::array<int, 2> pipe{};
  if (pipe2(pipe.data(), O_CLOEXEC) != 0)
    throw Error(errc::internal, std::string("cannot make a pipe: ") + std::strerror(errno));
  output_->stream.assign(pipe[0]);

  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    // The demo is about its own endpoint: nothing of the user's AWS settings may reach the workers.
    if (std::strncmp(*variable, "AWS_", 4) != 0) variables.emplace_back(*variable);
  }
  for (const auto& [key, value] : environment) variables.push_back(key + "=" + value);
  CStrings argv(std::move(arguments));
  CStrings envp(std::move(variables));

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], 1);
  posix_spawn_file_actions_addopen(&actions, 2, log_path_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int failed = posix_spawn(&process_, argv.front(), &actions, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  close(pipe[1]);
  if (failed != 0)
    throw Error(errc::internal, std::string("cannot start ") + argv.front() + ": " + std::strerror(failed));
}

DemoWorker::~DemoWorker() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

core::awaitable<void> DemoWorker::read_lines(std::function<void(std::string_view)> on_line) {
  return tool::read_lines(output_->stream, std::move(on_line));
}

void DemoWorker::terminate() {
  if (process_ > 0) ::kill(process_, SIGTERM);
}

void DemoWorker::kill() {
  killed_ = true;
  if (process_ > 0) ::kill(process_, SIGKILL);
}

core::awaitable<int> DemoWorker::wait(Clock& clock, Clock::duration limit) {
  const Clock::time_point deadline = clock.now() + limit;
  int status = 0;
  while (waitpid(process_, &status, WNOHANG) == 0) {
    if (clock.now() >= deadline) ::kill(process_, SIGKILL);
    co_await core::sleep_for(clock, std::chrono::milliseconds(20));
  }
  process_ = -1;
  co_return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string DemoWorker::last_words() const {
  std::ifstream file(log_path_);
  std::string last;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) last = line;
  return last;
}

}  // namespace kinesis::tool
