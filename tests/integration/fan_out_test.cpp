#include "core/channel.hpp"
#include "http/raw_peer.hpp"
#include "integration/fleet.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

// Enhanced fan-out over TLS and HTTP/2, while the service or the way to it breaks. Time passes ten times as fast as the
// machine's, so that silence of half a minute can be waited for.
namespace kinesis::integration {
namespace {

constexpr int speed = 10;

EmulatorOptions with_faults(const std::vector<std::string>& faults) {
  EmulatorOptions options;
  options.tls = true;
  for (const std::string& fault : faults) options.faults.push_back(FaultRule::parse(fault).value());
  return options;
}

/// A stage whose workers are subscribed.
struct FanOutStage : Stage {
  explicit FanOutStage(int shards, EmulatorOptions options = with_faults({}))
      : Stage(shards, std::move(options), speed) {
    fetch = EnhancedFanOut{};
  }
  std::vector<KinesisConsumer> consumers() {
    return client().call(ListStreamConsumersRequest(stream_arn())).get().consumers;
  }
  std::string stream_arn() {
    const auto answer = client().call(DescribeStreamSummaryRequest("orders")).get();
    return answer.stream_description_summary.stream_arn;
  }
};

Worker::Handler into(Book& book, std::string worker) {
  return [&book, worker = std::move(worker)](const Record<std::string>& record) { book.write(worker, record); };
}

/// How often the worker had trouble of this kind. Where one is broken before the worker knows that it was accepted,
/// there is no end of a subscription to count.
int troubles(const std::vector<DiagnosticEvent>& events, errc code) {
  return static_cast<int>(std::count_if(events.begin(), events.end(), [&](const DiagnosticEvent& event) {
    const auto* trouble = std::get_if<event::Trouble>(&event);
    return trouble != nullptr && trouble->error.code() == code;
  }));
}

/// Faults of a subscription, and what the reader of it is told.
struct Break {
  const char* name;
  const char* rule;
  errc code;
  int times = 3;
};

class BrokenSubscriptions : public ::testing::TestWithParam<Break> {};

TEST_P(BrokenSubscriptions, AgainAndAgainLoseNothingAndRepeatNothing) {
  const int times = GetParam().times;
  const std::string rule = ",times=" + std::to_string(times) + "," + GetParam().rule;
  FanOutStage stage(1, with_faults({"operation=SubscribeToShard" + rule}));
  Book book;
  Worker worker(stage.client_options(), stage.worker_options("a"), into(book, "a"));
  for (int round = 0; round <= times; ++round) {
    stage.put(round * 100, 100);
    ASSERT_TRUE(book.wait_for(static_cast<std::size_t>(round + 1) * 100)) << "round " << round;
    // The next records come once it is broken, so that each subscription brings some.
    const auto broken = [&](const auto& events) { return troubles(events, GetParam().code) > round; };
    ASSERT_TRUE(round == times || worker.events().wait(broken));
  }
  EXPECT_EQ(book.duplicates(), 0u);
  expect_order_per_key(book);
  EXPECT_EQ(troubles(worker.events().all(), GetParam().code), times);
}
INSTANTIATE_TEST_SUITE_P(By, BrokenSubscriptions,
                         ::testing::Values(Break{"Reset", "action=stream-reset,events=1", errc::connection},
                                           Break{"Cut", "action=stream-cut,events=1", errc::connection},
                                           Break{"Corrupt", "action=stream-corrupt,events=1", errc::protocol},
                                           Break{"Stall", "action=stream-stall,events=1", errc::timeout, 1},
                                           Break{"Silence", "action=stream-silence,events=1", errc::timeout, 1},
                                           Break{"Exception", "action=stream-error,events=1", errc::service},
                                           Break{"Throttle", "action=stream-error,events=1,code=KMSThrottlingException",
                                                 errc::throttled}),
                         [](const auto& info) { return std::string(info.param.name); });

/// Faults of the call that subscribes, or of its connection.
class RefusedSubscriptions : public ::testing::TestWithParam<Break> {};

TEST_P(RefusedSubscriptions, AreAskedForAgain) {
  // Those of the second worker, so that a position is known.
  const std::string fault = "operation=SubscribeToShard,nth=3," + std::string(GetParam().rule);
  FanOutStage stage(2, with_faults({fault, fault}));
  Book book;
  stage.put(0, 100);
  {
    Worker first(stage.client_options(), stage.worker_options("a"), into(book, "a"));
    ASSERT_TRUE(book.wait_for(100));
  }
  Worker second(stage.client_options(), stage.worker_options("b"), into(book, "b"));
  stage.put(100, 100);
  ASSERT_TRUE(book.wait_for(200));
  EXPECT_EQ(book.duplicates(), 0u);
  expect_order_per_key(book);
  EXPECT_GT(troubles(second.events().all(), GetParam().code), 0);
}
INSTANTIATE_TEST_SUITE_P(By, RefusedSubscriptions,
                         ::testing::Values(Break{"ResetBefore", "action=reset-before", errc::connection},
                                           Break{"ResetAfter", "action=reset-after", errc::connection},
                                           Break{"Truncate", "action=truncate", errc::connection},
                                           Break{"Error", "action=error", errc::service},
                                           Break{"Throttle", "action=throttle", errc::throttled}),
                         [](const auto& info) { return std::string(info.param.name); });

/// Counts how often the service has refused what it gives.
class RefusedCredentials final : public CredentialsProvider {
 public:
  asio::awaitable<Result<std::shared_ptr<const Credentials>>> get() override { return keys_->get(); }
  void refused(const std::shared_ptr<const Credentials>&) override { ++times; }
  std::atomic<int> times{0};

 private:
  const std::shared_ptr<CredentialsProvider> keys_ = static_credentials("any", "thing");
};

TEST(FanOutOverTheWire, CredentialsThatHaveExpiredAtAResubscriptionHoldItUpAndNoMore) {
  // A rule does not count what one before it has hit: the second, the third and the fourth.
  const std::string fault = "operation=SubscribeToShard,action=expired-token,nth=2";
  EmulatorOptions options = with_faults({fault, fault, fault});
  options.subscription_lifetime = std::chrono::seconds(2);
  FanOutStage stage(1, options);
  const auto credentials = std::make_shared<RefusedCredentials>();
  ClientOptions client = stage.client_options();
  client.credentials = credentials;
  Book book;
  Worker worker(client, stage.worker_options("a"), into(book, "a"));
  stage.put(0, 100);
  ASSERT_TRUE(worker.events().wait_for<event::SubscriptionEnded>(1));
  stage.put(100, 100);
  ASSERT_TRUE(book.wait_for(200));
  EXPECT_EQ(credentials->times, 3);
  EXPECT_EQ(book.duplicates(), 0u);
  expect_order_per_key(book);
}

TEST(FanOutOverTheWire, SubscriptionsThatEndInOrderAreContinued) {
  EmulatorOptions options = with_faults({});
  options.subscription_lifetime = std::chrono::seconds(2);
  FanOutStage stage(2, options);
  Book book;
  Worker worker(stage.client_options(), stage.worker_options("a"), into(book, "a"));
  for (int round = 0; round < 4; ++round) {
    stage.put(round * 100, 100);
    ASSERT_TRUE(worker.events().wait_for<event::SubscriptionEnded>(static_cast<std::size_t>(round + 1) * 2));
  }
  ASSERT_TRUE(book.wait_for(400));
  EXPECT_EQ(book.duplicates(), 0u);
  EXPECT_EQ(worker.events().count<event::Trouble>(), 0u);
  expect_order_per_key(book);
}

TEST(FanOutOverTheWire, AConnectionThatIsEndingKeepsItsSubscriptionsAndNewOnesGoOverAnother) {
  // A lifetime ends those on the old connection in order; the next ones may not use it.
  EmulatorOptions options = with_faults({"operation=SubscribeToShard,action=stream-goaway,events=1,times=2"});
  options.subscription_lifetime = std::chrono::seconds(5);
  FanOutStage stage(3, options);
  Book book;
  Worker worker(stage.client_options(), stage.worker_options("a"), into(book, "a"));
  for (int round = 0; round < 3; ++round) {
    stage.put(round * 200, 200);
    ASSERT_TRUE(book.wait_for(static_cast<std::size_t>(round + 1) * 200));
    ASSERT_TRUE(worker.events().wait_for<event::SubscriptionEnded>(static_cast<std::size_t>(round + 1) * 3));
  }
  EXPECT_EQ(book.duplicates(), 0u);
  EXPECT_EQ(worker.events().count<event::Trouble>(), 0u);
  expect_order_per_key(book);
}

TEST(FanOutOverTheWire, AConsumerThatIsDeregisteredUnderItsSubscriptionsIsRegisteredAgain) {
  FanOutStage stage(3);
  Book book;
  Worker worker(stage.client_options(), stage.worker_options("a"), into(book, "a"));
  stage.put(0, 200);
  ASSERT_TRUE(book.wait_for(200));
  const std::vector<KinesisConsumer> before = stage.consumers();
  ASSERT_EQ(before.size(), 1u);
  DeregisterStreamConsumerRequest request;
  request.consumer_arn = before.front().consumer_arn;
  stage.client().call(request).get();
  ASSERT_TRUE(worker.events().wait_for<event::ConsumerRegistered>(2));
  stage.put(200, 200);
  ASSERT_TRUE(book.wait_for(400));
  EXPECT_EQ(stage.consumers().size(), 1u);
  EXPECT_EQ(book.duplicates(), 0u);
  expect_order_per_key(book);
}

TEST(FanOutOverTheWire, TwoApplicationsReadTheSameStreamEachAll) {
  FanOutStage stage(2);
  Book billing;
  Book audit;
  ConsumerOptions options = stage.worker_options("a");
  options.application = "audit";
  options.leases = memory_leases();
  Worker one(stage.client_options(), stage.worker_options("a"), into(billing, "a"));
  Worker other(stage.client_options(), options, into(audit, "a"));
  stage.put(0, 300);
  ASSERT_TRUE(billing.wait_for(300));
  ASSERT_TRUE(audit.wait_for(300));
  for (const Book* book : {&billing, &audit}) {
    EXPECT_EQ(book->duplicates(), 0u);
    expect_order_per_key(*book);
  }
  std::vector<std::string> names;
  for (const KinesisConsumer& consumer : stage.consumers()) names.push_back(consumer.consumer_name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"audit", "billing"}));
}

/// A handler that lets no record of one shard pass until it is opened; those of others go on.
class Gate {
 public:
  Gate(Book& book, std::string shard_id) : book_(book), shard_id_(std::move(shard_id)) {}
  Worker::WaitingHandler handler() {
    return [this](const Record<std::string>& record) { return handle(record); };
  }
  void open() { closed_.close(); }

 private:
  core::awaitable<void> handle(const Record<std::string>& record) {
    if (record.shard_id == shard_id_) co_await closed_.pop();
    book_.write("a", record);
  }

  Book& book_;
  const std::string shard_id_;
  core::Channel<bool> closed_{1};
};

std::size_t bytes_read(const Events& events, const std::string& shard_id) {
  std::size_t bytes = 0;
  for (const DiagnosticEvent& event : events.all()) {
    const auto* read = std::get_if<event::RecordsRead>(&event);
    if (read != nullptr && read->shard_id == shard_id) bytes += read->bytes;
  }
  return bytes;
}

TEST(FanOutOverTheWire, ASlowReaderTakesInNoMoreThanItsShareAndHoldsUpNobodyElse) {
  constexpr std::size_t size = std::size_t{256} * 1024;
  constexpr int records = 80;
  constexpr std::size_t an_event = std::size_t{1024} * 1024;
  FanOutStage stage(2);
  const auto shards = stage.shards();
  Book book;
  Gate gate(book, shards[0].shard_id);
  // A lease is kept however long its handler takes.
  Worker worker(stage.client_options(), stage.worker_options("a"), gate.handler());
  for (int i = 0; i < records; ++i) {
    for (const KinesisShard& shard : shards) {
      const std::string number = shard.shard_id + "-" + std::to_string(i);
      PutRecordRequest request("orders", Blob(number + std::string(size, '.')), "key");
      request.explicit_hash_key = shard.hash_key_range.starting_hash_key;
      stage.client().call(std::move(request)).get();
    }
  }
  ASSERT_TRUE(book.wait_for(records)) << "the other shard goes on";
  // Two events read ahead, one in the handler's hands and one on its way in.
  EXPECT_LE(bytes_read(worker.events(), shards[0].shard_id), 4 * (an_event + size));
  gate.open();
  ASSERT_TRUE(book.wait_for(std::size_t{2} * records));
  EXPECT_EQ(book.duplicates(), 0u);
}

/// A way to the emulator that can die, on a thread of its own.
class WayToEmulator {
 public:
  explicit WayToEmulator(const Emulator& emulator) : relay_(context_.get_executor(), emulator.port()) {}
  ~WayToEmulator() {
    context_.stop();
    thread_.join();
  }
  WayToEmulator(const WayToEmulator&) = delete;
  WayToEmulator& operator=(const WayToEmulator&) = delete;
  std::string url() const { return relay_.endpoint(true).origin(); }
  http::Relay& relay() noexcept { return relay_; }

 private:
  asio::io_context context_{1};
  http::Relay relay_;
  std::thread thread_{[this] { context_.run(); }};
};

TEST(FanOutOverTheWire, APeerThatDiesWithoutAWordIsLeftForAnotherConnection) {
  FanOutStage stage(2);
  WayToEmulator way(stage.emulator());
  ClientOptions client = stage.client_options();
  client.endpoint_url = way.url();
  Book book;
  Worker worker(client, stage.worker_options("a"), into(book, "a"));
  stage.put(0, 200);
  ASSERT_TRUE(book.wait_for(200));
  way.relay().die();
  stage.put(200, 200);
  ASSERT_TRUE(book.wait_for(400));
  const auto events = worker.events().all();
  const auto broken = std::count_if(events.begin(), events.end(), [](const DiagnosticEvent& event) {
    const auto* end = std::get_if<event::SubscriptionEnded>(&event);
    return end != nullptr && end->why == event::SubscriptionEnded::Why::failed;
  });
  EXPECT_GE(broken, 2);
  EXPECT_EQ(book.duplicates(), 0u);
  expect_order_per_key(book);
}

}  // namespace
}  // namespace kinesis::integration
