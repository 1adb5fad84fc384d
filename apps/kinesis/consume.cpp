#include "commands.hpp"
#include "output.hpp"
#include "record_printer.hpp"
#include "run_loop.hpp"
#include <kinesis/consumer.hpp>
#include <kinesis/lease_repositories.hpp>

#include <chrono>
#include <memory>
#include <optional>

namespace kinesis::tool {
namespace {

using core::awaitable;

std::shared_ptr<LeaseRepository> open_leases(const std::string& where, const std::string& application,
                                             const Client& client) {
  if (where == "memory") return memory_leases();
  if (where.starts_with("sqlite:") && where.size() > 7) return sqlite_leases(where.substr(7), application);
  if (where == "dynamodb") return dynamodb_leases(client, application);
  if (where.starts_with("dynamodb:") && where.size() > 9) return dynamodb_leases(client, where.substr(9));
  throw Error(errc::invalid_argument, "--leases \"" + where + "\": write sqlite:FILE, memory, or dynamodb:TABLE");
}

/// How often a shard's progress is stored while records come in.
constexpr std::chrono::seconds checkpoint_interval{1};

/// One worker: prints what its shards bring, and flushes before each checkpoint that covers it.
class Worker {
 public:
  Worker(Client client, ConsumerOptions options, RecordPrinter& printer)
      : clock_(client.shared_clock()), consumer_(std::move(client), std::move(options), bytes), printer_(printer) {}

  awaitable<void> run(asio::any_io_executor executor) {
    core::TaskGroup shards(executor);
    std::exception_ptr failure;
    try {
      for (;;) {
        std::optional<Shard<Blob>> shard = co_await consumer_.async_next_shard();
        if (!shard) break;
        shards.spawn(drain(std::move(*shard)));
      }
    } catch (...) {
      failure = std::current_exception();
    }
    co_await shards.join();
    co_await consumer_.async_stop();
    if (failure) std::rethrow_exception(failure);
    if (write_failure_) std::rethrow_exception(write_failure_);
  }

  void stop() { core::spawn(consumer_.core()->executor(), consumer_.core()->stop()); }

 private:
  awaitable<void> drain(Shard<Blob> shard) {
    Clock::time_point stored = clock_->now();
    for (;;) {
      auto batch = co_await shard.async_next_batch();
      if (!batch) break;
      const bool printed = print(*batch);
      if (!printed) co_return;  // nothing of it is staged, so nothing of it is checkpointed
      shard.checkpointer().stage(batch->back());
      if (clock_->now() - stored < checkpoint_interval) continue;
      stored = clock_->now();
      const CheckpointOutcome outcome = co_await shard.checkpointer().async_checkpoint();
      if (outcome == CheckpointOutcome::lease_lost) break;
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
  std::exception_ptr write_failure_;
};

}  // namespace

int run_consume(const ConnectionArguments& connection, const ConsumeArguments& arguments) {
  std::weak_ptr<Worker> worker;
  const auto start = [&](asio::any_io_executor executor) -> awaitable<void> {
    Client client(executor, connection.client_options());
    ConsumerOptions options{.stream = arguments.stream, .application = arguments.application};
    options.leases = open_leases(arguments.leases, arguments.application, client);
    if (!arguments.worker.empty()) options.worker = arguments.worker;
    options.start = parse_start(arguments.from);
    options.fetch.idle_interval = std::chrono::milliseconds(arguments.poll_interval_ms);
    options.on_event = [log = client.log()](const DiagnosticEvent& event) {
      if (log.enabled(LogLevel::debug)) log.write(LogLevel::debug, "consumer", to_string(event));
    };
    const bool json = !arguments.records.empty() || connection.json();
    RecordPrinter printer(arguments.records.empty() ? "-" : arguments.records, json, client.clock(),
                          options.worker.text());
    const auto work = std::make_shared<Worker>(client, std::move(options), printer);
    worker = work;
    co_await work->run(executor);
  };
  run_loop(start, [&] {
    if (const auto running = worker.lock()) running->stop();
  });
  return exit_done;
}

}  // namespace kinesis::tool
