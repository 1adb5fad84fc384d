#include "simulation/workers.hpp"

#include <gtest/gtest.h>

#include <set>

// One consumer of several streams, whose leases are in one table under the KCL's keys.
namespace kinesis::simulation {
namespace {

using namespace std::chrono_literals;

class SeveralStreams : public Workers {
 protected:
  SeveralStreams() : Workers(1) {
    for (int i = 0; i < 5; ++i) {
      names.push_back("stream-" + std::to_string(i));
      service->create_stream(names.back(), 1);
    }
    streams = Streams::several({names.begin(), names.end()});
  }
  void put_to_all(int first, int count) {
    for (std::size_t i = 0; i < names.size(); ++i) put(first + static_cast<int>(i) * 1000, count, names[i]);
  }
  std::string key_of(const std::string& stream, const std::string& shard_id) {
    const auto created = std::chrono::floor<std::chrono::seconds>(created_.time_since_epoch()).count();
    return "123456789012:" + stream + ":" + std::to_string(created) + ":" + shard_id;
  }
  std::set<std::string> keys() {
    std::set<std::string> keys;
    for (const Lease& lease : rows()) keys.insert(lease.key);
    return keys;
  }

  template <class Handler>
  static awaitable<void> consume_all(Consumer<std::string>& consumer, Handler handler) {
    co_await async_consume(consumer, text, handler);
  }

  std::vector<std::string> names;

 private:
  Clock::wall_time_point created_ = loop.clock.wall_now();
};

TEST_F(SeveralStreams, HaveTheKeysOfTheKcl) {
  start("a");
  loop.run_for(5s);
  std::set<std::string> expected;
  for (const std::string& name : names) expected.insert(key_of(name, "shardId-000000000000"));
  EXPECT_EQ(keys(), expected);
}

TEST_F(SeveralStreams, AreSharedAsOneEvenWhereEachHasOneShard) {
  for (const char* name : {"a", "b"}) start(name);
  loop.run_for(10s);
  put_to_all(0, 20);
  loop.run_for(10s);
  EXPECT_EQ(different().size(), 100u);
  EXPECT_EQ(std::min(leases_of("a"), leases_of("b")), 2u);
  EXPECT_EQ(std::max(leases_of("a"), leases_of("b")), 3u);
  for (const Handled& record : handled)
    EXPECT_EQ(record.stream, names[static_cast<std::size_t>(std::stoi(record.data)) / 1000]);
}

TEST_F(SeveralStreams, ShardsOfOneNameAreNotMixedUp) {
  start("a");
  loop.run_for(5s);
  put_to_all(0, 20);
  loop.run_for(5s);
  service->split(names[1], "shardId-000000000000");
  put_to_all(100, 20);
  loop.run_for(30s);
  put_to_all(200, 20);
  loop.run_for(2min);
  EXPECT_EQ(different().size(), 300u);
  EXPECT_EQ(handled.size(), 300u) << "a checkpoint of one stream was taken for another's";
  std::set<std::string> expected;
  for (const std::string& name : names)
    if (name != names[1]) expected.insert(key_of(name, "shardId-000000000000"));
  for (const char* child : {"shardId-000000000001", "shardId-000000000002"}) expected.insert(key_of(names[1], child));
  EXPECT_EQ(keys(), expected) << "the children have leases, and that of the parent is gone";
}

TEST_F(SeveralStreams, EachMayBeginWhereItLikes) {
  put_to_all(0, 10);
  streams = Streams::several({{names[0], Latest{}}, {names[1], TrimHorizon{}}, names[2]});
  finish(core::sleep_for(*clock, 1s));  // with no worker there is nothing else that would move the time
  start("a");
  loop.run_for(5s);
  std::map<std::string, int> by_stream;
  for (const Handled& record : handled) ++by_stream[record.stream];
  EXPECT_EQ(by_stream, (std::map<std::string, int>{{names[1], 10}, {names[2], 10}}));
}

TEST_F(SeveralStreams, LeasesOfStreamsThatAreNotNamedAreLeftAlone) {
  start("a");
  loop.run_for(5s);
  stop("a");
  loop.run_for(5s);
  const std::set<std::string> before = keys();
  streams = Streams::several({names[0]});
  start("b");
  loop.run_for(5min);
  EXPECT_EQ(leases_of("b"), 1u);
  EXPECT_EQ(keys(), before);
}

TEST_F(SeveralStreams, AConsumerOfOneStreamDoesNotTouchATableOfSeveral) {
  start("a");
  loop.run_for(5s);
  stop("a");
  loop.run_for(5s);
  const std::vector<Lease> before = rows();
  streams = "orders";
  start("b");
  loop.run_for(1min);
  EXPECT_EQ(leases_of("b"), 1u);
  for (const Lease& lease : before) {
    const auto all = rows();
    EXPECT_NE(std::find(all.begin(), all.end(), lease), all.end()) << lease.key;
  }
}

TEST_F(SeveralStreams, SeveralConsumersShareOneClient) {
  put_to_all(0, 10);
  const Client shared = client();
  std::map<std::string, std::set<std::string>> seen;
  std::vector<std::unique_ptr<Consumer<std::string>>> consumers;
  const auto begin = [&](const std::string& application, Streams of) {
    ConsumerOptions options{.stream = std::move(of), .application = application};
    options.leases = memory_leases();
    consumers.push_back(std::make_unique<Consumer<std::string>>(shared, options, text));
    auto handler = [&seen, application](const Record<std::string>& record) { seen[application].insert(record.data); };
    core::spawn(loop.executor(), consume_all(*consumers.back(), handler));
  };
  begin("all", streams);
  begin("first", names[0]);
  begin("first-again", names[0]);
  loop.run_for(10s);
  EXPECT_EQ(seen["all"].size(), 50u);
  EXPECT_EQ(seen["first"].size(), 10u);
  EXPECT_EQ(seen["first-again"].size(), 10u);
  for (auto& consumer : consumers) core::spawn(loop.executor(), consumer->core()->stop());
  loop.run_for(1min);
}

TEST_F(SeveralStreams, AreNeitherNoneNorOneTwice) {
  EXPECT_THROW(Streams::several({}), Error);
  EXPECT_THROW(Streams::several({"orders", "orders"}), Error);
}

TEST_F(SeveralStreams, AnArnOfOneFanOutConsumerCannotServeThem) {
  ConsumerOptions options{.stream = streams, .application = "billing"};
  options.leases = table;
  options.fetch = EnhancedFanOut{.consumer = ExistingConsumer{"arn:aws:kinesis:us-east-1:1:stream/a/consumer/b:1"}};
  EXPECT_THROW(Consumer<std::string>(client(), options, text), Error);
}

TEST_F(SeveralStreams, AreSubscribedEachWithAConsumerOfItsOwn) {
  fan_out = true;
  for (const char* name : {"a", "b"}) start(name);
  loop.run_for(10s);
  put_to_all(0, 20);
  loop.run_for(10s);
  EXPECT_EQ(different().size(), 100u);
  EXPECT_EQ(handled.size(), 100u);
}

TEST_F(SeveralStreams, ANameAndAnArnOfOneStreamAreRefused) {
  streams = Streams::several({names[0], "arn:aws:kinesis:us-east-1:123456789012:stream/" + names[0]});
  ConsumerOptions options{.stream = streams, .application = "billing"};
  options.leases = table;
  Consumer<std::string> consumer(client(), options, text);
  std::optional<errc> code;
  auto run = [&]() -> awaitable<void> {
    try {
      co_await consumer.async_next_shard();
    } catch (const Error& error) {
      code = error.code();
    }
  };
  finish(run());
  EXPECT_EQ(code, errc::invalid_argument);
}

}  // namespace
}  // namespace kinesis::simulation
