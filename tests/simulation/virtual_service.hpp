#pragma once

#include "core/test_loop.hpp"
#include "emulator/direct_api.hpp"
#include <kinesis/kinesis.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace kinesis::simulation {

using namespace std::chrono_literals;
using core::awaitable;
using emulator::InProcessKinesis;

/// The service and a lease table in virtual time: hours in milliseconds, the same in every run.
class VirtualService : public ::testing::Test {
 protected:
  Client client() {
    ClientOptions options;
    options.clock = clock;
    options.kinesis = service->api();
    return Client(loop.executor(), options);
  }
  /// Runs a task to its end while what else there is goes on.
  void finish(awaitable<void> task) {
    bool ended = false;
    auto run = [&ended](awaitable<void> body) -> awaitable<void> {
      co_await std::move(body);
      ended = true;
    };
    core::spawn(loop.executor(), run(std::move(task)));
    for (int i = 0; i < 100'000 && !ended; ++i) loop.run_for(1ms);
    ASSERT_TRUE(ended);
  }

  core::TestLoop loop;
  std::shared_ptr<Clock> clock{std::shared_ptr<Clock>(), &loop.clock};
  std::unique_ptr<InProcessKinesis> service =
      std::make_unique<InProcessKinesis>(InProcessKinesis::Options{.clock = clock, .limits = false});
  std::shared_ptr<LeaseRepository> table = memory_leases();
};

}  // namespace kinesis::simulation
