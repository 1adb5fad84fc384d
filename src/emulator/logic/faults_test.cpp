#include "emulator/logic/faults.hpp"

#include <gtest/gtest.h>

namespace kinesis::emulator {
namespace {

using Action = FaultRule::Action;

FaultRule rule(std::string_view text) { return FaultRule::parse(text).value(); }
std::string wrong(std::string_view text) {
  const auto parsed = FaultRule::parse(text);
  return parsed ? "" : parsed.error().message();
}

TEST(FaultRules, AreTextInBothDirections) {
  const FaultRule read = rule(" operation=PutRecords, nth=3 ,action=reset-after");
  EXPECT_EQ(read.operation, "PutRecords");
  EXPECT_EQ(read.nth, 3u);
  EXPECT_EQ(read.action, Action::reset_after);
  for (const char* text : {
           "action=reset-after,operation=PutRecords,nth=3",
           "action=throttle-entry,stream=orders,shard=shardId-000000000001,probability=0.1,seed=7",
           "action=latency,latency=250ms",
           "action=error,times=2,status=503,code=ServiceUnavailable",
           "action=expired-iterator,operation=GetRecords",
           "action=stream-corrupt",
           "action=stream-cut,shard=shardId-000000000001,events=7",
           "action=stream-reset,nth=1,events=0",
           "action=stream-goaway",
           "action=stream-stall",
           "action=stream-silence",
           "action=stream-error,code=KMSDisabledException",
       }) {
    EXPECT_EQ(to_string(rule(text)), text);
  }
  EXPECT_EQ(rule("latency=2s").latency, std::chrono::seconds(2));
  EXPECT_EQ(rule("latency=5").latency, std::chrono::milliseconds(5));
}

TEST(FaultRules, AnyLatencyThatIsReadCanBeReadAgain) {
  EXPECT_EQ(to_string(rule("latency=0")), "action=latency,latency=0ms");
  EXPECT_EQ(rule(to_string(rule("latency=86400s"))).latency, std::chrono::hours(24));
  EXPECT_NE(wrong("latency=86401s").find("is no time"), std::string::npos);
}

TEST(FaultRules, NameTheWordThatIsWrong) {
  EXPECT_NE(wrong("").find("empty"), std::string::npos);
  EXPECT_NE(wrong("operation=PutRecords").find("no action"), std::string::npos);
  EXPECT_NE(wrong("action=explode").find("\"action=explode\""), std::string::npos);
  EXPECT_NE(wrong("action=error,nth=x").find("\"nth=x\""), std::string::npos);
  EXPECT_NE(wrong("action=error,colour=red").find("\"colour=red\""), std::string::npos);
  EXPECT_NE(wrong("action=error,probability=2").find("0 to 1"), std::string::npos);
  EXPECT_NE(wrong("action=error,status=200").find("400 to 599"), std::string::npos);
  EXPECT_NE(wrong("action=error,,").find("name=value"), std::string::npos);
  EXPECT_NE(wrong("action=latency").find("needs latency"), std::string::npos);
}

TEST(Faults, HitTheNthMatchingRequestOnly) {
  Faults faults;
  faults.add(rule("action=throttle,operation=GetRecords,nth=2"));
  EXPECT_FALSE(faults.decide("GetRecords", "s", {}).rule);
  EXPECT_FALSE(faults.decide("PutRecords", "s", {}).rule);
  EXPECT_TRUE(faults.decide("GetRecords", "s", {}).is(Action::throttle));
  EXPECT_FALSE(faults.decide("GetRecords", "s", {}).rule);
}

TEST(Faults, EndAfterTheirTimes) {
  Faults faults;
  faults.add(rule("action=error,times=2"));
  EXPECT_TRUE(faults.decide("ListShards", "s", {}).rule);
  EXPECT_TRUE(faults.decide("ListShards", "s", {}).rule);
  EXPECT_FALSE(faults.decide("ListShards", "s", {}).rule);
  EXPECT_EQ(faults.list()[0].matched, 3u);
  EXPECT_EQ(faults.list()[0].fired, 2u);
}

TEST(Faults, AreOfAStreamByNameOrArnAndOfAShard) {
  Faults faults;
  faults.add(rule("action=error,stream=orders,shard=shardId-000000000001"));
  EXPECT_TRUE(faults.wants_shard("GetRecords"));
  EXPECT_FALSE(faults.decide("GetRecords", "other", {"shardId-000000000001"}).rule);
  EXPECT_FALSE(faults.decide("GetRecords", "orders", {"shardId-000000000002"}).rule);
  EXPECT_FALSE(faults.decide("GetRecords", "orders", {}).rule);
  EXPECT_TRUE(faults.decide("GetRecords", "orders", {"shardId-000000000001"}).rule);
  EXPECT_TRUE(faults
                  .decide("GetRecords", "arn:aws:kinesis:us-east-1:123456789012:stream/orders",
                          {"shardId-000000000000", "shardId-000000000001"})
                  .rule);
}

TEST(Faults, DiceAreRepeatable) {
  const auto hits = [](std::string_view text) {
    Faults faults;
    faults.add(rule(text));
    std::string out;
    for (int i = 0; i < 200; ++i) out += faults.decide("PutRecords", "s", {}).rule ? 'x' : '.';
    return out;
  };
  const std::string first = hits("action=error,probability=0.2,seed=5");
  EXPECT_EQ(first, hits("action=error,probability=0.2,seed=5"));
  EXPECT_NE(first, hits("action=error,probability=0.2,seed=6"));
  const auto count = std::count(first.begin(), first.end(), 'x');
  EXPECT_GT(count, 20);
  EXPECT_LT(count, 60);
}

TEST(Faults, DelaysAddUpBesideAnotherRule) {
  Faults faults;
  faults.add(rule("latency=100ms"));
  faults.add(rule("latency=50ms"));
  faults.add(rule("action=error"));
  const FaultDecision decision = faults.decide("PutRecords", "s", {});
  EXPECT_EQ(decision.latency, std::chrono::milliseconds(150));
  EXPECT_TRUE(decision.is(Action::error));
}

TEST(Faults, ThrottleSingleEntries) {
  Faults faults;
  faults.add(rule("action=throttle-entry,operation=PutRecords,shard=shardId-000000000001"));
  EXPECT_TRUE(faults.wants_entries("PutRecords"));
  EXPECT_FALSE(faults.wants_entries("PutRecord"));
  EXPECT_FALSE(faults.decide("PutRecords", "s", {"shardId-000000000001"}).rule);
  EXPECT_TRUE(faults.throttles_entry("PutRecords", "s", "shardId-000000000001"));
  EXPECT_FALSE(faults.throttles_entry("PutRecords", "s", "shardId-000000000000"));
  faults.clear();
  EXPECT_TRUE(faults.empty());
}

TEST(Faults, OfStreamsAreOfSubscriptionsOnly) {
  Faults faults;
  faults.add(rule("action=stream-reset,nth=1"));
  const auto put = faults.decide("PutRecords", "s", {});
  EXPECT_FALSE(put.rule);
  EXPECT_FALSE(faults.decide("SubscribeToShard", "s", {"shardId-000000000000"}).rule);
  const auto first = faults.decide_stream("s", {"shardId-000000000000"});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->action, Action::stream_reset);
  EXPECT_FALSE(faults.decide_stream("s", {}));
}

TEST(Faults, OfAStreamAreDueAfterTheirEvents) {
  StreamFault fault(rule("action=stream-cut,events=1"));
  EXPECT_FALSE(fault.is_due(Action::stream_cut));
  fault.count_event();
  EXPECT_TRUE(fault.is_due(Action::stream_cut));
  EXPECT_FALSE(fault.is_due(Action::stream_reset));
  fault.clear();
  EXPECT_FALSE(fault.is_due(Action::stream_cut));
  EXPECT_FALSE(StreamFault().is_due(Action::stream_cut));
  EXPECT_EQ(StreamFault(rule("action=stream-error")).error().service_code(), "InternalFailureException");
  EXPECT_EQ(StreamFault(rule("action=stream-error,code=A")).error().service_code(), "A");
}

}  // namespace
}  // namespace kinesis::emulator
