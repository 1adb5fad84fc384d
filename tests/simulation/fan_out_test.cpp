#include "simulation/stage.hpp"

#include <string>
#include <utility>
#include <vector>

// Workers that read by enhanced fan-out: the consumer they register, and what becomes of it.
namespace kinesis::simulation {
namespace {

class FanOut : public Stage {
 protected:
  FanOut() { fan_out = true; }

  std::vector<KinesisConsumerDescription> consumers() {
    std::vector<KinesisConsumerDescription> found;
    auto look = [&]() -> awaitable<void> {
      DescribeStreamSummaryRequest summary("orders");
      const auto stream = co_await service->api()->describe_stream_summary(std::move(summary));
      const std::string arn = stream->stream_description_summary.stream_arn;
      ListStreamConsumersRequest list(arn);
      const auto names = co_await service->api()->list_stream_consumers(std::move(list));
      for (const KinesisConsumer& consumer : names->consumers) {
        DescribeStreamConsumerRequest one(consumer.consumer_arn);
        const auto described = co_await service->api()->describe_stream_consumer(std::move(one));
        found.push_back(described->consumer_description);
      }
    };
    finish(look());
    return found;
  }
  void deregister(std::string arn) {
    auto remove = [&]() -> awaitable<void> {
      DeregisterStreamConsumerRequest request(arn);
      const auto gone = co_await service->api()->deregister_stream_consumer(std::move(request));
      EXPECT_TRUE(gone);
    };
    finish(remove());
  }
  static FaultRule refusal(std::string operation) {
    FaultRule rule;
    rule.action = FaultRule::Action::error;
    rule.operation = std::move(operation);
    rule.status = 400;
    rule.code = "AccessDeniedException";
    return rule;
  }
  ConsumerOptions last_one_deregisters() const {
    RegisteredConsumer consumer;
    consumer.deregister = RegisteredConsumer::Deregister::by_last_worker;
    ConsumerOptions last = options();
    last.fetch = EnhancedFanOut{.consumer = consumer};
    return last;
  }
};

TEST_F(FanOut, AllWorkersShareOneConsumerThatIsNamedAfterTheApplication) {
  service->create_stream("orders", 4);
  Worker& a = start("a", options());
  Worker& b = start("b", options());
  put(0, 20);
  loop.run_for(10s);
  put(20, 20);
  loop.run_for(1s);
  ASSERT_EQ(consumers().size(), 1u);
  EXPECT_EQ(consumers()[0].consumer_name, "billing");
  EXPECT_EQ(events<event::ConsumerRegistered>(a).size() + events<event::ConsumerRegistered>(b).size(), 1u);
  EXPECT_FALSE(events<event::Subscribed>(a).empty());
  EXPECT_FALSE(events<event::Subscribed>(b).empty());
  std::vector<std::string> handled = a.handled;
  handled.insert(handled.end(), b.handled.begin(), b.handled.end());
  EXPECT_EQ(sorted(handled), numbers(0, 40));
}

TEST_F(FanOut, OptionsThatMakeNoSenseAreRefused) {
  const auto refused = [this](EnhancedFanOut fan_out, const ApplicationName& application = "billing") {
    ConsumerOptions wrong{.stream = "orders", .application = application};
    wrong.fetch = std::move(fan_out);
    try {
      make_consumer_core(client(), wrong);
    } catch (const Error& error) {
      return error.code() == errc::invalid_argument;
    }
    return false;
  };
  EXPECT_TRUE(refused(EnhancedFanOut{.consumer = RegisteredConsumer{.name = "not a name"}}));
  EXPECT_TRUE(refused(EnhancedFanOut{}, std::string(129, 'a'))) << "too long for a consumer";
  EXPECT_TRUE(refused(EnhancedFanOut{.consumer = ExistingConsumer{"billing"}})) << "that is no ARN";
  EXPECT_TRUE(refused(EnhancedFanOut{.subscriptions_per_second = 0}));
  EXPECT_TRUE(refused(EnhancedFanOut{.prefetch = 0}));
  EXPECT_TRUE(refused(EnhancedFanOut{.prefetch_bytes = 0}));
  EXPECT_TRUE(refused(EnhancedFanOut{.fallback = Polling{.max_records = 0}}));
}

TEST_F(FanOut, WithoutAConsumerTheWorkerEndsWithThatError) {
  service->create_stream("orders", 1);
  service->add_fault(refusal("RegisterStreamConsumer"));
  Worker& a = start("a", options());
  loop.run_for(10s);
  ASSERT_TRUE(a.failure);
  EXPECT_EQ(core::to_error(a.failure).code(), errc::access_denied);
  EXPECT_TRUE(events<event::LeaseAcquired>(a).empty()) << "and takes no lease before";
}

TEST_F(FanOut, WithoutAConsumerItPollsIfTheOptionsSaySo) {
  service->create_stream("orders", 2);
  service->add_fault(refusal("RegisterStreamConsumer"));
  ConsumerOptions both = options();
  both.fetch = EnhancedFanOut{.fallback = Polling{.idle_interval = 200ms}};
  put(0, 10);
  Worker& a = start("a", both);
  loop.run_for(10s);
  EXPECT_EQ(sorted(a.handled), numbers(0, 10));
  ASSERT_EQ(events<event::FellBack>(a).size(), 1u);
  EXPECT_EQ(events<event::FellBack>(a)[0].error.code(), errc::access_denied);
  EXPECT_TRUE(events<event::Subscribed>(a).empty());
}

TEST_F(FanOut, AStopWhileItIsRegisteredEndsAtOnce) {
  service->create_stream("orders", 1);
  FaultRule away;
  away.operation = "DescribeStreamConsumer";
  service->add_fault(away);
  Worker& a = start("a", options());
  loop.run_for(5s);
  EXPECT_FALSE(a.ended);
  stop("a");
  loop.run_for(1s);
  EXPECT_TRUE(a.ended);
  EXPECT_FALSE(a.failure);
}

TEST_F(FanOut, TheLastWorkerDeregistersTheConsumerIfItIsToldTo) {
  service->create_stream("orders", 2);
  Worker& a = start("a", last_one_deregisters());
  Worker& b = start("b", last_one_deregisters());
  loop.run_for(10s);
  stop("a");
  loop.run_for(5s);
  EXPECT_TRUE(a.ended);
  EXPECT_EQ(consumers().size(), 1u) << "b still works";
  stop("b");
  loop.run_for(5s);
  EXPECT_TRUE(b.ended);
  EXPECT_TRUE(consumers().empty());
  EXPECT_TRUE(events<event::ConsumerDeregistered>(a).empty());
  EXPECT_EQ(events<event::ConsumerDeregistered>(b).size(), 1u);
}

TEST_F(FanOut, OtherwiseItStays) {
  service->create_stream("orders", 2);
  Worker& a = start("a", options());
  loop.run_for(5s);
  stop("a");
  loop.run_for(5s);
  EXPECT_TRUE(a.ended);
  EXPECT_EQ(consumers().size(), 1u);
}

TEST_F(FanOut, AConsumerThatCannotBeDeregisteredHoldsUpNoStop) {
  service->create_stream("orders", 1);
  Worker& a = start("a", last_one_deregisters());
  loop.run_for(5s);
  service->add_fault(refusal("DeregisterStreamConsumer"));
  stop("a");
  loop.run_for(5s);
  EXPECT_TRUE(a.ended);
  EXPECT_FALSE(a.failure);
  ASSERT_FALSE(events<event::Trouble>(a).empty());
  EXPECT_EQ(events<event::Trouble>(a).back().error.code(), errc::access_denied);
}

TEST_F(FanOut, AConsumerThatIsDeregisteredUnderTheWorkersIsRegisteredAgain) {
  service->create_stream("orders", 4);
  Worker& a = start("a", options());
  Worker& b = start("b", options());
  put(0, 20);
  loop.run_for(10s);
  deregister(consumers().at(0).consumer_arn);
  put(20, 20);
  loop.run_for(20s);
  EXPECT_EQ(consumers().size(), 1u);
  std::vector<std::string> handled = a.handled;
  handled.insert(handled.end(), b.handled.begin(), b.handled.end());
  EXPECT_EQ(sorted(handled), numbers(0, 40)) << "each exactly once";
  EXPECT_EQ(events<event::ConsumerRegistered>(a).size() + events<event::ConsumerRegistered>(b).size(), 2u);
}

TEST_F(FanOut, AWorkerThatIsCutOffLeavesTheSubscriptionToItsSuccessor) {
  service->create_stream("orders", 1);
  Worker& a = start("a", options());
  loop.run_for(5s);
  put(0, 5);
  loop.run_for(6s);
  a.leases->cut_off = true;
  loop.run_for(10s);
  Worker& b = start("b", options());
  loop.run_for(10s);
  const std::size_t of_a = events<event::Subscribed>(a).size();
  put(5, 5);
  loop.run_for(10s);
  EXPECT_EQ(events<event::Subscribed>(a).size(), of_a);
  EXPECT_EQ(a.handled, numbers(0, 5));
  EXPECT_EQ(b.handled, numbers(5, 5));
}

TEST_F(FanOut, OneThatWaitsAnHourForItsHandlerReadsNoFurtherAndGoesOn) {
  service->create_stream("orders", 1);
  bool stuck = true;
  Handler wait = [&](const Record<std::string>&) -> asio::awaitable<void> {
    while (stuck) co_await core::sleep_for(*clock, 1s);
  };
  Worker& a = start("a", options(), wait);
  for (int i = 0; i < 20; ++i) {
    put(i, 1);
    loop.run_for(1s);
  }
  loop.run_for(1h);
  EXPECT_LE(events<event::RecordsRead>(a).size(), 10u);
  EXPECT_LE(events<event::Subscribed>(a).size(), 2u);
  stuck = false;
  loop.run_for(1min);
  EXPECT_EQ(a.handled, numbers(0, 20));
}

}  // namespace
}  // namespace kinesis::simulation
