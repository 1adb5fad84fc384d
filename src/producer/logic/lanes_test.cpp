#include "producer/logic/lanes.hpp"

#include "core/random.hpp"
#include "producer/logic/test_records.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace kinesis::producer {
namespace {

using namespace std::chrono_literals;

constexpr auto never = Clock::time_point::max();
constexpr Clock::time_point t0 = test_start;

/// Each record an entry of its own, no rates: what tests of batches need.
LaneOptions plain() {
  LaneOptions options;
  options.linger = 10ms;
  options.limit_rates = false;
  return options;
}
LaneOptions packed() {
  LaneOptions options = plain();
  options.packing = Packing{Packing::Mode::by_shard, 51'200, 1'000'000};
  return options;
}

/// Data of the records in a batch, entries apart.
std::vector<std::string> entries_of(const Lanes::Batch& batch) {
  std::vector<std::string> found;
  for (const EntryPtr& entry : batch.entries) {
    std::string all;
    const PutRecordsRequestEntry request = request_of(*entry);
    const BytesView data = request.data.bytes();
    aggregation::Deaggregator reader;
    if (reader.read(std::span(&data, 1), {}).front().form == aggregation::RecordForm::raw) {
      all = request.data.text();
    } else {
      for (const auto& record : reader.user_records()) all += as_text(record.data);
    }
    found.push_back(all);
  }
  return found;
}
using Entries = std::vector<std::string>;

TEST(Lanes, WithNoCallUnderWayARecordGoesAtOnce) {
  Lanes lanes(packed());
  EXPECT_TRUE(lanes.empty());
  EXPECT_EQ(lanes.ready_at(t0, 0), never);
  lanes.add(pending("a", "1"), 0, t0);
  EXPECT_FALSE(lanes.empty());
  EXPECT_LE(lanes.ready_at(t0, 0), t0);
  EXPECT_EQ(entries_of(lanes.next(t0, 0)), (Entries{"1"}));
  EXPECT_TRUE(lanes.empty());
  EXPECT_EQ(entries_of(lanes.next(t0, 0)), Entries{});
}

TEST(Lanes, WithCallsUnderWayRecordsLinger) {
  for (const LaneOptions& options : {plain(), packed()}) {
    Lanes lanes(options);
    lanes.add(pending("a", "1"), 0, t0);
    lanes.add(pending("a", "2", t0 + 5ms), 0, t0 + 5ms);
    EXPECT_TRUE(lanes.next(t0 + 5ms, 1).entries.empty());
    EXPECT_EQ(lanes.ready_at(t0 + 5ms, 1), t0 + 10ms) << "the oldest decides";
    EXPECT_TRUE(lanes.next(t0 + 10ms - 1ns, 1).entries.empty());
    EXPECT_EQ(lanes.next(t0 + 10ms, 1).entries.size(), options.packing.mode == Packing::Mode::alone ? 2u : 1u);
  }
}

TEST(Lanes, AFullEntryGoesAtOnceAndTakesWhatWaitsAlong) {
  LaneOptions options = packed();
  options.packing.max_records = 2;
  Lanes lanes(options);
  lanes.add(pending("x", "x"), 1, t0);
  lanes.add(pending("a", "1"), 0, t0);
  EXPECT_TRUE(lanes.next(t0, 1).entries.empty());
  lanes.add(pending("a", "2"), 0, t0);
  const Lanes::Batch batch = lanes.next(t0, 1);
  Entries entries = entries_of(batch);
  std::sort(entries.begin(), entries.end());
  EXPECT_EQ(entries, (Entries{"12", "x"}));
  EXPECT_EQ(batch.lanes.size(), 2u);
}

TEST(Lanes, AnEntryThatTheNextRecordWouldBurstIsFull) {
  LaneOptions options = packed();
  options.packing.max_bytes = 1000;
  Lanes lanes(options);
  const Entry* const first = lanes.add(pending("a", std::string(600, '1')), 0, t0);
  const Entry* const second = lanes.add(pending("a", std::string(600, '2')), 0, t0);
  EXPECT_NE(first, second);
  EXPECT_EQ(lanes.next(t0, 1).entries.size(), 2u) << "the open one joins the call";
}

TEST(Lanes, ABatchHasAtMostSoManyEntries) {
  LaneOptions options = plain();
  options.batch_records = 500;
  Lanes lanes(options);
  for (int i = 0; i < 1100; ++i) lanes.add(pending("a", "x"), static_cast<ShardSlot>(i % 2), t0);
  EXPECT_LE(lanes.ready_at(t0, 1), t0) << "a call is full";
  EXPECT_EQ(lanes.next(t0, 1).entries.size(), 500u);
  EXPECT_EQ(lanes.next(t0, 2).entries.size(), 500u);
  EXPECT_EQ(lanes.next(t0, 3).entries.size(), 0u) << "what is left lingers";
  EXPECT_EQ(lanes.next(t0, 0).entries.size(), 100u);
}

TEST(Lanes, ABatchHasAtMostSoManyBytesAndAlwaysOneEntry) {
  LaneOptions options = plain();
  options.batch_bytes = 1000;
  Lanes lanes(options);
  for (const std::size_t size : {399u, 599u, 1u, 2000u}) lanes.add(pending("k", std::string(size, 'x')), 0, t0);
  EXPECT_EQ(lanes.next(t0, 0).entries.size(), 2u) << "1000 bytes with the keys";
  EXPECT_EQ(lanes.next(t0, 0).entries.size(), 1u);
  EXPECT_EQ(lanes.next(t0, 0).entries.size(), 1u);
  EXPECT_TRUE(lanes.empty());
}

TEST(Lanes, AShardHasSoManyCallsUnderWay) {
  LaneOptions options = plain();
  options.calls_per_shard = 2;
  options.batch_records = 1;
  Lanes lanes(options);
  for (const char* data : {"1", "2", "3"}) lanes.add(pending("a", data), 7, t0);
  lanes.add(pending("b", "other"), 8, t0);
  std::vector<Lanes::Batch> calls;
  for (std::size_t i = 0; i < 3; ++i) calls.push_back(lanes.next(t0 + 1s, i));
  EXPECT_TRUE(std::all_of(calls.begin(), calls.end(), [](const auto& call) { return call.entries.size() == 1; }));
  EXPECT_TRUE(lanes.next(t0 + 1s, 3).entries.empty());
  EXPECT_EQ(lanes.ready_at(t0 + 1s, 3), never);
  for (const Lanes::Batch& call : calls) {
    if (call.lanes != std::vector<std::optional<ShardSlot>>{7}) continue;
    lanes.answered(call.lanes);
    break;
  }
  EXPECT_EQ(entries_of(lanes.next(t0 + 1s, 2)), (Entries{"3"}));
}

TEST(Lanes, RecordsOfNoKnownShardAreNotHeldToTheCallsOfOne) {
  LaneOptions options = plain();
  options.calls_per_shard = 1;
  options.batch_records = 1;
  Lanes lanes(options);
  for (const char* data : {"1", "2", "3"}) lanes.add(pending("a", data), std::nullopt, t0);
  std::vector<Lanes::Batch> calls;
  for (std::size_t i = 0; i < 3; ++i) {
    calls.push_back(lanes.next(t0 + 1s, i));
    EXPECT_EQ(calls.back().entries.size(), 1u) << i;
  }
  for (const Lanes::Batch& call : calls) lanes.answered(call.lanes);
}

TEST(Lanes, WhatIsTriedAgainGoesFirstButNotBeforeItsTime) {
  Lanes lanes(plain());
  lanes.add(pending("a", "again"), 0, t0);
  Lanes::Batch batch = lanes.next(t0, 0);
  lanes.answered(batch.lanes);
  lanes.add_again(std::move(batch.entries.front()), t0 + 100ms);
  EXPECT_FALSE(lanes.empty());
  EXPECT_EQ(lanes.ready_at(t0, 0), t0 + 100ms);
  EXPECT_TRUE(lanes.next(t0 + 99ms, 0).entries.empty());
  lanes.add(pending("a", "new"), 0, t0);
  EXPECT_EQ(entries_of(lanes.next(t0 + 99ms, 0)), (Entries{"new"})) << "others do not wait for it";
  lanes.add(pending("a", "newer"), 0, t0);
  EXPECT_EQ(entries_of(lanes.next(t0 + 100ms, 0)), (Entries{"again", "newer"}));
}

TEST(Lanes, OfSeveralThatAreTriedAgainTheEarliestIsFirst) {
  Lanes lanes(plain());
  for (const char* data : {"1", "2", "3"}) lanes.add(pending("a", data), 0, t0);
  Lanes::Batch batch = lanes.next(t0, 0);
  lanes.add_again(std::move(batch.entries[0]), t0 + 30ms);
  lanes.add_again(std::move(batch.entries[1]), t0 + 10ms);
  lanes.add_again(std::move(batch.entries[2]), t0 + 20ms);
  EXPECT_EQ(entries_of(lanes.next(t0 + 30ms, 0)), (Entries{"2", "3", "1"}));
}

TEST(Lanes, AThrottledShardIsHeldAndTheOthersAreNot) {
  LaneOptions options = packed();
  options.limit_rates = true;
  options.batch_records = 1;
  Lanes lanes(options);
  lanes.add(pending("a", "first"), 0, t0);
  const Lanes::Batch first = lanes.next(t0, 0);
  ASSERT_EQ(first.entries.size(), 1u);
  lanes.answered(first.lanes);
  lanes.throttled(0, first.entries.front()->bytes(), t0);

  const Entry* const open = lanes.add(pending("a", "1"), 0, t0);
  lanes.add(pending("b", "other"), 1, t0);
  EXPECT_EQ(entries_of(lanes.next(t0, 0)), (Entries{"other"}));
  const Clock::time_point ready = lanes.ready_at(t0, 0);
  EXPECT_GT(ready, t0);
  EXPECT_LT(ready, t0 + 1s);
  EXPECT_TRUE(lanes.next(t0, 0).entries.empty());
  EXPECT_EQ(lanes.add(pending("a", "2"), 0, t0), open) << "what is held goes on growing";
  PendingPtr third = pending("c", "3");
  EXPECT_TRUE(lanes.add_to(open, third));
  EXPECT_EQ(entries_of(lanes.next(ready, 0)), (Entries{"123"}));
}

TEST(Lanes, ABurstIsHeldToTheRateOfItsShard) {
  LaneOptions options = plain();
  options.limit_rates = true;
  Lanes lanes(options);
  for (int i = 0; i < 3000; ++i) lanes.add(pending("a", "x"), 0, t0);
  std::size_t sent = 0;
  Clock::time_point now = t0;
  for (; now < t0 + 1s; now = std::max(now + 1ms, lanes.ready_at(now, 0))) {
    const Lanes::Batch batch = lanes.next(now, 0);
    sent += batch.entries.size();
    lanes.answered(batch.lanes);
    for (const EntryPtr& entry : batch.entries) lanes.delivered(0, entry->bytes(), now);
  }
  EXPECT_GT(sent, 900u);
  EXPECT_LT(sent, 1600u) << "half a burst and what a second brings";
}

TEST(Lanes, AFlushWaitsForNoCompany) {
  Lanes lanes(packed());
  lanes.add(pending("a", "1"), 0, t0);
  lanes.add(pending("b", "2"), std::nullopt, t0);
  EXPECT_TRUE(lanes.next(t0, 3).entries.empty());
  lanes.flush();
  EXPECT_LE(lanes.ready_at(t0, 3), t0);
  EXPECT_EQ(lanes.next(t0, 3).entries.size(), 2u);
  lanes.add(pending("a", "3"), 0, t0);
  EXPECT_TRUE(lanes.next(t0, 3).entries.empty()) << "what comes after the flush waits again";
}

TEST(Lanes, GivesUpEntriesWhoseTimeIsOver) {
  LaneOptions options = packed();
  options.time_to_live = 1s;
  Lanes lanes(options);
  EXPECT_EQ(lanes.expires_at(), never);
  lanes.add(pending("a", "old", t0), 0, t0);
  lanes.add(pending("b", "young", t0 + 500ms), 1, t0 + 500ms);
  EXPECT_EQ(lanes.expires_at(), t0 + 1s);
  EXPECT_TRUE(lanes.take_expired(t0 + 1s - 1ns).empty());
  const std::vector<EntryPtr> expired = lanes.take_expired(t0 + 1s);
  ASSERT_EQ(expired.size(), 1u);
  EXPECT_EQ(request_of(*expired.front()).data.text(), "old");
  EXPECT_EQ(lanes.expires_at(), t0 + 1500ms);
  EXPECT_EQ(lanes.take_expired(t0 + 1500ms).size(), 1u);
  EXPECT_TRUE(lanes.empty());
  EXPECT_EQ(lanes.expires_at(), never);
}

TEST(Lanes, WithoutATimeToLiveNothingExpires) {
  Lanes lanes(packed());
  lanes.add(pending("a", "old", t0), 0, t0);
  EXPECT_EQ(lanes.expires_at(), never);
  EXPECT_TRUE(lanes.take_expired(t0 + 24h).empty());
}

TEST(Lanes, GivesWhatIsNotKeptWhereverItWaits) {
  LaneOptions options = packed();
  options.packing.max_records = 2;
  Lanes lanes(options);
  for (const char* data : {"again", "ready", "ready"}) lanes.add(pending("a", data), 0, t0);
  Lanes::Batch batch = lanes.next(t0, 0);
  for (const char* data : {"1", "2", "3"}) lanes.add(pending("a", data), 0, t0);
  lanes.add_again(std::move(batch.entries.front()), t0 + 1s);
  lanes.add(pending("b", "kept"), 1, t0);
  const auto taken = lanes.take_unless([](const Entry& entry) { return entry.slot() == ShardSlot{1}; });
  EXPECT_EQ(taken.size(), 3u) << "one to be tried again, one full, one open";
  EXPECT_EQ(entries_of(lanes.next(t0 + 1h, 0)), (Entries{"kept"}));
  EXPECT_TRUE(lanes.empty());
}

TEST(Lanes, WhenACallIsFullAllShardsHaveTheirTurn) {
  LaneOptions options = plain();
  options.batch_records = 10;
  options.calls_per_shard = 100;
  Lanes lanes(options);
  for (int i = 0; i < 100; ++i)
    for (ShardSlot shard = 0; shard < 4; ++shard) lanes.add(pending("a", "x"), shard, t0);
  std::vector<std::size_t> entries(4);
  for (std::size_t call = 0; call < 20; ++call) {
    const Lanes::Batch batch = lanes.next(t0, call);
    ASSERT_EQ(batch.entries.size(), 10u);
    for (const EntryPtr& entry : batch.entries) ++entries[*entry->slot()];
  }
  for (const std::size_t of_shard : entries) EXPECT_EQ(of_shard, 50u);
}

TEST(Lanes, ByKeyEachKeyHasAnEntryOfItsOwn) {
  LaneOptions options = plain();
  options.packing = Packing{Packing::Mode::by_key, 51'200, 1'000'000};
  Lanes lanes(options);
  for (const char* data : {"1", "2"})
    for (const char* key : {"a", "b"}) lanes.add(pending(key, std::string(key) + data), 0, t0);
  lanes.add(pending("a", "elsewhere", t0, "1"), 0, t0);
  Entries entries = entries_of(lanes.next(t0, 0));
  std::sort(entries.begin(), entries.end());
  EXPECT_EQ(entries, (Entries{"a1a2", "b1b2", "elsewhere"}));
}

TEST(Lanes, ASlotThatIsAnotherShardsLearnsItsRateAnew) {
  LaneOptions options = plain();
  options.limit_rates = true;
  Lanes lanes(options);
  for (int i = 0; i < 2000; ++i) lanes.add(pending("a", "x"), 0, t0);
  const Lanes::Batch burst = lanes.next(t0, 0);
  lanes.answered(burst.lanes);
  lanes.throttled(0, 100, t0);
  lanes.take_unless([](const Entry&) { return false; });
  lanes.forget_rate(0);
  lanes.add(pending("a", "new"), 0, t0);
  EXPECT_EQ(entries_of(lanes.next(t0, 0)), (Entries{"new"}));
}

/// Does everything that a pipeline can, in any order, and checks after each step what its loop relies on: that it ends,
/// and that it does not sleep while there is something to do.
class LanesProperty {
 public:
  LanesProperty(std::uint64_t seed, LaneOptions options) : random_(seed), options_(options), lanes_(options) {}

  void run() {
    for (int step = 0; step < 600; ++step) {
      act();
      check();
      if (::testing::Test::HasFatalFailure()) return;
    }
  }

 private:
  std::optional<ShardSlot> any_slot() {
    const std::uint64_t slot = random_.below(4);
    return slot == 3 ? std::nullopt : std::optional<ShardSlot>(static_cast<ShardSlot>(slot));
  }
  void act() {
    switch (random_.below(8)) {
      case 0:
      case 1:
      case 2:
        for (std::uint64_t i = random_.below(40); i > 0; --i) {
          const std::size_t size = random_.chance(0.02) ? random_.below(900'000) : random_.below(200);
          lanes_.add(pending("key-" + std::to_string(random_.below(5)), std::string(size, 'x'), now_), any_slot(),
                     now_);
        }
        return;
      case 3:
        if (random_.chance(0.1)) lanes_.flush();
        return;
      case 4:
        now_ += std::chrono::microseconds(random_.below(20'000));
        return;
      case 5: {
        const Clock::time_point ready = lanes_.ready_at(now_, calls_.size());
        if (ready != never) now_ = std::max(now_, ready);
        return;
      }
      case 6:
        if (!calls_.empty()) answer();
        return;
      default:
        lanes_.take_expired(now_);
    }
  }
  void check() {
    // As the loop does: calls are made as long as there is something for one.
    for (int again = 0; calls_.size() < 6; ++again) {
      const Clock::time_point promised = lanes_.ready_at(now_, calls_.size());
      Lanes::Batch batch = lanes_.next(now_, calls_.size());
      if (batch.entries.empty()) {
        ASSERT_GT(promised, now_) << "ready, and nothing to send";
        ASSERT_GT(lanes_.ready_at(now_, calls_.size()), now_);
        break;
      }
      ASSERT_LE(promised, now_) << "nobody would have asked";
      ASSERT_LE(batch.entries.size(), options_.batch_records);
      std::size_t bytes = 0;
      for (const EntryPtr& entry : batch.entries) bytes += entry->bytes();
      ASSERT_TRUE(bytes <= options_.batch_bytes || batch.entries.size() == 1);
      calls_.push_back(std::move(batch));
    }
    lanes_.take_expired(now_);
    ASSERT_GT(lanes_.expires_at(), now_) << "expired, and left";
  }
  void answer() {
    std::swap(calls_[random_.below(calls_.size())], calls_.back());
    Lanes::Batch batch = std::move(calls_.back());
    calls_.pop_back();
    lanes_.answered(batch.lanes);
    for (EntryPtr& entry : batch.entries) {
      if (random_.chance(0.7)) {
        lanes_.delivered(entry->slot(), entry->bytes(), now_);
        continue;
      }
      if (random_.chance(0.7)) lanes_.throttled(entry->slot(), entry->bytes(), now_);
      lanes_.add_again(std::move(entry), now_ + std::chrono::milliseconds(random_.below(200)));
    }
  }

  core::Random random_;
  LaneOptions options_;
  Lanes lanes_;
  Clock::time_point now_ = t0;
  std::vector<Lanes::Batch> calls_;
};

TEST(Lanes, WhenSomethingIsReadyThereIsSomethingToSend) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    LaneOptions options = seed % 3 == 0 ? plain() : packed();
    if (seed % 3 == 2) options.packing.mode = Packing::Mode::by_key;
    options.limit_rates = seed % 4 != 0;
    options.batch_records = seed % 5 == 0 ? 500 : 20;
    options.batch_bytes = seed % 2 == 0 ? 1'000'000 : 100'000;
    options.calls_per_shard = 1 + seed % 3;
    options.time_to_live = seed % 2 == 0 ? 0s : 2s;
    LanesProperty(seed, options).run();
    if (HasFatalFailure()) return;
  }
}

TEST(Lanes, WhatItsRateHoldsBackGoesTogetherAndNotOneByOne) {
  LaneOptions options = plain();
  options.limit_rates = true;
  Lanes lanes(options);
  for (int i = 0; i < 4000; ++i) lanes.add(pending("a", "x"), 0, t0);
  std::size_t calls = 0;
  std::size_t sent = 0;
  Clock::time_point now = t0;
  while (now < t0 + 1s) {
    const Lanes::Batch batch = lanes.next(now, 1);
    if (!batch.entries.empty()) {
      ++calls;
      sent += batch.entries.size();
      lanes.answered(batch.lanes);
      continue;
    }
    now = lanes.ready_at(now, 1);
    ASSERT_NE(now, never);
  }
  EXPECT_GT(sent, 500u);
  EXPECT_LE(calls, 110u) << "a call in each linger of 10 ms, not in each millisecond";
}

}  // namespace
}  // namespace kinesis::producer
