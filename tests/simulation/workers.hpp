#pragma once

#include "simulation/both_modes.hpp"
#include "simulation/cut_off_leases.hpp"
#include "simulation/virtual_service.hpp"
#include <kinesis/kinesis.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

// Workers in virtual time: hours in milliseconds, the same in every run.
namespace kinesis::simulation {

struct Handled {
  std::string worker;
  std::string shard_id;
  std::string data;
  Clock::time_point when;
  std::string stream;
};

class Workers : public VirtualService {
 protected:
  explicit Workers(int shards = 4) { service->create_stream("orders", shards); }
  ~Workers() override {
    for (auto& [name, worker] : workers) stop(name);
    loop.run_for(1min);
  }

  struct Worker {
    std::shared_ptr<CutOffLeases> leases;
    std::unique_ptr<Consumer<std::string>> consumer;
    std::vector<std::pair<Clock::time_point, DiagnosticEvent>> events;
    bool ended = false;

    template <class Event>
    std::vector<Clock::time_point> times_of() const {
      std::vector<Clock::time_point> times;
      for (const auto& [when, event] : events)
        if (std::holds_alternative<Event>(event)) times.push_back(when);
      return times;
    }
    template <class Event>
    std::size_t count_of() const {
      return times_of<Event>().size();
    }
  };

  /// What a record takes.
  using Work = std::function<Clock::duration(const Record<std::string>&)>;

  Worker& start(const std::string& name, Work work = {}, Assignment assignment = balanced()) {
    Worker& worker = workers[name];
    worker.leases = std::make_shared<CutOffLeases>(table);
    worker.leases->clock = clock;
    ConsumerOptions options{.stream = streams, .application = "billing"};
    options.leases = worker.leases;
    options.worker = name;
    options.fetch = Polling{.idle_interval = idle_interval};
    if (fan_out) options.fetch = EnhancedFanOut{};
    options.assignment = std::move(assignment);
    options.on_event = [this, &worker](const DiagnosticEvent& event) {
      worker.events.emplace_back(loop.clock.now(), event);
    };
    worker.consumer = std::make_unique<Consumer<std::string>>(client(), options, text);
    core::spawn(loop.executor(), consume(name, std::move(work)));
    return worker;
  }
  awaitable<void> consume(std::string name, Work work) {
    auto handler = [this, name, work](const Record<std::string>& record) -> awaitable<void> {
      handled.push_back(Handled{name, record.shard_id, record.data, loop.clock.now(), record.stream});
      if (work) co_await core::sleep_for(loop.clock, work(record));
    };
    co_await async_consume(*workers[name].consumer, text, handler);
    workers[name].ended = true;
  }
  /// A worker of another kind: takes every lease, renews each with its counter and nothing else, and drops what is
  /// refused.
  void start_foreign(const std::string& name, Clock::duration interval) {
    start("seed");
    loop.run_for(1s);
    stop("seed");
    loop.run_for(1s);
    core::spawn(loop.executor(), act_foreign(name, interval));
    loop.run_for(1ms);
  }
  awaitable<void> act_foreign(std::string name, Clock::duration interval) {
    std::vector<Lease> leases = co_await table->list();
    for (Lease& lease : leases) {
      const LeaseUpdate take = LeaseUpdate::take(lease, name);
      co_await table->update(take);
      lease = take.apply(lease);
    }
    for (int i = 0; i < 10; ++i) {
      co_await core::sleep_for(loop.clock, interval);
      std::vector<Lease> kept;
      for (const Lease& lease : leases) {
        Lease known = lease;
        known.checkpoint_owner = "not looked at";
        const LeaseUpdate renew = LeaseUpdate::renew(known);
        const LeaseWrite written = co_await table->update(renew);
        if (written.is_stored()) kept.push_back(renew.apply(lease));
      }
      leases = kept;
    }
  }
  void stop(const std::string& name) { core::spawn(loop.executor(), workers[name].consumer->core()->stop()); }

  void put(int first, int count, const std::string& stream = "orders") {
    auto all = [&]() -> awaitable<void> {
      Producer<std::string> producer(client(), ProducerOptions{.stream = stream}, text);
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
  /// That the second handles nothing of a shard before the first has handled its last of it.
  void expect_never_by_two_at_once(const std::string& first, const std::string& second) const {
    std::map<std::string, Clock::time_point> begun;
    for (const Handled& record : handled)
      if (record.worker == second) begun.try_emplace(record.shard_id, record.when);
    for (const Handled& record : handled) {
      if (record.worker != first || !begun.contains(record.shard_id)) continue;
      EXPECT_LT(record.when, begun.at(record.shard_id)) << record.shard_id;
    }
  }
  std::vector<Lease> rows() {
    std::vector<Lease> leases;
    auto read = [&]() -> awaitable<void> { leases = co_await table->list(); };
    finish(read());
    return leases;
  }
  /// Puts a row in the place of the one of its key.
  void replace(const Lease& row) {
    auto write = [&]() -> awaitable<void> {
      for (const Lease& old : co_await table->list())
        if (old.key == row.key) co_await table->remove(old);
      co_await table->create(row);
    };
    finish(write());
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

  Streams streams = "orders";
  bool fan_out = false;
  std::chrono::milliseconds idle_interval{200};
  std::map<std::string, Worker> workers;
  std::vector<Handled> handled;
};

}  // namespace kinesis::simulation
