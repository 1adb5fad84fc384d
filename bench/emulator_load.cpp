// Puts the emulator, in another process, under load, and measures both sides: requests are made once and sent over and
// over, so that the client's own cost is small, and is told apart.
//   emulator_load URL STREAM SERVER_PID [seconds of a measurement]
// The stream exists. The URL is a plain one (http:), or TLS is measured, too.
#include "aws/cbor_format.hpp"
#include "aws/json_format.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/records_cbor.hpp"
#include "aws/records_json.hpp"
#include "core/async.hpp"
#include "http/client.hpp"
#include "measure.hpp"
#include <kinesis/client.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <unistd.h>

namespace {

using namespace kinesis;
using core::awaitable;

constexpr int records_per_put = 500;
constexpr int calls_at_a_time = 4;

double cpu_seconds_of(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  text.erase(0, text.rfind(')') + 2);
  unsigned long user = 0;
  unsigned long system = 0;
  std::sscanf(text.c_str(), "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

/// What is under way while a measurement lasts.
struct Progress {
  Clock::time_point until;
  std::uint64_t calls = 0;
  std::uint64_t bytes_in = 0;
};

struct Outcome {
  double calls_per_second = 0;
  double bytes_per_second = 0;
  double server_us_per_call = 0;
  double client_us_per_call = 0;
};

class Load {
 public:
  Load(std::string url, std::string stream, int server, double seconds)
      : url_(std::move(url)), stream_(std::move(stream)), server_(server), seconds_(seconds) {
    http::ClientOptions options;
    options.executor = context_.get_executor();
    options.version = http::VersionPolicy::http1;
    client_ = http::make_client(std::move(options));
    ClientOptions api;
    api.region = "us-east-1";
    api.endpoint_url = url_;
    api.credentials = static_credentials("a", "b");
    api_.emplace(context_.get_executor(), api);
  }

  Outcome put(bool cbor, std::size_t record_bytes) {
    return measure(request("PutRecords", put_body(cbor, record_bytes), cbor));
  }
  Outcome get(bool cbor) {
    const GetRecordsRequest get(oldest_iterator());
    return measure(request("GetRecords", Blob(cbor ? aws::to_cbor(get) : aws::to_json(get)), cbor));
  }

 private:
  Blob put_body(bool cbor, std::size_t record_bytes) const {
    std::vector<PutRecordsRequestEntry> records;
    for (int i = 0; i < records_per_put; ++i)
      records.emplace_back(Blob(bench::random_bytes(record_bytes, static_cast<std::uint64_t>(i))),
                           "customer-" + std::to_string(100'000 + i));
    const PutRecordsRequest request(StreamId(stream_), std::move(records));
    core::Buffer body;
    if (cbor) {
      aws::write_put_records_cbor(request, body);
    } else {
      aws::write_put_records_json(request, body);
    }
    return std::move(body).freeze();
  }

  static http::Request request(const char* operation, Blob body, bool cbor) {
    http::Headers headers;
    headers.add("content-type", cbor ? "application/x-amz-cbor-1.1" : "application/x-amz-json-1.1");
    headers.add("x-amz-target", std::string("Kinesis_20131202.") + operation);
    headers.add("x-amz-date", "20260101T000000Z");
    headers.add(
        "authorization",
        "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=ab");
    return http::Request("POST", "/", std::move(headers), http::Body(std::move(body)));
  }

  std::string oldest_iterator() {
    std::string text;
    run(ask_for_iterator(text));
    return text;
  }
  awaitable<void> ask_for_iterator(std::string& text) {
    ListShardsRequest list{StreamId(stream_)};
    const auto shards = co_await api_->kinesis().list_shards(std::move(list));
    GetShardIteratorRequest where(StreamId(stream_), shards.value().shards.at(0).shard_id,
                                  ShardIteratorType::trim_horizon);
    const auto iterator = co_await api_->kinesis().get_shard_iterator(std::move(where));
    text = iterator.value().shard_iterator.value_or("");
  }

  awaitable<void> send_for_a_while(const http::Request& request, Progress& progress) {
    while (Clock::system()->now() < progress.until) {
      http::Request copy = request;
      const auto answer = co_await client_->send(endpoint_, std::move(copy));
      if (answer.value().status != 200)
        throw Error(errc::internal, std::to_string(answer->status) + " " + std::string(answer->body.text()));
      ++progress.calls;
      progress.bytes_in += answer->body.size();
    }
  }
  awaitable<void> send_from_all(const http::Request& request, Progress& progress) {
    core::TaskGroup senders(context_.get_executor());
    for (int i = 0; i < calls_at_a_time; ++i) senders.spawn(send_for_a_while(request, progress));
    co_await senders.join();
  }

  Outcome measure(const http::Request& request) {
    const double server_before = cpu_seconds_of(server_);
    const double client_before = bench::thread_cpu_us();
    const auto began = Clock::system()->now();
    Progress progress;
    progress.until = began + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds_));
    run(send_from_all(request, progress));
    const double seconds = std::chrono::duration<double>(Clock::system()->now() - began).count();
    const auto calls = static_cast<double>(progress.calls);
    Outcome outcome;
    outcome.calls_per_second = calls / seconds;
    outcome.bytes_per_second = static_cast<double>(progress.bytes_in) / seconds;
    outcome.server_us_per_call = (cpu_seconds_of(server_) - server_before) / calls * 1e6;
    outcome.client_us_per_call = (bench::thread_cpu_us() - client_before) / calls;
    return outcome;
  }

  static awaitable<void> tell_when_done(awaitable<void> task, bool& done) {
    co_await std::move(task);
    done = true;
  }
  /// Not until the context has nothing to do: it keeps connections for later.
  void run(awaitable<void> task) {
    bool done = false;
    std::exception_ptr failure;
    core::spawn(context_.get_executor(), tell_when_done(std::move(task), done),
                [&](std::exception_ptr error) { failure = error; });
    context_.restart();
    while (!done && !failure && context_.run_one() > 0) continue;
    if (failure) std::rethrow_exception(failure);
  }

  asio::io_context context_{1};
  std::string url_;
  std::string stream_;
  int server_;
  double seconds_;
  http::Endpoint endpoint_ = http::Url::parse(url_).value().endpoint;
  std::shared_ptr<http::Client> client_;
  std::optional<Client> api_;
};

void print_costs(const Outcome& outcome) {
  bench::print_figure("  CPU of the emulator for a call", outcome.server_us_per_call, "us");
  bench::print_figure("  CPU of the client for a call", outcome.client_us_per_call, "us");
}

void print_put(Load& load, bool cbor, std::size_t record_bytes, double target) {
  const Outcome outcome = load.put(cbor, record_bytes);
  const std::string what = "PutRecords of 500 x " + std::to_string(record_bytes) + " B, ";
  bench::print_rate(what + (cbor ? "CBOR" : "JSON"), outcome.calls_per_second * records_per_put / 1e6, "M records/s",
                    target / 1e6);
  print_costs(outcome);
}

void print_get(Load& load, bool cbor) {
  const Outcome outcome = load.get(cbor);
  bench::print_rate(std::string("GetRecords of 1 KB records, up to 10 MB, plain, ") + (cbor ? "CBOR" : "JSON"),
                    outcome.bytes_per_second / 1e9, "GB/s", 1);
  print_costs(outcome);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 4) return std::cerr << "usage: emulator_load URL STREAM SERVER_PID [SECONDS]\n", 2;
  Load load(argv[1], argv[2], std::atoi(argv[3]), argc > 4 ? std::atof(argv[4]) : 4);
  bench::print_machine();
  print_put(load, true, 100, 1e6);
  print_put(load, false, 100, 4e5);
  print_put(load, true, 1024, 0);
  print_get(load, true);
  print_get(load, false);
  return 0;
} catch (const std::exception& error) {
  std::cerr << "emulator_load: " << error.what() << '\n';
  return 1;
}
