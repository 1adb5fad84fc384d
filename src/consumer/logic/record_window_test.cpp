#include "consumer/logic/record_window.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace kinesis::consumer {
namespace {

using Ticket = RecordWindow::Ticket;

RecordPosition at(std::uint64_t number) { return RecordPosition{SequenceNumber(std::to_string(number)), 0}; }

TEST(RecordWindow, StartsAsManyAsItMay) {
  RecordWindow window({.concurrency = 2});
  window.add("a", at(1));
  window.add("b", at(2));
  window.add("c", at(3));
  EXPECT_EQ(window.start(), Ticket{0});
  EXPECT_EQ(window.start(), Ticket{1});
  EXPECT_EQ(window.start(), std::nullopt);
  window.complete(1);
  EXPECT_EQ(window.start(), Ticket{2});
  EXPECT_EQ(window.unfinished(), 2u);
}

TEST(RecordWindow, KeepsTheOrderOfAKey) {
  RecordWindow window({.concurrency = 4});
  window.add("a", at(1));
  window.add("a", at(2));
  window.add("b", at(3));
  EXPECT_EQ(window.start(), Ticket{0});
  EXPECT_EQ(window.start(), Ticket{2}) << "the second record of a waits for the first";
  EXPECT_EQ(window.start(), std::nullopt);
  window.complete(0);
  EXPECT_EQ(window.start(), Ticket{1});
}

TEST(RecordWindow, CoversOnlyWhatIsDoneWithoutAGap) {
  RecordWindow window({.concurrency = 3});
  for (std::uint64_t i = 1; i <= 3; ++i) window.add("k" + std::to_string(i), at(i));
  for (int i = 0; i < 3; ++i) window.start();
  EXPECT_EQ(window.complete(2), 0u);
  EXPECT_EQ(window.done(), std::nullopt) << "the first record is still at work";
  EXPECT_EQ(window.complete(0), 1u);
  EXPECT_EQ(window.done(), at(1));
  EXPECT_EQ(window.complete(1), 2u);
  EXPECT_EQ(window.done(), at(3));
}

TEST(RecordWindow, ASlowRecordIsOvertakenOnlyByAWindow) {
  RecordWindow window({.concurrency = 2, .capacity = 3});
  window.add("slow", at(1));
  window.start();
  std::uint64_t taken = 1;
  while (window.has_room()) {
    window.add("fast", at(++taken));
    window.complete(*window.start());
  }
  EXPECT_EQ(taken, 3u);
  window.complete(0);
  EXPECT_TRUE(window.has_room());
  EXPECT_EQ(window.done(), at(3));
}

TEST(RecordWindow, InOrderOneByOne) {
  RecordWindow window({.concurrency = 8, .in_order = true});
  window.add("a", at(1));
  window.add("b", at(2));
  EXPECT_EQ(window.start(), Ticket{0});
  EXPECT_EQ(window.start(), std::nullopt);
  window.complete(0);
  EXPECT_EQ(window.start(), Ticket{1});
}

TEST(RecordWindow, AKeysNextRecordWaitsForTheCheckpoint) {
  RecordWindow window({.concurrency = 4, .save_between = true});
  window.add("a", at(1));
  window.add("a", at(2));
  window.complete(*window.start());
  EXPECT_TRUE(window.waits_for_save());
  EXPECT_EQ(window.unsaved(), 1u);
  EXPECT_EQ(window.start(), std::nullopt);
  window.save(at(1));
  EXPECT_FALSE(window.waits_for_save());
  EXPECT_EQ(window.start(), Ticket{1});
}

TEST(RecordWindow, ASecondWaiterOfAKeyWaitsForItsOwnCheckpoint) {
  // zio-kinesis: a waiter was let go by the checkpoint of another key, and a third record was not held back at all.
  RecordWindow window({.concurrency = 4, .save_between = true});
  window.add("a", at(1));
  window.add("b", at(2));
  window.add("a", at(3));
  window.add("a", at(4));
  EXPECT_EQ(window.start(), Ticket{0});
  EXPECT_EQ(window.start(), Ticket{1});
  window.complete(0);
  window.complete(1);
  window.save(at(1));
  EXPECT_EQ(window.start(), Ticket{2});
  EXPECT_EQ(window.start(), std::nullopt);
  window.complete(2);
  window.save(at(2));
  EXPECT_EQ(window.start(), std::nullopt) << "the checkpoint of b does not cover the second record of a";
  window.save(at(3));
  EXPECT_EQ(window.start(), Ticket{3});
}

TEST(RecordWindow, AsksForACheckpointOnlyIfItHelps) {
  RecordWindow window({.concurrency = 4, .save_between = true});
  window.add("slow", at(1));
  window.add("a", at(2));
  window.add("a", at(3));
  window.start();
  window.complete(*window.start());
  EXPECT_FALSE(window.waits_for_save()) << "a checkpoint cannot cover record 2 before record 1 is done";
  window.complete(0);
  EXPECT_TRUE(window.waits_for_save());
}

/// Random schedules against a plain model.
TEST(RecordWindow, HoldsItsPromisesForEverySchedule) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    std::mt19937 random(seed);
    RecordWindow::Options options;
    options.concurrency = 1 + random() % 5;
    options.capacity = 1 + random() % 12;
    options.in_order = random() % 4 == 0;
    options.save_between = random() % 2 == 0;
    RecordWindow window(options);
    const std::uint64_t total = 60;
    std::vector<std::string> keys;
    std::vector<Ticket> running;
    std::map<std::string, Ticket> busy;  // of each key the record that was started last and is not released
    std::uint64_t saved = 0;
    std::uint64_t covered = 0;
    std::vector<bool> done(total, false);
    int idle = 0;
    while (saved < total) {
      ASSERT_LT(++idle, 10'000) << "stuck with seed " << seed;
      while (covered < total && done[covered]) ++covered;
      switch (random() % 4) {
        case 0:
          if (keys.size() < total && window.has_room()) {
            keys.push_back("key" + std::to_string(random() % 4));
            ASSERT_EQ(window.add(keys.back(), at(keys.size())), keys.size() - 1);
          }
          break;
        case 1:
          if (const auto ticket = window.start()) {
            running.push_back(*ticket);
            ASSERT_LE(running.size(), options.in_order ? 1 : options.concurrency);
            const auto other = busy.find(keys[*ticket]);
            if (other != busy.end()) {
              ASSERT_LT(other->second, *ticket);
              ASSERT_TRUE(done[other->second]);
              ASSERT_TRUE(!options.save_between || other->second < saved) << "seed " << seed;
            }
            busy[keys[*ticket]] = *ticket;
          }
          break;
        case 2:
          if (!running.empty()) {
            const std::size_t which = random() % running.size();
            const Ticket ticket = running[which];
            running.erase(running.begin() + static_cast<std::ptrdiff_t>(which));
            done[ticket] = true;
            window.complete(ticket);
            const auto now = static_cast<std::uint64_t>(std::find(done.begin(), done.end(), false) - done.begin());
            ASSERT_EQ(window.done(), now == 0 ? std::nullopt : std::optional(at(now)));
          }
          break;
        default:
          if (covered > saved) {
            saved = covered;
            window.save(at(covered));
          }
      }
    }
    EXPECT_EQ(window.unfinished(), 0u);
    EXPECT_FALSE(window.waits_for_save());
  }
}

TEST(RecordWindow, ClosesTheGapsAndStartsNothingBehindThem) {
  RecordWindow::Options options;
  options.concurrency = 2;
  RecordWindow window(options);
  const Ticket slow = window.add("a", at(1));
  const Ticket same_key = window.add("a", at(2));
  const Ticket quick = window.add("b", at(3));
  window.add("c", at(4));
  ASSERT_EQ(window.start(), slow);
  ASSERT_EQ(window.start(), quick);
  EXPECT_FALSE(window.has_gaps()) << "nobody asked yet";
  window.close_gaps();
  window.complete(quick);
  EXPECT_EQ(window.start(), std::nullopt) << "behind what has started";
  EXPECT_TRUE(window.has_gaps());
  window.complete(slow);
  ASSERT_EQ(window.start(), same_key) << "before it";
  window.close_gaps();
  EXPECT_TRUE(window.has_gaps());
  window.complete(same_key);
  EXPECT_FALSE(window.has_gaps());
  EXPECT_EQ(window.done(), at(3));
  EXPECT_EQ(window.start(), std::nullopt);
}

}  // namespace
}  // namespace kinesis::consumer
