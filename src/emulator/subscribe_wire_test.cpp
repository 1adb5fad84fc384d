#include "aws/event_stream.hpp"
#include "aws/json_value.hpp"
#include "aws/records_json.hpp"
#include "core/digest.hpp"
#include "emulator/test_client.hpp"
#include <kinesis/testing/manual_clock.hpp>

#include <gtest/gtest.h>

#include <map>

// SubscribeToShard over real connections of every kind, frame by frame.
namespace kinesis::emulator {
namespace {

using std::chrono::seconds;

struct Frame {
  std::map<std::string, std::string> headers;
  std::string payload;
};

/// What the test reads frames with: strict, and no more than it needs.
class FrameReader {
 public:
  explicit FrameReader(http::StreamedResponse response) : response_(std::move(response)) {}

  /// The next frame; nothing at an orderly end. Throws what broke the stream.
  http::awaitable<std::optional<Frame>> next() {
    for (;;) {
      if (auto frame = take()) co_return frame;
      auto more = co_await response_.read();
      std::optional<Blob> bytes = std::move(more).value();
      if (!bytes && !received_.empty()) throw Error(errc::connection, "the stream ended within a frame");
      if (!bytes) co_return std::nullopt;
      received_ += bytes->text();
    }
  }
  void cancel() { response_.cancel(); }

 private:
  std::uint32_t number(std::size_t at) const {
    std::uint32_t out = 0;
    for (std::size_t i = at; i < at + 4; ++i) out = out << 8 | static_cast<unsigned char>(received_[i]);
    return out;
  }
  std::optional<Frame> take() {
    if (received_.size() < 16 || received_.size() < number(0)) return std::nullopt;
    const std::size_t size = number(0);
    const std::size_t headers = number(4);
    const std::string_view all = std::string_view(received_).substr(0, size);
    if (core::crc32(as_bytes(all.substr(0, 8))) != number(8)) throw Error(errc::protocol, "prelude");
    if (core::crc32(as_bytes(all.substr(0, size - 4))) != number(size - 4)) throw Error(errc::protocol, "checksum");
    Frame out;
    for (std::size_t at = 12; at < 12 + headers;) {
      const auto text = [&](std::size_t length) {
        return std::string(all.substr(std::exchange(at, at + length), length));
      };
      std::string name = text(static_cast<unsigned char>(all[at++]));
      if (all[at++] != 7) throw Error(errc::protocol, "type of a header");
      const std::size_t length = static_cast<unsigned char>(all[at]) << 8 | static_cast<unsigned char>(all[at + 1]);
      at += 2;
      out.headers[name] = text(length);
    }
    out.payload = all.substr(12 + headers, size - 16 - headers);
    received_.erase(0, size);
    return out;
  }

  http::StreamedResponse response_;
  std::string received_;
};

enum class Format { json, cbor };

struct Subscriber : Client {
  Subscriber(const Emulator& emulator, Wire wire, Format format = Format::cbor)
      : Client(emulator, wire), format(format) {}

  template <class Request>
  http::Request request_of(const Request& typed) const {
    if (format == Format::cbor) return request(Request::operation, "application/x-amz-cbor-1.1", aws::to_cbor(typed));
    return request(Request::operation, "application/x-amz-json-1.1", aws::to_json(typed));
  }
  std::string register_consumer() {
    const auto answer = cbor(RegisterStreamConsumerRequest("arn:aws:kinesis:us-east-1:123456789012:stream/s", "c"));
    return aws::from_cbor<RegisterStreamConsumerResponse>(answer->body)->consumer.consumer_arn;
  }
  Result<FrameReader> open(const std::string& consumer, const std::string& shard = "0") {
    const SubscribeToShardRequest typed(consumer, shard, StartingPosition(ShardIteratorType::trim_horizon));
    std::optional<Result<FrameReader>> out;
    const auto run = [&]() -> http::awaitable<void> {
      http::Request wanted = request_of(typed);
      auto response = co_await client->open(http::Endpoint(secure, "127.0.0.1", port), std::move(wanted));
      if (!response) {
        out.emplace(response.error());
      } else if (response->status != 200) {
        auto body = co_await response->read();
        out.emplace(Error(errc::service, std::string(body.value()->text())));
      } else {
        content_type = response->headers.find("content-type").value_or("");
        out.emplace(FrameReader(*std::move(response)));
      }
    };
    loop.run(run());
    return *std::move(out);
  }
  Result<std::optional<Frame>> next(FrameReader& reader) {
    std::optional<Result<std::optional<Frame>>> out;
    const auto run = [&]() -> http::awaitable<void> {
      try {
        auto frame = co_await reader.next();
        out.emplace(std::move(frame));
      } catch (const Error& error) {
        out.emplace(error);
      }
    };
    loop.run(run());
    return *std::move(out);
  }
  std::optional<SubscribeToShardEvent> event(FrameReader& reader) {
    auto frame = next(reader);
    if (!frame || !*frame) return std::nullopt;
    EXPECT_EQ((*frame)->headers[":event-type"], "SubscribeToShardEvent");
    EXPECT_EQ((*frame)->headers[":content-type"], format == Format::cbor ? "application/cbor" : "application/json");
    const Blob payload((*frame)->payload);
    auto read = format == Format::cbor ? aws::read_subscribe_event_cbor(payload)
                                       : aws::read_subscribe_event_json(payload, aws::Padding::none);
    if (!read) ADD_FAILURE() << read.error().what();
    return read ? std::optional(*std::move(read)) : std::nullopt;
  }
  static std::string text(const SubscribeToShardEvent& event) {
    std::string out;
    for (const KinesisRecord& record : event.records) out += record.data.text();
    return out;
  }
  std::string what(FrameReader& reader) {
    const auto frame = next(reader);
    if (!frame) return std::string(to_string(frame.error().code()));
    if (!*frame) return "end";
    auto headers = (*frame)->headers;
    return headers[":message-type"] == "event" ? headers[":event-type"] : headers[":exception-type"];
  }
  void split() { EXPECT_EQ(admin("POST", "/_admin/split?stream=s&shard=0").status, 200); }

  Format format;
  std::string content_type;
};

struct Subscribing : ::testing::TestWithParam<std::tuple<Wire, Format>> {
  static EmulatorOptions options(Wire wire) {
    EmulatorOptions out;
    out.tls = wire == Wire::tls_http1 || wire == Wire::tls_http2;
    return out;
  }
};
INSTANTIATE_TEST_SUITE_P(Wires, Subscribing,
                         ::testing::Combine(::testing::Values(Wire::http1, Wire::h2c, Wire::tls_http1, Wire::tls_http2),
                                            ::testing::Values(Format::json, Format::cbor)));

TEST_P(Subscribing, SendsWhatIsThereWhatComesAndTheEnd) {
  const auto [wire, format] = GetParam();
  Emulator emulator(options(wire));
  emulator.create_stream("s", 1);
  Subscriber client(emulator, wire, format);
  ASSERT_EQ(client.put("one"), "200");
  auto reader = client.open(client.register_consumer());
  ASSERT_TRUE(reader) << reader.error().what();
  EXPECT_EQ(client.content_type, "application/vnd.amazon.eventstream");

  auto initial = client.next(*reader);
  ASSERT_TRUE(initial);
  EXPECT_EQ((*initial)->headers[":event-type"], "initial-response");
  EXPECT_EQ((*initial)->payload, format == Format::cbor ? "\xA0" : "{}");
  EXPECT_EQ((*initial)->headers[":content-type"],
            format == Format::cbor ? "application/x-amz-cbor-1.1" : "application/x-amz-json-1.1");

  const auto first = client.event(*reader);
  ASSERT_TRUE(first);
  EXPECT_EQ(client.text(*first), "one");
  EXPECT_EQ(first->continuation_sequence_number, first->records[0].sequence_number);
  EXPECT_EQ(first->millis_behind_latest, 0);
  ASSERT_EQ(client.put("two"), "200");
  EXPECT_EQ(client.text(*client.event(*reader)), "two");
  client.split();
  const auto last = client.event(*reader);
  ASSERT_TRUE(last);
  EXPECT_FALSE(last->continuation_sequence_number);
  EXPECT_EQ(last->child_shards.size(), 2u);
  EXPECT_EQ(client.what(*reader), "end");
}

struct SubscribingByWire : ::testing::TestWithParam<Wire> {};
INSTANTIATE_TEST_SUITE_P(Wires, SubscribingByWire, ::testing::Values(Wire::http1, Wire::h2c));

TEST_P(SubscribingByWire, ErrorsBeforeTheStreamAreAnswersAndLaterOnesExceptions) {
  const auto clock = std::make_shared<testing::ManualClock>();
  EmulatorOptions options;
  options.clock = clock;
  Emulator emulator(options);
  emulator.create_stream("s", 1);
  Subscriber client(emulator, GetParam());
  const std::string consumer = client.register_consumer();
  const auto missing = client.open(consumer, "7");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message().find("ResourceNotFoundException"), std::string::npos);

  auto first = client.open(consumer);
  ASSERT_TRUE(first);
  EXPECT_EQ(client.what(*first), "initial-response");
  clock->advance(seconds(1));
  const auto refused = client.open(consumer);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("ResourceInUseException"), std::string::npos);
  clock->advance(seconds(4));
  auto second = client.open(consumer);
  ASSERT_TRUE(second);
  // The first one may have had its heartbeat before it learns that it was taken over.
  std::string end = client.what(*first);
  if (end == "SubscribeToShardEvent") end = client.what(*first);
  EXPECT_EQ(end, "ResourceInUseException");
  EXPECT_EQ(client.what(*first), "end");
}

TEST_P(SubscribingByWire, SendsHeartbeatsAndEndsAfterItsLifetime) {
  const auto clock = std::make_shared<testing::ManualClock>();
  EmulatorOptions options;
  options.clock = clock;
  options.subscription_lifetime = seconds(12);
  Emulator emulator(options);
  emulator.create_stream("s", 1);
  Subscriber client(emulator, GetParam());
  auto reader = client.open(client.register_consumer());
  ASSERT_TRUE(reader);
  EXPECT_EQ(client.what(*reader), "initial-response");
  for (int i = 0; i < 2; ++i) {
    clock->advance(seconds(5));
    const auto beat = client.event(*reader);
    ASSERT_TRUE(beat);
    EXPECT_TRUE(beat->records.empty());
    EXPECT_TRUE(beat->continuation_sequence_number);
  }
  clock->advance(seconds(5));
  EXPECT_EQ(client.what(*reader), "end");
}

/// What comes after two events when this fault is ordered.
std::string after_two(std::string_view rule, Wire wire) {
  const auto clock = std::make_shared<testing::ManualClock>();
  EmulatorOptions options;
  options.clock = clock;
  options.faults = {FaultRule::parse(rule).value()};
  Emulator emulator(options);
  emulator.create_stream("s", 1);
  Subscriber client(emulator, wire);
  client.put("one");
  auto reader = client.open(client.register_consumer());
  if (!reader) return "refused";
  EXPECT_EQ(client.what(*reader), "initial-response");
  EXPECT_EQ(client.what(*reader), "SubscribeToShardEvent");
  client.put("two");
  EXPECT_EQ(client.what(*reader), "SubscribeToShardEvent");
  client.put("three");
  return client.what(*reader);
}

TEST_P(SubscribingByWire, FaultsBreakTheStream) {
  const auto wire = GetParam();
  EXPECT_EQ(after_two("action=stream-corrupt", wire), "protocol");
  EXPECT_EQ(after_two("action=stream-cut", wire), "connection");
  EXPECT_EQ(after_two("action=stream-reset", wire), "connection");
  EXPECT_EQ(after_two("action=stream-error", wire), "InternalFailureException");
  EXPECT_EQ(after_two("action=stream-error,code=KMSDisabledException", wire), "KMSDisabledException");
  EXPECT_EQ(after_two("action=stream-goaway", wire), "SubscribeToShardEvent");
  EXPECT_EQ(after_two("action=stream-silence", wire), "SubscribeToShardEvent");
  EXPECT_EQ(after_two("action=goaway", wire), "SubscribeToShardEvent");
  EXPECT_EQ(after_two("action=stream-reset,operation=PutRecord", wire), "SubscribeToShardEvent");
  EXPECT_EQ(after_two("action=throttle,operation=SubscribeToShard", wire), "refused");
  EXPECT_EQ(after_two("action=reset-after,operation=SubscribeToShard", wire), "refused");
}

TEST(SubscribingWithFaults, AGoAwayLeavesTheSubscriptionAndTurnsAwayNewOnes) {
  EmulatorOptions options;
  options.faults = {FaultRule::parse("action=stream-goaway,events=1").value()};
  Emulator emulator(options);
  emulator.create_stream("s", 1);
  Subscriber client(emulator, Wire::h2c);
  client.put("one");
  auto reader = client.open(client.register_consumer());
  ASSERT_TRUE(reader);
  EXPECT_EQ(client.what(*reader), "initial-response");
  const auto before = client.client->stats().connections_opened;
  EXPECT_EQ(client.text(*client.event(*reader)), "one");
  EXPECT_EQ(client.put("two"), "200");
  EXPECT_EQ(client.text(*client.event(*reader)), "two");
  EXPECT_EQ(client.put("three"), "200");
  EXPECT_EQ(client.text(*client.event(*reader)), "three");
  EXPECT_GT(client.client->stats().connections_opened, before);
}

TEST(SubscribingWithFaults, AStalledStreamIsSilentWhileItsConnectionAnswers) {
  const auto clock = std::make_shared<testing::ManualClock>();
  EmulatorOptions options;
  options.clock = clock;
  options.faults = {FaultRule::parse("action=stream-stall,events=1").value()};
  Emulator emulator(options);
  emulator.create_stream("s", 1);
  Subscriber client(emulator, Wire::h2c);
  client.put("one");
  auto reader = client.open(client.register_consumer());
  ASSERT_TRUE(reader);
  EXPECT_EQ(client.what(*reader), "initial-response");
  EXPECT_EQ(client.text(*client.event(*reader)), "one");
  std::string said;
  core::spawn(client.loop.executor(), [](FrameReader& stalled, std::string& out) -> http::awaitable<void> {
    try {
      const auto frame = co_await stalled.next();
      out = frame ? "event" : "end";
    } catch (const Error& error) {
      out = to_string(error.code());
    }
  }(*reader, said));
  EXPECT_EQ(client.put("two"), "200");
  clock->advance(seconds(600));
  EXPECT_EQ(client.put("three"), "200");
  EXPECT_EQ(said, "");
  reader->cancel();
  while (said.empty()) client.loop.context.run_one();
  EXPECT_EQ(said, "cancelled");
}

TEST(SubscribingOverHttp2, AReaderThatStopsHoldsUpNobodyElseAndLosesNothing) {
  EmulatorOptions options;
  options.limits = false;
  Emulator emulator(options);
  emulator.create_stream("s", 1);
  Subscriber client(emulator, Wire::h2c);
  auto reader = client.open(client.register_consumer());
  ASSERT_TRUE(reader);
  std::string sent;
  for (char c = 'a'; c < 'z'; ++c) {
    sent += std::string(500'000, c);
    ASSERT_EQ(client.put(sent.substr(sent.size() - 500'000)), "200");
  }
  ASSERT_EQ(client.json("ListStreams", "{}")->status, 200);
  EXPECT_EQ(client.what(*reader), "initial-response");
  std::string read;
  while (read.size() < sent.size()) {
    const auto event = client.event(*reader);
    ASSERT_TRUE(event);
    read += client.text(*event);
  }
  EXPECT_EQ(read, sent);
}

TEST(SubscribingOverHttp2, AReaderThatCancelsEndsItsSubscription) {
  Emulator emulator;
  emulator.create_stream("s", 1);
  Subscriber client(emulator, Wire::h2c);
  const auto subscriptions = [&] {
    const auto state = aws::JsonValue::parse(client.admin("GET", "/_admin/state").body.text());
    return state.value()["subscriptions"].as_integer();
  };
  auto reader = client.open(client.register_consumer());
  ASSERT_TRUE(reader);
  EXPECT_EQ(client.what(*reader), "initial-response");
  EXPECT_EQ(subscriptions(), 1);
  reader->cancel();
  while (subscriptions() != 0) continue;
}

TEST(SubscribingOverHttp2, StopEndsSubscriptions) {
  Emulator emulator;
  emulator.create_stream("s", 1);
  Subscriber client(emulator, Wire::h2c);
  auto reader = client.open(client.register_consumer());
  ASSERT_TRUE(reader);
  EXPECT_EQ(client.what(*reader), "initial-response");
  emulator.stop(std::chrono::milliseconds(0));
  EXPECT_EQ(client.what(*reader), "connection");
}

}  // namespace
}  // namespace kinesis::emulator
