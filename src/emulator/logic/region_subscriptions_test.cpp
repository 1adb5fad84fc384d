#include "emulator/logic/test_region.hpp"

#include <gtest/gtest.h>

namespace kinesis::emulator {
namespace {

using Kind = SubscriptionStep::Kind;

struct Subscriptions : ::testing::Test {
  explicit Subscriptions(RegionOptions options = {}) : region(std::move(options)) {
    region.create("s", 2);
    region.advance(region.region.options().stream_delay);
    consumer = region_register("c");
  }

  std::string region_register(const std::string& name) {
    const auto registered = region.ok(RegisterStreamConsumerRequest(region.arn("s"), name));
    region.advance(seconds(1) + region.region.options().stream_delay);
    return registered.consumer.consumer_arn;
  }
  SubscribeToShardRequest request(ShardIteratorType type = ShardIteratorType::trim_horizon,
                                  const std::string& shard = "shardId-000000000000") const {
    return {consumer, shard, StartingPosition(type)};
  }
  Subscription subscribe(const SubscribeToShardRequest& wanted) {
    auto accepted = region.region.subscribe(wanted, region.now);
    if (!accepted) ADD_FAILURE() << accepted.error().what();
    return accepted ? *std::move(accepted) : Subscription();
  }
  Subscription subscribe() { return subscribe(request()); }
  std::string refused(const SubscribeToShardRequest& wanted) {
    auto accepted = region.region.subscribe(wanted, region.now);
    if (accepted) return "accepted";
    region.message = accepted.error().message();
    return accepted.error().service_code();
  }
  SubscriptionStep next(Subscription& subscription) { return region.region.next_event(subscription, region.now); }
  SubscribeToShardEvent event(Subscription& subscription) {
    SubscriptionStep step = next(subscription);
    EXPECT_EQ(step.kind, Kind::event);
    return to_event(std::move(step.event));
  }
  std::string failure(Subscription& subscription) {
    const SubscriptionStep step = next(subscription);
    EXPECT_EQ(step.kind, Kind::failure);
    return step.error ? step.error->service_code() : "";
  }
  std::string put(const std::string& data, const std::string& hash = "0") {
    return region.put_at("s", hash, data).sequence_number.to_string();
  }
  static std::vector<std::string> data(const SubscribeToShardEvent& event) {
    std::vector<std::string> out;
    for (const KinesisRecord& record : event.records) out.emplace_back(record.data.text());
    return out;
  }
  using Data = std::vector<std::string>;

  TestRegion region;
  std::string consumer;
};

TEST_F(Subscriptions, GivesWhatIsThereThenWhatComes) {
  put("a");
  const std::string b = put("b");
  Subscription subscription = subscribe();
  const auto first = event(subscription);
  EXPECT_EQ(data(first), (Data{"a", "b"}));
  EXPECT_EQ(first.continuation_sequence_number->to_string(), b);
  EXPECT_EQ(first.records[1].sequence_number.to_string(), b);
  EXPECT_EQ(first.millis_behind_latest, 0);
  EXPECT_TRUE(first.child_shards.empty());

  const auto waiting = next(subscription);
  EXPECT_EQ(waiting.kind, Kind::wait);
  EXPECT_EQ(waiting.until, region.now.monotonic + heartbeat_period);
  const std::string c = put("c");
  const auto second = event(subscription);
  EXPECT_EQ(data(second), Data{"c"});
  EXPECT_EQ(second.continuation_sequence_number->to_string(), c);
}

TEST_F(Subscriptions, AHeartbeatComesAfterFiveSecondsWithoutAnEvent) {
  Subscription subscription = subscribe();
  region.advance(seconds(4));
  const std::string a = put("a");
  event(subscription);
  region.advance(milliseconds(4'999));
  EXPECT_EQ(next(subscription).kind, Kind::wait);
  region.advance(milliseconds(1));
  const auto beat = event(subscription);
  EXPECT_TRUE(beat.records.empty());
  EXPECT_EQ(beat.continuation_sequence_number->to_string(), a);
  EXPECT_EQ(beat.millis_behind_latest, 0);
  EXPECT_EQ(next(subscription).kind, Kind::wait);
}

TEST_F(Subscriptions, TheContinuationOfAHeartbeatGoesOnAfterWhatOthersPut) {
  put("before");
  Subscription subscription = subscribe(request(ShardIteratorType::latest));
  put("elsewhere", std::string(last_of_all));
  region.advance(seconds(5));
  const auto beat = event(subscription);
  ASSERT_TRUE(beat.continuation_sequence_number);
  const std::string a = put("a");
  EXPECT_LT(beat.continuation_sequence_number->to_string(), a);

  auto again = request(ShardIteratorType::after_sequence_number);
  again.starting_position.sequence_number = beat.continuation_sequence_number;
  Subscription second = subscribe(again);
  EXPECT_EQ(data(event(second)), Data{"a"});
}

TEST_F(Subscriptions, AHeartbeatOfAShardWithoutRecordsHasANumberOfThatShard) {
  for (const auto type : {ShardIteratorType::trim_horizon, ShardIteratorType::latest}) {
    Subscription subscription = subscribe(request(type, "1"));
    region.advance(seconds(5));
    const auto number = event(subscription).continuation_sequence_number;
    ASSERT_TRUE(number);
    EXPECT_GE(number->to_string(), region.shards("s")[1].sequence_number_range.starting_sequence_number.to_string());
    auto again = request(ShardIteratorType::after_sequence_number, "1");
    again.starting_position.sequence_number = number;
    subscribe(again);
    region.advance(seconds(6));
  }
}

TEST_F(Subscriptions, StartsWhereItIsTold) {
  const std::string a = put("a");
  region.advance(seconds(10));
  const auto time = region.now.wall;
  put("b");
  const auto from = [&](ShardIteratorType type) {
    region.advance(seconds(6));
    auto wanted = request(type);
    if (type == ShardIteratorType::at_timestamp) {
      wanted.starting_position.timestamp = time;
    } else if (type != ShardIteratorType::trim_horizon && type != ShardIteratorType::latest) {
      wanted.starting_position.sequence_number = SequenceNumber(a);
    }
    Subscription subscription = subscribe(wanted);
    put("c");
    return data(event(subscription));
  };
  EXPECT_EQ(from(ShardIteratorType::latest), Data{"c"});
  EXPECT_EQ(from(ShardIteratorType::trim_horizon), (Data{"a", "b", "c", "c"}));
  EXPECT_EQ(from(ShardIteratorType::at_sequence_number), (Data{"a", "b", "c", "c", "c"}));
  EXPECT_EQ(from(ShardIteratorType::after_sequence_number), (Data{"b", "c", "c", "c", "c"}));
  EXPECT_EQ(from(ShardIteratorType::at_timestamp), (Data{"b", "c", "c", "c", "c", "c"}));
}

TEST_F(Subscriptions, RefusesPositionsThatMakeNoSense) {
  const auto with_type = [&](ShardIteratorType type) {
    region.advance(seconds(2));
    return refused(request(type));
  };
  EXPECT_EQ(with_type(ShardIteratorType::unknown), "ValidationException");
  EXPECT_EQ(with_type(ShardIteratorType::at_sequence_number), "InvalidArgumentException");
  EXPECT_EQ(with_type(ShardIteratorType::after_sequence_number), "InvalidArgumentException");
  EXPECT_EQ(with_type(ShardIteratorType::at_timestamp), "InvalidArgumentException");

  const auto with_number = [&](ShardIteratorType type, const std::string& number) {
    region.advance(seconds(2));
    auto wanted = request(type);
    wanted.starting_position.sequence_number = SequenceNumber(number);
    return refused(wanted);
  };
  const std::string other = put("x", std::string(last_of_all));
  EXPECT_EQ(with_number(ShardIteratorType::latest, other), "InvalidArgumentException");
  EXPECT_EQ(with_number(ShardIteratorType::at_sequence_number, other), "InvalidArgumentException");
  EXPECT_EQ(with_number(ShardIteratorType::after_sequence_number, "12"), "InvalidArgumentException");
  EXPECT_NE(region.message.find("used in SubscribeToShard on shard"), std::string::npos) << region.message;

  region.advance(seconds(2));
  auto future = request(ShardIteratorType::at_timestamp);
  future.starting_position.timestamp = region.now.wall + seconds(60);
  EXPECT_EQ(refused(future), "InvalidArgumentException");
}

TEST_F(Subscriptions, RefusesWhatIsNotThere) {
  auto wanted = request();
  wanted.shard_id = "shardId-000000000007";
  EXPECT_EQ(refused(wanted), "ResourceNotFoundException");
  wanted = request();
  wanted.consumer_arn = region.arn("s") + "/consumer/other:1";
  EXPECT_EQ(refused(wanted), "ResourceNotFoundException");
  wanted.consumer_arn = region.arn("other") + "/consumer/c:1";
  EXPECT_EQ(refused(wanted), "ResourceNotFoundException");
  wanted.consumer_arn = "c";
  EXPECT_EQ(refused(wanted), "ValidationException");
}

TEST_F(Subscriptions, ADryRunTakesNothing) {
  auto wanted = request();
  wanted.dry_run = true;
  EXPECT_EQ(refused(wanted), "DryRunOperationException");
  region.advance(seconds(1));
  EXPECT_EQ(refused(request()), "accepted");
}

struct SlowSubscriptions : Subscriptions {
  static RegionOptions slow() {
    RegionOptions options;
    options.stream_delay = seconds(10);
    return options;
  }
  SlowSubscriptions() : Subscriptions(slow()) {}
};

TEST(SubscriptionsOfAConsumer, HasToWaitUntilItIsActive) {
  TestRegion region(SlowSubscriptions::slow());
  region.create("s", 1);
  region.advance(seconds(10));
  const auto arn = region.ok(RegisterStreamConsumerRequest(region.arn("s"), "c")).consumer.consumer_arn;
  const SubscribeToShardRequest request(arn, "0", StartingPosition(ShardIteratorType::latest));
  EXPECT_EQ(region.region.subscribe(request, region.now).error().service_code(), "ResourceInUseException");
  region.advance(seconds(10));
  EXPECT_TRUE(region.region.subscribe(request, region.now));
}

TEST_F(Subscriptions, ASecondOneIsRefusedForFiveSecondsThenTakesOver) {
  Subscription first = subscribe();
  region.advance(milliseconds(4'999));
  EXPECT_EQ(refused(request()), "ResourceInUseException");
  EXPECT_EQ(refused(request(ShardIteratorType::latest, "1")), "accepted");
  region.advance(seconds(1));
  const auto changes = region.region.changes();
  Subscription second = subscribe();
  EXPECT_NE(region.region.changes(), changes);
  EXPECT_EQ(failure(first), "ResourceInUseException");
  EXPECT_EQ(next(first).kind, Kind::end);
  put("a");
  EXPECT_EQ(data(event(second)), Data{"a"});
}

TEST_F(Subscriptions, OneThatItsReaderLeftIsInTheWayForFiveSecondsToo) {
  const Subscription first = subscribe();
  region.advance(seconds(2));
  region.region.unsubscribe(first, region.now);
  EXPECT_EQ(refused(request()), "ResourceInUseException");
  region.advance(seconds(3));
  EXPECT_EQ(refused(request()), "accepted");
}

TEST_F(Subscriptions, TheReaderOfAnOldOneDoesNotEndTheNext) {
  const Subscription first = subscribe();
  region.advance(seconds(5));
  Subscription second = subscribe();
  region.region.unsubscribe(first, region.now);
  EXPECT_EQ(next(second).kind, Kind::wait);
}

TEST_F(Subscriptions, OneCallASecondForEachConsumerAndShard) {
  subscribe();
  EXPECT_EQ(refused(request()), "LimitExceededException");
  EXPECT_EQ(refused(request(ShardIteratorType::latest, "1")), "accepted");
  region.advance(seconds(1));
  EXPECT_EQ(refused(request()), "ResourceInUseException");
  EXPECT_EQ(refused(request()), "LimitExceededException");
}

TEST_F(Subscriptions, EndsAfterFiveMinutesAndMayBeginAgainAtOnce) {
  Subscription subscription = subscribe();
  for (int i = 0; i < 59; ++i) {
    region.advance(seconds(5));
    EXPECT_EQ(next(subscription).kind, Kind::event);
  }
  EXPECT_EQ(next(subscription).until, subscription.expires);
  region.advance(seconds(5));
  EXPECT_EQ(next(subscription).kind, Kind::end);
  EXPECT_EQ(next(subscription).kind, Kind::end);
  EXPECT_EQ(refused(request()), "accepted");
}

TEST_F(Subscriptions, EndsWithTheShardsChildren) {
  put("a");
  Subscription subscription = subscribe();
  event(subscription);
  const auto changes = region.region.changes();
  region.ok(SplitShardRequest("s", "shardId-000000000000", "1000"));
  EXPECT_NE(region.region.changes(), changes);
  const auto last = event(subscription);
  EXPECT_TRUE(last.records.empty());
  EXPECT_FALSE(last.continuation_sequence_number);
  ASSERT_EQ(last.child_shards.size(), 2u);
  EXPECT_EQ(last.child_shards[0].shard_id, "shardId-000000000002");
  EXPECT_EQ(last.child_shards[0].parent_shards, std::vector<ShardId>{"shardId-000000000000"});
  EXPECT_EQ(next(subscription).kind, Kind::end);

  region.advance(seconds(1));
  // One at the end of the shard gets it at once, and so does one behind it, with the last records.
  Subscription again = subscribe(request(ShardIteratorType::latest));
  EXPECT_EQ(event(again).child_shards.size(), 2u);
  region.advance(seconds(1));
  Subscription from_start = subscribe();
  const auto all = event(from_start);
  EXPECT_EQ(data(all), Data{"a"});
  EXPECT_FALSE(all.continuation_sequence_number);
  EXPECT_EQ(all.child_shards.size(), 2u);
  EXPECT_EQ(all.millis_behind_latest, 2'000);
}

TEST_F(Subscriptions, EndsWithTheChildOfAMerge) {
  Subscription subscription = subscribe();
  region.ok(MergeShardsRequest("s", "shardId-000000000000", "shardId-000000000001"));
  const auto last = event(subscription);
  ASSERT_EQ(last.child_shards.size(), 1u);
  EXPECT_EQ(last.child_shards[0].parent_shards.size(), 2u);
}

TEST_F(Subscriptions, EndsWithItsConsumerOrItsStream) {
  Subscription subscription = subscribe();
  DeregisterStreamConsumerRequest deregister;
  deregister.consumer_arn = consumer;
  region.ok(deregister);
  EXPECT_EQ(failure(subscription), "ResourceNotFoundException");

  // A consumer of the same name is another one.
  consumer = region_register("c");
  Subscription second = subscribe();
  EXPECT_EQ(next(subscription).kind, Kind::end);
  DeleteStreamRequest gone("s");
  gone.enforce_consumer_deletion = true;
  region.ok(gone);
  EXPECT_EQ(failure(second), "ResourceNotFoundException");
}

TEST_F(SlowSubscriptions, WaitsForWhatIsDue) {
  Subscription subscription = subscribe();
  region.ok(SplitShardRequest("s", "shardId-000000000000", "1000"));
  region.advance(seconds(5));
  EXPECT_EQ(event(subscription).records.size(), 0u);
  region.advance(seconds(1));
  const auto waiting = next(subscription);
  EXPECT_EQ(waiting.until, region.now.monotonic + seconds(4));
  region.advance(seconds(4));
  EXPECT_EQ(event(subscription).child_shards.size(), 2u);
}

TEST_F(Subscriptions, GetsTwoMegabytesASecond) {
  const std::string megabyte((1 << 20) - 3, 'x');
  for (int i = 0; i < 4; ++i) {
    put(megabyte);
    region.advance(seconds(2));
  }
  Subscription subscription = subscribe();
  EXPECT_EQ(event(subscription).records.size(), 1u);
  const auto second = event(subscription);
  EXPECT_EQ(second.records.size(), 1u);
  EXPECT_EQ(second.millis_behind_latest, 6'000);
  const auto waiting = next(subscription);
  EXPECT_EQ(waiting.kind, Kind::wait);
  EXPECT_LT(waiting.until, region.now.monotonic + seconds(1));
  region.advance(waiting.until - region.now.monotonic);
  EXPECT_EQ(event(subscription).records.size(), 1u);
  // The larger record is paid off.
  region.advance(milliseconds(200));
  EXPECT_EQ(next(subscription).kind, Kind::wait);
  region.advance(seconds(1));
  EXPECT_EQ(event(subscription).records.size(), 1u);
}

TEST(SubscriptionsWithoutLimits, EventsAreOfOneMegabyteOrTwoThousandRecords) {
  TestRegion region(TestRegion::without_limits());
  region.create("s", 1);
  const auto arn = region.ok(RegisterStreamConsumerRequest(region.arn("s"), "c")).consumer.consumer_arn;
  region.advance(seconds(1));
  for (int i = 0; i < 3'000; ++i) region.put("s", "k", "x");
  for (int i = 0; i < 3; ++i) region.put("s", "k", std::string(700'000, 'x'));
  auto subscription =
      region.region.subscribe({arn, "0", StartingPosition(ShardIteratorType::trim_horizon)}, region.now);
  ASSERT_TRUE(subscription);
  std::vector<std::size_t> sizes;
  for (;;) {
    const auto step = region.region.next_event(*subscription, region.now);
    if (step.kind != Kind::event) break;
    sizes.push_back(step.event.slice.records);
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2'000, 1'001, 1, 1}));
}

TEST_F(Subscriptions, ASilentOneHasNoHeartbeats) {
  Subscription subscription = subscribe();
  subscription.silent = true;
  region.advance(seconds(60));
  EXPECT_EQ(next(subscription).until, subscription.expires);
  put("a");
  EXPECT_EQ(data(event(subscription)), Data{"a"});
}

TEST_F(Subscriptions, RecordsThatExpiredAreSkipped) {
  put("old");
  region.advance(hours(23));
  Subscription subscription = subscribe();
  region.advance(std::chrono::minutes(2));
  put("new");
  region.advance(hours(1));
  // Only what is read of the log counts: the subscription itself is long over.
  EXPECT_EQ(next(subscription).kind, Kind::end);
  Subscription second = subscribe();
  EXPECT_EQ(data(event(second)), Data{"new"});
}

}  // namespace
}  // namespace kinesis::emulator
