#include "core/random.hpp"
#include "producer/logic/delivery.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

// Random histories of splits and merges with entries under way that were built for maps that are out of date, judged by
// `judge_placement` and by what the KCL does (kpl.md 1.7, step 4).
namespace kinesis::producer {
namespace {

using namespace std::chrono_literals;
using core::Uint128;

constexpr Clock::time_point start{1h};

/// The stream as it is.
class Stream {
 public:
  explicit Stream(core::Random& random) : random_(random) { add({Uint128(), Uint128::max()}); }

  void reshard() {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      if (shards_[i].open) open.push_back(i);
    }
    std::sort(open.begin(), open.end(),
              [&](std::size_t l, std::size_t r) { return shards_[l].range.first < shards_[r].range.first; });
    const std::size_t at = random_.below(open.size());
    if (open.size() > 1 && at + 1 < open.size() && random_.chance(0.5)) {
      const HashRange merged{shards_[open[at]].range.first, shards_[open[at + 1]].range.last};
      shards_[open[at]].open = shards_[open[at + 1]].open = false;
      add(merged);
      return;
    }
    const HashRange range = shards_[open[at]].range;
    const Uint128 cut = range.first + (range.last - range.first) / (2 + random_.below(3));
    if (cut == range.last) return;
    shards_[open[at]].open = false;
    add({range.first, cut});
    add({cut + Uint128(1), range.last});
  }

  std::string shard_of(Uint128 hash) const {
    for (const Shard& shard : shards_) {
      if (shard.open && shard.range.contains(hash)) return shard.id;
    }
    return {};
  }
  HashRange range_of(const std::string& id) const {
    return std::find_if(shards_.begin(), shards_.end(), [&](const Shard& shard) { return shard.id == id; })->range;
  }
  std::vector<KinesisShard> list(Listing listing) const {
    std::vector<KinesisShard> shards;
    for (const Shard& shard : shards_) {
      if (!shard.open && listing == Listing::open) continue;
      KinesisShard& listed = shards.emplace_back();
      listed.shard_id = shard.id;
      listed.hash_key_range = HashKeyRange(shard.range.first.to_string(), shard.range.last.to_string());
      if (!shard.open) listed.sequence_number_range.ending_sequence_number = SequenceNumber("1");
    }
    return shards;
  }

 private:
  struct Shard {
    std::string id;
    HashRange range;
    bool open = true;
  };
  void add(HashRange range) { shards_.push_back({"shardId-" + std::to_string(shards_.size()), range}); }

  core::Random& random_;
  std::vector<Shard> shards_;
};

/// An entry with what is in it, and where it landed.
struct Entry {
  std::vector<Uint128> keys;
  SentEntry sent;
  std::string shard;
};

/// What the KCL hands out of an entry that it reads on a shard: all or nothing. A record that is no aggregate is never
/// looked at.
bool kcl_delivers(const Entry& entry, HashRange shard) {
  if (entry.sent.raw_single) return true;
  return std::all_of(entry.keys.begin(), entry.keys.end(), [&](Uint128 key) { return shard.contains(key); });
}

class Producer {
 public:
  Producer(Stream& stream, core::Random& random) : stream_(stream), random_(random), book_(random(), start) {
    refresh();
  }

  /// Gathers keys for one shard of the map as it is, possibly an old one.
  Entry build() {
    Entry entry;
    const Uint128 first(random_(), random_());
    const ShardSlot slot = *book_.predict(first);
    entry.keys.push_back(first);
    const HashRange range = book_.range(slot);
    for (std::uint64_t more = random_.below(6); more > 0; --more) {
      const Uint128 span = range.last - range.first;
      const Uint128 offset(span.high() == 0 ? 0 : random_.below(span.high()), random_());
      if (range.contains(range.first + offset)) entry.keys.push_back(range.first + offset);
    }
    entry.sent.raw_single = entry.keys.size() == 1 && random_.chance(0.5);
    entry.sent.low = *std::min_element(entry.keys.begin(), entry.keys.end());
    entry.sent.high = *std::max_element(entry.keys.begin(), entry.keys.end());
    entry.sent.predicted = slot;
    return entry;
  }

  /// It lands by its first key, as the service does it.
  void send(Entry& entry) {
    entry.sent.began = now_;
    entry.shard = stream_.shard_of(entry.keys.front());
    now_ += 10ms;
    entry.sent.answered = now_;
  }

  /// What a driver does with an answer. Counts refreshes, so that nobody waits for ever.
  Placement judge(const Entry& entry) {
    if (was_mispredicted(entry.sent, entry.shard, book_)) book_.mispredicted(entry.sent.began, now_);
    Placement placement = judge_placement(entry.sent, entry.shard, book_);
    for (int i = 0; placement == Placement::unknown_shard; ++i) {
      EXPECT_LT(i, 2) << "one refresh has to do";
      if (i == 2) break;
      book_.ask_about(entry.shard, now_);
      now_ = std::max(now_ + 1ms, book_.next_refresh());
      if (random_.chance(0.5)) stream_.reshard();
      refresh();
      placement = judge_placement(entry.sent, entry.shard, book_);
    }
    return placement;
  }

  void refresh_if_due() {
    if (book_.next_refresh() <= now_) refresh();
  }
  void refresh() {
    const Listing listing = book_.refresh_started(now_);
    ASSERT_TRUE(book_.refresh_finished(stream_.list(listing), now_));
  }
  void wait(Clock::duration time) { now_ += time; }

 private:
  Stream& stream_;
  core::Random& random_;
  ShardBook book_;
  Clock::time_point now_ = start;
};

TEST(Placement, IsWhatTheKclDoesThroughSplitsAndMerges) {
  std::map<Placement, int> seen;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    core::Random random(seed);
    Stream stream(random);
    for (int i = 0; i < 4; ++i) stream.reshard();
    Producer producer(stream, random);
    std::vector<Entry> under_way;
    for (int step = 0; step < 150; ++step) {
      if (random.chance(0.1)) stream.reshard();
      if (random.chance(0.1)) producer.wait(std::chrono::milliseconds(random.below(20'000)));
      producer.refresh_if_due();
      under_way.push_back(producer.build());
      if (under_way.size() < 8 && random.chance(0.7)) continue;
      // Any of them, so that some are sent long after they were built.
      std::swap(under_way[random.below(under_way.size())], under_way.back());
      Entry entry = std::move(under_way.back());
      under_way.pop_back();
      producer.send(entry);
      for (std::uint64_t late = random.below(3); late > 0; --late) stream.reshard();

      const Placement placement = producer.judge(entry);
      const bool delivers = kcl_delivers(entry, stream.range_of(entry.shard));
      ASSERT_EQ(placement, delivers ? Placement::delivered : Placement::wrong_shard)
          << "seed " << seed << ", step " << step << (delivers ? ": sent twice" : ": lost");
      ++seen[placement];
    }
  }
  EXPECT_GT(seen[Placement::delivered], 1000);
  EXPECT_GT(seen[Placement::wrong_shard], 300) << "a history without trouble proves nothing";
}

}  // namespace
}  // namespace kinesis::producer
