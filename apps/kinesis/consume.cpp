#include "commands.hpp"
#include "consume_display.hpp"
#include "exec_worker.hpp"
#include "fan_out.hpp"
#include "lease_store.hpp"
#include "output.hpp"
#include "record_printer.hpp"
#include "run_loop.hpp"
#include "shard_tasks.hpp"
#include <kinesis/consumer.hpp>
#include <kinesis/lease_repositories.hpp>

#include <chrono>
#include <cstdio>
#include <list>
#include <memory>
#include <optional>
#include <vector>

namespace kinesis::tool {
namespace {

using core::awaitable;

/// How often a shard's progress is stored.
constexpr std::chrono::seconds checkpoint_interval{1};

/// One worker: prints what its shards bring, and flushes before each checkpoint that covers it.
class Worker {
 public:
  Worker(Client client, ConsumerOptions options, RecordPrinter& printer)
      : clock_(client.shared_clock()), consumer_(std::move(client), std::move(options), bytes), printer_(printer) {}

  awaitable<void> run(asio::any_io_executor executor) {
    core::TaskGroup shards(executor);
    core::TaskGroup clerk(executor);
    clerk.spawn(store_progress());
    std::function<awaitable<void>(Shard<Blob>)> work = [this](Shard<Blob> shard) { return drain(std::move(shard)); };
    const std::exception_ptr failure = co_await run_for_each_shard(consumer_, shards, std::move(work));
    co_await shards.join();
    clerk.cancel();
    co_await clerk.join();
    co_await consumer_.async_stop();
    if (failure) std::rethrow_exception(failure);
    if (write_failure_) std::rethrow_exception(write_failure_);
  }

  void stop() { core::spawn(consumer_.core()->executor(), consumer_.core()->stop()); }

 private:
  awaitable<void> drain(Shard<Blob> shard) {
    // By its place: the shard may come back before this one is gone.
    const auto reading = reading_.insert(reading_.end(), shard.checkpointer());
    for (;;) {
      auto batch = co_await shard.async_next_batch();
      if (!batch) break;
      const bool printed = print(*batch);
      if (!printed) break;  // nothing of it is staged, so nothing of it is checkpointed
      shard.checkpointer().stage(batch->back());
    }
    reading_.erase(reading);
  }

  /// Also of a shard that has gone silent. What the end of a shard leaves over is stored with its lease's release.
  awaitable<void> store_progress() {
    for (;;) {
      co_await core::sleep_for(*clock_, checkpoint_interval);
      const std::vector<Checkpointer<Blob>> now(reading_.begin(), reading_.end());
      for (Checkpointer<Blob> one : now) co_await one.async_checkpoint();
    }
  }

  bool print(const std::vector<Record<Blob>>& batch) {
    if (write_failure_) return false;
    try {
      for (const Record<Blob>& record : batch) printer_.print(record);
      printer_.flush();
      return true;
    } catch (...) {
      write_failure_ = std::current_exception();
      stop();
      return false;
    }
  }

  std::shared_ptr<Clock> clock_;
  Consumer<Blob> consumer_;
  RecordPrinter& printer_;
  std::list<Checkpointer<Blob>> reading_;
  std::exception_ptr write_failure_;
};

ExecOptions exec_options(const ConsumeArguments& arguments) {
  if (!arguments.records.empty())
    throw Error(errc::invalid_argument, "--exec and --records exclude each other: one of them gets the records");
  if (arguments.exec_keep && arguments.format == "raw")
    throw Error(errc::invalid_argument,
                "--exec-keep needs --format json: a process cannot acknowledge sequence numbers it was not told");
  if (arguments.exec_keep && (arguments.batch > 0 || arguments.per_key > 1))
    throw Error(errc::invalid_argument, "--batch and --per-key are for processes that get one batch, not --exec-keep");
  ExecOptions how;
  how.command = arguments.exec;
  how.keep = arguments.exec_keep;
  how.json = arguments.exec_keep || arguments.format == "json";
  how.batch = arguments.batch;
  how.per_key = arguments.per_key;
  return how;
}

ConsumerOptions consumer_options(const Client& client, const ConsumeArguments& arguments,
                                 std::shared_ptr<ConsumeDisplay> display) {
  ConsumerOptions options{.stream = arguments.stream, .application = arguments.application};
  options.leases = open_leases(arguments.leases, arguments.application, client);
  if (!arguments.worker.empty()) options.worker = arguments.worker;
  options.start = parse_start(arguments.from);
  // It is for the application and its other workers, so it stays.
  const FanOutUse fan_out(client, options.stream.front(), arguments.fan_out, "");
  options.fetch = fan_out.fetch(Polling{.idle_interval = std::chrono::milliseconds(arguments.poll_interval_ms)});
  if (display) options.on_event = [display = std::move(display)](const DiagnosticEvent& event) { display->see(event); };
  return options;
}

int consume_with_processes(const ConnectionArguments& connection, const ConsumeArguments& arguments) {
  ExecOptions how = exec_options(arguments);
  std::weak_ptr<ExecWorker> worker;
  const auto start = [&](asio::any_io_executor executor) -> awaitable<void> {
    Client client(executor, connection.client_options());
    const auto display = ConsumeDisplay::where_it_fits(arguments);
    ConsumerOptions options = consumer_options(client, arguments, display);
    const auto say = [display](const std::string& text) {
      if (display) return display->note(text);
      std::fprintf(stderr, "kinesis consume: %s\n", text.c_str());
    };
    const auto leases = options.leases;
    const std::string name = options.worker.text();
    const auto work = std::make_shared<ExecWorker>(client, std::move(options), how, say);
    worker = work;
    co_await run_with_display(executor, display, leases, name, client.shared_clock(), work->run(executor));
  };
  run_loop(start, [&] {
    if (const auto running = worker.lock()) running->stop();
  });
  return exit_done;
}

}  // namespace

int run_consume(const ConnectionArguments& connection, const ConsumeArguments& arguments) {
  if (!arguments.exec.empty()) return consume_with_processes(connection, arguments);
  std::weak_ptr<Worker> worker;
  const auto start = [&](asio::any_io_executor executor) -> awaitable<void> {
    Client client(executor, connection.client_options());
    const auto display = ConsumeDisplay::where_it_fits(arguments);
    ConsumerOptions options = consumer_options(client, arguments, display);
    const auto leases = options.leases;
    const std::string name = options.worker.text();
    const bool json = !arguments.records.empty() || connection.json();
    RecordPrinter printer(arguments.records.empty() ? "-" : arguments.records, json, client.clock(), name);
    const auto work = std::make_shared<Worker>(client, std::move(options), printer);
    worker = work;
    co_await run_with_display(executor, display, leases, name, client.shared_clock(), work->run(executor));
  };
  run_loop(start, [&] {
    if (const auto running = worker.lock()) running->stop();
  });
  return exit_done;
}

}  // namespace kinesis::tool
