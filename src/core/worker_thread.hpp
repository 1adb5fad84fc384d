#pragma once

#include "core/async.hpp"

#include <functional>
#include <memory>

namespace kinesis::core {

/// One thread for blocking work, in the order it was given. Started with the first use; the destructor finishes what
/// was given and joins.
class WorkerThread {
 public:
  WorkerThread();
  ~WorkerThread();
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  /// Runs `work` on the thread and comes back to the caller's executor; rethrows what it throws. Once begun it is not
  /// cancelled: the caller's frame, to which `work` may refer, stays alive until it is done.
  awaitable<void> run(std::function<void()> work);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kinesis::core
