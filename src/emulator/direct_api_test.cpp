#include "emulator/direct_api.hpp"

#include "aws/operations.hpp"
#include "core/test_loop.hpp"

#include <gtest/gtest.h>

namespace kinesis::emulator {
namespace {

using core::awaitable;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Direct : ::testing::Test {
  explicit Direct(InProcessKinesis::Options options = {}) : kinesis(with_clock(std::move(options))) {}

  InProcessKinesis::Options with_clock(InProcessKinesis::Options options) {
    options.clock = std::shared_ptr<Clock>(&loop.clock, [](Clock*) {});
    return options;
  }

  template <class Request>
  Result<typename Request::Response> call(Request request) {
    std::optional<Result<typename Request::Response>> out;
    const auto run = [&]() -> awaitable<void> { out = co_await dispatch(*kinesis.api(), request); };
    loop.run(run());
    return *std::move(out);
  }
  Result<PutRecordResponse> put(const std::string& key, const std::string& data) {
    return call(PutRecordRequest("s", Blob(data), key));
  }
  std::vector<std::string> read_all(const std::string& shard) {
    const auto iterator = call(GetShardIteratorRequest("s", shard, ShardIteratorType::trim_horizon));
    const auto answer = call(GetRecordsRequest(iterator->shard_iterator.value()));
    std::vector<std::string> out;
    for (const KinesisRecord& record : answer->records) out.emplace_back(record.data.text());
    return out;
  }
  awaitable<void> put_one() {
    const PutRecordRequest request("s", Blob("1"), "a");
    EXPECT_TRUE(co_await kinesis.api()->put_record(request));
  }
  void fault(std::string_view rule) { kinesis.add_fault(FaultRule::parse(rule).value()); }

  core::TestLoop loop;
  InProcessKinesis kinesis;
};

TEST_F(Direct, PutsAndGets) {
  kinesis.create_stream("s", 2);
  const auto one = put("a", "1");
  ASSERT_TRUE(one);
  PutRecordsRequest request;
  request.stream_name = "s";
  request.records.emplace_back(Blob("2"), "a");
  request.records.emplace_back(Blob("3"), "b");
  const auto more = call(request);
  ASSERT_TRUE(more);
  EXPECT_EQ(more->records[1].shard_id, "shardId-000000000001");
  EXPECT_EQ(read_all("shardId-000000000000"), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(read_all("shardId-000000000001"), std::vector<std::string>{"3"});

  const auto accepted = kinesis.accepted();
  ASSERT_EQ(accepted.size(), 3u);
  EXPECT_EQ(accepted[0].sequence_number, one->sequence_number);
  EXPECT_EQ(accepted[2].data, "3");
  EXPECT_EQ(accepted[2].shard_id, "shardId-000000000001");
  EXPECT_EQ(accepted[2].accepted, loop.clock.wall_now());
}

TEST_F(Direct, ErrorsAreThoseOfAClientAfterOneAttempt) {
  const auto missing = call(ListShardsRequest("none"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), errc::not_found);
  EXPECT_EQ(missing.error().service_code(), "ResourceNotFoundException");
  EXPECT_EQ(missing.error().http_status(), 400);
  EXPECT_EQ(missing.error().attempts(), 1);
  EXPECT_FALSE(missing.error().retryable());
  EXPECT_THROW(kinesis.create_stream("s", 0), Error);
}

TEST_F(Direct, ReshardsOnCommand) {
  kinesis.create_stream("s", 2);
  kinesis.split("s", "shardId-000000000000");
  EXPECT_EQ(kinesis.shards("s").size(), 4u);
  kinesis.merge("s", "shardId-000000000003", "shardId-000000000001");
  EXPECT_EQ(kinesis.shards("s").size(), 5u);
  EXPECT_THROW(kinesis.split("s", "shardId-000000000000"), Error);
}

TEST_F(Direct, AResetBeforeWritesNothingAndOneAfterDoes) {
  kinesis.create_stream("s", 1);
  fault("action=reset-before,operation=PutRecord,nth=1");
  fault("action=reset-after,operation=PutRecord,nth=1");
  const auto before = put("a", "before");
  ASSERT_FALSE(before);
  EXPECT_EQ(before.error().code(), errc::connection);
  EXPECT_TRUE(before.error().retryable());
  const auto after = put("a", "after");
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().code(), errc::connection);
  EXPECT_TRUE(put("a", "plain"));
  EXPECT_EQ(read_all("0"), (std::vector<std::string>{"after", "plain"}));
}

TEST_F(Direct, FaultsBecomeErrors) {
  kinesis.create_stream("s", 1);
  const auto code = [&](std::string_view rule) {
    kinesis.clear_faults();
    fault(rule);
    const auto answer = call(GetRecordsRequest("AAAA"));
    return answer ? "" : answer.error().service_code() + " " + std::string(to_string(answer.error().code()));
  };
  EXPECT_EQ(code("action=error"), "InternalFailure service");
  EXPECT_EQ(code("action=error,status=503,code=ServiceUnavailable"), "ServiceUnavailable service");
  EXPECT_EQ(code("action=throttle"), "ProvisionedThroughputExceededException throttled");
  EXPECT_EQ(code("action=expired-iterator"), "ExpiredIteratorException expired_iterator");
  EXPECT_EQ(code("action=expired-token"), "ExpiredTokenException expired_credentials");
  EXPECT_EQ(code("action=corrupt"), " protocol");
  EXPECT_EQ(code("action=truncate"), " connection");
  EXPECT_EQ(code("action=error,operation=PutRecords"), "InvalidArgumentException invalid_argument");
  kinesis.clear_faults();
  fault("action=throttle");
  EXPECT_EQ(call(ListShardsRequest("s")).error().service_code(), "LimitExceededException");
  kinesis.clear_faults();
  fault("action=expired-iterator");
  EXPECT_EQ(call(ListShardsRequest("s")).error().service_code(), "ExpiredNextTokenException");
}

TEST_F(Direct, SingleEntriesAreThrottledWithTheRulesDice) {
  kinesis.create_stream("s", 1);
  fault("action=throttle-entry,probability=0.5,seed=3");
  PutRecordsRequest request;
  request.stream_name = "s";
  for (int i = 0; i < 100; ++i) request.records.emplace_back(Blob(std::to_string(i)), "k");
  const auto answer = call(request);
  ASSERT_TRUE(answer);
  EXPECT_GT(answer->failed_record_count, 25);
  EXPECT_LT(answer->failed_record_count, 75);
  EXPECT_EQ(kinesis.accepted_count(), 100u - static_cast<std::size_t>(answer->failed_record_count.value()));
}

TEST_F(Direct, FaultsOfAShardAreOfPutsThatGoThere) {
  kinesis.create_stream("s", 2);
  fault("action=throttle,operation=PutRecord,shard=shardId-000000000001");
  EXPECT_TRUE(put("a", "1"));
  EXPECT_FALSE(put("b", "2"));
}

struct DirectWithLatency : Direct {
  static InProcessKinesis::Options slow() {
    InProcessKinesis::Options options;
    options.latency = milliseconds(20);
    options.stream_delay = seconds(3);
    options.iterator_lifetime = seconds(10);
    return options;
  }
  DirectWithLatency() : Direct(slow()) {}
};

TEST_F(DirectWithLatency, CallsTakeVirtualTimeAndTestersDoNot) {
  kinesis.create_stream("s", 1);
  const auto start = loop.clock.now();
  fault("latency=100ms");
  ASSERT_TRUE(put("a", "1"));
  EXPECT_EQ(loop.clock.now() - start, milliseconds(120));
  kinesis.clear_faults();
  ASSERT_TRUE(call(SplitShardRequest("s", "0", "1000")));
  EXPECT_EQ(kinesis.shards("s").size(), 1u);
  loop.clock.advance(seconds(3));
  EXPECT_EQ(kinesis.shards("s").size(), 3u);
}

TEST_F(DirectWithLatency, IteratorsExpireByTheClock) {
  kinesis.create_stream("s", 1);
  const auto iterator = call(GetShardIteratorRequest("s", "0", ShardIteratorType::latest))->shard_iterator.value();
  loop.clock.advance(seconds(11));
  EXPECT_EQ(call(GetRecordsRequest(iterator)).error().code(), errc::expired_iterator);
}

struct DirectSubscriptions : Direct {
  using Next = Result<std::optional<SubscribeToShardEvent>>;

  DirectSubscriptions() {
    kinesis.create_stream("s", 2);
    RegisterStreamConsumerRequest request("arn:aws:kinesis:us-east-1:123456789012:stream/s", "c");
    consumer = call(request)->consumer.consumer_arn;
  }
  Result<ShardSubscription> try_to_subscribe(const std::string& shard = "shardId-000000000000") {
    return call(SubscribeToShardRequest(consumer, shard, StartingPosition(ShardIteratorType::trim_horizon)));
  }
  ShardSubscription subscribe(const std::string& shard = "shardId-000000000000") {
    return std::move(try_to_subscribe(shard)).value();
  }
  Next next(ShardSubscription& subscription) {
    std::optional<Next> out;
    const auto run = [&]() -> awaitable<void> { out = co_await subscription.next(); };
    loop.run(run());
    return *std::move(out);
  }
  // Starts to wait; the answer comes later.
  void start_next(ShardSubscription& subscription, std::optional<Next>& out) {
    core::spawn(loop.executor(), wait(&subscription, &out));
    loop.run_for();
  }
  static awaitable<void> wait(ShardSubscription* subscription, std::optional<Next>* out) {
    auto event = co_await subscription->next();
    out->emplace(std::move(event));
  }
  static std::string text(const Next& next) {
    if (!next) return next.error().service_code() + " " + std::string(to_string(next.error().code()));
    if (!*next) return "end";
    std::string out;
    for (const KinesisRecord& record : (*next)->records) out += record.data.text();
    return (*next)->continuation_sequence_number ? out : out + "|";
  }

  std::string consumer;
};

TEST_F(DirectSubscriptions, APutWakesTheReaderAtOnce) {
  ShardSubscription subscription = subscribe();
  std::optional<Next> event;
  start_next(subscription, event);
  EXPECT_FALSE(event);
  const auto before = loop.clock.now();
  core::spawn(loop.executor(), put_one());
  loop.run_for();
  ASSERT_TRUE(event);
  EXPECT_EQ(text(*event), "1");
  EXPECT_EQ(loop.clock.now(), before);
}

TEST_F(DirectSubscriptions, APutToAnotherShardWakesNobody) {
  ShardSubscription subscription = subscribe("shardId-000000000001");
  std::optional<Next> event;
  start_next(subscription, event);
  core::spawn(loop.executor(), put_one());
  loop.run_for();
  EXPECT_FALSE(event);
  loop.run_for(seconds(5));
  ASSERT_TRUE(event);
  EXPECT_EQ(text(*event), "");
}

TEST_F(DirectSubscriptions, EndsAtTheEndOfTheShard) {
  ShardSubscription subscription = subscribe();
  std::optional<Next> event;
  start_next(subscription, event);
  kinesis.split("s", "shardId-000000000000");
  loop.run_for();
  ASSERT_TRUE(event);
  EXPECT_EQ(text(*event), "|");
  EXPECT_EQ((**event)->child_shards.size(), 2u);
  EXPECT_EQ(text(next(subscription)), "end");
  EXPECT_EQ(text(next(subscription)), "end");
}

TEST_F(DirectSubscriptions, EndsAfterFiveMinutes) {
  ShardSubscription subscription = subscribe();
  const auto start = loop.clock.now();
  int beats = 0;
  for (auto event = next(subscription); event && *event; event = next(subscription)) ++beats;
  EXPECT_EQ(beats, 59);
  EXPECT_EQ(loop.clock.now() - start, std::chrono::minutes(5));
}

TEST_F(DirectSubscriptions, AnotherOneTakesOver) {
  ShardSubscription first = subscribe();
  EXPECT_EQ(try_to_subscribe().error().code(), errc::throttled);
  loop.clock.advance(seconds(1));
  EXPECT_EQ(try_to_subscribe().error().code(), errc::already_exists);
  loop.clock.advance(seconds(4));
  EXPECT_EQ(text(next(first)), "");
  std::optional<Next> event;
  start_next(first, event);
  ShardSubscription second = subscribe();
  loop.run_for();
  ASSERT_TRUE(event);
  EXPECT_EQ(text(*event).substr(0, 22), "ResourceInUseException");
  EXPECT_EQ(text(next(first)).substr(0, 22), "ResourceInUseException");
  ASSERT_TRUE(put("a", "1"));
  EXPECT_EQ(text(next(second)), "1");
}

TEST_F(DirectSubscriptions, LearnsThatItsConsumerIsGone) {
  ShardSubscription subscription = subscribe();
  std::optional<Next> event;
  start_next(subscription, event);
  DeregisterStreamConsumerRequest request;
  request.consumer_arn = consumer;
  ASSERT_TRUE(call(request));
  loop.run_for();
  ASSERT_TRUE(event);
  EXPECT_EQ(text(*event), "ResourceNotFoundException not_found");
}

TEST_F(DirectSubscriptions, CancelEndsTheWait) {
  ShardSubscription subscription = subscribe();
  std::optional<Next> event;
  start_next(subscription, event);
  subscription.cancel();
  loop.run_for();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error().code(), errc::cancelled);
  EXPECT_EQ(next(subscription).error().code(), errc::cancelled);
}

TEST_F(DirectSubscriptions, MayBeLetGoOfAfterItsLoop) {
  ShardSubscription left;
  {
    core::TestLoop other;
    left = subscribe();
    std::optional<Next> event;
    core::spawn(other.executor(), wait(&left, &event));
    other.run_for();
    EXPECT_FALSE(event);
  }
  left.cancel();
}

TEST_F(DirectSubscriptions, FaultsOfTheStreamBecomeErrors) {
  const auto text_of = [&](std::string_view rule) {
    kinesis.clear_faults();
    loop.clock.advance(seconds(6));
    fault(rule);
    ShardSubscription subscription = subscribe();
    std::string out = text(next(subscription));
    out += "," + text(next(subscription));
    return out += "," + text(next(subscription));
  };
  ASSERT_TRUE(put("a", "1"));
  EXPECT_EQ(text_of("action=stream-corrupt"), "1,, protocol");
  EXPECT_EQ(text_of("action=stream-cut"), "1,, connection");
  EXPECT_EQ(text_of("action=stream-reset"), "1,, connection");
  EXPECT_EQ(text_of("action=stream-reset,events=0"), " connection, connection, connection");
  EXPECT_EQ(text_of("action=stream-error"), "1,,InternalFailureException service");
  EXPECT_EQ(text_of("action=stream-error,code=KMSAccessDeniedException"), "1,,KMSAccessDeniedException kms");
  EXPECT_EQ(text_of("action=stream-goaway"), "1,,");
  EXPECT_EQ(text_of("action=stream-silence"), "1,,end");
  EXPECT_EQ(text_of("action=stream-reset,nth=2"), "1,,");
  EXPECT_EQ(text_of("action=stream-reset,shard=1"), "1,,");
}

TEST_F(DirectSubscriptions, AStalledStreamWaitsUntilItIsCancelled) {
  fault("action=stream-stall,events=0");
  ASSERT_TRUE(put("a", "1"));
  ShardSubscription subscription = subscribe();
  std::optional<Next> event;
  start_next(subscription, event);
  loop.run_for(std::chrono::hours(1));
  EXPECT_FALSE(event);
  subscription.cancel();
  loop.run_for();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error().code(), errc::cancelled);
}

TEST_F(DirectSubscriptions, ARefusedCallUsesUpNoFaultOfTheStream) {
  fault("action=stream-reset,events=0,times=2");
  ShardSubscription first = subscribe();
  EXPECT_EQ(text(next(first)), " connection");
  loop.clock.advance(seconds(2));
  EXPECT_EQ(try_to_subscribe().error().code(), errc::already_exists);
  loop.clock.advance(seconds(6));
  ShardSubscription second = subscribe();
  EXPECT_EQ(text(next(second)), " connection");
}

TEST_F(DirectSubscriptions, FaultsOfTheCallComeBeforeTheStream) {
  fault("action=reset-before,nth=1");
  fault("action=reset-after,nth=1");
  EXPECT_EQ(try_to_subscribe().error().code(), errc::connection);
  // That one was accepted, and stands in the way although nobody reads it.
  EXPECT_EQ(try_to_subscribe().error().code(), errc::connection);
  loop.clock.advance(seconds(1));
  EXPECT_EQ(try_to_subscribe().error().code(), errc::already_exists);
  kinesis.clear_faults();
  fault("action=throttle");
  EXPECT_EQ(try_to_subscribe().error().service_code(), "LimitExceededException");
}

// Every operation gets somewhere: none is left to KinesisApi's "unsupported".
TEST_F(Direct, HasEveryOperation) {
#define X(Operation, function)                                                              \
  {                                                                                         \
    const auto answer = call(Operation##Request());                                         \
    if (!answer) {                                                                          \
      EXPECT_NE(answer.error().code(), errc::unsupported) << Operation##Request::operation; \
    }                                                                                       \
  }
  KINESIS_OPERATIONS(X)
#undef X
}

}  // namespace
}  // namespace kinesis::emulator
