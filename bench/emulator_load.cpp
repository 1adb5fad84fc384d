// Puts the emulator, in another process, under load, and measures both sides: requests that are made once and sent over
// and over, so that the client's own cost is small, and is told apart.
//   emulator_load URL STREAM put|get cbor|json RECORD_BYTES SECONDS SERVER_PID
// The stream exists; for `get` it has records. One JSON object on stdout.
#include "aws/cbor_format.hpp"
#include "aws/json_format.hpp"
#include "aws/json_writer.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/records_cbor.hpp"
#include "aws/records_json.hpp"
#include "core/async.hpp"
#include "http/client.hpp"
#include <kinesis/client.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace kinesis;
using core::awaitable;

constexpr int entries = 500;
constexpr int calls_at_a_time = 4;

double own_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

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

struct Load {
  std::string url;
  std::string stream;
  std::string mode;
  bool cbor = true;
  std::size_t record_bytes = 100;
  double seconds = 5;
  std::uint64_t calls = 0;
  std::uint64_t bytes_in = 0;
  std::string failure;
};

Blob put_body(const Load& load) {
  std::vector<PutRecordsRequestEntry> records;
  for (int i = 0; i < entries; ++i)
    records.emplace_back(Blob(std::string(load.record_bytes, 'x')), "key-" + std::to_string(i));
  const PutRecordsRequest request(StreamId(load.stream), std::move(records));
  core::Buffer body;
  if (load.cbor) {
    aws::write_put_records_cbor(request, body);
  } else {
    aws::write_put_records_json(request, body);
  }
  return std::move(body).freeze();
}

http::Request request_of(const Load& load, const char* operation, Blob body) {
  http::Headers headers;
  headers.add("content-type", load.cbor ? "application/x-amz-cbor-1.1" : "application/x-amz-json-1.1");
  headers.add("x-amz-target", std::string("Kinesis_20131202.") + operation);
  headers.add("x-amz-date", "20260101T000000Z");
  headers.add(
      "authorization",
      "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=ab");
  return http::Request("POST", "/", std::move(headers), http::Body(std::move(body)));
}

awaitable<void> send_for_a_while(Load& load, http::Client& client, http::Endpoint endpoint, http::Request request,
                                 Clock::time_point until) {
  while (Clock::system()->now() < until && load.failure.empty()) {
    http::Request copy = request;
    auto answer = co_await client.send(endpoint, std::move(copy));
    if (!answer) {
      load.failure = answer.error().what();
    } else if (answer->status != 200) {
      load.failure = std::to_string(answer->status) + " " + std::string(answer->body.text());
    } else {
      ++load.calls;
      load.bytes_in += answer->body.size();
    }
  }
}

awaitable<void> measure(Load& load, asio::any_io_executor executor) {
  http::ClientOptions options;
  options.executor = executor;
  options.version = http::VersionPolicy::http1;
  const auto client = http::make_client(options);
  const http::Endpoint endpoint = http::Url::parse(load.url).value().endpoint;
  http::Request request;
  if (load.mode == "put") {
    request = request_of(load, "PutRecords", put_body(load));
  } else {
    ClientOptions api_options;
    api_options.region = "us-east-1";
    api_options.endpoint_url = load.url;
    api_options.credentials = static_credentials("a", "b");
    Client api(executor, api_options);
    auto shards = co_await api.kinesis().list_shards(ListShardsRequest(StreamId(load.stream)));
    GetShardIteratorRequest where(StreamId(load.stream), shards.value().shards.at(0).shard_id,
                                  ShardIteratorType::trim_horizon);
    auto iterator = co_await api.kinesis().get_shard_iterator(std::move(where));
    std::string text;
    aws::JsonWriter json(text);
    const std::string value = iterator.value().shard_iterator.value_or("");
    json.begin_object().key("ShardIterator").string(value).end_object();
    request = request_of(load, "GetRecords", Blob(std::move(text)));
    request.headers.set("content-type", "application/x-amz-json-1.1");
    if (load.cbor) {
      GetRecordsRequest get(value);
      request = request_of(load, "GetRecords", Blob(aws::to_cbor(get)));
    }
  }
  const auto until =
      Clock::system()->now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(load.seconds));
  core::TaskGroup calls(executor);
  for (int i = 0; i < calls_at_a_time; ++i) calls.spawn(send_for_a_while(load, *client, endpoint, request, until));
  co_await calls.join();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8)
    return std::cerr << "usage: emulator_load URL STREAM put|get cbor|json RECORD_BYTES SECONDS SERVER_PID\n", 2;
  Load load{argv[1],           argv[2], argv[3], std::string(argv[4]) == "cbor", std::strtoul(argv[5], nullptr, 10),
            std::atof(argv[6])};
  const int server = std::atoi(argv[7]);
  asio::io_context context(1);
  const double server_before = cpu_seconds_of(server);
  const double own_before = own_cpu_seconds();
  const auto began = Clock::system()->now();
  core::spawn(context.get_executor(), measure(load, context.get_executor()),
              [&](std::exception_ptr error) { load.failure = core::to_error(error).what(); });
  context.run();
  const double seconds = std::chrono::duration<double>(Clock::system()->now() - began).count();
  if (!load.failure.empty()) return std::cerr << "emulator_load: " << load.failure << '\n', 1;
  std::printf(
      "{\"mode\":\"%s\",\"format\":\"%s\",\"record_bytes\":%zu,\"calls\":%llu,\"records_per_second\":%.0f,\"mb_per_"
      "second_out\":%.0f,"
      "\"server_cpu_us_per_call\":%.1f,\"client_cpu_us_per_call\":%.1f}\n",
      load.mode.c_str(), load.cbor ? "cbor" : "json", load.record_bytes, static_cast<unsigned long long>(load.calls),
      load.mode == "put" ? static_cast<double>(load.calls) * entries / seconds : 0.0,
      static_cast<double>(load.bytes_in) / seconds / 1e6,
      (cpu_seconds_of(server) - server_before) / static_cast<double>(load.calls) * 1e6,
      (own_cpu_seconds() - own_before) / static_cast<double>(load.calls) * 1e6);
}
