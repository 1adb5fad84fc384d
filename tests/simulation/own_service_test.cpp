#include "core/test_loop.hpp"
#include <kinesis/kinesis.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

// A service of the user's own (ClientOptions::kinesis), and enhanced fan-out from it: nothing here is of the emulator.
namespace kinesis::simulation {
namespace {

using namespace std::chrono_literals;
using core::awaitable;

/// One stream with one shard, whose records are numbers.
class OwnService final : public KinesisApi {
 public:
  explicit OwnService(core::TestLoop& loop) : loop_(loop) {}

  /// Records 1 to `count` are there.
  std::size_t count = 0;
  /// Events that a subscription gives before it breaks; 0: it does not.
  std::size_t breaks_after = 0;
  bool registers = true;
  std::vector<std::string> began_after;
  std::set<const void*> open;
  std::size_t cancelled = 0;

  asio::awaitable<Result<ListShardsResponse>> list_shards(ListShardsRequest) override {
    ListShardsResponse answer;
    answer.shards.emplace_back();
    answer.shards[0].shard_id = "own-shard";
    answer.shards[0].hash_key_range.starting_hash_key = "0";
    answer.shards[0].hash_key_range.ending_hash_key = "340282366920938463463374607431768211455";
    answer.shards[0].sequence_number_range.starting_sequence_number = SequenceNumber("0");
    co_return answer;
  }
  asio::awaitable<Result<DescribeStreamSummaryResponse>> describe_stream_summary(
      DescribeStreamSummaryRequest) override {
    DescribeStreamSummaryResponse answer;
    answer.stream_description_summary.stream_arn = "arn:own:stream";
    co_return answer;
  }
  asio::awaitable<Result<DescribeStreamConsumerResponse>> describe_stream_consumer(
      DescribeStreamConsumerRequest) override {
    if (!registered_) co_return Error(errc::not_found, "nobody has registered it");
    DescribeStreamConsumerResponse answer;
    answer.consumer_description.consumer_arn = "arn:own:consumer";
    answer.consumer_description.consumer_status = ConsumerStatus::active;
    co_return answer;
  }
  asio::awaitable<Result<RegisterStreamConsumerResponse>> register_stream_consumer(
      RegisterStreamConsumerRequest request) override {
    if (!registers) co_return Error(errc::unsupported, "this service has no consumers");
    registered_ = true;
    RegisterStreamConsumerResponse answer;
    answer.consumer.consumer_name = request.consumer_name;
    answer.consumer.consumer_arn = "arn:own:consumer";
    answer.consumer.consumer_status = ConsumerStatus::creating;
    co_return answer;
  }
  asio::awaitable<Result<ShardSubscription>> subscribe_to_shard(SubscribeToShardRequest request) override {
    const auto& number = request.starting_position.sequence_number;
    std::size_t after = number ? std::stoull(number->to_string()) : 0;
    if (request.starting_position.type == ShardIteratorType::at_sequence_number) --after;
    began_after.push_back(std::to_string(after));
    co_return ShardSubscription(std::make_shared<Source>(*this, after));
  }

 private:
  class Source final : public ShardSubscription::Source {
   public:
    Source(OwnService& service, std::size_t after) : service_(service), given_(after) { service_.open.insert(this); }
    ~Source() override { service_.open.erase(this); }
    asio::any_io_executor executor() const override { return service_.loop_.executor(); }
    asio::awaitable<Result<std::optional<SubscribeToShardEvent>>> next() override {
      const auto began = service_.loop_.clock.now();
      while (!cancelled_ && given_ == service_.count && service_.loop_.clock.now() - began < 5s)
        co_await core::sleep_for(service_.loop_.clock, 100ms);
      if (cancelled_) co_return Error(errc::cancelled, "the own subscription was cancelled");
      if (service_.breaks_after > 0 && events_ == service_.breaks_after)
        co_return Error(errc::connection, "the own subscription broke");
      ++events_;
      std::optional<SubscribeToShardEvent> event;
      event.emplace();
      if (given_ < service_.count) {
        KinesisRecord record;
        record.sequence_number = SequenceNumber(std::to_string(++given_));
        record.partition_key = "key";
        record.data = Blob(std::to_string(given_));
        event->records.push_back(std::move(record));
      }
      event->continuation_sequence_number = SequenceNumber(std::to_string(given_));
      event->millis_behind_latest = 0;
      co_return event;
    }
    void cancel() override {
      if (!std::exchange(cancelled_, true)) ++service_.cancelled;
    }

   private:
    OwnService& service_;
    std::size_t given_;
    std::size_t events_ = 0;
    bool cancelled_ = false;
  };

  core::TestLoop& loop_;
  bool registered_ = false;
};

class OwnKinesis : public ::testing::Test {
 protected:
  Client client() {
    ClientOptions options;
    options.clock = clock;
    options.kinesis = service;
    return Client(loop.executor(), options);
  }
  /// A worker that notes what it gets.
  struct Worker {
    std::unique_ptr<Consumer<std::string>> consumer;
    std::vector<std::string> handled;
    bool ended = false;
    std::exception_ptr failure;
  };
  std::unique_ptr<Worker> start() {
    auto worker = std::make_unique<Worker>();
    ConsumerOptions options{.stream = "orders", .application = "billing"};
    options.fetch = EnhancedFanOut{};
    options.leases = table;
    options.on_event = [this](const DiagnosticEvent& event) { events.push_back(event); };
    worker->consumer = std::make_unique<Consumer<std::string>>(client(), options, text);
    core::spawn(loop.executor(), consume(worker.get()));
    return worker;
  }
  static awaitable<void> consume(Worker* worker) {
    auto handler = [worker](const Record<std::string>& record) { worker->handled.push_back(record.data); };
    try {
      co_await async_consume(*worker->consumer, handler);
    } catch (...) {
      worker->failure = std::current_exception();
    }
    worker->ended = true;
  }
  void stop(Worker& worker) {
    core::spawn(loop.executor(), worker.consumer->core()->stop());
    loop.run_for(1min);
    EXPECT_TRUE(worker.ended);
    EXPECT_FALSE(worker.failure);
  }
  static std::vector<std::string> numbers(std::size_t first, std::size_t last) {
    std::vector<std::string> all;
    for (std::size_t i = first; i <= last; ++i) all.push_back(std::to_string(i));
    return all;
  }

  core::TestLoop loop;
  std::shared_ptr<Clock> clock{std::shared_ptr<Clock>(), &loop.clock};
  std::shared_ptr<OwnService> service = std::make_shared<OwnService>(loop);
  std::shared_ptr<LeaseRepository> table = memory_leases();
  std::vector<DiagnosticEvent> events;
};

TEST_F(OwnKinesis, AWorkerReadsItBySubscriptionsAndTheNextOneGoesOn) {
  service->count = 20;
  auto first = start();
  loop.run_for(2s);
  service->count = 30;
  loop.run_for(8s);
  EXPECT_EQ(first->handled, numbers(1, 30));
  EXPECT_EQ(service->open.size(), 1u);
  stop(*first);
  EXPECT_TRUE(service->open.empty());
  EXPECT_EQ(service->cancelled, 1u) << "whoever lets go of it says so";
  service->count = 35;
  auto second = start();
  loop.run_for(5s);
  EXPECT_EQ(second->handled, numbers(31, 35));
  stop(*second);
  EXPECT_TRUE(service->open.empty());
}

TEST_F(OwnKinesis, SubscriptionsThatBreakAreContinued) {
  service->count = 20;
  service->breaks_after = 6;
  auto worker = start();
  loop.run_for(30s);
  EXPECT_EQ(worker->handled, numbers(1, 20));
  ASSERT_GE(service->began_after.size(), 4u);
  EXPECT_EQ(service->began_after[1], "6");
  EXPECT_EQ(service->began_after[2], "12");
  EXPECT_EQ(service->open.size(), 1u);
  stop(*worker);
}

TEST_F(OwnKinesis, OneThatHasNoSubscriptionsEndsTheConsumerWithThatError) {
  service->registers = false;
  auto worker = start();
  loop.run_for(1min);
  ASSERT_TRUE(worker->failure);
  EXPECT_EQ(core::to_error(worker->failure).code(), errc::unsupported);
}

TEST_F(OwnKinesis, TheClientGivesItsSubscriptionsToWhoeverAsks) {
  service->count = 2;
  std::vector<std::string> data;
  auto read = [&]() -> awaitable<void> {
    const Client own = client();
    SubscribeToShardRequest request("arn:own:consumer", "own-shard", StartingPosition(ShardIteratorType::trim_horizon));
    ShardSubscription subscription = co_await own.async_call(std::move(request));
    for (int i = 0; i < 2; ++i) {
      const auto event = co_await subscription.async_next();
      data.emplace_back(event->records.at(0).data.text());
    }
    subscription.cancel();
    const auto end = co_await subscription.next();
    EXPECT_EQ(end.error().code(), errc::cancelled);
  };
  loop.run(read());
  EXPECT_EQ(data, numbers(1, 2));
  EXPECT_TRUE(service->open.empty());
}

}  // namespace
}  // namespace kinesis::simulation
