#include "aws/json_writer.hpp"
#include "commands.hpp"
#include "core/histogram.hpp"
#include "core/random.hpp"
#include "output.hpp"
#include "process_usage.hpp"
#include <kinesis/producer.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kinesis::tool {
namespace {

/// What became of the records. Written by the client's one thread.
class Outcome {
 public:
  void add(const Result<Receipt>& result) {
    if (result) {
      latency_.record(static_cast<std::uint64_t>(result->time_in_library.count()) / 1000);
    } else {
      if (failed_++ == 0) first_failure_ = result.error();
    }
    const std::uint64_t answered = answered_.load(std::memory_order_relaxed) + 1;
    answered_.store(answered);
    if (answered != wanted_.load()) return;
    const std::lock_guard lock(mutex_);
    room_.notify_one();
  }
  /// Waits for `some` more answers, after a send that found no room: one at a time, the threads would do little but
  /// wake each other. Gives up after a while, for there may be fewer left.
  void wait_for_more(std::uint64_t some) {
    std::unique_lock lock(mutex_);
    const std::uint64_t wanted = answered_.load() + some;
    wanted_.store(wanted);
    room_.wait_for(lock, std::chrono::milliseconds(10), [&] { return answered_.load() >= wanted; });
  }

  // Once everything is answered.
  std::uint64_t failed() const noexcept { return failed_; }
  const std::optional<Error>& first_failure() const noexcept { return first_failure_; }
  const core::Histogram& latency_us() const noexcept { return latency_; }

 private:
  std::mutex mutex_;
  std::condition_variable room_;
  std::atomic<std::uint64_t> answered_{0};
  std::atomic<std::uint64_t> wanted_{0};
  std::uint64_t failed_ = 0;
  std::optional<Error> first_failure_;
  core::Histogram latency_;
};

std::vector<std::string> make_keys(int count) {
  std::vector<std::string> keys;
  keys.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) keys.push_back("key-" + std::to_string(i));
  return keys;
}

/// Records that do not compress and differ, cut from one block so that making them costs next to nothing.
class Payloads {
 public:
  explicit Payloads(std::size_t size) : size_(size), block_(size + spread, '\0') {
    core::Random random(7);
    for (char& byte : block_) byte = static_cast<char>(random());
  }
  std::string_view at(std::uint64_t index) const { return std::string_view(block_).substr(index % spread, size_); }

 private:
  static constexpr std::size_t spread = 4096;
  std::size_t size_;
  std::string block_;
};

/// The producer copies what it is given, so views will do.
struct TextViewCodec {
  void encode(std::string_view value, Bytes& out) const { append(out, as_bytes(value)); }
  Result<std::string_view> decode(BytesView in) const { return as_text(in); }
};

std::string report(const BenchProduceArguments& arguments, const Outcome& outcome, const ProducerMetrics& metrics,
                   double seconds, double cpu, bool json) {
  const auto records = static_cast<double>(arguments.records);
  const double p50 = static_cast<double>(outcome.latency_us().percentile(50)) / 1000;
  const double p99 = static_cast<double>(outcome.latency_us().percentile(99)) / 1000;
  if (json) {
    std::string text;
    aws::JsonWriter writer(text);
    writer.begin_object().key("records").integer(arguments.records).key("seconds").number(seconds);
    writer.key("cpu_ns_per_record").number(cpu / records).key("rss_mb").number(peak_rss_mb());
    writer.key("failed").integer(outcome.failed()).key("p50_ms").number(p50).key("p99_ms").number(p99).end_object();
    return text + "\n";
  }
  const double bytes = records * static_cast<double>(arguments.size);
  char text[512];
  std::snprintf(text, sizeof text,
                "%s records of %zu B in %.2f s: %s records/s, %s/s\n"
                "CPU %.0f ns a record, memory %.0f MB, latency p50 %.1f ms, p99 %.1f ms\n"
                "%s calls, %s Kinesis records, %s throttled, %s sent again, %s failed\n",
                with_commas(arguments.records).c_str(), arguments.size, seconds,
                with_commas(static_cast<std::uint64_t>(records / seconds)).c_str(),
                human_bytes(bytes / seconds).c_str(), cpu / records, peak_rss_mb(), p50, p99,
                with_commas(metrics.calls).c_str(), with_commas(metrics.entries_sent).c_str(),
                with_commas(metrics.entries_throttled).c_str(), with_commas(metrics.entries_retried).c_str(),
                with_commas(outcome.failed()).c_str());
  return text;
}

}  // namespace

int run_bench_produce(const ConnectionArguments& connection, const BenchProduceArguments& arguments) {
  Outcome outcome;  // before the client, whose thread reports to it
  Client client(connection.client_options());
  client.call(DescribeStreamSummaryRequest(arguments.stream)).get();  // fails by name where the stream is not there
  ProducerOptions options{.stream = arguments.stream};
  options.max_in_flight = static_cast<std::size_t>(arguments.in_flight);
  options.max_in_flight_per_shard = options.max_in_flight;
  options.max_buffered_records = arguments.buffer;
  options.limit_rates = !arguments.no_rate_limit;
  if (arguments.no_aggregate) options.aggregation = NoAggregation{};
  Producer<std::string_view> producer(client, options, Codec<std::string_view>(TextViewCodec()));
  const std::vector<std::string> keys = make_keys(arguments.keys);
  const Payloads payloads(arguments.size);

  const Clock::time_point began = client.clock().now();
  const double cpu_before = cpu_ns();
  for (std::uint64_t i = 0; i < arguments.records; ++i) {
    const std::string& key = keys[i * 7919 % keys.size()];
    const auto answered = [&outcome](const Result<Receipt>& result) { outcome.add(result); };
    while (!producer.try_send(key, payloads.at(i), answered)) outcome.wait_for_more(arguments.buffer / 4 + 1);
  }
  producer.close(std::chrono::minutes(10)).get();
  const double cpu = cpu_ns() - cpu_before;
  const double seconds = std::chrono::duration<double>(client.clock().now() - began).count();
  print(report(arguments, outcome, producer.metrics(), seconds, cpu, connection.json() || arguments.json));
  if (!outcome.first_failure()) return exit_done;
  std::fprintf(stderr, "kinesis bench: %s records failed; the first: %s\n", with_commas(outcome.failed()).c_str(),
               outcome.first_failure()->what());
  return exit_failed;
}

}  // namespace kinesis::tool
