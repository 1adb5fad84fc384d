#include "core/channel.hpp"

#include "core/test_loop.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace kinesis::core {
namespace {

using namespace std::chrono_literals;

TEST(ChannelTest, TryPushRefusesWhenFullAndLeavesTheItem) {
  Channel<std::unique_ptr<int>> channel(1);
  auto first = std::make_unique<int>(1);
  auto second = std::make_unique<int>(2);
  EXPECT_TRUE(channel.try_push(first));
  EXPECT_FALSE(channel.try_push(second));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(channel.size(), 1U);
  EXPECT_EQ(**channel.try_pop(), 1);
  EXPECT_FALSE(channel.try_pop().has_value());
}

TEST(ChannelTest, HoldsAtLeastOne) {
  Channel<int> channel(0);
  int item = 1;
  EXPECT_TRUE(channel.try_push(item));
  EXPECT_FALSE(channel.try_push(item));
}

TEST(ChannelTest, RoomIsWaitedForWithoutAnItem) {
  TestLoop loop;
  Channel<int> channel(1);
  std::vector<int> pushed;
  auto push_three = [&]() -> awaitable<void> {
    for (int i = 0; i < 3; ++i) {
      const bool room = co_await channel.wait_for_room();
      if (!room) co_return;
      int item = i;
      EXPECT_TRUE(channel.try_push(item)) << "the room it was told of";
      pushed.push_back(i);
    }
  };
  spawn(loop.executor(), push_three());
  loop.run_for();
  EXPECT_EQ(pushed, std::vector<int>{0}) << "the second has no room";
  EXPECT_EQ(channel.try_pop(), 0);
  loop.run_for();
  EXPECT_EQ(pushed, (std::vector<int>{0, 1}));
  channel.close();
  loop.run_for();
  EXPECT_EQ(pushed.size(), 2u) << "a closed channel has no room";
}

TEST(ChannelTest, PushWaitsForRoomAndPopForAnItemInOrder) {
  TestLoop loop;
  Channel<int> channel(2);
  std::vector<int> received;
  std::size_t most = 0;
  const auto producer = [&]() -> awaitable<void> {
    for (int i = 0; i < 10; ++i) {
      const bool pushed = co_await channel.push(i);
      EXPECT_TRUE(pushed);
      most = std::max(most, channel.size());
    }
    channel.close();
  };
  const auto consumer = [&]() -> awaitable<void> {
    for (;;) {
      const std::optional<int> item = co_await channel.pop();
      if (!item) break;
      received.push_back(*item);
      co_await sleep_for(loop.clock, 1s);
    }
  };
  spawn(loop.executor(), producer());
  loop.run(consumer());
  EXPECT_EQ(received, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(most, 2U);
}

TEST(ChannelTest, ClosingRefusesPushersAndLetsPoppersDrain) {
  TestLoop loop;
  Channel<int> channel(1);
  std::string log;
  const auto pusher = [&](int item) -> awaitable<void> {
    const bool pushed = co_await channel.push(item);
    log += pushed ? "pushed " : "refused ";
  };
  const auto task = [&]() -> awaitable<void> {
    co_await pusher(1);
    spawn(co_await asio::this_coro::executor, pusher(2));
    co_await sleep_for(loop.clock, 1s);
    channel.close();
    co_await yield();
    co_await yield();
    const std::optional<int> first = co_await channel.pop();
    EXPECT_EQ(first, 1);
    const std::optional<int> second = co_await channel.pop();
    EXPECT_EQ(second, std::nullopt);
    co_await pusher(3);
  };
  loop.run(task());
  EXPECT_EQ(log, "pushed refused refused ");
  EXPECT_TRUE(channel.closed());
}

TEST(ChannelTest, ClosingWakesAllWhoWaitForItems) {
  TestLoop loop;
  Channel<int> channel(1);
  int ended = 0;
  const auto popper = [&]() -> awaitable<void> {
    const std::optional<int> item = co_await channel.pop();
    if (!item) ++ended;
  };
  for (int i = 0; i < 3; ++i) spawn(loop.executor(), popper());
  loop.run_for();
  EXPECT_EQ(ended, 0);
  channel.close();
  loop.run_for();
  EXPECT_EQ(ended, 3);
}

TEST(ChannelTest, ACancelledPopTakesNothingAndWakesNobodyElseInVain) {
  TestLoop loop;
  Channel<int> channel(4);
  std::string log;
  const auto popper = [&](char name) -> awaitable<void> {
    try {
      const std::optional<int> item = co_await channel.pop();
      log += name + std::to_string(item.value_or(-1)) + " ";
    } catch (const Error& error) {
      log += name + std::string(to_string(error.code())) + " ";
    }
  };
  const auto task = [&]() -> awaitable<void> {
    TaskGroup cancelled(co_await asio::this_coro::executor);
    TaskGroup kept(co_await asio::this_coro::executor);
    cancelled.spawn(popper('a'));
    co_await sleep_for(loop.clock, 1s);
    kept.spawn(popper('b'));
    co_await sleep_for(loop.clock, 1s);
    cancelled.cancel();
    int item = 5;
    channel.try_push(item);
    co_await cancelled.join();
    co_await kept.join();
  };
  loop.run(task());
  EXPECT_EQ(log, "acancelled b5 ");
}

TEST(ChannelTest, ACancelledPushLeavesNothingBehind) {
  TestLoop loop;
  Channel<int> channel(1);
  std::string log;
  const auto pusher = [&](int item) -> awaitable<void> {
    try {
      co_await channel.push(item);
      log += "pushed ";
    } catch (const Error& error) {
      log += std::string(to_string(error.code())) + " ";
    }
  };
  const auto task = [&]() -> awaitable<void> {
    TaskGroup group(co_await asio::this_coro::executor);
    co_await pusher(1);
    group.spawn(pusher(2));
    co_await sleep_for(loop.clock, 1s);
    group.cancel();
    co_await group.join();
    EXPECT_EQ(channel.try_pop(), 1);
    EXPECT_EQ(channel.try_pop(), std::nullopt);
  };
  loop.run(task());
  EXPECT_EQ(log, "pushed cancelled ");
}

TEST(ChannelTest, AContextThatShutsDownFreesThoseWhoWait) {
  struct Owner {
    Channel<int> channel{1};
  };
  const auto owner = std::make_shared<Owner>();
  {
    asio::io_context context;
    const auto popper = [](std::shared_ptr<Owner> self) -> awaitable<void> { co_await self->channel.pop(); };
    spawn(context.get_executor(), popper(owner));
    context.poll();
    EXPECT_EQ(owner.use_count(), 2);
  }
  EXPECT_EQ(owner.use_count(), 1);
}

TEST(ChannelTest, CarriesItemsBetweenThreadsWithoutLosingOrSwapping) {
  Channel<std::vector<int>> channel(3);
  asio::io_context first, second;
  long long sum = 0;
  int batches = 0;
  bool ordered = true;
  const auto producer = [&]() -> awaitable<void> {
    for (int i = 0; i < 2000; ++i) {
      std::vector<int> batch(3, i);
      const bool pushed = co_await channel.push(std::move(batch));
      EXPECT_TRUE(pushed);
    }
    channel.close();
  };
  const auto consumer = [&]() -> awaitable<void> {
    for (;;) {
      const std::optional<std::vector<int>> batch = co_await channel.pop();
      if (!batch) break;
      ordered = ordered && batch->front() == batches;
      ++batches;
      sum += batch->back();
    }
  };
  spawn(first.get_executor(), producer());
  spawn(second.get_executor(), consumer());
  std::thread thread([&] { first.run(); });
  second.run();
  thread.join();
  EXPECT_EQ(batches, 2000);
  EXPECT_TRUE(ordered);
  EXPECT_EQ(sum, 1999LL * 2000 / 2);
}

TEST(ChannelTest, ManyPushersAndPoppersOverManyThreadsLoseNothing) {
  Channel<int> channel(2);
  asio::io_context contexts[4];
  std::atomic<int> sum = 0;
  std::atomic<int> pushers = 2;
  const auto producer = [&]() -> awaitable<void> {
    for (int i = 1; i <= 500; ++i) co_await channel.push(i);
    if (--pushers == 0) channel.close();
  };
  const auto consumer = [&]() -> awaitable<void> {
    for (;;) {
      const std::optional<int> item = co_await channel.pop();
      if (!item) break;
      sum += *item;
    }
  };
  spawn(contexts[0].get_executor(), producer());
  spawn(contexts[1].get_executor(), producer());
  spawn(contexts[2].get_executor(), consumer());
  spawn(contexts[3].get_executor(), consumer());
  std::vector<std::thread> threads;
  for (asio::io_context& context : contexts) threads.emplace_back([&context] { context.run(); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum, 2 * 500 * 501 / 2);
}

}  // namespace
}  // namespace kinesis::core
