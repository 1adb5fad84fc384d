#pragma once

#include "core/async.hpp"
#include <kinesis/testing/manual_clock.hpp>

#include <boost/asio/io_context.hpp>

#include <stdexcept>

namespace kinesis::core {

/// For tests of coroutines: one thread, virtual time. Lambdas given as coroutines must outlive the call: name them.
struct TestLoop {
  asio::io_context context{1};
  testing::ManualClock clock;

  asio::any_io_executor executor() { return context.get_executor(); }

  /// Runs `task` to its end and rethrows its exception. Throws if it has not ended after `limit` of virtual time or
  /// waits for ever.
  void run(awaitable<void> task, Clock::duration limit = std::chrono::hours(24)) {
    bool ended = false;
    std::exception_ptr failure;
    spawn(executor(), note_end(std::move(task), &ended), [&](std::exception_ptr e) { failure = std::move(e); });
    testing::run_in_virtual_time(context, clock, limit);
    if (failure) std::rethrow_exception(failure);
    if (!ended) throw std::logic_error("the task did not end");
  }

  /// Runs what is ready and what becomes ready within `time`.
  void run_for(Clock::duration time = Clock::duration::zero()) { testing::run_in_virtual_time(context, clock, time); }

 private:
  static awaitable<void> note_end(awaitable<void> task, bool* ended) {
    co_await std::move(task);
    *ended = true;
  }
};

}  // namespace kinesis::core
