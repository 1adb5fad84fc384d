// What a call to Kinesis costs the client's thread, over TLS and HTTP/2, signing included, against a server in another
// thread of this process; and a large PutRecords beside what nobody can do without: hashing the body for its signature
// and sending it through TLS.
//   call_bench [calls [large puts]]
#include "aws/cbor_format.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/request_pipeline.hpp"
#include "aws/service_client.hpp"
#include "bare_tls.hpp"
#include "core/digest.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "measure.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace kinesis;
using namespace kinesis::aws;
using core::awaitable;

constexpr std::size_t records_per_put = 500;
constexpr std::size_t record_size = 1000;

/// Answers every operation from memory, on its own thread.
class Answers final : public http::Handler {
 public:
  Answers() {
    PutRecordsResponse put;
    for (std::size_t i = 0; i < records_per_put; ++i) {
      auto& entry = put.records.emplace_back();
      entry.sequence_number =
          SequenceNumber("4966478264374256128234918523489123489123489123489" + std::to_string(1'000'000 + i));
      entry.shard_id = ShardId("shardId-000000000000");
    }
    put_records_ = Blob(to_cbor(put));
    PutRecordResponse one;
    one.sequence_number = *put.records[0].sequence_number;
    one.shard_id = put.records[0].shard_id;
    put_record_ = Blob(to_cbor(one));
    GetShardIteratorResponse iterator;
    iterator.shard_iterator = std::string(220, 'A');
    iterator_ = Blob(to_cbor(iterator));
  }
  core::awaitable<http::ServerResponse> handle(http::ServerRequest request) override {
    const std::string_view target = request.headers.find("x-amz-target").value_or("");
    Blob body = iterator_;
    if (target.ends_with(".PutRecords")) body = put_records_;
    if (target.ends_with(".PutRecord")) body = put_record_;
    http::Headers headers{{"content-type", "application/x-amz-cbor-1.1"},
                          {"x-amzn-requestid", "c8e2a3f0-1111-2222-3333-444455556666"}};
    http::Body whole(std::move(body));
    co_return http::ServerResponse(200, std::move(headers), std::move(whole));
  }

 private:
  Blob put_records_;
  Blob put_record_;
  Blob iterator_;
};

class Bench {
 public:
  Bench() : identity_(http::make_self_signed()) {
    http::ServerOptions server;
    server.threads = 1;
    server.tls = http::TlsContext::for_server(identity_.certificate_chain, identity_.private_key);
    server_ = http::make_server(std::move(server), std::make_shared<Answers>());
    http::ClientOptions client;
    client.executor = context_.get_executor();
    client.tls.ca_pem = identity_.ca_certificate;
    PipelineOptions pipeline;
    pipeline.url = http::Url::parse("https://localhost:" + std::to_string(server_->port())).value();
    pipeline.region = "us-east-1";
    pipeline.http = http::make_client(std::move(client));
    pipeline.credentials =
        static_credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", std::string(400, 't'));
    pipeline.clock = Clock::system();
    kinesis_ = make_kinesis_client(std::make_shared<RequestPipeline>(std::move(pipeline)),
                                   KinesisAddress("us-east-1", false, false, "here"), WireFormat::cbor);
  }

  awaitable<void> get_iterator() {
    GetShardIteratorRequest request;
    request.stream_name = "orders";
    request.shard_id = ShardId("shardId-000000000000");
    request.shard_iterator_type = ShardIteratorType::trim_horizon;
    auto answer = co_await kinesis_->get_shard_iterator(std::move(request));
    answer.value();
  }
  awaitable<void> put_record() {
    PutRecordRequest request;
    request.stream_name = "orders";
    request.data = record_;
    request.partition_key = "customer-100000";
    auto answer = co_await kinesis_->put_record(std::move(request));
    answer.value();
  }
  awaitable<void> put_records() {
    PutRecordsRequest request = std::move(prepared_.back());
    prepared_.pop_back();
    auto answer = co_await kinesis_->put_records(std::move(request));
    answer.value();
  }

  /// CPU of this thread per call, with `at_once` calls in flight.
  double measure(awaitable<void> (Bench::*call)(), int calls, int at_once) {
    prepare(at_once);
    run(call, at_once, at_once);  // connects
    prepare(calls);
    const double start = bench::thread_cpu_us();
    run(call, calls, at_once);
    return (bench::thread_cpu_us() - start) / calls;
  }

  std::size_t large_body_size() const { return to_cbor(large_).size(); }
  const http::SelfSigned& identity() const { return identity_; }

 private:
  awaitable<void> worker(awaitable<void> (Bench::*call)(), int* left, int* running) {
    while (*left > 0) {
      --*left;
      co_await (this->*call)();
    }
    --*running;
  }
  void run(awaitable<void> (Bench::*call)(), int calls, int at_once) {
    int left = calls;
    int running = at_once;
    for (int i = 0; i < at_once; ++i) core::spawn(context_.get_executor(), worker(call, &left, &running));
    context_.restart();
    while (running > 0 && context_.run_one() > 0) continue;
  }
  /// The requests of put_records: making them is the caller's cost.
  void prepare(int calls) { prepared_.assign(static_cast<std::size_t>(calls), large_); }
  static PutRecordsRequest make_large() {
    PutRecordsRequest request;
    request.stream_name = "orders";
    const std::string bytes = bench::random_bytes(record_size * records_per_put);
    for (std::size_t i = 0; i < records_per_put; ++i)
      request.records.emplace_back(Blob(bytes.substr(i * record_size, record_size)),
                                   "customer-" + std::to_string(100'000 + i));
    return request;
  }

  asio::io_context context_{1};
  http::SelfSigned identity_;
  std::shared_ptr<http::Server> server_;
  std::shared_ptr<KinesisApi> kinesis_;
  const Blob record_{bench::random_bytes(1024)};
  const PutRecordsRequest large_ = make_large();
  std::vector<PutRecordsRequest> prepared_;
};

/// Requests that wait for each other cost more than those in a crowd: the kernel wakes a processor for each. The bare
/// connection shows how much of it is not the library's.
void small_calls(Bench& client, int calls) {
  // As large as the TLS records of the calls.
  struct Call {
    const char* name;
    awaitable<void> (Bench::*call)();
    std::size_t request;
    std::size_t answer;
  };
  for (const Call& call : {Call{"GetShardIterator", &Bench::get_iterator, 310, 265},
                           Call{"PutRecord of 1 KB", &Bench::put_record, 1340, 150}}) {
    bench::BareTls bare(client.identity(), call.request, call.answer);
    double floor = 1e300;
    double alone = 1e300;
    double crowd = 1e300;
    for (int round = 0; round < 5; ++round) {  // in turns, so that all see the same machine
      floor = std::min(floor, bench::best_us(1, calls, [&] { bare.round_trip(); }));
      alone = std::min(alone, client.measure(call.call, calls, 1));
      crowd = std::min(crowd, client.measure(call.call, calls, 16));
    }
    const std::string name = call.name;
    bench::print_figure(name + ", one after the other", alone, "us", 40);
    bench::print_figure("  of it a bare round trip over TLS", floor, "us");
    bench::print_figure(name + ", 16 at a time", crowd, "us", 40);
  }
}

void large_puts(Bench& client, int puts) {
  const std::string body = bench::random_bytes(client.large_body_size());
  bench::BareTls bare(client.identity());
  double sha = 1e300;
  double send = 1e300;
  double whole = 1e300;
  for (int round = 0; round < 9; ++round) {
    sha = std::min(sha, bench::best_us(1, puts, [&] { core::sha256(as_bytes(body)); }));
    send = std::min(send, bench::best_us(1, puts, [&] { bare.send(body); }));
    whole = std::min(whole, client.measure(&Bench::put_records, puts, 1));
  }
  std::printf("\nPutRecords of %zu x %zu bytes (a body of %zu), %s\n", records_per_put, record_size, body.size(),
              bare.cipher());
  bench::print_figure("  floor: SHA-256 of the body", sha, "us");
  bench::print_figure("  floor: sending it through TLS", send, "us");
  bench::print_figure("  client CPU", whole, "us");
  bench::print_figure("  client CPU, as a multiple of the floor", whole / (sha + send), "x", 1.5);
}

}  // namespace

int main(int argc, char** argv) {
  const int calls = argc > 1 ? std::max(100, std::atoi(argv[1])) : 10'000;
  const int puts = argc > 2 ? std::max(1, std::atoi(argv[2])) : std::max(20, calls / 50);
  bench::print_machine();
  std::printf("CPU of the client's thread for a call: CBOR, signed, TLS, HTTP/2; best of some rounds of %d\n", calls);
  Bench client;
  small_calls(client, calls);
  large_puts(client, puts);
  return 0;
}
