#include "aws/shard_subscription.hpp"

#include "aws/test_subscriptions.hpp"

namespace kinesis::aws {
namespace {

class ShardSubscriptionTest : public SubscriptionTest {};

INSTANTIATE_TEST_SUITE_P(Wires, ShardSubscriptionTest, http::all_wires(), http::wire_name);

TEST_P(ShardSubscriptionTest, GivesEventsUntilTheServiceEndsIt) {
  for (const std::string_view type : {json_events, cbor_events}) {
    SubscribeToShardEvent last;
    auto& child = last.child_shards.emplace_back();
    child.shard_id = ShardId("shardId-000000000002");
    auto subscription = start_and_subscribe({initial_response(type), frame_of(event_with("first", "42"), type),
                                             frame_of(event_with("second", "43"), type), frame_of(last, type)});
    ASSERT_TRUE(subscription);
    const auto first = next(*subscription).value();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->records.at(0).data.text(), "first");
    EXPECT_EQ(first->records[0].partition_key, "key");
    EXPECT_EQ(first->continuation_sequence_number, SequenceNumber("42"));
    EXPECT_EQ(first->millis_behind_latest, 3);
    EXPECT_EQ(text_of_next(*subscription), "second");
    const auto end = next(*subscription).value();
    ASSERT_TRUE(end);
    EXPECT_FALSE(end->continuation_sequence_number);
    EXPECT_EQ(end->child_shards.at(0).shard_id, ShardId("shardId-000000000002"));
    EXPECT_EQ(text_of_next(*subscription), "end");
    EXPECT_EQ(text_of_next(*subscription), "end") << "and again";
  }
}

TEST_P(ShardSubscriptionTest, AsksAsTheServiceWantsIt) {
  for (const WireFormat format : {WireFormat::json, WireFormat::cbor}) {
    wire_format = format;
    seen.clear();
    ASSERT_TRUE(start_and_subscribe({initial_response()}));
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].method, "POST");
    EXPECT_EQ(seen[0].version, http2() ? http::Version::http2 : http::Version::http1_1);
    EXPECT_EQ(seen[0].headers.find("x-amz-target"), "Kinesis_20131202.SubscribeToShard");
    EXPECT_TRUE(seen[0].headers.contains("authorization"));
    const auto read = format == WireFormat::json ? from_json<SubscribeToShardRequest>(seen[0].body.text())
                                                 : from_cbor<SubscribeToShardRequest>(seen[0].body);
    EXPECT_EQ(read.value().consumer_arn, request().consumer_arn);
    EXPECT_EQ(read->shard_id, request().shard_id);
    EXPECT_EQ(read->starting_position.type, ShardIteratorType::after_sequence_number);
    EXPECT_EQ(read->starting_position.sequence_number, SequenceNumber("41"));
  }
}

TEST_P(ShardSubscriptionTest, FramesMayArriveByteByByte) {
  std::vector<std::string> bytes;
  for (const char c : initial_response() + frame_of(event_with("first")) + frame_of(event_with("second")))
    bytes.emplace_back(1, c);
  auto subscription = start_and_subscribe(std::move(bytes));
  ASSERT_TRUE(subscription);
  EXPECT_EQ(text_of_next(*subscription), "first");
  EXPECT_EQ(text_of_next(*subscription), "second");
  EXPECT_EQ(text_of_next(*subscription), "end");
}

TEST_P(ShardSubscriptionTest, FramesMayBeLarge) {
  const std::string large = http::pattern(12'000'000);
  for (const std::string_view type : {json_events, cbor_events}) {
    auto subscription = start_and_subscribe({initial_response(type), frame_of(event_with(large), type)});
    ASSERT_TRUE(subscription);
    EXPECT_TRUE(text_of_next(*subscription) == large);
    EXPECT_EQ(text_of_next(*subscription), "end");
  }
}

TEST_P(ShardSubscriptionTest, SkipsWhatItDoesNotKnow) {
  EventHeaders headers;
  headers.add(":new-header", "new").add(":message-type", "event").add(":event-type", "SubscribeToShardEvent");
  headers.add(":content-type", json_events).add("other", "value");
  auto subscription =
      start_and_subscribe({frame(EventHeaders::event("greeting", "text/plain"), "hello"), initial_response(),
                           frame(EventHeaders::event("NewEvent", json_events), "no JSON at all"),
                           frame(headers, to_json(event_with("first"))), frame_of(SubscribeToShardEvent())});
  ASSERT_TRUE(subscription);
  EXPECT_EQ(text_of_next(*subscription), "first");
  EXPECT_EQ(text_of_next(*subscription), "empty");
  EXPECT_EQ(text_of_next(*subscription), "end");
}

TEST_P(ShardSubscriptionTest, ADamagedFrameIsTheEnd) {
  std::string damaged = frame_of(event_with("second"));
  damaged[damaged.size() / 2] ^= 4;
  scripts = {writes_and_waits({initial_response(), frame_of(event_with("first")), damaged})};
  start();
  auto subscription = subscribe();
  ASSERT_TRUE(subscription);
  EXPECT_EQ(text_of_next(*subscription), "first");
  const auto error = next(*subscription);
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().code(), errc::protocol);
  EXPECT_EQ(error.error().request_id(), "REQ-7");
  EXPECT_EQ(next(*subscription).error().code(), errc::protocol) << "and again";
  // Over HTTP/1.1 the server would notice by its next write.
  if (http2()) run_until([&] { return *released == 1; });
}

TEST_P(ShardSubscriptionTest, AnEventThatCannotBeReadIsTheEnd) {
  for (const std::string& wrong :
       {frame(EventHeaders::event("SubscribeToShardEvent", json_events), R"({"Records":[{"Data":5}]})"),
        frame(EventHeaders::event("SubscribeToShardEvent", cbor_events), "{}"),
        frame(EventHeaders::event("SubscribeToShardEvent", "text/html"), "{\"Records\":[]}"),
        frame(EventHeaders().add(":message-type", "gossip"), "{}"), frame(EventHeaders(), "{}")}) {
    auto subscription = start_and_subscribe({initial_response(), wrong, frame_of(event_with("first"))});
    ASSERT_TRUE(subscription);
    EXPECT_EQ(text_of_next(*subscription).substr(0, 10), "protocol: ") << wrong;
  }
}

TEST_P(ShardSubscriptionTest, WantsAnInitialResponseFirst) {
  auto subscription = start_and_subscribe({frame_of(event_with("first"))});
  ASSERT_TRUE(subscription);
  EXPECT_EQ(text_of_next(*subscription), "protocol: the event stream does not begin with an initial-response");
  auto empty = start_and_subscribe({});
  ASSERT_TRUE(empty);
  EXPECT_EQ(text_of_next(*empty), "connection: the event stream ended before an initial-response");
}

TEST_P(ShardSubscriptionTest, AnInitialResponseMayBeMissingWhereThatIsAllowed) {
  require_initial_response = false;
  auto subscription = start_and_subscribe({frame_of(event_with("first"))});
  ASSERT_TRUE(subscription);
  EXPECT_EQ(text_of_next(*subscription), "first");
  EXPECT_EQ(text_of_next(*subscription), "end");
}

TEST_P(ShardSubscriptionTest, ExceptionsInTheStreamAreErrorsOfTheService) {
  const std::vector<std::pair<std::string, errc>> known{
      {"ResourceNotFoundException", errc::not_found},
      {"ResourceInUseException", errc::already_exists},
      {"KMSDisabledException", errc::kms},
      {"KMSInvalidStateException", errc::kms},
      {"KMSAccessDeniedException", errc::kms},
      {"KMSNotFoundException", errc::kms},
      {"KMSOptInRequired", errc::kms},
      {"KMSThrottlingException", errc::throttled},
      {"InternalFailureException", errc::service},
      {"LimitExceededException", errc::limit_exceeded},
      {"SomethingNewException", errc::invalid_argument},
  };
  for (const auto& [name, code] : known) {
    auto subscription = start_and_subscribe(
        {initial_response(), exception_frame(name, "so it is"), frame_of(event_with("behind it")), "and no frame"});
    ASSERT_TRUE(subscription);
    for (int i = 0; i < 2; ++i) {
      const auto event = next(*subscription);
      ASSERT_FALSE(event);
      EXPECT_EQ(event.error().code(), code) << name;
      EXPECT_EQ(event.error().service_code(), name);
      EXPECT_EQ(event.error().message(), "so it is");
      EXPECT_EQ(event.error().request_id(), "REQ-7");
    }
  }
}

TEST_P(ShardSubscriptionTest, AnExceptionMayComeFirst) {
  auto subscription = start_and_subscribe({exception_frame("ResourceInUseException", "taken")});
  ASSERT_TRUE(subscription);
  EXPECT_EQ(text_of_next(*subscription), "already_exists: taken");
}

TEST_P(ShardSubscriptionTest, ErrorMessagesInTheStreamAreErrorsOfTheService) {
  EventHeaders headers;
  headers.add(":message-type", "error").add(":error-code", "OutOfOrder").add(":error-message", "try later");
  auto subscription = start_and_subscribe({initial_response(), frame(headers, "")});
  ASSERT_TRUE(subscription);
  const auto event = next(*subscription);
  ASSERT_FALSE(event);
  EXPECT_EQ(event.error().code(), errc::service);
  EXPECT_EQ(event.error().service_code(), "OutOfOrder");
  EXPECT_EQ(event.error().message(), "try later");
  EXPECT_TRUE(event.error().retryable());
}

TEST_P(ShardSubscriptionTest, EndsWithinAFrameAreBrokenConnections) {
  const std::string event = frame_of(event_with("second"));
  for (const std::size_t size : {std::size_t{1}, std::size_t{11}, std::size_t{12}, event.size() - 1}) {
    auto subscription = start_and_subscribe({initial_response(), frame_of(event_with("first")), event.substr(0, size)});
    expect_broken_after_first(subscription);
  }
}

TEST_P(ShardSubscriptionTest, RefusalsAreErrorsAsOfOtherCalls) {
  scripts = {writes({})};
  instead = [](const http::ServerRequest&) {
    http::Headers headers{{"content-type", json_events}, {"x-amzn-requestid", "REQ-8"}};
    return http::ServerResponse(400, headers, http::Body(R"({"__type":"ResourceInUseException","message":"taken"})"));
  };
  start();
  const auto refused = subscribe();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), errc::already_exists);
  EXPECT_EQ(refused.error().service_code(), "ResourceInUseException");
  EXPECT_EQ(refused.error().message(), "taken");
  EXPECT_EQ(refused.error().request_id(), "REQ-8");
  EXPECT_EQ(refused.error().http_status(), 400);
  EXPECT_EQ(refused.error().attempts(), 1);
}

TEST_P(ShardSubscriptionTest, FaultsOfTheServiceAreNotRetried) {
  scripts = {writes({})};
  instead = [](const http::ServerRequest&) { return http::ServerResponse(500); };
  start();
  const auto refused = subscribe();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), errc::service);
  EXPECT_EQ(seen.size(), 1u);
}

TEST_P(ShardSubscriptionTest, AnAnswerThatIsNoEventStreamIsRefused) {
  content_type = "text/html";
  const auto refused = start_and_subscribe({"<html>"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), errc::protocol);
  EXPECT_EQ(refused.error().http_status(), 200);
  content_type = "Application/Vnd.Amazon.EventStream; charset=utf-8";
  EXPECT_TRUE(start_and_subscribe({initial_response()}));
}

}  // namespace
}  // namespace kinesis::aws
