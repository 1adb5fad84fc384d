#include "integration/fleet.hpp"

#include <atomic>

namespace kinesis::integration {
namespace {

Worker::Handler into(Book& book, std::string worker) {
  return [&book, worker = std::move(worker)](const Record<std::string>& record) { book.write(worker, record); };
}

std::map<std::string, int> owners(Stage& stage) {
  std::map<std::string, int> counts;
  for (const Lease& lease : stage.lease_rows())
    if (lease.owner) ++counts[*lease.owner];
  return counts;
}

TEST(Consume, DeliversEveryRecordOnceAndInOrder) {
  Stage stage(4);
  Book book;
  Worker worker(stage.client_options(), stage.worker_options("a"), into(book, "a"));
  stage.put(0, 1000);
  ASSERT_TRUE(book.wait_for(1000));
  EXPECT_EQ(book.duplicates(), 0u);
  expect_order_per_key(book);
}

TEST(Consume, AStoppedWorkerIsContinuedWhereItEnded) {
  Stage stage(2);
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

TEST(Consume, WorkersShareTheShardsAndTakeOver) {
  Stage stage(4);
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

TEST(Consume, ASplitAndAMergeKeepTheOrderOfEveryKey) {
  Stage stage(3);
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

TEST(Consume, RecordsOfAHandlerThatThrowsComeAgain) {
  Stage stage(1);
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

TEST(Consume, LatestDoesNotBringWhatWasThereBefore) {
  Stage stage(2);
  Book book;
  stage.put(0, 100);
  ConsumerOptions options = stage.worker_options("a");
  options.start = Latest{};
  Worker worker(stage.client_options(), options, into(book, "a"));
  // One read of each shard: from then on everything counts.
  ASSERT_TRUE(worker.events().wait_for<event::RecordsRead>(8));
  stage.put(100, 100);
  ASSERT_TRUE(book.wait_for(100));
  for (const Book::Entry& entry : book.entries()) EXPECT_GE(std::stoi(entry.data), 100);
}

TEST(Consume, AnUnknownStreamEndsTheWorkerWithItsError) {
  Stage stage(1);
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
