// What lies between the acceptance of a record and its handler: 1,000 records a second on 16 shards, over TLS and
// HTTP/2, read by enhanced fan-out and by polling. The emulator is in this process, so its own stamp of the acceptance
// and the handler's are of one clock: all behind the stamp counts, the emulator's writing and TLS on both sides
// included. Beside the consumer a bare loop pulls the same records from subscriptions of its own, without leases,
// feeds, codecs and handlers: what the consumer adds is the difference of the two.
//   fan_out_latency_bench [seconds [records a second]]
#include "core/async.hpp"
#include "measure.hpp"
#include <kinesis/emulator.hpp>
#include <kinesis/kinesis.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace kinesis;
using core::awaitable;
using std::chrono::seconds;

constexpr int shards = 16;
constexpr int warm_up_records = 2'000;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// When each record, by its number, came past one place. Written once each, by whichever thread.
class Stamps {
 public:
  explicit Stamps(std::size_t count) : times_(count) {}
  void stamp(std::string_view data) {
    const std::int64_t now = now_ns();
    std::size_t number = 0;
    std::from_chars(data.data(), data.data() + data.size(), number);
    if (number < times_.size() && times_[number].exchange(now) == 0) ++seen_;
  }
  std::size_t seen() const { return seen_; }
  std::int64_t operator[](std::size_t number) const { return times_[number]; }

 private:
  std::vector<std::atomic<std::int64_t>> times_;
  std::atomic<std::size_t> seen_{0};
};

struct Percentiles {
  double p50 = 0;
  double p99 = 0;
  double most = 0;
};

/// In ms, of all records behind the warm-up.
Percentiles between(const Stamps& from, const Stamps& to, std::size_t count) {
  std::vector<double> times;
  for (std::size_t i = warm_up_records; i < count; ++i)
    if (from[i] != 0 && to[i] != 0) times.push_back(static_cast<double>(to[i] - from[i]) / 1e6);
  if (times.empty()) return {};
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times[times.size() * 99 / 100], times.back()};
}

ClientOptions client_options(const Emulator& emulator) {
  ClientOptions options;
  options.region = "us-east-1";
  options.endpoint_url = emulator.endpoint_url();
  options.credentials = static_credentials("any", "thing");
  options.verify_tls = false;
  return options;
}

/// Subscriptions of all shards, pulled by one thread.
class BareReader {
 public:
  BareReader(const Emulator& emulator, Stamps& stamps) : client_(client_options(emulator)), stamps_(stamps) {
    const std::string stream =
        client_.call(DescribeStreamSummaryRequest("s")).get().stream_description_summary.stream_arn;
    const std::string consumer =
        client_.call(RegisterStreamConsumerRequest(stream, "bare")).get().consumer.consumer_arn;
    for (const KinesisShard& shard : client_.call(ListShardsRequest("s")).get().shards) {
      auto ended = std::make_shared<std::promise<void>>();
      ended_.push_back(ended->get_future());
      core::spawn(client_.executor(), read(consumer, shard.shard_id, std::move(ended)));
    }
  }
  void stop() {
    stopping_ = true;
    for (auto& one : ended_) one.wait();
  }

 private:
  awaitable<void> read(std::string consumer, std::string shard, std::shared_ptr<std::promise<void>> ended) {
    StartingPosition from;
    from.type = ShardIteratorType::trim_horizon;
    SubscribeToShardRequest request(std::move(consumer), std::move(shard), std::move(from));
    auto opened = co_await client_.kinesis().subscribe_to_shard(std::move(request));
    if (opened) {
      ShardSubscription subscription = std::move(*opened);
      while (!stopping_) {  // a heartbeat comes every 5 s
        auto event = co_await subscription.next();
        if (!event || !*event) break;
        for (const KinesisRecord& record : (**event).records) stamps_.stamp(record.data.text());
      }
    }
    ended->set_value();
  }

  Client client_;
  Stamps& stamps_;
  std::atomic<bool> stopping_{false};
  std::vector<std::future<void>> ended_;
};

/// A call every so often, whatever became of those before.
void put(const Emulator& emulator, std::size_t count, double rate, Stamps& called) {
  const Client client(client_options(emulator));
  std::atomic<std::size_t> answered{0};
  const auto began = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    std::this_thread::sleep_until(began + std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / rate * i)));
    std::string number = std::to_string(i);
    called.stamp(number);
    PutRecordRequest request("s", Blob(number + "|" + std::string(200, '.')), "key-" + number);
    client.async_call(std::move(request), [&](std::exception_ptr, PutRecordResponse) { ++answered; });
  }
  while (answered < count) std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

void print_row(const char* name, const Percentiles& times) {
  std::printf("  %-44s p50 %7.2f ms   p99 %7.2f ms   most %7.1f ms\n", name, times.p50, times.p99, times.most);
}
void print_verdict(const char* name, double value, double most) {
  std::printf("  %-44s %.2f ms, at most %.1f: %s\n", name, value, most, value <= most ? "met" : "MISSED");
}

void measure(const char* name, const FetchMode& fetch, std::size_t count, double rate, bool bare) {
  Stamps called(count);
  Stamps accepted(count);
  Stamps handled(count);
  Stamps pulled(count);
  EmulatorOptions options;
  options.tls = true;
  options.limits = false;
  options.on_accepted = [&](const AcceptedRecord& record) { accepted.stamp(record.data); };
  Emulator emulator(options);
  emulator.create_stream("s", shards);
  ConsumerOptions how{.stream = "s", .application = "bench"};
  how.leases = memory_leases();
  how.fetch = fetch;
  std::promise<void> started;
  std::atomic<int> reading{0};
  how.on_event = [&](const DiagnosticEvent& event) {
    const bool ready = std::holds_alternative<event::Subscribed>(event) ||
                       (std::holds_alternative<Polling>(fetch) && std::holds_alternative<event::ShardStarted>(event));
    if (ready && ++reading == shards) started.set_value();
  };
  std::unique_ptr<BareReader> reader;
  if (bare) reader = std::make_unique<BareReader>(emulator, pulled);
  {
    const Client client(client_options(emulator));
    Consumer<std::string> consumer(client, how, text);
    const auto handler = [&](const Record<std::string>& record) { handled.stamp(record.data); };
    std::promise<void> ended;
    core::spawn(client.executor(),
                [](Consumer<std::string>* it, std::function<void(const Record<std::string>&)> to,
                   std::promise<void>* end) -> awaitable<void> {
                  co_await async_consume(*it, std::move(to));
                  end->set_value();
                }(&consumer, handler, &ended));
    started.get_future().wait();
    put(emulator, count, rate, called);
    const auto latest = std::chrono::steady_clock::now() + seconds(10);
    while ((handled.seen() < count || (bare && pulled.seen() < count)) && std::chrono::steady_clock::now() < latest)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    core::spawn(client.executor(), consumer.core()->stop());
    ended.get_future().wait();
  }
  if (reader) reader->stop();
  std::printf("\n%s: %zu of %zu records handled\n", name, handled.seen(), count);
  print_row("put called to handler", between(called, handled, count));
  const Percentiles whole = between(accepted, handled, count);
  print_row("accepted to handler", whole);
  if (!bare) return;
  const Percentiles alone = between(accepted, pulled, count);
  print_row("accepted to a bare reader", alone);
  print_verdict("accepted to handler, p50", whole.p50, 0.5);
  print_verdict("accepted to handler, p99", whole.p99, 2);
  print_verdict("added to the bare reader, p50", whole.p50 - alone.p50, 0.5);
  print_verdict("added to the bare reader, p99", whole.p99 - alone.p99, 2);
}

}  // namespace

int main(int argc, char** argv) {
  const int length = argc > 1 ? std::max(1, std::atoi(argv[1])) : 20;
  const double rate = argc > 2 ? std::max(1.0, std::atof(argv[2])) : 1000;
  const auto count = warm_up_records + static_cast<std::size_t>(rate * length);
  bench::print_machine();
  std::printf("%d shards, %.0f records/s for %d s, TLS, HTTP/2\n", shards, rate, length);
  measure("enhanced fan-out, a bare reader beside it", EnhancedFanOut{}, count, rate, true);
  measure("polling, by default", Polling{}, count, rate, false);
  return 0;
}
