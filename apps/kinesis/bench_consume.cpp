#include "aws/json_writer.hpp"
#include "commands.hpp"
#include "fan_out.hpp"
#include "lease_store.hpp"
#include "output.hpp"
#include "process_usage.hpp"
#include "run_loop.hpp"
#include "shard_tasks.hpp"
#include "tip_watch.hpp"
#include <kinesis/consumer.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace kinesis::tool {
namespace {

using core::awaitable;
using std::chrono::duration;

/// What was measured. Times count from the moment before the consumer is made.
struct Measured {
  std::uint64_t records = 0;
  double bytes = 0;
  double seconds = 0;  ///< Until the last record that was asked for.
  double cpu = 0;      ///< Nanoseconds, over the same time.
  int threads = 0;
  std::optional<double> first_record_ms;
  double stop_ms = 0;
};

/// A worker that counts.
class BenchConsumer {
 public:
  BenchConsumer(Client client, ConsumerOptions options, const BenchConsumeArguments& arguments,
                std::shared_ptr<TipWatch> tips)
      : clock_(client.shared_clock()),
        arguments_(arguments),
        tips_(std::move(tips)),
        cpu_before_(cpu_ns()),
        began_(clock_->now()),
        consumer_(std::move(client), std::move(options), bytes) {}

  awaitable<void> run(asio::any_io_executor executor) {
    core::TaskGroup shards(executor);
    if (arguments_.until_caught_up) shards.spawn(stop_when_caught_up());
    std::function<awaitable<void>(Shard<Blob>)> work = [this](Shard<Blob> shard) { return count(std::move(shard)); };
    const std::exception_ptr failure = co_await run_for_each_shard(consumer_, shards, std::move(work));
    stop();  // where it was not a record that did
    co_await shards.join();
    co_await consumer_.async_stop();
    measured_.stop_ms = ms_since(stopped_);
    if (failure) std::rethrow_exception(failure);
  }

  void stop() {
    if (std::exchange(stopping_, true)) return;
    stopped_ = clock_->now();
    measured_.seconds = duration<double>(stopped_ - began_).count();
    measured_.cpu = cpu_ns() - cpu_before_;
    measured_.threads = thread_count();
    core::spawn(consumer_.core()->executor(), consumer_.core()->stop());
  }
  const Measured& measured() const noexcept { return measured_; }

 private:
  double ms_since(Clock::time_point when) const { return duration<double, std::milli>(clock_->now() - when).count(); }

  awaitable<void> count(Shard<Blob> shard) {
    for (;;) {
      auto batch = co_await shard.async_next_batch();
      if (!batch) break;
      if (!measured_.first_record_ms) measured_.first_record_ms = ms_since(began_);
      if (stopping_) break;  // no more than what was asked for is staged
      const std::uint64_t left = arguments_.records - measured_.records;
      const std::size_t taken = static_cast<std::size_t>(std::min<std::uint64_t>(left, batch->size()));
      for (std::size_t i = 0; i < taken; ++i) measured_.bytes += static_cast<double>((*batch)[i].data.size());
      measured_.records += taken;
      shard.checkpointer().stage((*batch)[taken - 1]);
      if (measured_.records >= arguments_.records) stop();
    }
  }

  awaitable<void> stop_when_caught_up() {
    while (!stopping_ && !tips_->caught_up()) co_await core::sleep_for(*clock_, std::chrono::milliseconds(50));
    stop();
  }

  std::shared_ptr<Clock> clock_;
  const BenchConsumeArguments& arguments_;
  std::shared_ptr<TipWatch> tips_;
  double cpu_before_;
  Clock::time_point began_;
  Clock::time_point stopped_{};
  Consumer<Blob> consumer_;
  bool stopping_ = false;
  Measured measured_;
};

std::string report(const Measured& measured, bool json) {
  const auto records = static_cast<double>(measured.records);
  const double each = records > 0 ? measured.cpu / records : 0;
  if (json) {
    std::string text;
    aws::JsonWriter writer(text);
    writer.begin_object().key("records").integer(measured.records).key("seconds").number(measured.seconds);
    writer.key("cpu_ns_per_record").number(each).key("rss_mb").number(peak_rss_mb());
    writer.key("threads").integer(measured.threads).key("first_record_ms");
    if (measured.first_record_ms) {
      writer.number(*measured.first_record_ms);
    } else {
      writer.null();
    }
    writer.key("stop_ms").number(measured.stop_ms).end_object();
    return text + "\n";
  }
  char text[512];
  std::snprintf(text, sizeof text,
                "%s records (%s) in %.2f s: %s records/s\n"
                "CPU %.0f ns a record, memory %.0f MB, %d threads, first record after %.0f ms, stopped in %.0f ms\n",
                with_commas(measured.records).c_str(), human_bytes(measured.bytes).c_str(), measured.seconds,
                with_commas(static_cast<std::uint64_t>(records / measured.seconds)).c_str(), each, peak_rss_mb(),
                measured.threads, measured.first_record_ms.value_or(0), measured.stop_ms);
  return text;
}

}  // namespace

int run_bench_consume(const ConnectionArguments& connection, const BenchConsumeArguments& arguments) {
  std::weak_ptr<BenchConsumer> bench;
  Measured measured;
  const auto start = [&](asio::any_io_executor executor) -> awaitable<void> {
    Client client(executor, connection.client_options());
    const auto tips = std::make_shared<TipWatch>();
    ConsumerOptions options{.stream = arguments.stream, .application = arguments.application};
    options.leases = open_leases(arguments.leases, arguments.application, client);
    options.start = parse_start(arguments.from);
    const auto fan_out =
        std::make_shared<FanOutUse>(client, options.stream.front(), arguments.fan_out, "kinesis-bench-");
    options.fetch = fan_out->fetch(Polling());
    options.on_event = [tips](const DiagnosticEvent& event) { tips->see(event); };
    const auto work = std::make_shared<BenchConsumer>(client, std::move(options), arguments, tips);
    bench = work;
    co_await run_with_fan_out(fan_out, work->run(executor));
    measured = work->measured();
  };
  run_loop(start, [&] {
    if (const auto running = bench.lock()) running->stop();
  });
  print(report(measured, connection.json() || arguments.json));
  if (measured.records >= arguments.records) return exit_done;
  std::fprintf(stderr, "kinesis bench: stopped after %s of %s records\n", with_commas(measured.records).c_str(),
               with_commas(arguments.records).c_str());
  return exit_failed;
}

}  // namespace kinesis::tool
