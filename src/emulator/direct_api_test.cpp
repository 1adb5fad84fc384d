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
