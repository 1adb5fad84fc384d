#include "consumer/fan_out_fetcher.hpp"

#include "consumer/test_fan_out.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kinesis::consumer {
namespace {

using Why = event::SubscriptionEnded::Why;

/// One shard's fetcher, over a service that follows a script.
class FanOutFetching : public ::testing::Test {
 protected:
  FanOutFetching()
      : clock(std::shared_ptr<Clock>(), &loop.clock),
        service(std::make_shared<ScriptedFanOut>(loop)),
        group(loop.executor()) {
    service->status = ConsumerStatus::active;
    service->generation = 1;
    service->on_subscribe = [](const SubscribeToShardRequest&) { return Script(); };
  }
  ~FanOutFetching() override {
    group.cancel();
    auto join = [this]() -> awaitable<void> { co_await group.join(); };
    loop.run(join());
  }

  Client client() {
    ClientOptions options;
    options.clock = clock;
    options.kinesis = service;
    return Client(loop.executor(), options);
  }
  struct Shard {
    std::unique_ptr<ShardFeed> feed;
    std::unique_ptr<FanOutFetcher> fetcher;
    std::vector<std::string> data;
    std::vector<std::string> children;
    bool ended = false;
    bool returned = false;
  };
  void prepare() {
    std::function<void(const DiagnosticEvent&)> listener = [this](const DiagnosticEvent& event) {
      events.push_back(event);
    };
    registration =
        std::make_shared<FanOutRegistration>(client(), StreamId("orders"), ApplicationName("billing"), which, listener);
    loop.run(registration->prepare());
    budget = std::make_shared<SubscriptionBudget>(subscriptions_per_second, loop.clock.now());
    bytes = std::make_shared<ReadBudget>(prefetch_bytes);
  }
  /// A fetcher at work; what it brings is taken unless `read` is false.
  Shard& start(const std::string& id = "shard-0", bool read = true) {
    if (!registration) prepare();
    Shard& shard = shards[id];
    ShardFeed::Options options{client(),
                               StreamId("orders"),
                               position,
                               id,
                               id,
                               checkpoint,
                               std::nullopt,
                               aggregation::HashRange(),
                               prefetch,
                               bytes,
                               [this](const DiagnosticEvent& event) { events.push_back(event); },
                               [this](Clock::wall_time_point time) { return pin(time); },
                               [this] { return ours; }};
    shard.feed = std::make_unique<ShardFeed>(std::move(options));
    shard.fetcher = std::make_unique<FanOutFetcher>(*shard.feed, registration, budget);
    group.spawn(run(&shard));
    if (read) group.spawn(take(&shard));
    return shard;
  }
  static awaitable<void> run(Shard* shard) {
    co_await shard->fetcher->run();
    shard->returned = true;
  }
  static awaitable<void> take(Shard* shard) {
    for (;;) {
      std::optional<Fetched> fetched = co_await shard->feed->pop();
      if (!fetched) co_return;
      shard->feed->open(std::move(fetched->records));
      detail::RecordPortion portion;
      while (shard->feed->next(portion, SIZE_MAX))
        for (const detail::RecordView& record : portion.records) shard->data.emplace_back(as_text(record.data));
      if (!fetched->end) continue;
      shard->ended = true;
      for (const ChildShard& child : fetched->children) shard->children.push_back(child.shard_id);
    }
  }
  awaitable<void> pin(Clock::wall_time_point time) {
    pins.push_back(time);
    co_return;
  }
  /// Each call gets the next of these, the last one again and again.
  void subscriptions(std::vector<Result<Script>> answers) {
    service->on_subscribe = [answers = std::move(answers),
                             next = std::size_t{0}](const SubscribeToShardRequest&) mutable {
      return answers[std::min(next++, answers.size() - 1)];
    };
  }
  std::vector<std::string> positions() const {
    std::vector<std::string> all;
    for (const ScriptedFanOut::Call& call : service->calls) all.push_back(call.from);
    return all;
  }
  template <class Event>
  std::vector<Event> of() const {
    std::vector<Event> found;
    for (const DiagnosticEvent& event : events)
      if (const auto* one = std::get_if<Event>(&event)) found.push_back(*one);
    return found;
  }
  static std::vector<std::string> numbers(std::size_t first, std::size_t count) {
    std::vector<std::string> all;
    for (std::size_t i = first; i < first + count; ++i) all.push_back(std::to_string(i));
    return all;
  }
  void expect_a_second_between_calls() const {
    std::map<std::string, Clock::time_point> last;
    for (const ScriptedFanOut::Call& call : service->calls) {
      const auto [before, first] = last.try_emplace(call.shard_id, call.when);
      if (first) continue;
      EXPECT_GE(call.when - before->second, 1s) << call.shard_id;
      before->second = call.when;
    }
  }

  core::TestLoop loop;
  std::shared_ptr<Clock> clock;
  std::shared_ptr<ScriptedFanOut> service;
  core::TaskGroup group;
  FanOutRegistration::Which which = RegisteredConsumer{};
  std::shared_ptr<FanOutRegistration> registration;
  std::shared_ptr<SubscriptionBudget> budget;
  std::shared_ptr<ReadBudget> bytes;
  std::size_t subscriptions_per_second = 50;
  std::size_t prefetch = 2;
  std::size_t prefetch_bytes = 1'000'000;
  StartPosition position = TrimHorizon{};
  Checkpoint checkpoint = Checkpoint::trim_horizon();
  bool ours = true;
  std::map<std::string, Shard> shards;
  std::vector<Clock::wall_time_point> pins;
  std::vector<DiagnosticEvent> events;
};

TEST_F(FanOutFetching, AfterAnOrderlyEndItGoesOnAtOnceAfterTheContinuation) {
  subscriptions({idle_after(records(1, 3), 7), Script{records(8, 2)}});
  Shard& shard = start();
  loop.run_for(303s);
  EXPECT_EQ(positions(), (std::vector<std::string>{"TRIM_HORIZON", "AFTER_SEQUENCE_NUMBER 7"}));
  EXPECT_LT(service->calls[1].when - service->calls[0].when, 301s);
  std::vector<std::string> expected = numbers(1, 3);
  expected.insert(expected.end(), {"8", "9"});
  EXPECT_EQ(shard.data, expected);
  const auto ended = of<event::SubscriptionEnded>();
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].why, Why::in_order);
  EXPECT_EQ(ended[0].events, 61u);
  EXPECT_EQ(of<event::RecordsRead>().size(), 62u) << "an event is told as an answer is";
  EXPECT_TRUE(of<event::Trouble>().empty());
}

TEST_F(FanOutFetching, ABrokenSubscriptionIsContinuedAndNotRepeated) {
  subscriptions({Script{records(1, 3), records(4, 3), failure(errc::connection)}, Script{records(7, 1)}});
  Shard& shard = start();
  loop.run_for(1min);
  EXPECT_EQ(positions(), (std::vector<std::string>{"TRIM_HORIZON", "AFTER_SEQUENCE_NUMBER 6"}));
  EXPECT_EQ(shard.data, numbers(1, 7));
  ASSERT_EQ(of<event::Trouble>().size(), 1u);
  EXPECT_TRUE(of<event::Trouble>()[0].retry_in);
  EXPECT_EQ(of<event::SubscriptionEnded>().front().why, Why::failed);
  expect_a_second_between_calls();
}

TEST_F(FanOutFetching, TheCheckpointIsReadOnceMoreAndNotDelivered) {
  checkpoint = Checkpoint::at(RecordPosition{SequenceNumber("2"), 0});
  subscriptions({Script{records(2, 3)}});
  Shard& shard = start();
  loop.run_for(1s);
  EXPECT_EQ(positions(), std::vector<std::string>{"AT_SEQUENCE_NUMBER 2"});
  EXPECT_EQ(shard.data, numbers(3, 2));
}

TEST_F(FanOutFetching, LatestIsPinnedToTheTimeOfTheFirstSubscription) {
  checkpoint = Checkpoint::latest();
  position = Latest{};
  subscriptions({Script{failure(errc::connection)}, Script{records(1, 1)}});
  const auto began = loop.clock.wall_now();
  start();
  loop.run_for(1min);
  ASSERT_EQ(pins.size(), 1u);
  EXPECT_LT(pins[0] - began, 1s);
  ASSERT_EQ(positions().size(), 2u);
  EXPECT_EQ(positions()[0], "LATEST");
  EXPECT_TRUE(positions()[1].starts_with("AT_TIMESTAMP")) << "what came meanwhile is not missed";
}

TEST_F(FanOutFetching, TheEndOfTheShardIsAnEventWithChildren) {
  subscriptions({Script{records(1, 2), shard_end({"left", "right"}), records(3, 2)}});
  Shard& shard = start();
  loop.run_for(10min);
  EXPECT_TRUE(shard.ended);
  EXPECT_TRUE(shard.returned);
  EXPECT_EQ(shard.children, (std::vector<std::string>{"left", "right"}));
  EXPECT_EQ(shard.data, numbers(1, 2)) << "what comes after the end is not looked at";
  EXPECT_EQ(service->calls.size(), 1u);
  EXPECT_TRUE(service->open.empty());
  EXPECT_EQ(of<event::SubscriptionEnded>().front().why, Why::shard_end);
}

TEST_F(FanOutFetching, ChildrenAreTheEndAlsoWithAContinuationAndAMissingOneIsWithoutChildren) {
  service->on_subscribe = [](const SubscribeToShardRequest& request) -> Result<Script> {
    if (request.shard_id == "a") return Script{shard_end({"child"}, true)};
    return Script{shard_end({})};
  };
  Shard& a = start("a");
  Shard& b = start("b");
  loop.run_for(1s);
  EXPECT_TRUE(a.ended);
  EXPECT_EQ(a.children.size(), 1u);
  EXPECT_TRUE(b.ended);
}

TEST_F(FanOutFetching, AnEndOfTheStreamIsNotTheEndOfTheShard) {
  subscriptions({Script{records(1, 1), orderly_end()}});
  Shard& shard = start();
  loop.run_for(10s);
  EXPECT_FALSE(shard.ended);
  EXPECT_FALSE(shard.returned);
  EXPECT_GT(service->calls.size(), 3u);
}

TEST_F(FanOutFetching, ARefusedContinuationGoesOnAfterTheLastRecord) {
  subscriptions({Script{records(1, 3), heartbeat(9), failure(errc::connection)}, Error(errc::invalid_argument, "no"),
                 Script{records(4, 1)}});
  Shard& shard = start();
  loop.run_for(1min);
  EXPECT_EQ(positions(),
            (std::vector<std::string>{"TRIM_HORIZON", "AFTER_SEQUENCE_NUMBER 9", "AFTER_SEQUENCE_NUMBER 3"}));
  EXPECT_EQ(shard.data, numbers(1, 4));
  EXPECT_TRUE(of<event::Failed>().empty());
}

TEST_F(FanOutFetching, APositionThatIsRefusedForGoodIsAnErrorOneCanSee) {
  subscriptions({Script{records(1, 3), failure(errc::connection)}, Error(errc::invalid_argument, "no")});
  start();
  loop.run_for(2min);
  EXPECT_FALSE(of<event::Failed>().empty());
  EXPECT_LT(service->calls.size(), 30u) << "and is asked for seldom";
}

TEST_F(FanOutFetching, NoMoreThanOneCallASecondForAShardAndTheBudgetForTheWorker) {
  subscriptions_per_second = 5;
  subscriptions({Script{records(1, 1), orderly_end(10ms)}});
  for (int i = 0; i < 20; ++i) start("shard-" + std::to_string(i));
  loop.run_for(60s);
  expect_a_second_between_calls();
  const auto& calls = service->calls;
  EXPECT_GT(calls.size(), 280u) << "it is used up";
  for (std::size_t i = 5; i < calls.size(); ++i) EXPECT_GE(calls[i].when - calls[i - 5].when, 999ms);
  std::map<std::string, int> share;
  for (const ScriptedFanOut::Call& call : calls) ++share[call.shard_id];
  ASSERT_EQ(share.size(), 20u);
  for (const auto& [shard, count] : share) EXPECT_NEAR(count, 15, 2) << shard;
}

TEST_F(FanOutFetching, AServiceThatBreaksEverySubscriptionIsAskedSeldom) {
  subscriptions({Script{failure(errc::connection)}});
  start();
  loop.run_for(10min);
  EXPECT_LT(service->calls.size(), 180u);
  EXPECT_GT(service->calls.size(), 60u);
}

TEST_F(FanOutFetching, ATakeOverWaitsAndWins) {
  // The service refuses a subscription until the one before is 5 s old.
  const auto began = loop.clock.now();
  service->on_subscribe = [&](const SubscribeToShardRequest&) -> Result<Script> {
    if (loop.clock.now() - began < 5s) return Error(errc::already_exists, "another subscription is active");
    return Script{records(1, 2)};
  };
  Shard& shard = start();
  loop.run_for(6300ms);
  EXPECT_EQ(shard.data, numbers(1, 2));
  EXPECT_LE(service->calls.size(), 6u);
  EXPECT_TRUE(of<event::Failed>().empty());
  EXPECT_TRUE(of<event::Trouble>().empty()) << "it is expected";
  expect_a_second_between_calls();
}

TEST_F(FanOutFetching, RefusalsForALongTimeDoNotMakeItWaitLonger) {
  const auto began = loop.clock.now();
  service->on_subscribe = [&](const SubscribeToShardRequest&) -> Result<Script> {
    if (loop.clock.now() - began < 10min) return Error(errc::already_exists, "another subscription is active");
    return Script{records(1, 2)};
  };
  Shard& shard = start();
  loop.run_for(10min + 5s + 100ms);
  EXPECT_EQ(shard.data, numbers(1, 2));
  EXPECT_FALSE(of<event::Trouble>().empty()) << "so long it is worth a word";
}

TEST_F(FanOutFetching, ASubscriptionThatTheServerEndsEachTenSecondsLosesNothingAndMakesNoStorm) {
  std::size_t next = 1;
  service->on_subscribe = [&](const SubscribeToShardRequest& request) -> Result<Script> {
    const auto& number = request.starting_position.sequence_number;
    EXPECT_EQ(number ? number->to_string() : "0", std::to_string(next - 1)) << "where it ended";
    Script script;
    for (int i = 0; i < 9; ++i) script.push_back(records(next++, 1, 1s));
    script.push_back(next % 2 == 0 ? orderly_end(1s) : failure(errc::connection, 1s));
    return script;
  };
  Shard& shard = start();
  loop.run_for(10min);
  EXPECT_EQ(shard.data, numbers(1, shard.data.size()));
  EXPECT_GT(shard.data.size(), 500u);
  EXPECT_LE(service->calls.size(), 62u);
  EXPECT_GE(service->calls.size(), 55u);
}

TEST_F(FanOutFetching, AHandlerThatStopsHoldsTheSubscriptionUp) {
  Script script;
  for (std::size_t i = 0; i < 100; ++i) script.push_back(records(i + 1, 1));
  subscriptions({script});
  Shard& shard = start("shard-0", false);
  loop.run_for(1h);
  EXPECT_EQ(service->pulled, prefetch) << "an event is pulled only when there is room";
  EXPECT_EQ(service->calls.size(), 1u);
  group.spawn(take(&shard));
  loop.run_for(1s);
  EXPECT_EQ(shard.data, numbers(1, 100));
}

TEST_F(FanOutFetching, TheByteBudgetIsOfAllShards) {
  prefetch = 1000;
  prefetch_bytes = 100'000;
  service->on_subscribe = [](const SubscribeToShardRequest&) -> Result<Script> {
    Script script;
    for (std::size_t i = 0; i < 100; ++i) {
      script.push_back(records(i + 1, 1, {}, 1'000));
      script.back().event->records[0].data = Blob(std::string(20'000, 'x'));
    }
    return script;
  };
  for (int i = 0; i < 4; ++i) start("shard-" + std::to_string(i), false);
  loop.run_for(1h);
  std::size_t read = 0;
  for (const event::RecordsRead& answer : of<event::RecordsRead>()) read += answer.bytes;
  EXPECT_GE(read, 4 * 20'000u) << "each has something";
  EXPECT_LE(read, 100'000u + 4 * 20'003u) << "and may go over it by one";
}

TEST_F(FanOutFetching, ShardsAtTheTipDoNotKeepTheBytesFromOthers) {
  prefetch_bytes = 10'000;  // less than what is expected of one shard that is behind
  service->on_subscribe = [](const SubscribeToShardRequest& request) -> Result<Script> {
    if (request.shard_id != "busy") return Script{heartbeat(1, 1ms)};
    Script script;
    for (std::size_t i = 0; i < 50; ++i) script.push_back(records(i + 1, 1, 1ms, 1'000));
    return script;
  };
  for (int i = 0; i < 8; ++i) start("idle-" + std::to_string(i));
  loop.run_for(5s);
  Shard& busy = start("busy");
  loop.run_for(1min);
  EXPECT_EQ(busy.data, numbers(1, 50));
}

TEST_F(FanOutFetching, AConsumerThatIsDeregisteredIsRegisteredAgainOnceForAllShards) {
  service->on_subscribe = [&](const SubscribeToShardRequest& request) -> Result<Script> {
    if (request.consumer_arn != service->arn() || !service->status) return Error(errc::not_found, "no such consumer");
    return Script{records(1, 1), heartbeat(1, 10s), failure(errc::not_found)};
  };
  for (int i = 0; i < 5; ++i) start("shard-" + std::to_string(i));
  loop.run_for(5s);
  service->status.reset();
  loop.run_for(10s);
  EXPECT_EQ(service->registered, 1u);
  EXPECT_EQ(service->name, "billing");
  EXPECT_EQ(registration->arn(), "arn:consumer/billing:2");
  EXPECT_EQ(of<event::ConsumerRegistered>().size(), 1u);
  EXPECT_TRUE(of<event::Failed>().empty());
  for (const auto& [id, shard] : shards) EXPECT_GE(shard.data.size(), 2u) << id << " goes on";
  expect_a_second_between_calls();
}

TEST_F(FanOutFetching, WhoeverDeregistersItAgainAndAgainDoesNotFindUsRegisteringForEver) {
  service->on_subscribe = [&](const SubscribeToShardRequest&) -> Result<Script> {
    service->status.reset();
    return Error(errc::not_found, "no such consumer");
  };
  start();
  loop.run_for(10min);
  EXPECT_LE(service->registered, 11u);
  EXPECT_FALSE(of<event::Failed>().empty());
}

TEST_F(FanOutFetching, AnExistingConsumerThatIsGoneIsAnErrorOneCanSee) {
  which = ExistingConsumer{service->arn()};
  service->on_subscribe = [&](const SubscribeToShardRequest&) -> Result<Script> {
    if (!service->status) return Error(errc::not_found, "no such consumer");
    return Script{records(1, 1), failure(errc::not_found, 10s)};
  };
  start();
  loop.run_for(5s);
  service->status.reset();
  loop.run_for(2min);
  EXPECT_EQ(service->registered, 0u);
  ASSERT_FALSE(of<event::Failed>().empty());
  EXPECT_EQ(of<event::Failed>()[0].error.code(), errc::not_found);
  EXPECT_LT(service->calls.size(), 40u);
}

TEST_F(FanOutFetching, AShardThatIsGoneIsNotTheConsumersFault) {
  subscriptions({Error(errc::not_found, "no such shard")});
  Shard& shard = start();
  loop.run_for(1min);
  EXPECT_EQ(service->registered, 0u);
  EXPECT_FALSE(of<event::Failed>().empty());
  EXPECT_FALSE(shard.ended) << "as with polling, it is not the end of the shard";
  EXPECT_LT(service->calls.size(), 15u);
}

TEST_F(FanOutFetching, ExpiredCredentialsAtAResubscriptionHoldItUpAndNoMore) {
  const Error expired(errc::expired_credentials, "the token has expired");
  subscriptions({idle_after(records(1, 2), 2), expired, expired, expired, Script{records(3, 2)}});
  Shard& shard = start();
  loop.run_for(6min);
  EXPECT_EQ(shard.data, numbers(1, 4));
  ASSERT_EQ(of<event::Trouble>().size(), 3u);
  EXPECT_EQ(of<event::Trouble>()[0].error.code(), errc::expired_credentials);
}

TEST_F(FanOutFetching, ASubscriptionThatStallsIsGivenUpAndContinued) {
  service->stalls = true;
  subscriptions({Script{records(1, 2), heartbeat(4)}, Script{records(5, 1)}});
  Shard& shard = start();
  loop.run_for(60s);
  ASSERT_EQ(positions(), (std::vector<std::string>{"TRIM_HORIZON", "AFTER_SEQUENCE_NUMBER 4"}));
  EXPECT_EQ(shard.data, (std::vector<std::string>{"1", "2", "5"}));
  ASSERT_FALSE(of<event::Trouble>().empty());
  EXPECT_EQ(of<event::Trouble>()[0].error.code(), errc::timeout);
  EXPECT_EQ(service->open.size(), 1u);
}

TEST_F(FanOutFetching, WhoseLeaseMayBeAnothersDoesNotTakeTheSubscriptionFromIt) {
  subscriptions({Script{records(1, 1), failure(errc::connection, 5s)}, Script{records(2, 1)}});
  Shard& shard = start();
  loop.run_for(4s);
  ours = false;
  loop.run_for(1min);
  EXPECT_EQ(service->calls.size(), 1u);
  ours = true;
  loop.run_for(2s);
  EXPECT_EQ(shard.data, numbers(1, 2)) << "and goes on when it is ours again";
}

TEST_F(FanOutFetching, WhoIsCancelledLetsGoOfTheSubscriptionAtOnce) {
  subscriptions({Script{records(1, 1)}});
  start();
  loop.run_for(1s);
  ASSERT_EQ(service->open.size(), 1u);
  group.cancel();
  loop.run_for(0s);
  EXPECT_TRUE(service->open.empty()) << "the next one need not wait for it";
  EXPECT_EQ(of<event::SubscriptionEnded>().back().why, Why::let_go);
}

}  // namespace
}  // namespace kinesis::consumer
