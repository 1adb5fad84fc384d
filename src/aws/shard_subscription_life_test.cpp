#include "aws/test_subscriptions.hpp"

#include <thread>

// How subscriptions end, wait and share connections.
namespace kinesis::aws {
namespace {

class SubscriptionLifeTest : public SubscriptionTest {
 protected:
  /// Waits until the answer to `next` is there.
  std::string text_when_there(const std::shared_ptr<Waiting>& waiting_next) {
    run_until([&] { return waiting_next->result.has_value(); });
    return text_of(*waiting_next->result);
  }
};

INSTANTIATE_TEST_SUITE_P(Wires, SubscriptionLifeTest, http::all_wires(), http::wire_name);

TEST_P(SubscriptionLifeTest, AResetStreamIsABrokenConnection) {
  scripts = {[](std::shared_ptr<http::ResponseStream> out) -> awaitable<void> {
    co_await write_one(out, initial_response() + frame_of(event_with("first")));
    out->reset(2);
  }};
  start();
  auto subscription = subscribe();
  expect_broken_after_first(subscription);
}

TEST_P(SubscriptionLifeTest, ALostConnectionIsABrokenConnection) {
  scripts = {[](std::shared_ptr<http::ResponseStream> out) -> awaitable<void> {
    co_await write_one(out, initial_response() + frame_of(event_with("first")));
    out->truncate();
  }};
  start();
  auto subscription = subscribe();
  expect_broken_after_first(subscription);
}

TEST_P(SubscriptionLifeTest, SilenceForThirtySecondsIsATimeout) {
  client_options.ping_interval = 0s;
  scripts = {writes_and_waits({initial_response(), frame_of(event_with("first"))})};
  start();
  auto subscription = subscribe();
  ASSERT_TRUE(subscription);
  EXPECT_EQ(text_of_next(*subscription), "first");
  const auto second = begin_next(*subscription);
  settle();
  manual->advance(30s - 1ns);
  settle();
  EXPECT_FALSE(second->result);
  manual->advance(1ns);
  EXPECT_EQ(text_when_there(second), "timeout: the stream fell silent");
  EXPECT_TRUE(second->result->error().retryable());
  EXPECT_EQ(next(*subscription).error().code(), errc::timeout) << "and again";
  if (http2()) run_until([&] { return *released == 1; });
}

TEST_P(SubscriptionLifeTest, EachByteIsASignOfLife) {
  client_options.ping_interval = 0s;
  core::Notifier gate(loop.executor(), *manual);
  scripts = {[&](std::shared_ptr<http::ResponseStream> out) -> awaitable<void> {
    co_await write_one(out, initial_response());
    for (const char* piece : {"first", "second", "third"}) {
      co_await gate.wait();
      co_await write_one(out, frame_of(event_with(piece)));
    }
  }};
  start();
  auto subscription = subscribe();
  ASSERT_TRUE(subscription);
  for (const char* piece : {"first", "second", "third"}) {
    const auto waiting_next = begin_next(*subscription);
    settle();
    manual->advance(29s);
    settle();
    EXPECT_FALSE(waiting_next->result);
    gate.wake();
    EXPECT_EQ(text_when_there(waiting_next), piece);
  }
  EXPECT_EQ(text_of_next(*subscription), "end");
}

TEST_P(SubscriptionLifeTest, AReaderMayTakeItsTime) {
  client_options.ping_interval = 0s;
  scripts = {writes({initial_response(), frame_of(event_with("first")), frame_of(event_with("second"))})};
  start();
  auto subscription = subscribe();
  ASSERT_TRUE(subscription);
  EXPECT_EQ(text_of_next(*subscription), "first");
  for (int i = 0; i < 10; ++i) {
    manual->advance(1min);
    settle();
  }
  EXPECT_EQ(text_of_next(*subscription), "second");
  EXPECT_EQ(text_of_next(*subscription), "end");
}

TEST_P(SubscriptionLifeTest, CancelEndsAWaitingNext) {
  scripts = {writes_and_waits({initial_response()})};
  start();
  auto subscription = subscribe();
  ASSERT_TRUE(subscription);
  const auto waiting_next = begin_next(*subscription);
  settle();
  EXPECT_FALSE(waiting_next->result);
  std::thread([&] { subscription->cancel(); }).join();
  EXPECT_EQ(text_when_there(waiting_next), "cancelled: the subscription was cancelled");
  subscription->cancel();
  EXPECT_EQ(next(*subscription).error().code(), errc::cancelled);
  if (http2()) run_until([&] { return *released == 1; });
}

TEST_P(SubscriptionLifeTest, CancelBeforeTheFirstNext) {
  auto subscription = start_and_subscribe({initial_response(), frame_of(event_with("first"))});
  ASSERT_TRUE(subscription);
  subscription->cancel();
  EXPECT_EQ(next(*subscription).error().code(), errc::cancelled);
}

TEST_P(SubscriptionLifeTest, CancelBehindTheEnd) {
  auto subscription = start_and_subscribe({initial_response()});
  ASSERT_TRUE(subscription);
  EXPECT_EQ(text_of_next(*subscription), "end");
  subscription->cancel();
  EXPECT_EQ(next(*subscription).error().code(), errc::cancelled);
}

TEST_P(SubscriptionLifeTest, LettingGoEndsIt) {
  scripts = {writes_and_waits({initial_response(), frame_of(event_with("first"))})};
  start();
  {
    auto subscription = subscribe();
    ASSERT_TRUE(subscription);
    EXPECT_EQ(text_of_next(*subscription), "first");
  }
  if (http2()) run_until([&] { return *released == 1; });
  auto again = subscribe();
  ASSERT_TRUE(again);
  EXPECT_EQ(text_of_next(*again), "first");
  EXPECT_EQ(streams->stats().connections_opened, http2() ? 1u : 2u);
}

TEST_P(SubscriptionLifeTest, ACallerThatIsCancelledEndsIt) {
  scripts = {writes_and_waits({initial_response()})};
  start();
  auto subscription = subscribe();
  ASSERT_TRUE(subscription);
  std::exception_ptr failure;
  bool ended = false;
  auto scenario = [&]() -> awaitable<void> {
    auto waiting_next = subscription->next();
    try {
      const auto none = co_await core::with_deadline(*manual, manual->now() + 5s, std::move(waiting_next));
      EXPECT_FALSE(none);
    } catch (...) {
      failure = std::current_exception();
    }
    ended = true;
  };
  core::spawn(loop.executor(), scenario());
  settle();
  manual->advance(5s);
  run_until([&] { return ended; });
  ASSERT_TRUE(failure);
  EXPECT_EQ(core::to_error(failure).code(), errc::timeout);
  EXPECT_EQ(next(*subscription).error().code(), errc::cancelled);
  if (http2()) run_until([&] { return *released == 1; });
}

TEST_P(SubscriptionLifeTest, AClosedClientEndsIt) {
  scripts = {writes_and_waits({initial_response()})};
  start();
  auto subscription = subscribe();
  ASSERT_TRUE(subscription);
  const auto waiting_next = begin_next(*subscription);
  settle();
  streams->close();
  EXPECT_EQ(text_when_there(waiting_next).substr(0, 7), "closed:");
}

TEST_P(SubscriptionLifeTest, ASlowReaderHoldsUpNobodyElse) {
  constexpr std::size_t window = 64u << 10;
  client_options.stream_window = window;
  client_options.connection_window = 256u << 10;
  std::size_t written = 0;
  const std::string piece = frame_of(event_with(http::pattern(6'000)));
  scripts = {[&](std::shared_ptr<http::ResponseStream> out) -> awaitable<void> {
               co_await write_one(out, initial_response());
               for (int i = 0; i < 400; ++i) {
                 http::Body body(piece);
                 const auto outcome = co_await out->write(std::move(body));
                 if (!outcome) co_return;
                 written += piece.size();
               }
             },
             writes({initial_response(), frame_of(event_with(http::pattern(3'000'000)))})};
  start();
  auto slow = subscribe();
  ASSERT_TRUE(slow);
  // Each gets far more than the connection's window past the one that nobody reads.
  for (int i = 0; i < 3; ++i) {
    auto other = subscribe();
    ASSERT_TRUE(other);
    EXPECT_EQ(text_of_next(*other).size(), 3'000'000u);
    EXPECT_EQ(text_of_next(*other), "end");
  }
  if (http2()) {
    EXPECT_LE(written, window);
  }
  int events = 0;
  while (text_of_next(*slow).size() == 6'000) {
    ++events;
    // What was read and not given yet, and as much again that the server was let send for it.
    if (http2()) {
      EXPECT_LE(written, static_cast<std::size_t>(events) * piece.size() + 2 * window);
    }
  }
  EXPECT_EQ(events, 400);
}

TEST_P(SubscriptionLifeTest, MoreSubscriptionsThanAConnectionTakesOpenAnother) {
  server_options.max_concurrent_streams = 2;
  scripts = {writes_and_waits({initial_response(), frame_of(event_with("first"))})};
  start();
  std::vector<ShardSubscription> subscriptions;
  for (int i = 0; i < 5; ++i) {
    auto subscription = subscribe();
    ASSERT_TRUE(subscription);
    EXPECT_EQ(text_of_next(*subscription), "first");
    subscriptions.push_back(std::move(*subscription));
  }
  EXPECT_EQ(streams->stats().connections_opened, http2() ? 3u : 5u);
}

TEST_P(SubscriptionLifeTest, ManyAtOnceFindTheirConnections) {
  server_options.max_concurrent_streams = 4;
  scripts = {writes_and_waits({initial_response(), frame_of(event_with("first"))})};
  start();
  std::vector<std::optional<Result<ShardSubscription>>> opened(12);
  int done = 0;
  auto open = [&](std::size_t i) -> awaitable<void> {
    opened[i].emplace(co_await api->subscribe_to_shard(request()));
    ++done;
  };
  for (std::size_t i = 0; i < opened.size(); ++i) core::spawn(loop.executor(), open(i));
  run_until([&] { return done == 12; });
  for (auto& each : opened) {
    ASSERT_TRUE(each->has_value()) << each->error().what();
    EXPECT_EQ(text_of_next(**each), "first");
  }
}

TEST_P(SubscriptionLifeTest, AConnectionThatIsEndingGoesOnForWhatItHas) {
  core::Notifier gate(loop.executor(), *manual);
  scripts = {[&](std::shared_ptr<http::ResponseStream> out) -> awaitable<void> {
               co_await write_one(out, initial_response() + frame_of(event_with("first")));
               co_await gate.wait();
               co_await write_one(out, frame_of(event_with("second")));
             },
             writes({initial_response()})};
  start();
  auto subscription = subscribe();
  ASSERT_TRUE(subscription);
  EXPECT_EQ(text_of_next(*subscription), "first");
  instead = [](const http::ServerRequest&) {
    http::ServerResponse response(400);
    response.fault = http::Fault(http::Fault::Kind::goaway);
    return response;
  };
  EXPECT_FALSE(subscribe());
  instead = [](const auto&) { return std::nullopt; };
  auto other = subscribe();
  ASSERT_TRUE(other);
  EXPECT_EQ(text_of_next(*other), "end");
  if (http2()) {
    EXPECT_EQ(streams->stats().connections_opened, 2u);
  }
  gate.wake();
  EXPECT_EQ(text_of_next(*subscription), "second");
  EXPECT_EQ(text_of_next(*subscription), "end");
}

}  // namespace
}  // namespace kinesis::aws
