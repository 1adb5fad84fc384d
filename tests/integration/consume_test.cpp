#include "integration/fleet.hpp"

#include <atomic>
#include <memory>

namespace kinesis::integration {
namespace {

Worker::Handler into(Book& book, std::string worker) {
  return [&book, worker = std::move(worker)](const Record<std::string>& record) { book.write(worker, record); };
}

enum class Fetch { polling, fan_out };

std::string name_of(const ::testing::TestParamInfo<Fetch>& info) {
  return info.param == Fetch::polling ? "Polling" : "FanOut";
}

/// Over TLS and HTTP/2. A subscription is taken over after 5 s, which nobody wants to wait for in earnest.
class Consuming : public ::testing::TestWithParam<Fetch> {
 protected:
  std::unique_ptr<Stage> make_stage(int shards) const {
    EmulatorOptions options;
    options.tls = true;
    auto stage = std::make_unique<Stage>(shards, options, GetParam() == Fetch::polling ? 1 : 10);
    if (GetParam() == Fetch::fan_out) stage->fetch = EnhancedFanOut{};
    return stage;
  }
};
INSTANTIATE_TEST_SUITE_P(By, Consuming, ::testing::Values(Fetch::polling, Fetch::fan_out), name_of);

std::map<std::string, int> owners(Stage& stage) {
  std::map<std::string, int> counts;
  for (const Lease& lease : stage.lease_rows())
    if (lease.owner) ++counts[*lease.owner];
  return counts;
}

TEST_P(Consuming, DeliversEveryRecordOnceAndInOrder) {
  const auto made = make_stage(4);
  Stage& stage = *made;
  Book book;
  Worker worker(stage.client_options(), stage.worker_options("a"), into(book, "a"));
  stage.put(0, 1000);
  ASSERT_TRUE(book.wait_for(1000));
  EXPECT_EQ(book.duplicates(), 0u);
  expect_order_per_key(book);
}

TEST_P(Consuming, AStoppedWorkerIsContinuedWhereItEnded) {
  const auto made = make_stage(2);
  Stage& stage = *made;
  Book book;
  stage.put(0, 300);
  {
    Worker first(stage.client_options(), stage.worker_options("a"), into(book, "a"));
    ASSERT_TRUE(book.wait_for(300));
  }
  EXPECT_TRUE(owners(stage).empty()) << "a stopped worker gives its leases back";
  stage.put(300, 300);
  Worker second(stage.client_options(), stage.worker_options("b"), into(book, "b"));
  ASSERT_TRUE(book.wait_for(600));
  EXPECT_EQ(book.duplicates(), 0u);
  expect_order_per_key(book);
}

TEST_P(Consuming, WorkersShareTheShardsAndTakeOver) {
  const auto made = make_stage(4);
  Stage& stage = *made;
  Book book;
  Worker a(stage.client_options(), stage.worker_options("a"), into(book, "a"));
  ASSERT_TRUE(a.events().wait_for<event::LeaseAcquired>(4));
  {
    Worker b(stage.client_options(), stage.worker_options("b"), into(book, "b"));
    ASSERT_TRUE(b.events().wait_for<event::LeaseAcquired>(2));
    ASSERT_TRUE(a.events().wait_for<event::LeaseReleased>(2));
    EXPECT_EQ(owners(stage), (std::map<std::string, int>{{"a", 2}, {"b", 2}}));
    stage.put(0, 400);
    ASSERT_TRUE(book.wait_for(400));
  }
  ASSERT_TRUE(a.events().wait_for<event::LeaseAcquired>(6));
  stage.put(400, 400);
  ASSERT_TRUE(book.wait_for(800));
  expect_order_per_key(book);
}

TEST_P(Consuming, ASplitAndAMergeKeepTheOrderOfEveryKey) {
  const auto made = make_stage(3);
  Stage& stage = *made;
  Book book;
  Worker a(stage.client_options(), stage.worker_options("a"), into(book, "a"));
  Worker b(stage.client_options(), stage.worker_options("b"), into(book, "b"));
  stage.put(0, 300, 40);
  const auto shards = stage.shards();
  stage.client().call(SplitShardRequest("orders", shards[0].shard_id, "50000000000000000000000000000000000000")).get();
  stage.put(300, 300, 40);
  stage.client().call(MergeShardsRequest("orders", shards[1].shard_id, shards[2].shard_id)).get();
  stage.put(600, 300, 40);
  ASSERT_TRUE(book.wait_for(900));
  expect_order_per_key(book);
  a.stop();
  b.stop();
  a.wait();
  b.wait();
  int ended = 0;
  for (const Lease& lease : stage.lease_rows()) {
    if (lease.checkpoint.is_shard_end()) ++ended;
    EXPECT_EQ(lease.owner, std::nullopt);
  }
  EXPECT_EQ(ended, 3) << "both parents of the merge and the parent of the split are done";
}

TEST_P(Consuming, RecordsOfAHandlerThatThrowsComeAgain) {
  const auto made = make_stage(1);
  Stage& stage = *made;
  Book book;
  std::atomic<bool> threw{false};
  stage.put(0, 100);
  Worker worker(stage.client_options(), stage.worker_options("a"), [&](const Record<std::string>& record) {
    if (record.data == "50" && !threw.exchange(true)) throw std::runtime_error("not now");
    book.write("a", record);
  });
  ASSERT_TRUE(book.wait_for(100));
  EXPECT_TRUE(threw);
  EXPECT_EQ(book.duplicates(), 0u) << "what was completed before is checkpointed";
  expect_order_per_key(book);
}

TEST_P(Consuming, LatestDoesNotBringWhatWasThereBefore) {
  const auto made = make_stage(2);
  Stage& stage = *made;
  Book book;
  stage.put(0, 100);
  ConsumerOptions options = stage.worker_options("a");
  options.start = Latest{};
  Worker worker(stage.client_options(), options, into(book, "a"));
  // One read of each shard, or its subscription: from then on everything counts.
  if (GetParam() == Fetch::polling) {
    ASSERT_TRUE(worker.events().wait_for<event::RecordsRead>(8));
  } else {
    ASSERT_TRUE(worker.events().wait_for<event::Subscribed>(2));
  }
  stage.put(100, 100);
  ASSERT_TRUE(book.wait_for(100));
  for (const Book::Entry& entry : book.entries()) EXPECT_GE(std::stoi(entry.data), 100);
}

TEST_P(Consuming, AnUnknownStreamEndsTheWorkerWithItsError) {
  const auto made = make_stage(1);
  Stage& stage = *made;
  ConsumerOptions options = stage.worker_options("a");
  options.stream = "nowhere";
  Worker worker(stage.client_options(), options, [](const Record<std::string>&) {});
  try {
    worker.wait();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), errc::not_found);
  }
}

TEST(Consume, ExpiredIteratorsGoOnAfterTheLastRecord) {
  EmulatorOptions options;
  options.faults.push_back(
      FaultRule::parse("operation=GetRecords,action=expired-iterator,probability=0.3,seed=5").value());
  Stage stage(2, options);
  Book book;
  Worker worker(stage.client_options(), stage.worker_options("a"), into(book, "a"));
  stage.put(0, 500);
  ASSERT_TRUE(book.wait_for(500));
  EXPECT_EQ(book.duplicates(), 0u);
  expect_order_per_key(book);
}

}  // namespace
}  // namespace kinesis::integration
