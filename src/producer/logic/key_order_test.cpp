#include "producer/logic/key_order.hpp"

#include "core/random.hpp"
#include "producer/logic/test_records.hpp"

#include <gtest/gtest.h>

#include <map>

namespace kinesis::producer {
namespace {

using namespace std::chrono_literals;

std::string data_of(const PendingPtr& record) { return record ? std::string(record->record.data.text()) : "none"; }

std::vector<PendingPtr> list(PendingPtr record) {
  std::vector<PendingPtr> records;
  records.push_back(std::move(record));
  return records;
}

TEST(KeyOrder, AKeyIsHeldUntilItsEntryIsDone) {
  KeyOrder order;
  const Entry entry(0, Packing{});
  const Entry other(0, Packing{});
  const PendingPtr record = pending("key", "1");
  EXPECT_EQ(order.holder(*record), nullptr);
  order.hold("key", &entry);
  EXPECT_EQ(order.holder(*record), &entry);
  EXPECT_EQ(order.holder(*pending("other", "1")), nullptr);
  order.release(&other, list(pending("key", "1")));
  EXPECT_EQ(order.holder(*record), &entry) << "released by an entry that does not hold it";
  order.release(&entry, list(pending("key", "1")));
  EXPECT_EQ(order.holder(*record), nullptr);
  EXPECT_TRUE(order.empty());
}

TEST(KeyOrder, WhatWaitsComesInOrderOnceTheKeyIsFree) {
  KeyOrder order;
  const Entry entry(0, Packing{});
  order.hold("key", &entry);
  for (const char* data : {"2", "3"}) order.wait(pending("key", data));
  EXPECT_TRUE(order.waits(*pending("key", "")));
  EXPECT_FALSE(order.waits(*pending("other", "")));
  EXPECT_EQ(data_of(order.next()), "none") << "the key is held";
  order.release(&entry, list(pending("key", "1")));
  EXPECT_EQ(data_of(order.next()), "2");
  order.hold("key", &entry);
  EXPECT_EQ(data_of(order.next()), "none");
  EXPECT_EQ(data_of(order.next_of("key")), "3");
  EXPECT_EQ(data_of(order.next_of("key")), "none");
  EXPECT_TRUE(order.empty());
}

TEST(KeyOrder, WhatHasWaitedTooLongIsTakenOutAndTheOthersKeepTheirOrder) {
  KeyOrder order;
  const Entry entry(0, Packing{});
  EXPECT_EQ(order.oldest(), Clock::time_point::max());
  for (const char* key : {"a", "b"}) order.hold(key, &entry);
  order.wait(pending("a", "a2", test_start + 1s));
  order.wait(pending("a", "a3", test_start + 3s));
  order.wait(pending("b", "b2", test_start + 2s));
  EXPECT_EQ(order.oldest(), test_start + 1s);
  EXPECT_TRUE(order.take_older(test_start + 1s - 1ns).empty());
  std::vector<PendingPtr> taken = order.take_older(test_start + 2s);
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(order.oldest(), test_start + 3s);
  EXPECT_FALSE(order.waits(*pending("b", "")));
  EXPECT_NE(order.holder(*pending("b", "")), nullptr) << "its entry is still under way";
  order.release(&entry, list(pending("a", "a1")));
  EXPECT_EQ(data_of(order.next()), "a3");
  EXPECT_EQ(order.oldest(), Clock::time_point::max());
  EXPECT_TRUE(order.empty());
}

TEST(KeyOrder, AKeyOfWhichEverythingHasExpiredIsForgotten) {
  KeyOrder order;
  const Entry entry(0, Packing{});
  order.hold("key", &entry);
  order.wait(pending("key", "2"));
  order.release(&entry, list(pending("key", "1")));
  EXPECT_EQ(order.take_older(test_start).size(), 1u);
  EXPECT_EQ(data_of(order.next()), "none");
  order.wait_first(pending("key", "3"));
  EXPECT_EQ(data_of(order.next()), "3") << "as if it were new";
}

TEST(KeyOrder, WhatIsPutBackComesBeforeWhatCameLater) {
  KeyOrder order;
  const Entry entry(0, Packing{});
  order.hold("key", &entry);
  order.wait(pending("key", "3"));
  order.release(&entry, list(pending("key", "1")));
  order.wait_first(pending("key", "2"));
  order.wait_first(pending("key", "1"));
  for (const char* data : {"1", "2", "3"}) EXPECT_EQ(data_of(order.next()), data);
  EXPECT_EQ(data_of(order.next()), "none");
}

TEST(KeyOrder, IsDrainedInTheOrderOfEachKey) {
  KeyOrder order;
  const Entry entry(0, Packing{});
  for (int i = 0; i < 20; ++i) {
    const std::string key = "key-" + std::to_string(i % 3);
    order.hold(key, &entry);
    order.wait(pending(key, std::to_string(i)));
  }
  std::map<std::string, int> last;
  const std::vector<PendingPtr> all = order.drain();
  EXPECT_EQ(all.size(), 20u);
  for (const PendingPtr& record : all) {
    const int number = std::stoi(data_of(record));
    EXPECT_GE(number, last[record->record.partition_key]);
    last[record->record.partition_key] = number;
  }
  EXPECT_TRUE(order.empty());
}

/// Uses it as the pipeline does: entries of several keys, some of which are stored, some fail, some are taken apart.
class KeyOrderDriver {
 public:
  explicit KeyOrderDriver(std::uint64_t seed) : random_(seed) {}

  void run() {
    for (int step = 0; step < 2000; ++step) {
      const std::uint64_t what = random_.below(10);
      if (what < 5) {
        send();
      } else if (!under_way_.empty()) {
        answer();
      }
    }
    while (!under_way_.empty()) answer();
    EXPECT_TRUE(order_.empty()) << "nothing waits once nothing is under way";
    EXPECT_EQ(done_, sent_);
  }

 private:
  void send() {
    const std::string key = "key-" + std::to_string(random_.below(6));
    ++sent_;
    PendingPtr record = pending(key, std::to_string(next_number_[key]++));
    if (order_.waits(*record) || order_.holder(*record) != nullptr) return order_.wait(std::move(record));
    start(std::move(record));
  }
  void start(PendingPtr record) {
    auto entry = std::make_unique<Entry>(0, Packing{Packing::Mode::by_shard, 51'200, 1'000});
    const std::string key = record->record.partition_key;
    entry->add(record);
    order_.hold(key, entry.get());
    while (random_.chance(0.6)) {
      PendingPtr more = order_.next_of(key);
      if (!more) break;
      if (random_.chance(0.2)) {
        order_.wait_first(std::move(more));
        break;
      }
      entry->add(more);
    }
    under_way_.push_back(std::move(entry));
  }
  void answer() {
    std::swap(under_way_[random_.below(under_way_.size())], under_way_.back());
    const EntryPtr entry = std::move(under_way_.back());
    under_way_.pop_back();
    std::vector<PendingPtr> records = entry->take_records();
    order_.release(entry.get(), records);
    if (random_.chance(0.3)) {
      for (auto it = records.rbegin(); it != records.rend(); ++it) order_.wait_first(std::move(*it));
    } else {
      for (const PendingPtr& record : records) {
        ++done_;
        EXPECT_EQ(std::stoi(data_of(record)), next_done_[record->record.partition_key]++);
      }
    }
    while (PendingPtr next = order_.next()) start(std::move(next));
  }

  core::Random random_;
  KeyOrder order_;
  std::vector<EntryPtr> under_way_;
  std::map<std::string, int> next_number_;
  std::map<std::string, int> next_done_;
  int sent_ = 0;
  int done_ = 0;
};

TEST(KeyOrder, KeepsEachKeyInOrderThroughWhateverHappens) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    KeyOrderDriver(seed).run();
  }
}

}  // namespace
}  // namespace kinesis::producer
