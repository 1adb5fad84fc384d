#include "aws/json_value.hpp"
#include "emulator/test_client.hpp"
#include <kinesis/emulator.hpp>

#include <gtest/gtest.h>

#include <mutex>
#include <thread>

// The emulator as its clients see it: over real connections of every kind.
namespace kinesis::emulator {
namespace {

using aws::JsonValue;
using std::chrono::milliseconds;

Emulator with(std::string_view rule) {
  EmulatorOptions options;
  options.limits = false;
  options.faults = {FaultRule::parse(rule).value()};
  Emulator emulator(std::move(options));
  emulator.create_stream("s", 1);
  return emulator;
}

class EmulatorWire : public ::testing::TestWithParam<Wire> {};
INSTANTIATE_TEST_SUITE_P(Wires, EmulatorWire,
                         ::testing::Values(Wire::http1, Wire::h2c, Wire::tls_http1, Wire::tls_http2));

TEST_P(EmulatorWire, ServesBothFormats) {
  EmulatorOptions options;
  options.tls = GetParam() == Wire::tls_http1 || GetParam() == Wire::tls_http2;
  const Emulator emulator(options);
  EXPECT_EQ(emulator.endpoint_url(),
            (options.tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(emulator.port()));
  Client client(emulator, GetParam());
  ASSERT_EQ(client.json("CreateStream", R"({"StreamName":"s","ShardCount":1})")->status, 200);
  ASSERT_EQ(client.put("by CBOR"), "200");
  ASSERT_EQ(client.json("PutRecord", R"({"StreamName":"s","Data":"YnkgSlNPTg==","PartitionKey":"k"})")->status, 200);
  EXPECT_EQ(client.read_all(), (std::vector<std::string>{"by CBOR", "by JSON"}));
}

TEST(EmulatorTest, AnswersCarryIdsDateAndErrorType) {
  const Emulator emulator;
  Client client(emulator);
  const auto good = client.json("ListStreams", "{}");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->headers.find("content-type"), "application/x-amz-json-1.1");
  EXPECT_EQ(good->headers.find("x-amzn-requestid").value_or("").size(), 36u);
  EXPECT_EQ(good->headers.find("x-amz-id-2").value_or("").size(), 96u);
  EXPECT_TRUE(good->headers.contains("date"));
  EXPECT_FALSE(good->headers.contains("x-amzn-errortype"));
  const auto bad = client.json("DescribeStreamSummary", R"({"StreamName":"none"})");
  EXPECT_EQ(bad->status, 400);
  EXPECT_EQ(bad->headers.find("x-amzn-errortype"), "ResourceNotFoundException");
  EXPECT_NE(bad->headers.find("x-amzn-requestid"), good->headers.find("x-amzn-requestid"));
}

TEST(EmulatorTest, SplitsOnCommandAlsoOnDemand) {
  Emulator emulator;
  Client client(emulator);
  ASSERT_EQ(client.json("CreateStream", R"({"StreamName":"d","StreamModeDetails":{"StreamMode":"ON_DEMAND"}})")->status,
            200);
  emulator.split("d", "shardId-000000000002");
  const auto answer = client.cbor(ListShardsRequest("d"));
  EXPECT_EQ(aws::from_cbor<ListShardsResponse>(answer->body)->shards.size(), 6u);
  EXPECT_THROW(emulator.split("d", "shardId-000000000009"), Error);
  EXPECT_THROW(emulator.split("none", "0"), Error);
}

TEST(EmulatorTest, ALargeBodyGoesInAndComesOut) {
  EmulatorOptions options;
  options.limits = false;
  Emulator emulator(options);
  emulator.create_stream("s", 1);
  Client client(emulator);
  PutRecordsRequest request;
  request.stream_name = "s";
  for (int i = 0; i < 10; ++i)
    request.records.emplace_back(Blob(std::string(1'000'000, static_cast<char>('a' + i))), "k");
  const auto put = client.cbor(request);
  ASSERT_TRUE(put);
  EXPECT_EQ(put->status, 200);
  const auto all = client.read_all();
  ASSERT_EQ(all.size(), 10u);
  EXPECT_EQ(all[9], std::string(1'000'000, 'j'));
}

TEST(EmulatorTest, LimitsBiteUnlessSwitchedOff) {
  Emulator emulator;
  emulator.create_stream("s", 1);
  Client client(emulator);
  int throttled = 0;
  for (int i = 0; i < 20; ++i) {
    const auto answer = client.json("DescribeLimits", "{}");
    throttled += answer->headers.find("x-amzn-errortype") == "LimitExceededException" ? 1 : 0;
  }
  EXPECT_GT(throttled, 0);
}

TEST(EmulatorTest, VerifiesSignaturesWhenGivenKeys) {
  EmulatorOptions options;
  options.credentials = {{"AKID", "secret"}};
  const Emulator emulator(options);
  Client client(emulator);
  // Signed long ago, with another key.
  const auto answer = client.json("ListStreams", "{}");
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->headers.find("x-amzn-errortype"), "InvalidSignatureException");
  EXPECT_NE(answer->body.text().find("Signature expired: 20260101T000000Z is now earlier than"),
            std::string_view::npos);
}

TEST(EmulatorFaults, ResetsBeforeAndAfterTheWrite) {
  Emulator before = with("action=reset-before,operation=PutRecord,nth=1");
  Client to_before(before);
  EXPECT_EQ(to_before.put("1"), "connection");
  EXPECT_EQ(to_before.put("2"), "200");
  EXPECT_EQ(to_before.read_all(), std::vector<std::string>{"2"});
  Emulator after = with("action=reset-after,operation=PutRecord,nth=1");
  for (const Wire wire : {Wire::http1, Wire::h2c}) {
    Client client(after, wire);
    after.clear_faults();
    after.add_fault(FaultRule::parse("action=reset-after,operation=PutRecord,nth=1").value());
    EXPECT_EQ(client.put("1"), "connection");
    EXPECT_EQ(client.put("2"), "200");
  }
  Client reader(after);
  EXPECT_EQ(reader.read_all(), (std::vector<std::string>{"1", "2", "1", "2"}));
}

TEST(EmulatorFaults, TruncateAndCorrupt) {
  Emulator truncating = with("action=truncate,operation=PutRecord");
  Client to_truncating(truncating);
  EXPECT_EQ(to_truncating.put("1"), "connection");
  EXPECT_EQ(to_truncating.read_all(), std::vector<std::string>{"1"});
  Emulator corrupting = with("action=corrupt,operation=PutRecord");
  Client to_corrupting(corrupting);
  const auto answer = to_corrupting.cbor(PutRecordRequest("s", "1", "k"));
  ASSERT_TRUE(answer);
  EXPECT_FALSE(aws::from_cbor<PutRecordResponse>(answer->body));
  EXPECT_EQ(to_corrupting.read_all(), std::vector<std::string>{"1"});
}

TEST(EmulatorFaults, GoawayAnswersAndTheNextRequestHasANewConnection) {
  Emulator emulator = with("action=goaway,operation=PutRecord,nth=1");
  for (const Wire wire : {Wire::http1, Wire::h2c}) {
    emulator.clear_faults();
    emulator.add_fault(FaultRule::parse("action=goaway,operation=PutRecord,nth=1").value());
    Client client(emulator, wire);
    EXPECT_EQ(client.put("1"), "200");
    EXPECT_EQ(client.put("2"), "200");
    EXPECT_EQ(client.client->stats().connections_opened, 2u);
  }
}

TEST(EmulatorFaults, ErrorsThrottlesAndDelays) {
  Emulator emulator = with("action=error,status=503,code=ServiceUnavailable,nth=1");
  Client client(emulator);
  const auto error = client.json("ListStreams", "{}");
  EXPECT_EQ(error->status, 503);
  EXPECT_EQ(error->headers.find("x-amzn-errortype"), "ServiceUnavailable");
  emulator.clear_faults();
  emulator.add_fault(FaultRule::parse("action=throttle,operation=PutRecord").value());
  EXPECT_EQ(client.cbor(PutRecordRequest("s", "1", "k"))->headers.find("x-amzn-errortype"),
            "ProvisionedThroughputExceededException");
  emulator.clear_faults();
  emulator.add_fault(FaultRule::parse("latency=30ms").value());
  const auto start = Clock::system()->now();
  EXPECT_EQ(client.put("late"), "200");
  EXPECT_GE(Clock::system()->now() - start, milliseconds(30));
}

TEST(EmulatorAdmin, ShowsThePageTheStateAndItsHealth) {
  EmulatorOptions options;
  options.limits = false;
  Emulator emulator(options);
  emulator.create_stream("orders", 2);
  Client client(emulator);
  const auto page = client.admin("GET", "/_admin");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.find("content-type"), "text/html; charset=utf-8");
  EXPECT_NE(page.body.text().find("<title>Kinesis emulator</title>"), std::string_view::npos);
  EXPECT_EQ(client.admin("GET", "/_admin/health").status, 200);
  ASSERT_EQ(client.cbor(PutRecordRequest("orders", "1", "a"))->status, 200);
  const JsonValue state = JsonValue::parse(client.admin("GET", "/_admin/state").body.text()).value();
  EXPECT_EQ(state["streams"][0]["name"].as_string(), "orders");
  EXPECT_EQ(state["streams"][0]["records"].as_integer(), 1);
  EXPECT_EQ(state["streams"][0]["shards"].size(), 2u);
  EXPECT_EQ(state["streams"][0]["shards"][0]["records"].as_integer(), 1);
  EXPECT_EQ(state["limits"].as_bool(), false);
  EXPECT_EQ(state["requests"].as_integer(), 1);
  EXPECT_EQ(client.admin("GET", "/_admin/nothing").status, 404);
  EXPECT_EQ(client.admin("PUT", "/_admin/faults").status, 405);
}

TEST(EmulatorAdmin, OrdersAndRemovesFaults) {
  Emulator emulator = with("latency=1ms");
  Client client(emulator);
  const auto added = client.admin("POST", "/_admin/faults",
                                  "action=error,operation=ListStreams\n\naction=throttle , operation=ListShards\n");
  EXPECT_EQ(added.status, 200);
  EXPECT_EQ(added.body.text(), "action=error,operation=ListStreams\naction=throttle,operation=ListShards\n");
  EXPECT_EQ(client.json("ListStreams", "{}")->status, 500);
  const JsonValue state = JsonValue::parse(client.admin("GET", "/_admin/state").body.text()).value();
  EXPECT_EQ(state["faults"].size(), 3u);
  EXPECT_EQ(state["faults"][1]["fired"].as_integer(), 1);
  EXPECT_EQ(client.admin("DELETE", "/_admin/faults").status, 200);
  EXPECT_EQ(client.json("ListStreams", "{}")->status, 200);
  const auto wrong = client.admin("POST", "/_admin/faults", "action=error\naction=explode");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_NE(wrong.body.text().find("\"action=explode\""), std::string_view::npos);
  EXPECT_EQ(client.json("ListStreams", "{}")->status, 200);  // none of them was added
}

TEST(EmulatorAdmin, RefusesPagesFromElsewhereAndSplitsOnCommand) {
  Emulator emulator = with("latency=1ms");
  Client client(emulator);
  http::Request foreign("DELETE", "/_admin/faults", http::Headers(), http::Body());
  foreign.headers.add("origin", "https://example.com");
  EXPECT_EQ(client.send(std::move(foreign))->status, 403);
  http::Request own("POST", "/_admin/split?stream=s&shard=shardId-000000000000", http::Headers(), http::Body());
  own.headers.add("origin", emulator.endpoint_url());
  EXPECT_EQ(client.send(std::move(own))->status, 200);
  const JsonValue state = JsonValue::parse(client.admin("GET", "/_admin/state").body.text()).value();
  EXPECT_EQ(state["streams"][0]["open_shards"].as_integer(), 2);
  EXPECT_EQ(client.admin("POST", "/_admin/split?stream=none&shard=0").status, 400);
}

TEST(EmulatorTest, TellsOfEachAcceptedRecordAlsoWithSeveralThreads) {
  std::mutex mutex;
  std::vector<std::string> numbers;
  EmulatorOptions options;
  options.limits = false;
  options.threads = 2;
  options.on_accepted = [&](const AcceptedRecord& record) {
    const std::lock_guard lock(mutex);
    numbers.emplace_back(record.sequence_number);
  };
  Emulator emulator(options);
  emulator.create_stream("s", 4);
  std::vector<std::thread> threads;
  threads.reserve(2);
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&emulator] {
      Client client(emulator);
      PutRecordsRequest request;
      request.stream_name = "s";
      for (int j = 0; j < 50; ++j) request.records.emplace_back(Blob("x"), "key-" + std::to_string(j));
      for (int j = 0; j < 20; ++j) client.cbor(request).value();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(numbers.size(), 2'000u);
  std::sort(numbers.begin(), numbers.end());
  EXPECT_EQ(std::unique(numbers.begin(), numbers.end()), numbers.end());
}

TEST(EmulatorTest, StopsAndRefusesAfterwards) {
  Emulator emulator;
  Client client(emulator);
  ASSERT_EQ(client.json("ListStreams", "{}")->status, 200);
  emulator.stop();
  emulator.stop();
  const auto answer = client.json("ListStreams", "{}");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), errc::connection);
}

TEST(EmulatorTest, SaysWhatIsWrongWithItsOptions) {
  const auto code = [](EmulatorOptions options) {
    try {
      const Emulator emulator(std::move(options));
      return std::string("none");
    } catch (const Error& error) {
      return std::string(to_string(error.code()));
    }
  };
  EmulatorOptions address;
  address.listen = "nonsense";
  EXPECT_EQ(code(address), "invalid_argument");
  address.listen = "127.0.0.1:70000";
  EXPECT_EQ(code(address), "invalid_argument");
  EmulatorOptions account;
  account.account = "12";
  EXPECT_EQ(code(account), "invalid_argument");
  EmulatorOptions threads;
  threads.threads = 0;
  EXPECT_EQ(code(threads), "invalid_argument");
  const Emulator first;
  EmulatorOptions taken;
  taken.listen = "127.0.0.1:" + std::to_string(first.port());
  EXPECT_EQ(code(taken), "connection");
  Emulator emulator;
  EXPECT_THROW(emulator.create_stream("a b", 1), Error);
}

}  // namespace
}  // namespace kinesis::emulator
