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
#include <vector>

namespace kinesis::simulation {

/// Workers of one application on a stream in virtual time, whose handlers a test writes itself.
class Stage : public VirtualService {
 protected:
  using Handler = std::function<asio::awaitable<void>(const Record<std::string>&)>;

  ~Stage() override {
    for (auto& [name, worker] : workers) stop(name);
    loop.run_for(2min);
  }

  struct Worker {
    std::shared_ptr<CutOffLeases> leases;
    std::unique_ptr<Consumer<std::string>> consumer;
    std::vector<DiagnosticEvent> events;
    std::vector<std::string> handled;
    std::vector<Record<std::string>> records;
    bool ended = false;
    std::exception_ptr failure;
  };

  ConsumerOptions options() const {
    ConsumerOptions options{.stream = "orders", .application = "billing"};
    options.fetch = Polling{.idle_interval = 200ms};
    if (fan_out) options.fetch = EnhancedFanOut{};
    return options;
  }
  /// A worker that notes what it gets, and then does what `then` says.
  Worker& start(const std::string& name, ConsumerOptions options, Handler then = {}) {
    Worker& worker = workers[name];
    worker.leases = std::make_shared<CutOffLeases>(table);
    options.leases = worker.leases;
    options.worker = name;
    options.on_event = [&worker](const DiagnosticEvent& event) { worker.events.push_back(event); };
    worker.consumer = std::make_unique<Consumer<std::string>>(client(), options, text);
    core::spawn(loop.executor(), consume(&worker, std::move(then)));
    return worker;
  }
  static awaitable<void> consume(Worker* worker, Handler then) {
    auto handler = [worker, then](const Record<std::string>& record) -> asio::awaitable<void> {
      worker->handled.push_back(record.data);
      worker->records.push_back(record);
      if (then) co_await then(record);
    };
    try {
      co_await async_consume(*worker->consumer, handler);
    } catch (...) {
      worker->failure = std::current_exception();
    }
    worker->ended = true;
  }
  void stop(const std::string& name) { core::spawn(loop.executor(), workers[name].consumer->core()->stop()); }

  /// Records one by one, so none is in an aggregate.
  void put(int first, int count, const std::string& key = "key", bool same_key = false) {
    auto all = [&]() -> awaitable<void> {
      for (int i = first; i < first + count; ++i) {
        PutRecordRequest request("orders", Blob(std::to_string(i)), key + "-" + std::to_string(same_key ? 0 : i));
        auto stored = co_await service->api()->put_record(std::move(request));
        EXPECT_TRUE(stored);
      }
    };
    finish(all());
  }
  std::map<std::string, Lease> leases() {
    std::map<std::string, Lease> rows;
    auto read = [&]() -> awaitable<void> {
      auto listed = co_await table->list();
      for (Lease& lease : listed) {
        std::string key = lease.key;
        rows.emplace(std::move(key), std::move(lease));
      }
    };
    finish(read());
    return rows;
  }
  Lease lease(std::size_t shard) { return leases().at(service->shards("orders").at(shard).shard_id); }

  template <class Event>
  static std::vector<Event> events(const Worker& worker) {
    std::vector<Event> found;
    for (const DiagnosticEvent& event : worker.events)
      if (const auto* one = std::get_if<Event>(&event)) found.push_back(*one);
    return found;
  }
  static std::vector<std::string> numbers(int first, int count) {
    std::vector<std::string> all;
    for (int i = first; i < first + count; ++i) all.push_back(std::to_string(i));
    return all;
  }
  static std::vector<std::string> sorted(std::vector<std::string> data) {
    std::sort(data.begin(), data.end(), [](const std::string& a, const std::string& b) {
      return a.size() != b.size() ? a.size() < b.size() : a < b;
    });
    return data;
  }

  bool fan_out = false;
  std::map<std::string, Worker> workers;
};

}  // namespace kinesis::simulation
