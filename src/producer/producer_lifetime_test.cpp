#include "producer/test_stream.hpp"

#include <gmock/gmock.h>

#include <future>

// What producers go through that no record is to blame for: executors that stop, streams that go away, credentials
// that expire, storms of refusals.
namespace kinesis::producer {
namespace {

class ProducerLifetime : public StreamTest {
 protected:
  void send_some(Producer<std::string>& producer, int count) {
    for (int i = 0; i < count; ++i, ++sent_) send(producer, std::to_string(sent_), "key-" + std::to_string(sent_ % 20));
  }
  int sent_ = 0;
};

/// Answers every second call of PutRecords at once, and the others never.
class HalfSilent final : public KinesisApi {
 public:
  asio::awaitable<Result<PutRecordsResponse>> put_records(PutRecordsRequest request) override {
    if (++calls_ % 2 == 0) co_await core::sleep_for(*Clock::system(), 24h);
    PutRecordsResponse response;
    for (std::size_t i = 0; i < request.records.size(); ++i) {
      PutRecordsResultEntry& result = response.records.emplace_back();
      result.shard_id = "shardId-0";
      result.sequence_number = SequenceNumber("1");
    }
    co_return response;
  }
  asio::awaitable<Result<ListShardsResponse>> list_shards(ListShardsRequest) override {
    ListShardsResponse response;
    KinesisShard& shard = response.shards.emplace_back();
    shard.shard_id = "shardId-0";
    shard.hash_key_range = HashKeyRange("0", core::Uint128::max().to_string());
    co_return response;
  }
  asio::awaitable<Result<DescribeStreamSummaryResponse>> describe_stream_summary(
      DescribeStreamSummaryRequest) override {
    co_return DescribeStreamSummaryResponse();
  }

 private:
  int calls_ = 0;
};

// Nobody can be told on an executor that runs no more; but what waits for an answer is let go, and nothing is leaked or
// touched after its end.
TEST(ProducerExecutor, MayStopAtAnyPointWithRecordsOutstanding) {
  std::size_t answered = 0;
  std::size_t abandoned = 0;
  for (int steps = 0; steps < 120; ++steps) {
    SCOPED_TRACE(steps);
    std::vector<std::future<Receipt>> receipts;
    {
      asio::io_context context(1);
      ClientOptions client;
      client.kinesis = std::make_shared<HalfSilent>();
      ProducerOptions options{.stream = "s"};
      options.ordering = steps % 2 == 0 ? Ordering::none : Ordering::per_key;
      options.max_buffered_records = 30;
      options.max_batch_records = 2;
      options.aggregation = NoAggregation{};
      Producer<std::string> producer(Client(context.get_executor(), client), std::move(options), text);
      for (int i = 0; i < 40; ++i) receipts.push_back(producer.send(std::to_string(i % 7), "data"));
      for (int step = 0; step < steps; ++step) context.poll_one();
      context.stop();
    }
    for (std::future<Receipt>& receipt : receipts) {
      ASSERT_EQ(receipt.wait_for(0s), std::future_status::ready);
      try {
        receipt.get();
        ++answered;
      } catch (const std::future_error& error) {
        EXPECT_EQ(error.code(), std::future_errc::broken_promise);
        ++abandoned;
      }
    }
  }
  EXPECT_GT(answered, 100u);
  EXPECT_GT(abandoned, 1'000u);
}

TEST_F(ProducerLifetime, RecordsForAStreamThatIsDeletedFailWithinACall) {
  stream->latency = 20ms;
  ProducerOptions options = defaults();
  options.aggregation = NoAggregation{};
  auto producer = make(options);
  send_some(producer, 100);
  run(1s);
  EXPECT_EQ(acknowledged(), 100u);
  send_some(producer, 100);
  run(10ms);
  const Error gone = Error(errc::not_found, "gone").with_service("ResourceNotFoundException", 400, "R1");
  stream->fail_call = [&](const TestStream::Call&) { return gone; };
  stream->list_error = gone;
  send_some(producer, 100);
  run(100ms);
  ASSERT_EQ(results.size(), 300u);
  EXPECT_EQ(acknowledged(), 100u);
  for (const auto& [data, result] : results) {
    if (result) continue;
    EXPECT_EQ(result.error().code(), errc::not_found);
    EXPECT_EQ(result.error().attempts(), 1);
  }
  EXPECT_EQ(producer.metrics().buffered_records, 0u);
  // Made anew under its name, it is used at once.
  stream->fail_call = nullptr;
  stream->list_error.reset();
  send_some(producer, 100);
  run(1s);
  EXPECT_EQ(acknowledged(), 200u);
  expect_acknowledged_are_delivered();
}

TEST_F(ProducerLifetime, CredentialsThatExpireInMidFlightCostTimeAndNoRecord) {
  for (const Ordering ordering : {Ordering::none, Ordering::per_key}) {
    results.clear();
    ProducerOptions options = defaults();
    options.ordering = ordering;
    stream->latency = 10ms;
    auto producer = make(options);
    send_some(producer, 50);
    run(5ms);
    // Those that come next are there after three seconds.
    const Clock::time_point renewed = clock->now() + 3s;
    stream->fail_call = [this, renewed](const TestStream::Call&) {
      return clock->now() < renewed ? std::optional<Error>(Error(errc::expired_credentials, "expired")) : std::nullopt;
    };
    for (int i = 0; i < 30; ++i) {
      send_some(producer, 5);
      run(100ms);
    }
    EXPECT_EQ(acknowledged(), 0u);
    run(5s);
    EXPECT_EQ(acknowledged(), 200u);
    for (const auto& [data, result] : results) EXPECT_LE(result->attempts, 25) << "with pauses between its tries";
    expect_acknowledged_are_delivered();
  }
}

TEST_F(ProducerLifetime, CredentialsThatNobodyHasFailAtOnce) {
  stream->fail_call = [](const TestStream::Call&) {
    return std::optional<Error>(Error(errc::no_credentials, "none in the environment"));
  };
  auto producer = make();
  send_some(producer, 20);
  run(1s);
  EXPECT_EQ(results.size(), 20u);
  EXPECT_EQ(code_of("7"), errc::no_credentials);
  EXPECT_EQ(stream->calls.size(), 1u);
}

TEST_F(ProducerLifetime, AStormOfRefusalsIsWaitedOutWithFewCalls) {
  // Whole calls, one after the other: throttled, 500, 503, reset.
  const std::vector<Error> storm = {
      Error(errc::throttled, "slow down").with_service("ProvisionedThroughputExceededException", 400, ""),
      Error(errc::service, "oops").with_service("InternalFailure", 500, ""),
      Error(errc::service, "away").with_service("ServiceUnavailable", 503, ""),
      Error(errc::connection, "reset").with_retryable(true)};
  const Clock::time_point over = clock->now() + 20s;
  stream->latency = 5ms;
  stream->fail_call = [&](const TestStream::Call& call) {
    return call.at < over ? std::optional<Error>(storm[stream->calls.size() % storm.size()]) : std::nullopt;
  };
  ProducerOptions options = defaults();
  options.time_to_live = 2min;
  auto producer = make(options);
  send_some(producer, 500);
  run(20s);
  EXPECT_EQ(results.size(), 0u);
  EXPECT_GT(stream->calls.size(), 10u);
  EXPECT_LT(stream->calls.size(), 100u);
  run(1min);
  EXPECT_EQ(acknowledged(), 500u);
  EXPECT_GT(results.at("7")->attempts, 5);
  expect_acknowledged_are_delivered();
}

}  // namespace
}  // namespace kinesis::producer
