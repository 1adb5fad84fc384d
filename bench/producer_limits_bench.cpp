// What a producer costs at both ends of its load, against an emulator in another process:
//   producer_limits_bench latency URL STREAM [RECORDS]
//     one record at a time, beside the bare PutRecords call
//   producer_limits_bench overload URL STREAM [SECONDS [RATE [WAITING]]]
//     RATE records of 1 KB a second, more than the stream takes; WAITING sends may wait for room
// Region, credentials and authority come from the environment, as for the tool.
#include "core/histogram.hpp"
#include "measure.hpp"
#include <kinesis/producer.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <malloc.h>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace kinesis;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

double since(steady_clock::time_point began) {
  return std::chrono::duration<double>(steady_clock::now() - began).count();
}

double resident_mb() {
  std::ifstream statm("/proc/self/statm");
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * 4096 / 1e6;
}

/// In turns, so that both see the same machine, and slower than a shard's rate, which would be waited for.
int latency(const Client& client, const std::string& stream, int records) {
  const std::string data = bench::random_bytes(100);
  Producer<std::string> producer(client, ProducerOptions{.stream = stream}, text);
  core::Histogram bare_us;
  core::Histogram whole_us;
  const auto bare = [&] {
    std::vector<PutRecordsRequestEntry> entries;
    entries.emplace_back(Blob::copy_of(as_bytes(data)), "key");
    const auto answer = client.call(PutRecordsRequest(StreamId(stream), std::move(entries))).get();
    if (answer.failed_record_count.value_or(0) != 0) throw Error(errc::throttled, "the stream takes less than this");
  };
  const auto whole = [&] { producer.send("key", data).get(); };
  const auto timed = [](core::Histogram& into, const auto& work) {
    const auto began = steady_clock::now();
    work();
    into.record(static_cast<std::uint64_t>(since(began) * 1e6));
  };
  for (int i = 0; i < 100; ++i) bare(), whole();
  for (int i = 0; i < records; ++i) {
    timed(bare_us, bare);
    std::this_thread::sleep_for(milliseconds(2));
    timed(whole_us, whole);
    std::this_thread::sleep_for(milliseconds(2));
  }
  for (const double percent : {50.0, 90.0, 99.0}) {
    const auto without = static_cast<double>(bare_us.percentile(percent)) / 1000;
    const auto with = static_cast<double>(whole_us.percentile(percent)) / 1000;
    std::printf("p%.0f: %.3f ms, the call alone %.3f ms\n", percent, with, without);
    bench::print_figure("added by an idle producer, p" + std::to_string(static_cast<int>(percent)), with - without,
                        "ms", percent == 50 ? 1 : 0);
  }
  return 0;
}

/// What became of the records, by the client's thread.
struct Outcomes {
  std::mutex mutex;
  std::map<errc, std::uint64_t> failed;
  std::uint64_t stored = 0;
  std::uint64_t answered = 0;
};

int overload(const Client& client, const std::string& stream, int seconds, int rate, int waiting) {
  const std::string data = bench::random_bytes(1000);
  ProducerOptions options{.stream = stream};
  if (waiting >= 0) options.max_waiting = static_cast<std::size_t>(waiting);
  const double bound_mb = static_cast<double>(options.max_buffered_bytes) / 1e6;
  Outcomes outcomes;
  Producer<std::string> producer(client, options, text);
  producer.send("key", data).get();
  const double idle_mb = resident_mb();
  double most_mb = idle_mb;
  std::uint64_t most_buffered = 0;
  std::uint64_t sent = 0;
  const auto began = steady_clock::now();
  double next_look = 1;
  while (since(began) < seconds) {
    const auto due = static_cast<std::uint64_t>(since(began) * rate);
    for (; sent < due; ++sent) {
      producer.send("key-" + std::to_string(sent % 10'000), data, [&outcomes](const Result<Receipt>& result) {
        const std::lock_guard lock(outcomes.mutex);
        ++outcomes.answered;
        if (result) {
          ++outcomes.stored;
        } else {
          ++outcomes.failed[result.error().code()];
        }
      });
    }
    most_mb = std::max(most_mb, resident_mb());
    if (since(began) >= next_look) {
      most_buffered = std::max(most_buffered, producer.metrics().buffered_bytes);
      next_look += 1;
    }
    std::this_thread::sleep_for(milliseconds(5));
  }
  const double ended = since(began);
  producer.flush().get();
  const double after_mb = resident_mb();
  const ProducerMetrics metrics = producer.metrics();
  const std::lock_guard lock(outcomes.mutex);
  std::printf("%llu records of 1 KB in %.0f s: %llu stored (%.2f MB/s)", static_cast<unsigned long long>(sent), ended,
              static_cast<unsigned long long>(outcomes.stored), static_cast<double>(outcomes.stored) / ended / 1000);
  for (const auto& [code, count] : outcomes.failed)
    std::printf(", %llu %s", static_cast<unsigned long long>(count), std::string(to_string(code)).c_str());
  std::printf("\n%llu of %llu Kinesis records throttled; %llu answers missing\n",
              static_cast<unsigned long long>(metrics.entries_throttled),
              static_cast<unsigned long long>(metrics.entries_sent),
              static_cast<unsigned long long>(sent - outcomes.answered));
  bench::print_figure("bytes buffered at most", static_cast<double>(most_buffered) / 1e6, "MB", bound_mb);
  bench::print_figure("memory at most, over the idle producer's", most_mb - idle_mb, "MB", bound_mb * 1.2);
  bench::print_figure("memory once all is answered, over the idle producer's", after_mb - idle_mb, "MB");
  malloc_trim(0);
  bench::print_figure("the same after malloc_trim", resident_mb() - idle_mb, "MB");
  return sent == outcomes.answered ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  const auto number = [&](int index, int otherwise) { return argc > index ? std::atoi(argv[index]) : otherwise; };
  const std::string mode = argc > 3 ? argv[1] : "";
  if (mode != "latency" && mode != "overload") {
    std::fprintf(stderr, "usage: %s latency|overload URL STREAM [RECORDS | SECONDS [RATE [WAITING]]]\n", argv[0]);
    return 2;
  }
  ClientOptions options;
  options.endpoint_url = argv[2];
  const Client client(options);
  if (mode == "latency") return latency(client, argv[3], number(4, 3000));
  return overload(client, argv[3], number(4, 300), number(5, 10'000), number(6, -1));
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
