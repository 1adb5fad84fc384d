#include "commands.hpp"
#include "fan_out.hpp"
#include "output.hpp"
#include "record_printer.hpp"
#include "run_loop.hpp"
#include "shard_tasks.hpp"
#include "tip_watch.hpp"
#include <kinesis/consumer.hpp>
#include <kinesis/lease_repositories.hpp>

#include <memory>
#include <optional>

namespace kinesis::tool {
namespace {

using core::awaitable;

/// A consumer that shares with nobody: its leases are in memory.
class Tail {
 public:
  Tail(Client client, ConsumerOptions options, RecordPrinter& printer, const TailArguments& arguments,
       std::shared_ptr<TipWatch> tips)
      : client_(client),
        consumer_(std::move(client), std::move(options), bytes),
        printer_(printer),
        arguments_(arguments),
        tips_(std::move(tips)) {}

  awaitable<void> run(asio::any_io_executor executor) {
    core::TaskGroup shards(executor);
    if (arguments_.until_caught_up) shards.spawn(stop_when_caught_up());
    std::function<awaitable<void>(Shard<Blob>)> work = [this](Shard<Blob> shard) { return print(std::move(shard)); };
    const std::exception_ptr failure = co_await run_for_each_shard(consumer_, shards, std::move(work));
    stopping_ = true;
    co_await shards.join();
    co_await consumer_.async_stop();
    if (failure) std::rethrow_exception(failure);
    if (write_failure_) std::rethrow_exception(write_failure_);
  }

  void stop() {
    if (std::exchange(stopping_, true)) return;
    core::spawn(consumer_.core()->executor(), consumer_.core()->stop());
  }

 private:
  awaitable<void> print(Shard<Blob> shard) {
    for (;;) {
      auto batch = co_await shard.async_next_batch();
      if (!batch) break;
      try {
        for (const Record<Blob>& record : *batch) {
          if (enough()) break;
          printer_.print(record);
        }
        printer_.flush();
      } catch (...) {
        write_failure_ = std::current_exception();
        stop();
        co_return;
      }
      shard.checkpointer().stage(batch->back());
      if (enough()) stop();
    }
  }
  bool enough() const { return arguments_.count > 0 && printer_.count() >= arguments_.count; }

  awaitable<void> stop_when_caught_up() {
    while (!stopping_ && !tips_->caught_up()) co_await core::sleep_for(client_.clock(), std::chrono::milliseconds(100));
    stop();
  }

  Client client_;
  Consumer<Blob> consumer_;
  RecordPrinter& printer_;
  const TailArguments& arguments_;
  std::shared_ptr<TipWatch> tips_;
  bool stopping_ = false;
  std::exception_ptr write_failure_;
};

}  // namespace

int run_tail(const ConnectionArguments& connection, const TailArguments& arguments) {
  std::weak_ptr<Tail> tail;
  const auto start = [&](asio::any_io_executor executor) -> awaitable<void> {
    Client client(executor, connection.client_options());
    // Shared with the event handler: the consumer may have a last word after the end of the work.
    const auto tips = std::make_shared<TipWatch>();
    ConsumerOptions options{.stream = arguments.stream, .application = "tail"};
    options.leases = memory_leases();
    options.start = parse_start(arguments.from);
    const auto fan_out =
        std::make_shared<FanOutUse>(client, options.stream.front(), arguments.fan_out, "kinesis-tail-");
    options.fetch = fan_out->fetch(Polling{.idle_interval = std::chrono::milliseconds(500)});
    options.on_event = [tips](const DiagnosticEvent& event) { tips->see(event); };
    RecordPrinter printer("-", connection.json(), client.clock(), "");
    const auto work = std::make_shared<Tail>(client, std::move(options), printer, arguments, tips);
    tail = work;
    co_await run_with_fan_out(fan_out, work->run(executor));
  };
  run_loop(start, [&] {
    if (const auto running = tail.lock()) running->stop();
  });
  return exit_done;
}

}  // namespace kinesis::tool
