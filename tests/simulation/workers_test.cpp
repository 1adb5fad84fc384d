#include "core/test_loop.hpp"
#include "emulator/direct_api.hpp"
#include <kinesis/kinesis.hpp>

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

// Workers in virtual time: hours in milliseconds, the same in every run.
namespace kinesis::simulation {
namespace {

using namespace std::chrono_literals;
using core::awaitable;
using emulator::InProcessKinesis;

/// A lease store that can be cut off from its worker.
class CutOffLeases final : public LeaseRepository {
 public:
  explicit CutOffLeases(std::shared_ptr<LeaseRepository> inner) : inner_(std::move(inner)) {}
  bool cut_off = false;

  asio::awaitable<void> prepare() override { return inner_->prepare(); }
  asio::awaitable<std::vector<Lease>> list() override {
    check();
    co_return co_await inner_->list();
  }
  asio::awaitable<LeaseWrite> create(Lease lease) override {
    check();
    co_return co_await inner_->create(std::move(lease));
  }
  asio::awaitable<LeaseWrite> update(LeaseUpdate change) override {
    check();
    co_return co_await inner_->update(std::move(change));
  }
  asio::awaitable<LeaseWrite> remove(Lease known) override {
    check();
    co_return co_await inner_->remove(std::move(known));
  }

 private:
  void check() const {
    if (cut_off) throw Error(errc::connection, "cut off").with_retryable(true);
  }
  std::shared_ptr<LeaseRepository> inner_;
};

struct Handled {
  std::string worker;
  std::string shard_id;
  std::string data;
  Clock::time_point when;
};

class Workers : public ::testing::Test {
 protected:
  Workers()
      : clock(std::shared_ptr<Clock>(), &loop.clock),
        service(std::make_unique<InProcessKinesis>(InProcessKinesis::Options{.clock = clock, .limits = false})) {
    service->create_stream("orders", 4);
  }
  ~Workers() override {
    for (auto& [name, worker] : workers) stop(name);
    loop.run_for(1min);
  }

  struct Worker {
    std::shared_ptr<CutOffLeases> leases;
    std::unique_ptr<Consumer<std::string>> consumer;
    std::vector<DiagnosticEvent> events;
    bool ended = false;
  };

  Client client() {
    ClientOptions options;
    options.clock = clock;
    options.kinesis = service->api();
    return Client(loop.executor(), options);
  }

  Worker& start(const std::string& name) {
    Worker& worker = workers[name];
    worker.leases = std::make_shared<CutOffLeases>(table);
    ConsumerOptions options{.stream = "orders", .application = "billing"};
    options.leases = worker.leases;
    options.worker = name;
    options.fetch.idle_interval = 200ms;
    options.on_event = [&worker](const DiagnosticEvent& event) { worker.events.push_back(event); };
    worker.consumer = std::make_unique<Consumer<std::string>>(client(), options, text);
    core::spawn(loop.executor(), consume(name));
    return worker;
  }
  awaitable<void> consume(std::string name) {
    auto handler = [this, name](const Record<std::string>& record) {
      handled.push_back(Handled{name, record.shard_id, record.data, loop.clock.now()});
    };
    co_await async_consume(*workers[name].consumer, text, handler);
    workers[name].ended = true;
  }
  /// Runs a task to its end while the workers go on.
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
  void stop(const std::string& name) { core::spawn(loop.executor(), workers[name].consumer->core()->stop()); }

  void put(int first, int count) {
    auto all = [&]() -> awaitable<void> {
      Producer<std::string> producer(client(), ProducerOptions{.stream = "orders"}, text);
      for (int i = first; i < first + count; ++i)
        producer.send("key-" + std::to_string(i % 30), std::to_string(i),
                      [](Result<Receipt> receipt) { ASSERT_TRUE(receipt); });
      co_await producer.async_close();
    };
    finish(all());
  }

  std::set<std::string> different() const {
    std::set<std::string> data;
    for (const Handled& record : handled) data.insert(record.data);
    return data;
  }
  std::size_t leases_of(const std::string& name) {
    std::size_t count = 0;
    auto read = [&]() -> awaitable<void> {
      for (const Lease& lease : co_await table->list()) count += lease.owner == name ? 1 : 0;
    };
    finish(read());
    return count;
  }
  void expect_order_per_key() const {
    std::map<int, int> furthest;
    std::set<std::string> seen;
    for (const Handled& record : handled) {
      if (!seen.insert(record.data).second) continue;
      const int number = std::stoi(record.data);
      const auto [last, fresh] = furthest.try_emplace(number % 30, -1);
      EXPECT_LT(last->second, number) << "key " << number % 30;
      last->second = number;
    }
  }

  core::TestLoop loop;
  std::shared_ptr<Clock> clock;
  std::unique_ptr<InProcessKinesis> service;
  std::shared_ptr<LeaseRepository> table = memory_leases();
  std::map<std::string, Worker> workers;
  std::vector<Handled> handled;
};

TEST_F(Workers, ShareTheShardsEvenly) {
  start("a");
  loop.run_for(5s);
  EXPECT_EQ(leases_of("a"), 4u);
  start("b");
  loop.run_for(5s);
  EXPECT_EQ(leases_of("a"), 2u);
  EXPECT_EQ(leases_of("b"), 2u);
  put(0, 500);
  loop.run_for(5s);
  EXPECT_EQ(different().size(), 500u);
  expect_order_per_key();
}

TEST_F(Workers, AWorkerThatIsCutOffStopsBeforeAnotherTakesOver) {
  start("a");
  start("b");
  loop.run_for(20s);
  ASSERT_EQ(leases_of("a"), 2u);
  workers["a"].leases->cut_off = true;
  const auto cut = loop.clock.now();
  for (int i = 0; i < 30; ++i) {
    put(i * 10, 10);
    loop.run_for(1s);
  }
  EXPECT_EQ(different().size(), 300u);
  EXPECT_EQ(leases_of("b"), 4u);
  std::set<std::string> was_of_a;
  for (const Handled& record : handled)
    if (record.worker == "a") was_of_a.insert(record.shard_id);
  std::map<std::string, Clock::time_point> first_of_b;
  for (const Handled& record : handled)
    if (record.worker == "b" && was_of_a.contains(record.shard_id))
      first_of_b.try_emplace(record.shard_id, record.when);
  ASSERT_FALSE(first_of_b.empty());
  for (const Handled& record : handled) {
    if (record.worker != "a" || !first_of_b.contains(record.shard_id)) continue;
    EXPECT_LT(record.when, first_of_b[record.shard_id]) << record.shard_id << " was handled by both";
    EXPECT_LT(record.when - cut, 10s) << "longer than the failover time after the last renewal";
  }
  for (const auto& [shard, when] : first_of_b) EXPECT_LE(when - cut, 14s) << "failover, a refresh and a read";
}

TEST_F(Workers, FollowSplitsAndMergesToTheEnd) {
  start("a");
  start("b");
  put(0, 200);
  const auto shards = service->shards("orders");
  service->split("orders", shards[0].shard_id);
  put(200, 200);
  service->merge("orders", shards[2].shard_id, shards[3].shard_id);
  put(400, 200);
  loop.run_for(30s);
  EXPECT_EQ(different().size(), 600u);
  expect_order_per_key();
  std::size_t ended = 0;
  auto read = [&]() -> awaitable<void> {
    for (const Lease& lease : co_await table->list()) ended += lease.checkpoint.is_shard_end() ? 1 : 0;
  };
  finish(read());
  EXPECT_EQ(ended, 3u);
}

TEST_F(Workers, HandTheirLeasesOverWhenTheyStop) {
  start("a");
  start("b");
  loop.run_for(10s);
  put(0, 100);
  stop("a");
  loop.run_for(4s);
  EXPECT_TRUE(workers["a"].ended);
  EXPECT_EQ(leases_of("b"), 4u) << "given back, not left to expire";
  put(100, 100);
  loop.run_for(5s);
  EXPECT_EQ(different().size(), 200u);
  EXPECT_EQ(handled.size(), 200u) << "nothing is delivered twice";
}

TEST_F(Workers, ALostLeaseIsNotClawedBack) {
  start("a");
  start("b");
  loop.run_for(1min);
  EXPECT_EQ(leases_of("a"), 2u);
  EXPECT_EQ(leases_of("b"), 2u);
  std::size_t lost = 0;
  for (const auto& [name, worker] : workers)
    for (const DiagnosticEvent& event : worker.events) lost += std::holds_alternative<event::LeaseLost>(event) ? 1 : 0;
  EXPECT_LE(lost, 2u) << "leases move once, to even out";
}

}  // namespace
}  // namespace kinesis::simulation
