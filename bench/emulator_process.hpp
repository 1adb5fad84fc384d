#pragma once

#include <kinesis/client.hpp>

#include <string>
#include <sys/types.h>

namespace kinesis::bench {

/// The emulator in a process of its own, over TLS, limits off, with a stream "orders". Make it before any thread.
class EmulatorProcess {
 public:
  explicit EmulatorProcess(int shards);
  ~EmulatorProcess();
  EmulatorProcess(const EmulatorProcess&) = delete;
  EmulatorProcess& operator=(const EmulatorProcess&) = delete;

  /// For its clients.
  ClientOptions client() const;

 private:
  pid_t process_ = 0;
  std::string url_;
  std::string ca_file_;
};

}  // namespace kinesis::bench
