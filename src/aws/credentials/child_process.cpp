#include "aws/credentials/child_process.hpp"

#include <kinesis/clock.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace kinesis::aws {
namespace {

/// How often a wait looks whether it should stop.
constexpr std::chrono::milliseconds stop_check(50);

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_, O_CLOEXEC) != 0) ends_[0] = ends_[1] = -1;
  }
  ~Pipe() {
    close_writer();
    if (ends_[0] >= 0) ::close(ends_[0]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  bool open() const noexcept { return ends_[0] >= 0; }
  int reader() const noexcept { return ends_[0]; }
  int writer() const noexcept { return ends_[1]; }
  void close_writer() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }

 private:
  int ends_[2] = {-1, -1};
};

/// A running child; killed and reaped if nobody has waited for it.
class Child {
 public:
  explicit Child(pid_t id) : id_(id) {}
  ~Child() {
    if (id_ <= 0) return;
    ::kill(id_, SIGKILL);
    while (::waitpid(id_, nullptr, 0) < 0 && errno == EINTR) continue;
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Whether it has ended; then also how, if the host lets us know (it may ignore SIGCHLD).
  bool ended(std::optional<int>& status) {
    int raw = 0;
    const pid_t got = ::waitpid(id_, &raw, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR)) return false;
    if (got > 0) status = raw;
    id_ = -1;
    return true;
  }

 private:
  pid_t id_;
};

/// What posix_spawn is told. Signals are as in a fresh process: hosts block and ignore some.
class SpawnSettings {
 public:
  explicit SpawnSettings(int output) {
    posix_spawn_file_actions_init(&files_);
    posix_spawn_file_actions_adddup2(&files_, output, STDOUT_FILENO);  // first: it may be 0 in a host without input
    posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    sigaddset(&signals, SIGPIPE);
    sigaddset(&signals, SIGCHLD);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  int spawn(pid_t& id, char* const* arguments) const {
    return ::posix_spawnp(&id, arguments[0], &files_, &attributes_, arguments, environ);
  }

 private:
  posix_spawn_file_actions_t files_;
  posix_spawnattr_t attributes_;
};

/// One run and its limits.
class Run {
 public:
  Run(const std::string& program, std::size_t most_bytes, std::chrono::milliseconds patience,
      const std::atomic<bool>& stop)
      : program_(program),
        most_bytes_(most_bytes),
        patience_(patience),
        until_(Clock::system()->now() + patience),
        stop_(stop) {}

  Error failure(const std::string& what) const { return Error(errc::storage, "\"" + program_ + "\" " + what); }

  /// Reads to the end of the output.
  Result<std::string> read_all(int descriptor) const {
    std::string text;
    for (;;) {
      if (auto error = over()) return *error;
      pollfd waited{descriptor, POLLIN, 0};
      const int ready = ::poll(&waited, 1, static_cast<int>(stop_check.count()));
      if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
      char piece[4096];
      const ssize_t size = ::read(descriptor, piece, sizeof piece);
      if (size == 0) return text;
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return failure(std::string("cannot be read from: ") + std::strerror(errno));
      text.append(piece, static_cast<std::size_t>(size));
      if (text.size() > most_bytes_) return failure("wrote more than " + std::to_string(most_bytes_) + " bytes");
    }
  }

  Result<void> wait_for(Child& child) const {
    std::optional<int> status;
    while (!child.ended(status)) {
      if (auto error = over()) return *error;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));  // it has closed its output: it is about to end
    }
    if (status && WIFSIGNALED(*status)) return failure("was ended by signal " + std::to_string(WTERMSIG(*status)));
    if (status && WEXITSTATUS(*status) != 0)
      return failure("failed with exit status " + std::to_string(WEXITSTATUS(*status)));
    return {};
  }

 private:
  std::optional<Error> over() const {
    if (stop_) return Error(errc::closed, "the client was closed");
    if (Clock::system()->now() < until_) return std::nullopt;
    return failure("did not end within " + std::to_string(std::chrono::ceil<std::chrono::seconds>(patience_).count()) +
                   " s");
  }

  const std::string& program_;
  const std::size_t most_bytes_;
  const std::chrono::milliseconds patience_;
  const Clock::time_point until_;
  const std::atomic<bool>& stop_;
};

}  // namespace

Result<std::string> run_program(const std::vector<std::string>& words, std::size_t most_bytes,
                                std::chrono::milliseconds patience, const std::atomic<bool>& stop) {
  const Run run(words.front(), most_bytes, patience, stop);
  Pipe output;
  if (!output.open()) return run.failure(std::string("cannot be run: ") + std::strerror(errno));
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const SpawnSettings settings(output.writer());
  pid_t id = -1;
  if (const int error = settings.spawn(id, arguments.data()); error != 0)
    return run.failure(std::string("cannot be run: ") + std::strerror(error));
  Child child(id);
  output.close_writer();
  auto text = run.read_all(output.reader());
  if (!text) return text;
  auto ended = run.wait_for(child);
  if (!ended) return ended.error();
  return text;
}

}  // namespace kinesis::aws
