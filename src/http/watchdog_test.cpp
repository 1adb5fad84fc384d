#include "http/watchdog.hpp"

#include <kinesis/testing/manual_clock.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <optional>

namespace kinesis::http {
namespace {

using namespace std::chrono_literals;

class WatchdogTest : public ::testing::Test {
 protected:
  asio::io_context context{1};
  std::shared_ptr<kinesis::testing::ManualClock> clock = std::make_shared<kinesis::testing::ManualClock>();
  int barks = 0;
  std::optional<Watchdog> watchdog{std::in_place, context.get_executor(), clock, [this] { ++barks; }};

  int after(Clock::duration time) {
    clock->advance(time);
    context.restart();
    context.poll();
    return barks;
  }
};

TEST_F(WatchdogTest, ExpiresOnce) {
  watchdog->expire_after(10s);
  EXPECT_EQ(after(9s), 0);
  EXPECT_FALSE(watchdog->expired());
  EXPECT_EQ(after(1s), 1);
  EXPECT_TRUE(watchdog->expired());
  EXPECT_EQ(after(100s), 1);
}

TEST_F(WatchdogTest, FollowsItsDeadlineBothWays) {
  watchdog->expire_after(10s);
  watchdog->expire_after(30s);
  EXPECT_EQ(after(29s), 0);
  EXPECT_EQ(after(1s), 1);
  watchdog->expire_after(30s);
  watchdog->expire_after(5s);
  EXPECT_EQ(after(5s), 2);
}

TEST_F(WatchdogTest, RestsAndNeverExpiresWithoutALimit) {
  watchdog->expire_after(10s);
  watchdog->rest();
  EXPECT_EQ(after(100s), 0);
  watchdog->expire_after(0s);
  EXPECT_EQ(after(100s), 0);
}

TEST_F(WatchdogTest, ExpiresOnlyWithoutProgress) {
  std::uint64_t progress = 0;
  watchdog->expire_when_stuck(10s, [&] { return progress; });
  for (int i = 0; i < 5; ++i) {
    ++progress;
    EXPECT_EQ(after(10s), 0);
  }
  EXPECT_EQ(after(10s), 1);
}

TEST_F(WatchdogTest, MayBeSetAgainFromItsCall) {
  watchdog.emplace(context.get_executor(), clock, [this] {
    if (++barks < 3) watchdog->expire_after(1s);
  });
  watchdog->expire_after(1s);
  EXPECT_EQ(after(1s), 1);
  EXPECT_EQ(after(1s), 2);
  EXPECT_EQ(after(1s), 3);
  EXPECT_EQ(after(9s), 3);
}

TEST_F(WatchdogTest, IsSilentOnceItIsGone) {
  watchdog->expire_after(1s);
  watchdog.reset();
  EXPECT_EQ(after(10s), 0);
}

}  // namespace
}  // namespace kinesis::http
