#include <kinesis/testing/fake_producer.hpp>
#include <kinesis/testing/manual_clock.hpp>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>

namespace kinesis::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

const Error refused(errc::throttled, "too much");

class FakeProducerTest : public ::testing::Test {
 protected:
  FakeProducerTest()
      : clock(std::make_shared<ManualClock>()), fake(context.get_executor(), clock), producer(fake.producer(text)) {}

  void send(const std::string& data, const std::string& key = "key") {
    producer.send(key, data, [this, data](Result<Receipt> result) { results.emplace_back(data, std::move(result)); });
  }
  void run(Clock::duration time = 0s) { run_in_virtual_time(context, *clock, time); }
  /// In the order of their answers, with the error if there is one.
  std::vector<std::string> answers() {
    std::vector<std::string> all;
    for (const auto& [data, result] : results)
      all.push_back(result ? data : data + ": " + std::string(to_string(result.error().code())));
    return all;
  }

  asio::io_context context{1};
  std::shared_ptr<ManualClock> clock;
  FakeProducer fake;
  Producer<std::string> producer;
  std::vector<std::pair<std::string, Result<Receipt>>> results;
};

TEST_F(FakeProducerTest, RemembersWhatWasSentInOrder) {
  send("1", "a");
  OutgoingRecord<std::string> record("b", "2");
  record.explicit_hash_key = "17";
  producer.async_send_record(record, [](std::exception_ptr, Receipt) {});
  run();
  const auto sent = fake.sent();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].partition_key, "a");
  EXPECT_EQ(sent[0].data.text(), "1");
  EXPECT_EQ(sent[0].explicit_hash_key, std::nullopt);
  EXPECT_EQ(sent[1].explicit_hash_key, "17");
  EXPECT_THAT(fake.sent(text), ElementsAre("1", "2"));
}

TEST_F(FakeProducerTest, GivesReceiptsAndNeverInline) {
  send("1");
  send("2");
  EXPECT_TRUE(results.empty());
  run();
  EXPECT_THAT(answers(), ElementsAre("1", "2"));
  EXPECT_EQ(results[1].second->sequence_number, SequenceNumber("2"));
  EXPECT_EQ(results[1].second->attempts, 1);
  EXPECT_EQ(results[1].second->shard_id, "shardId-000000000000");
}

TEST_F(FakeProducerTest, IsAsStrictAsTheRealOne) {
  send("no key", "");
  send(std::string(1'048'577, 'x'));
  run();
  EXPECT_EQ(results[0].second.error().code(), errc::invalid_argument);
  EXPECT_EQ(results[1].second.error().code(), errc::too_large);
  EXPECT_TRUE(fake.sent().empty());
  EXPECT_EQ(fake.metrics().records_accepted, 0u);
}

TEST_F(FakeProducerTest, FailsTheNextAsOrdered) {
  fake.fail_next(1, refused);
  fake.fail_next(1, Error(errc::kms, "no key"));
  for (const char* data : {"1", "2", "3"}) send(data);
  run();
  EXPECT_THAT(answers(), ElementsAre("1: throttled", "2: kms", "3"));
  EXPECT_THAT(fake.sent(text), ElementsAre("1", "2", "3"));
  ASSERT_EQ(fake.acknowledged().size(), 1u);
  EXPECT_EQ(fake.acknowledged()[0].data.text(), "3");
}

TEST_F(FakeProducerTest, FailsWhatAPredicateSays) {
  fake.fail_if([](const OutgoingRecord<Blob>& record) {
    return record.partition_key == "bad" ? std::optional(refused) : std::nullopt;
  });
  send("1");
  send("2", "bad");
  run();
  fake.fail_if(nullptr);
  send("3", "bad");
  run();
  EXPECT_THAT(answers(), ElementsAre("1", "2: throttled", "3"));
}

TEST_F(FakeProducerTest, HoldsAnswersUntilTold) {
  fake.hold();
  for (const char* data : {"1", "2", "3"}) send(data);
  run(1h);
  EXPECT_TRUE(results.empty());
  EXPECT_EQ(fake.unanswered(), 3u);
  EXPECT_EQ(fake.release(2), 2u);
  run();
  EXPECT_THAT(answers(), ElementsAre("1", "2"));
  EXPECT_EQ(fake.acknowledged().size(), 2u);
  fake.release_all();
  send("4");
  run();
  EXPECT_THAT(answers(), ElementsAre("1", "2", "3", "4"));
  EXPECT_EQ(fake.release(1), 0u);
}

TEST_F(FakeProducerTest, DelaysAnswersByTheClock) {
  fake.delay(3s);
  send("1");
  fake.delay(1s);
  send("2");
  run(999ms);
  EXPECT_TRUE(results.empty());
  run(1s);
  EXPECT_THAT(answers(), ElementsAre("2"));
  run(2s);
  EXPECT_THAT(answers(), ElementsAre("2", "1"));
  EXPECT_EQ(results[1].second->time_in_library, 3s);
  EXPECT_EQ(clock->next_deadline(), std::nullopt) << "nothing is left behind";
}

TEST_F(FakeProducerTest, AFullBufferRefuses) {
  fake.be_full(true);
  send("1");
  EXPECT_FALSE(producer.try_send("key", "2", [](Result<Receipt>) { FAIL(); }));
  fake.be_full(false);
  EXPECT_TRUE(producer.try_send("key", "3", [](Result<Receipt>) {}));
  run();
  EXPECT_THAT(answers(), ElementsAre("1: full"));
  EXPECT_THAT(fake.sent(text), ElementsAre("3"));
}

TEST_F(FakeProducerTest, AFlushWaitsForWhatWasSentBefore) {
  fake.hold();
  send("1");
  bool flushed = false;
  producer.async_flush([&](std::exception_ptr) { flushed = true; });
  send("2");
  run();
  EXPECT_FALSE(flushed);
  fake.release(1);
  run();
  EXPECT_TRUE(flushed);
}

TEST_F(FakeProducerTest, CloseWaitsUntilItsDeadlineAndRefusesWhatComesLater) {
  fake.hold();
  send("1");
  std::optional<Clock::time_point> closed;
  const Clock::time_point began = clock->now();
  producer.async_close(5s, [&](std::exception_ptr) { closed = clock->now(); });
  send("2");
  run(10s);
  ASSERT_TRUE(closed);
  EXPECT_EQ(*closed - began, 5s);
  EXPECT_THAT(answers(), ElementsAre("2: closed", "1: closed"));
  EXPECT_EQ(clock->next_deadline(), std::nullopt);
}

TEST_F(FakeProducerTest, ADeadlineFarAwayIsNone) {
  fake.delay(1s);
  send("1");
  bool closed = false;
  producer.async_close(std::chrono::milliseconds::max(), [&](std::exception_ptr) { closed = true; });
  run(10s);
  EXPECT_TRUE(closed);
  EXPECT_THAT(answers(), ElementsAre("1"));
}

TEST_F(FakeProducerTest, ADestroyedProducerAnswersWhatIsLeftAndTheNextOneIsOpen) {
  fake.hold();
  {
    auto other = fake.producer(text);
    other.send("key", "1", [this](Result<Receipt> result) { results.emplace_back("1", std::move(result)); });
  }
  run();
  EXPECT_THAT(answers(), ElementsAre("1: closed"));
  fake.release_all();
  auto next = fake.producer(text);
  send("2");
  run();
  EXPECT_THAT(answers(), ElementsAre("1: closed", "2"));
}

TEST_F(FakeProducerTest, Counts) {
  fake.fail_next(1, refused);
  fake.hold();
  for (const char* data : {"1", "22", "333"}) send(data);
  fake.release(2);
  run();
  const ProducerMetrics metrics = producer.metrics();
  EXPECT_EQ(metrics.records_accepted, 3u);
  EXPECT_EQ(metrics.records_delivered, 1u);
  EXPECT_EQ(metrics.records_failed, 1u);
  EXPECT_EQ(metrics.bytes_delivered, 5u);
  EXPECT_EQ(metrics.buffered_records, 1u);
  EXPECT_EQ(metrics.buffered_bytes, 6u);
}

TEST_F(FakeProducerTest, ForgetsWhenTold) {
  fake.hold();
  send("1");
  fake.forget();
  fake.release_all();
  send("2");
  run();
  EXPECT_THAT(fake.sent(text), ElementsAre("2"));
  EXPECT_EQ(fake.acknowledged().size(), 1u);
  EXPECT_THAT(answers(), ElementsAre("1", "2"));
}

TEST(FakeProducer, AnswersFuturesFromAThreadOfItsOwn) {
  FakeProducer fake;
  fake.delay(1ms);
  auto producer = fake.producer(text);
  EXPECT_EQ(producer.send("key", "1").get().attempts, 1);
  fake.fail_next(1, refused);
  EXPECT_THROW(producer.send("key", "2").get(), Error);
  producer.flush().get();
  producer.close().get();
  EXPECT_THROW(producer.send("key", "3").get(), Error);
}

TEST(FakeProducer, IsUsedFromManyThreads) {
  FakeProducer fake;
  auto producer = fake.producer(text);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 100; ++j) producer.send("key", "x").get();
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(fake.acknowledged().size(), 400u);
}

TEST(FakeProducer, MayGoBeforeItsProducer) {
  asio::io_context context;
  std::optional<FakeProducer> fake(std::in_place, context.get_executor());
  auto producer = fake->producer(text);
  fake->hold();
  std::optional<errc> code;
  producer.send("key", "1", [&](Result<Receipt> result) { code = result.error().code(); });
  fake.reset();
  context.run();
  EXPECT_EQ(code, errc::closed);
}

}  // namespace
}  // namespace kinesis::testing
