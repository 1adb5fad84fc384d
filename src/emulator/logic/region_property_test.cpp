#include "core/random.hpp"
#include "emulator/logic/test_region.hpp"

#include <algorithm>
#include <map>
#include <set>

// Whatever is put while the stream is split, merged and scaled is read exactly once by whoever follows the shards from
// the oldest on, and each filter of ListShards gives shards that cover every key once.
namespace kinesis::emulator {
namespace {

struct History {
  static constexpr int most_shards = 10'000;

  explicit History(std::uint64_t seed) : random(seed), t(options(random)) {
    t.create("s", 1 + static_cast<int>(random.below(4)));
    t.advance(seconds(5));
  }

  static RegionOptions options(core::Random& random) {
    RegionOptions out = TestRegion::without_limits();
    out.stream_delay = milliseconds(random.below(3) * 700);
    return out;
  }

  void step() {
    switch (random.below(8)) {
      case 0:
        split();
        break;
      case 1:
        merge();
        break;
      case 2:
        scale();
        break;
      case 3:
        t.advance(milliseconds(random.below(3'000)));
        break;
      default:
        put();
    }
    moments.push_back(t.now.wall);
  }

  void put() {
    PutRecordsRequest request;
    request.stream_name = "s";
    const std::size_t count = 1 + random.below(20);
    for (std::size_t i = 0; i < count; ++i) {
      request.records.emplace_back(Blob(std::to_string(written++)), "key-" + std::to_string(random.below(50)));
    }
    const auto answer = t.ok(request);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string& key = request.records[i].partition_key;
      const SequenceNumber number = answer.records[i].sequence_number.value();
      EXPECT_GT(number, last_of_key[key]) << "numbers of one key grow, also across reshards";
      last_of_key[key] = number;
    }
  }
  std::vector<KinesisShard> open() {
    ListShardsRequest request("s");
    request.max_results = most_shards;
    request.shard_filter = ShardFilter(ShardFilterType::at_latest);
    std::vector<KinesisShard> shards = t.ok(request).shards;
    std::sort(shards.begin(), shards.end(),
              [](const KinesisShard& a, const KinesisShard& b) { return first(a) < first(b); });
    return shards;
  }
  static core::Uint128 first(const KinesisShard& shard) {
    return core::Uint128::parse(shard.hash_key_range.starting_hash_key).value();
  }
  static core::Uint128 last(const KinesisShard& shard) {
    return core::Uint128::parse(shard.hash_key_range.ending_hash_key).value();
  }
  bool changing() { return t.status("s") != StreamStatus::active; }

  void split() {
    if (changing()) return;
    const auto shards = open();
    const KinesisShard& shard = shards[random.below(shards.size())];
    if (last(shard) - first(shard) < 10) return;
    const core::Uint128 second = core::midpoint(first(shard), last(shard)) + random.below(3);
    t.ok(SplitShardRequest("s", shard.shard_id, second.to_string()));
  }
  void merge() {
    const auto shards = open();
    if (changing() || shards.size() < 2) return;
    const std::size_t at = random.below(shards.size() - 1);
    t.ok(MergeShardsRequest("s", shards[at].shard_id, shards[at + 1].shard_id));
  }
  void scale() {
    if (changing()) return;
    const auto present = static_cast<int>(open().size());
    if (present > 40) return;
    const int least = (present + 1) / 2;
    const int target = least + static_cast<int>(random.below(static_cast<std::uint64_t>(2 * present - least) + 1));
    t.ok(UpdateShardCountRequest("s", target));
  }

  // Follows the shards from those that were there first.
  void read_all() {
    std::set<std::string> done;
    std::vector<std::string> next;
    ListShardsRequest oldest("s");
    oldest.max_results = most_shards;
    oldest.shard_filter = ShardFilter(ShardFilterType::at_trim_horizon);
    for (const KinesisShard& shard : t.ok(oldest).shards) next.push_back(shard.shard_id);
    while (!next.empty()) {
      const std::string shard = next.back();
      next.pop_back();
      if (!done.insert(shard).second) continue;
      for (const ChildShard& child : read_shard(shard)) next.push_back(child.shard_id);
    }
    ListShardsRequest all("s");
    all.max_results = most_shards;
    EXPECT_EQ(done.size(), t.ok(all).shards.size());
    EXPECT_EQ(seen.size(), written);
  }
  std::vector<ChildShard> read_shard(const std::string& shard) {
    std::optional<std::string> iterator = t.iterator("s", shard);
    SequenceNumber before;
    std::vector<ChildShard> children;
    for (int empty = 0; iterator && empty < 2;) {
      const auto answer = t.read(*iterator, 1 + static_cast<int>(random.below(7)));
      for (const KinesisRecord& record : answer.records) {
        EXPECT_GT(record.sequence_number, before);
        before = record.sequence_number;
        EXPECT_TRUE(seen.insert(std::string(record.data.text())).second) << "read twice";
      }
      empty = answer.records.empty() ? empty + 1 : 0;
      EXPECT_EQ(answer.child_shards.empty(), answer.next_shard_iterator.has_value());
      children = answer.child_shards;
      iterator = answer.next_shard_iterator;
    }
    return children;
  }

  void expect_complete(const ListShardsRequest& request) {
    std::vector<KinesisShard> shards = t.ok(request).shards;
    std::sort(shards.begin(), shards.end(),
              [](const KinesisShard& a, const KinesisShard& b) { return first(a) < first(b); });
    core::Uint128 next = 0;
    for (const KinesisShard& shard : shards) {
      ASSERT_EQ(first(shard), next);
      next = last(shard) + 1;
    }
    ASSERT_EQ(next, core::Uint128(0)) << "ends with the last key";
  }
  void expect_filters_complete() {
    ListShardsRequest request("s");
    request.max_results = most_shards;
    for (const ShardFilterType type : {ShardFilterType::at_trim_horizon, ShardFilterType::at_latest}) {
      request.shard_filter = ShardFilter(type);
      expect_complete(request);
    }
    request.shard_filter = ShardFilter(ShardFilterType::at_timestamp);
    for (const Timestamp moment : moments) {
      request.shard_filter->timestamp = moment;
      expect_complete(request);
    }
  }

  core::Random random;
  TestRegion t;
  std::vector<Timestamp> moments;
  std::map<std::string, SequenceNumber> last_of_key;
  std::set<std::string> seen;
  std::size_t written = 0;
};

TEST(RegionProperties, EveryRecordIsReadOnceAndEveryKeyIsCovered) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History history(seed);
    for (int i = 0; i < 60; ++i) history.step();
    history.t.advance(seconds(5));
    history.read_all();
    history.expect_filters_complete();
    if (::testing::Test::HasFailure()) break;
  }
}

TEST(RegionProperties, TokensAndRulesSurviveGarbage) {
  core::Random random(11);
  const std::string good = to_iterator({"stream", 5, 1, 100, 1'767'225'600'000});
  const std::string alphabet = "ABCabc019+/=,-. \n\xC3";
  for (int i = 0; i < 20'000; ++i) {
    std::string text = good;
    const std::size_t changes = 1 + random.below(4);
    for (std::size_t j = 0; j < changes; ++j) text[random.below(text.size())] = alphabet[random.below(alphabet.size())];
    if (random.chance(0.3)) text.resize(random.below(text.size()));
    if (text != good) {
      EXPECT_FALSE(parse_iterator(text)) << text;
    }
    std::string number(random.below(60), '0');
    for (char& c : number) c = static_cast<char>('0' + random.below(10));
    const auto parts = parse_sequence_number(number);
    if (parts) {
      EXPECT_EQ(SequenceWriter(parts->shard_seconds, parts->shard).text(parts->index, parts->record_seconds), number);
    }
  }
}

}  // namespace
}  // namespace kinesis::emulator
