#pragma once

#include "aws/cbor_format.hpp"
#include "aws/credentials/test_sources.hpp"
#include "aws/event_stream.hpp"
#include "aws/json_format.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/service_client.hpp"
#include "http/wire_fixture.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

// What the tests of subscriptions share: the client of Kinesis against a server that writes what it is told.
namespace kinesis::aws {

using core::awaitable;
using namespace std::chrono_literals;
using http::Wire;

inline constexpr std::string_view json_events = "application/x-amz-json-1.1";
inline constexpr std::string_view cbor_events = "application/x-amz-cbor-1.1";

inline std::string frame(const EventHeaders& headers, std::string payload) {
  return std::string(write_event(headers, http::Body(std::move(payload))).joined().text());
}
inline std::string initial_response(std::string_view type = json_events) {
  return frame(EventHeaders::event("initial-response", type), type == json_events ? "{}" : "\xa0");
}
/// With one record, whose data is `data`, and the number `number`.
inline SubscribeToShardEvent event_with(std::string data, std::string number = "7") {
  SubscribeToShardEvent event;
  auto& record = event.records.emplace_back();
  record.sequence_number = SequenceNumber(number);
  record.approximate_arrival_timestamp = Timestamp(std::chrono::milliseconds(1'767'225'600'123));
  record.partition_key = "key";
  record.data = Blob(std::move(data));
  event.continuation_sequence_number = SequenceNumber(number);
  event.millis_behind_latest = 3;
  return event;
}
inline std::string frame_of(const SubscribeToShardEvent& event, std::string_view type = json_events) {
  return frame(EventHeaders::event("SubscribeToShardEvent", type),
               type == json_events ? to_json(event) : to_cbor(event));
}
inline std::string exception_frame(std::string_view type, std::string_view message) {
  return frame(EventHeaders::exception(type, json_events), "{\"message\":\"" + std::string(message) + "\"}");
}

class SubscriptionTest : public http::WireFixture {
 protected:
  using Event = std::optional<SubscribeToShardEvent>;
  using Script = std::function<awaitable<void>(std::shared_ptr<http::ResponseStream>)>;

  std::vector<http::ServerRequest> seen;
  std::string content_type = "application/vnd.amazon.eventstream";
  /// Writes the answer to the n-th request, from 0 on; later ones the last.
  std::vector<Script> scripts;
  /// Stands in for the answer to a request, if it gives one.
  std::function<std::optional<http::ServerResponse>(const http::ServerRequest&)> instead = [](const auto&) {
    return std::nullopt;
  };
  /// What a request waits for before it is answered, if there is something when it comes.
  core::Notifier* hold = nullptr;
  http::ServerOptions server_options;
  http::ClientOptions client_options = subscription_http_options(http::ClientOptions());
  std::shared_ptr<CredentialsProvider> credentials = static_credentials("AKID", "secret");
  bool require_initial_response = true;
  Clock::duration silence = SubscriptionSettings().silence;
  WireFormat wire_format = WireFormat::json;
  std::shared_ptr<http::Server> server;
  std::shared_ptr<http::Client> streams;
  std::shared_ptr<KinesisApi> api;

  /// What is written one after the other, and the end.
  static Script writes(std::vector<std::string> pieces) {
    return [pieces = std::move(pieces)](std::shared_ptr<http::ResponseStream> out) {
      return write_all(std::move(out), pieces);
    };
  }
  static awaitable<void> write_one(std::shared_ptr<http::ResponseStream> out, std::string piece) {
    http::Body body(std::move(piece));
    const auto written = co_await out->write(std::move(body));
    static_cast<void>(written);
  }
  static awaitable<void> write_all(std::shared_ptr<http::ResponseStream> out, std::vector<std::string> pieces) {
    for (std::string& piece : pieces) {
      http::Body body(std::move(piece));
      const auto written = co_await out->write(std::move(body));
      if (!written) co_return;
    }
  }
  /// What is written, and silence.
  Script writes_and_waits(std::vector<std::string> pieces) {
    return [pieces = std::move(pieces), count = released](std::shared_ptr<http::ResponseStream> out) {
      return write_and_wait(std::move(out), pieces, count);
    };
  }
  static awaitable<void> write_and_wait(std::shared_ptr<http::ResponseStream> out, std::vector<std::string> pieces,
                                        std::shared_ptr<int> released) {
    co_await write_all(out, std::move(pieces));
    core::Notifier never(co_await asio::this_coro::executor, *Clock::system());
    const Ended ended(std::move(released));
    while (out->open()) co_await never.wait();
  }
  /// Counts when it goes.
  struct Ended {
    explicit Ended(std::shared_ptr<int> count) : count(std::move(count)) {}
    Ended(const Ended&) = delete;
    Ended& operator=(const Ended&) = delete;
    ~Ended() { ++*count; }
    std::shared_ptr<int> count;
  };
  /// Scripts that waited and were cancelled. Outlives the test: the server goes after it.
  std::shared_ptr<int> released = std::make_shared<int>(0);

  void start() {
    auto handle = [this](http::ServerRequest request) -> awaitable<http::ServerResponse> {
      const std::size_t number = std::min(seen.size(), scripts.size() - 1);
      seen.push_back(request);
      if (auto other = instead(request)) co_return std::move(*other);
      if (hold != nullptr) co_await hold->wait();
      http::Headers headers{{"content-type", content_type}, {"x-amzn-requestid", "REQ-7"}};
      co_return http::ServerResponse(200, std::move(headers), http::ServerResponse::Writer(scripts[number]));
    };
    server = serve(std::move(handle), server_options);
    connect(at(*server));
  }
  void connect(const http::Endpoint& endpoint) {
    client_options.clock = manual;
    streams = client(client_options);
    PipelineOptions options;
    options.service = Service::kinesis;
    options.url = http::Url::parse(endpoint.origin()).value();
    options.region = "us-east-1";
    options.http = streams;
    options.credentials = credentials;
    options.clock = manual;
    SubscriptionSettings settings;
    settings.executor = loop.executor();
    settings.clock = manual;
    settings.require_initial_response = require_initial_response;
    settings.silence = silence;
    settings.connect = [this] { return streams; };
    api = make_kinesis_client(std::make_shared<RequestPipeline>(std::move(options)),
                              KinesisAddress("us-east-1", false, false, "http://there"), wire_format, settings);
  }

  template <class T>
  static awaitable<void> keep(awaitable<T> task, std::optional<T>* result) {
    result->emplace(co_await std::move(task));
  }
  template <class T>
  T run(awaitable<T> task) {
    std::optional<T> out;
    loop.run(keep(std::move(task), &out));
    return std::move(*out);
  }
  static SubscribeToShardRequest request() {
    StartingPosition position(ShardIteratorType::after_sequence_number);
    position.sequence_number = SequenceNumber("41");
    return SubscribeToShardRequest("arn:aws:kinesis:us-east-1:123456789012:stream/orders/consumer/app:1",
                                   ShardId("shardId-000000000001"), position);
  }
  Result<ShardSubscription> subscribe() { return run(api->subscribe_to_shard(request())); }
  Result<ShardSubscription> start_and_subscribe(std::vector<std::string> pieces) {
    scripts = {writes(std::move(pieces))};
    start();
    return subscribe();
  }
  Result<Event> next(ShardSubscription& subscription) { return run(subscription.next()); }
  /// The data of the next event's record, or what came in its place.
  std::string text_of_next(ShardSubscription& subscription) { return text_of(next(subscription)); }
  static std::string text_of(const Result<Event>& event) {
    if (!event) return std::string(to_string(event.error().code())) + ": " + event.error().message();
    if (!*event) return "end";
    return (*event)->records.empty() ? "empty" : std::string((*event)->records[0].data.text());
  }
  /// That it gives the event "first", and then is a broken connection.
  void expect_broken_after_first(Result<ShardSubscription>& subscription) {
    ASSERT_TRUE(subscription);
    EXPECT_EQ(text_of_next(*subscription), "first");
    const auto end = next(*subscription);
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().code(), errc::connection);
    EXPECT_TRUE(end.error().retryable());
  }
  /// Starts a `next` that will wait.
  struct Waiting {
    std::optional<Result<Event>> result;
  };
  std::shared_ptr<Waiting> begin_next(ShardSubscription& subscription) {
    auto waiting_next = std::make_shared<Waiting>();
    core::spawn(loop.executor(), wait_next(subscription.next(), waiting_next));
    return waiting_next;
  }
  static awaitable<void> wait_next(awaitable<Result<Event>> next, std::shared_ptr<Waiting> out) {
    out->result.emplace(co_await std::move(next));
  }
  /// Runs what is ready now, without waiting for anything.
  void settle() {
    loop.context.restart();
    while (loop.context.poll() > 0) continue;
  }
};

}  // namespace kinesis::aws
