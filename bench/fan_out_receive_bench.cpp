// What receiving a fan-out subscription costs: frames of events in memory beside their checksums, and a subscription
// over TLS and HTTP/2 from bytes to events beside a bare reader of the same bytes. CPU of the one thread that receives;
// the server has another.
//   fan_out_receive_bench [MiB of a stream [rounds]]
#include "aws/cbor_format.hpp"
#include "aws/event_stream.hpp"
#include "aws/event_stream_reader.hpp"
#include "aws/json_format.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/service_client.hpp"
#include "bare_http2.hpp"
#include "core/digest.hpp"
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

constexpr std::size_t mib = std::size_t{1} << 20;
volatile std::size_t sink = 0;

std::string frame(std::string_view type, std::string_view content_type, std::string payload) {
  const auto headers = EventHeaders::event(type, content_type);
  return std::string(write_event(headers, http::Body(std::move(payload))).joined().text());
}

/// An event of records of 1 KB.
std::string event_frame(std::size_t records, BodyFormat format) {
  SubscribeToShardEvent event;
  for (std::size_t i = 0; i < records; ++i) {
    auto& record = event.records.emplace_back();
    record.sequence_number =
        SequenceNumber("4966478264374256128234918523489123489123489123489" + std::to_string(1'000'000 + i));
    record.approximate_arrival_timestamp = Timestamp(std::chrono::milliseconds(1'767'225'600'000 + i));
    record.data = Blob(bench::random_bytes(1000, i));
    record.partition_key = "customer-" + std::to_string(100'000 + i);
  }
  event.continuation_sequence_number = event.records.back().sequence_number;
  event.millis_behind_latest = 0;
  return frame("SubscribeToShardEvent", content_type(Service::kinesis, format),
               format == BodyFormat::cbor ? to_cbor(event) : to_json(event));
}

/// With the padding that received bytes have.
Blob padded(const std::string& text) {
  auto whole = std::make_shared<std::string>(text + std::string(http::body_padding, '\0'));
  return Blob(as_bytes(*whole).first(text.size()), whole);
}

/// Frames of 16 KB, 512 KB of them, from memory, in pieces of `piece` bytes.
void reading(std::size_t piece) {
  const std::string one = frame("SubscribeToShardEvent", "application/x-amz-cbor-1.1", bench::random_bytes(16'384));
  std::string stream;
  while (stream.size() < mib / 2) stream += one;
  std::vector<Blob> pieces;
  for (std::size_t at = 0; at < stream.size(); at += piece) pieces.push_back(padded(stream.substr(at, piece)));
  const auto rate = [&](double us) { return static_cast<double>(stream.size()) / us / 1e3; };
  double alone = 1e300;
  double whole = 1e300;
  EventStreamReader reader(core::BufferPool::create());
  for (int round = 0; round < 9; ++round) {
    alone = std::min(alone, bench::best_us(1, 20, [&] {
                       for (const Blob& part : pieces) sink = core::crc32(part.bytes());
                     }));
    whole = std::min(whole, bench::best_us(1, 20, [&] {
                       for (const Blob& part : pieces) {
                         reader.feed(part);
                         while (auto event = reader.next().value()) sink = event->payload.size();
                       }
                     }));
  }
  const std::string name = "frames of 16 KB in pieces of " + std::to_string(piece / 1024) + " KB";
  bench::print_rate(name, rate(whole), "GB/s", 5);
  bench::print_rate("  CRC-32 alone", rate(alone), "GB/s");
  bench::print_figure("  as a multiple of it", whole / alone, "x");
}

/// Answers everything with the same events, on its own thread.
class Events final : public http::Handler {
 public:
  Events(std::string event, BodyFormat format, std::size_t bytes)
      : first_(frame("initial-response", content_type(Service::kinesis, format),
                     format == BodyFormat::cbor ? "\xa0" : "{}")),
        event_(std::move(event)),
        count_(bytes / event_.size() + 1) {}
  awaitable<http::ServerResponse> handle(http::ServerRequest) override {
    http::Headers headers{{"content-type", event_stream_content_type}};
    auto writer = [this](std::shared_ptr<http::ResponseStream> out) { return write(std::move(out)); };
    co_return http::ServerResponse(200, std::move(headers), http::ServerResponse::Writer(writer));
  }
  std::size_t events() const noexcept { return count_; }
  std::size_t bytes() const noexcept { return first_.size() + count_ * event_.size(); }

 private:
  awaitable<void> write(std::shared_ptr<http::ResponseStream> out) {
    http::Body first(first_);
    bool open = (co_await out->write(std::move(first))).has_value();
    const std::size_t at_once = std::max<std::size_t>(1, mib / event_.size());
    for (std::size_t sent = 0; open && sent < count_;) {
      const std::size_t now = std::min(at_once, count_ - sent);
      http::Body many(std::vector<Blob>(now, event_));
      const auto written = co_await out->write(std::move(many));
      open = written.has_value();
      sent += now;
    }
  }

  Blob first_;
  Blob event_;
  std::size_t count_;
};

class Receiving {
 public:
  Receiving(std::size_t records, BodyFormat format, std::size_t bytes)
      : events_(std::make_shared<Events>(event_frame(records, format), format, bytes)) {
    http::ServerOptions server;
    server.threads = 1;
    server.tls = http::TlsContext::for_server(identity_.certificate_chain, identity_.private_key);
    server_ = http::make_server(std::move(server), events_);
    http::ClientOptions client;
    client.executor = context_.get_executor();
    client.tls.ca_pem = identity_.ca_certificate;
    client = subscription_http_options(std::move(client));
    bare_ = std::make_unique<bench::BareHttp2>(identity_, server_->port(), client.stream_window);
    PipelineOptions pipeline;
    pipeline.url = http::Url::parse("https://127.0.0.1:" + std::to_string(server_->port())).value();
    pipeline.region = "us-east-1";
    pipeline.http = http::make_client(client);
    pipeline.credentials = static_credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    pipeline.clock = Clock::system();
    SubscriptionSettings settings;
    settings.executor = context_.get_executor();
    settings.connect = [http = pipeline.http] { return http; };
    kinesis_ = make_kinesis_client(std::make_shared<RequestPipeline>(std::move(pipeline)),
                                   KinesisAddress("us-east-1", false, false, "here"), WireFormat::cbor, settings);
  }

  void bare() {
    if (bare_->receive() != events_->bytes()) std::abort();
  }
  void subscription() {
    bool done = false;
    core::spawn(context_.get_executor(), receive(&done));
    context_.restart();
    while (!done && context_.run_one() > 0) continue;
  }
  std::size_t bytes() const noexcept { return events_->bytes(); }

 private:
  awaitable<void> receive(bool* done) {
    SubscribeToShardRequest request("arn:aws:kinesis:us-east-1:123456789012:stream/orders/consumer/app:1",
                                    ShardId("shardId-000000000000"), StartingPosition(ShardIteratorType::latest));
    auto subscription = co_await kinesis_->subscribe_to_shard(std::move(request));
    std::size_t events = 0;
    while (true) {
      const auto event = co_await subscription.value().next();
      if (!event.value()) break;
      sink = event.value()->records.size();
      ++events;
    }
    if (events != events_->events()) std::abort();
    *done = true;
  }

  const http::SelfSigned identity_ = http::make_self_signed();
  std::shared_ptr<Events> events_;
  asio::io_context context_{1};
  std::shared_ptr<http::Server> server_;
  std::unique_ptr<bench::BareHttp2> bare_;
  std::shared_ptr<KinesisApi> kinesis_;
};

void receiving(const std::string& name, std::size_t records, BodyFormat format, std::size_t bytes, int rounds,
               double target) {
  Receiving receiving(records, format, bytes);
  receiving.bare();
  receiving.subscription();
  double bare = 1e300;
  double whole = 1e300;
  for (int round = 0; round < rounds; ++round) {
    bare = std::min(bare, bench::best_us(1, 1, [&] { receiving.bare(); }));
    whole = std::min(whole, bench::best_us(1, 1, [&] { receiving.subscription(); }));
  }
  const auto rate = [&](double us) { return static_cast<double>(receiving.bytes()) / us / 1e3; };
  std::printf("\n");
  bench::print_rate(name, rate(whole), "GB/s", target > 0 ? 0.7 : 0);
  bench::print_rate("  a bare reader of the same bytes", rate(bare), "GB/s");
  bench::print_figure("  as a multiple of its CPU", whole / bare, "x", target);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t bytes = (argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 256) * mib;
  const int rounds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 7;
  bench::print_machine();
  reading(512u << 10);
  reading(24u << 10);
  receiving("a subscription over TLS, CBOR, 16 x 1 KB an event", 16, BodyFormat::cbor, bytes, rounds, 1.3);
  receiving("a subscription over TLS, CBOR, 500 x 1 KB an event", 500, BodyFormat::cbor, bytes, rounds, 1.3);
  receiving("a subscription over TLS, JSON, 16 x 1 KB an event", 16, BodyFormat::json, bytes, rounds, 0);
  return 0;
}
