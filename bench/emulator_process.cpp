#include "emulator_process.hpp"

#include <kinesis/emulator.hpp>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace kinesis::bench {
namespace {

[[noreturn]] void serve(int shards, int to) {
  EmulatorOptions options;
  options.tls = true;
  options.limits = false;
  options.memory_bytes = std::size_t{256} << 20;
  Emulator emulator(std::move(options));
  emulator.create_stream("orders", shards);
  const std::string said = emulator.endpoint_url() + "\n" + emulator.ca_pem();
  if (write(to, said.data(), said.size()) < 0) std::abort();
  close(to);
  for (;;) pause();
}

}  // namespace

EmulatorProcess::EmulatorProcess(int shards) : ca_file_("/tmp/kinesis_bench." + std::to_string(getpid()) + ".pem") {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) std::abort();
  process_ = fork();
  if (process_ == 0) {
    close(ends[0]);
    serve(shards, ends[1]);
  }
  close(ends[1]);
  std::string said;
  std::array<char, 4096> part{};
  for (ssize_t size; (size = read(ends[0], part.data(), part.size())) > 0;)
    said.append(part.data(), static_cast<std::size_t>(size));
  close(ends[0]);
  const std::size_t line = said.find('\n');
  url_ = said.substr(0, line);
  std::ofstream(ca_file_) << said.substr(line + 1);
}

EmulatorProcess::~EmulatorProcess() {
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  std::remove(ca_file_.c_str());
}

ClientOptions EmulatorProcess::client() const {
  ClientOptions options;
  options.region = "us-east-1";
  options.endpoint_url = url_;
  options.ca_bundle = ca_file_;
  options.credentials = static_credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  return options;
}

}  // namespace kinesis::bench
