#include "aws/test_subscriptions.hpp"
#include "http/raw_peer.hpp"

// Subscriptions whose caller goes while they are opened, and those whose peer dies without a word.
namespace kinesis::aws {
namespace {

class SubscriptionOpenTest : public SubscriptionTest {
 protected:
  /// Opens one as long as its group lets it.
  void begin_open(core::TaskGroup& group) {
    opened.reset();
    auto open = [](SubscriptionOpenTest* self) -> awaitable<void> {
      self->opened.emplace(co_await self->api->subscribe_to_shard(request()));
    };
    group.spawn(open(this));
  }
  std::optional<Result<ShardSubscription>> opened;
};

INSTANTIATE_TEST_SUITE_P(Wires, SubscriptionOpenTest, http::all_wires(), http::wire_name);

// No time passes here: what ends does so by itself.
TEST_P(SubscriptionOpenTest, ACallerThatIsCancelledBeforeTheAnswerLeavesNothingBehind) {
  bool written = false;
  scripts = {[&](std::shared_ptr<http::ResponseStream>) -> awaitable<void> {
               written = true;
               co_return;
             },
             writes({initial_response(), frame_of(event_with("first"))})};
  core::Notifier answer(loop.executor(), *manual);
  hold = &answer;
  start();
  core::TaskGroup group(loop.executor());
  begin_open(group);
  run_until([&] { return seen.size() == 1; });
  settle();
  EXPECT_EQ(group.size(), 1u) << "it waits for the answer";
  group.cancel();
  loop.run(group.join());
  EXPECT_FALSE(opened);
  if (!http2()) run_until([&] { return streams->stats().connections_open == 0; });
  hold = nullptr;
  auto other = subscribe();
  ASSERT_TRUE(other);
  EXPECT_EQ(text_of_next(*other), "first");
  EXPECT_EQ(seen.size(), 2u) << "it is not tried again";
  EXPECT_EQ(streams->stats().connections_opened, http2() ? 1u : 2u);
  answer.wake();
  settle();
  // Over HTTP/1.1 the server would notice by its first write.
  EXPECT_EQ(written, !http2()) << "the stream was reset";
}

TEST_P(SubscriptionOpenTest, ACallerMayBeCancelledAtAnyStepOfIt) {
  int begun = 0;
  scripts = {[&](std::shared_ptr<http::ResponseStream> out) -> awaitable<void> {
    ++begun;
    std::vector<std::string> pieces{initial_response()};
    co_await write_and_wait(std::move(out), std::move(pieces), released);
  }};
  start();
  bool whole = false;
  std::size_t cut = 0;
  for (int steps = 0; !whole; ++steps) {
    ASSERT_LT(steps, 10'000);
    connect(at(*server));
    core::TaskGroup group(loop.executor());
    begin_open(group);
    loop.context.restart();
    for (int i = 0; i < steps && !opened; ++i) loop.context.run_one();
    whole = opened.has_value();
    group.cancel();
    loop.run(group.join());
    if (!whole && !opened) ++cut;
    opened.reset();
    streams->close();
    run_until([&] { return streams->stats().connections_open == 0; });
  }
  EXPECT_GT(cut, 2u);
  // Over HTTP/1.1 the server would notice by its next write.
  if (http2()) run_until([&] { return *released == begun; });
}

/// A peer that is dead, and nobody has said so: it neither reads nor writes, and closes nothing.
class DeadPeerTest : public SubscriptionOpenTest {
 protected:
  void start_behind_relay() {
    scripts = {writes_and_waits({initial_response(), frame_of(event_with("first"))})};
    start();
    relay.emplace(loop.executor(), server->port());
    connect(relay->endpoint(secure()));
  }
  /// Lets time pass until `done`, and returns how much did.
  template <class Done>
  Clock::duration pass_until(Done done) {
    const auto began = manual->now();
    settle();
    while (!done() && manual->now() - began < 10min) {
      if (!manual->advance_to_next()) manual->advance(1s);
      settle();
    }
    EXPECT_TRUE(done());
    return manual->now() - began;
  }
  std::optional<http::Relay> relay;
};

INSTANTIATE_TEST_SUITE_P(Wires, DeadPeerTest, http::all_wires(), http::wire_name);

/// HTTP/1.1 has no PING.
class DeadHttp2PeerTest : public DeadPeerTest {};
INSTANTIATE_TEST_SUITE_P(Wires, DeadHttp2PeerTest,
                         ::testing::Values(Wire::h2c, Wire::tls_http2, Wire::tls_http2_without_alpn), http::wire_name);

TEST_P(DeadHttp2PeerTest, IsNoticedByAPingForAllSubscriptionsOfTheConnection) {
  silence = 0s;
  start_behind_relay();
  auto one = subscribe();
  auto other = subscribe();
  ASSERT_TRUE(one && other);
  EXPECT_EQ(text_of_next(*one), "first");
  EXPECT_EQ(text_of_next(*other), "first");
  const auto end_of_one = begin_next(*one);
  const auto end_of_other = begin_next(*other);
  settle();
  relay->die();
  const auto took = pass_until([&] { return end_of_one->result && end_of_other->result; });
  EXPECT_GT(took, client_options.ping_interval + client_options.ping_timeout);
  EXPECT_LE(took, 2 * client_options.ping_interval + client_options.ping_timeout);
  for (const auto& end : {end_of_one, end_of_other}) {
    EXPECT_EQ(text_of(*end->result), "connection: the server did not answer a PING");
    EXPECT_TRUE(end->result->error().retryable());
  }
  auto next_one = subscribe();
  ASSERT_TRUE(next_one);
  EXPECT_EQ(text_of_next(*next_one), "first");
  EXPECT_EQ(relay->connections(), 2);
}

// The PING is the first to notice, and it is the connection that ends: silence would end the subscription alone, and
// the next one would be asked for over the connection that is dead.
TEST_P(DeadPeerTest, IsNoticedWithinThirtySecondsAndTheNextSubscriptionGoesOverAnotherConnection) {
  start_behind_relay();
  auto subscription = subscribe();
  ASSERT_TRUE(subscription);
  EXPECT_EQ(text_of_next(*subscription), "first");
  const auto second = begin_next(*subscription);
  settle();
  relay->die();
  const auto took = pass_until([&] { return second->result.has_value(); });
  EXPECT_LE(took, 30s);
  EXPECT_EQ(second->result->error().code(), http2() ? errc::connection : errc::timeout);
  EXPECT_TRUE(second->result->error().retryable());
  auto other = subscribe();
  ASSERT_TRUE(other);
  EXPECT_EQ(text_of_next(*other), "first");
  EXPECT_EQ(relay->connections(), 2);
}

}  // namespace
}  // namespace kinesis::aws
