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

}  // namespace
}  // namespace kinesis::aws
