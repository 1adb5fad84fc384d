#include "producer/logic/entry.hpp"

#include "producer/logic/test_records.hpp"

#include <gtest/gtest.h>

namespace kinesis::producer {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t plenty = 51'200;
const Packing by_shard{Packing::Mode::by_shard, plenty, 1'000'000};
const Packing by_key{Packing::Mode::by_key, plenty, 1'000'000};

std::string magic_and(const std::string& rest) { return "\xf3\x89\x9a\xc2" + rest; }

bool add(Entry& entry, PendingPtr record) { return entry.add(record); }

std::size_t size_of(const PutRecordsRequestEntry& request) {
  return request.data.size() + request.partition_key.size();
}

/// What a reader of the KPL's format finds.
std::vector<std::string> read(const PutRecordsRequestEntry& request) {
  const BytesView data = request.data.bytes();
  aggregation::Deaggregator reader;
  const auto read = reader.read(std::span(&data, 1), {});
  if (read.front().form == aggregation::RecordForm::raw) return {"raw"};
  std::vector<std::string> found;
  for (const auto& record : reader.user_records())
    found.push_back(std::string(record.partition_key) + "/" + std::string(record.explicit_hash_key.value_or("-")) +
                    "/" + std::string(as_text(record.data)));
  return found;
}

TEST(Entry, ASingleRecordGoesAsItIs) {
  Entry entry(0, by_shard);
  ASSERT_TRUE(add(entry, pending("key", "data", test_start, "17")));
  EXPECT_FALSE(entry.aggregated());
  const PutRecordsRequestEntry request = request_of(entry);
  EXPECT_EQ(request.data.text(), "data");
  EXPECT_EQ(request.partition_key, "key");
  EXPECT_EQ(request.explicit_hash_key, "17");
  EXPECT_EQ(entry.bytes(), 7u);
}

TEST(Entry, ASingleRecordThatBeginsLikeAnAggregateIsWrapped) {
  const std::string bytes = magic_and("not one");
  Entry entry(0, by_shard);
  ASSERT_TRUE(add(entry, pending("key", bytes)));
  EXPECT_TRUE(entry.aggregated());
  EXPECT_EQ(read(request_of(entry)), (std::vector<std::string>{"key/-/" + bytes}));
  EXPECT_EQ(entry.bytes(), size_of(request_of(entry)));
  EXPECT_EQ(entry.take_records().front()->record.data.text(), bytes);
}

TEST(Entry, WithoutAggregationNothingIsWrappedAndNothingPacked) {
  Entry entry(0, Packing{});
  ASSERT_TRUE(add(entry, pending("key", magic_and("made elsewhere"))));
  EXPECT_FALSE(entry.aggregated());
  EXPECT_EQ(request_of(entry).data.text(), magic_and("made elsewhere"));
  EXPECT_TRUE(entry.full());
  PendingPtr second = pending("key", "second");
  EXPECT_FALSE(entry.add(second));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->record.data.text(), "second");
}

TEST(Entry, KnowsItsExactSizeAtEveryMoment) {
  for (const Packing& packing : {by_shard, by_key}) {
    Entry entry(0, packing);
    for (int i = 0; i < 300; ++i) {
      const std::string key = packing.mode == Packing::Mode::by_key ? "one key" : "key-" + std::to_string(i % 17);
      const auto hash = i % 3 == 0 ? std::optional<std::string>(std::to_string(i * 1'000'003)) : std::nullopt;
      ASSERT_TRUE(add(entry, pending(key, std::string(static_cast<std::size_t>(i), 'x'), test_start, hash)));
      ASSERT_EQ(entry.bytes(), size_of(request_of(entry))) << i;
    }
  }
}

TEST(Entry, AnAggregateOfAShardSaysWhereItGoesByTheHashOfItsFirstRecord) {
  Entry entry(0, by_shard);
  ASSERT_TRUE(add(entry, pending("first", "1")));
  ASSERT_TRUE(add(entry, pending("second", "2", test_start, "5")));
  const PutRecordsRequestEntry request = request_of(entry);
  EXPECT_EQ(request.partition_key, "a");
  EXPECT_EQ(request.explicit_hash_key, aggregation::hash_key_of("first").to_string());
  EXPECT_EQ(read(request), (std::vector<std::string>{"first/-/1", "second/5/2"}));
  EXPECT_EQ(entry.low(), core::Uint128(5));
  EXPECT_EQ(entry.high(), aggregation::hash_key_of("first"));
}

TEST(Entry, AnAggregateOfAKeyHasThatKeyAndItsExplicitHashKey) {
  Entry with(0, by_key);
  ASSERT_TRUE(add(with, pending("key", "1", test_start, "99")));
  ASSERT_TRUE(add(with, pending("key", "2", test_start, "99")));
  EXPECT_EQ(request_of(with).partition_key, "key");
  EXPECT_EQ(request_of(with).explicit_hash_key, "99");
  Entry without(0, by_key);
  ASSERT_TRUE(add(without, pending("key", "1")));
  ASSERT_TRUE(add(without, pending("key", "2")));
  EXPECT_EQ(request_of(without).partition_key, "key");
  EXPECT_EQ(request_of(without).explicit_hash_key, std::nullopt);
  EXPECT_EQ(without.low(), without.high());
}

TEST(Entry, KeepsToItsLimitOfBytesExactly) {
  Entry counted(0, by_shard);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(add(counted, pending("k", "0123456789")));
  const std::size_t of_ten = counted.bytes();

  Packing packing = by_shard;
  packing.max_bytes = of_ten;
  Entry fits(0, packing);
  int added = 0;
  while (add(fits, pending("k", "0123456789"))) ++added;
  EXPECT_EQ(added, 10);
  EXPECT_EQ(fits.bytes(), of_ten);
  EXPECT_TRUE(fits.full());

  packing.max_bytes = of_ten - 1;
  Entry bursts(0, packing);
  for (added = 0; add(bursts, pending("k", "0123456789")); ++added) {
  }
  EXPECT_EQ(added, 9);
}

TEST(Entry, KeepsToItsLimitOfRecords) {
  Packing packing = by_shard;
  packing.max_records = 3;
  Entry entry(0, packing);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(entry.full());
    ASSERT_TRUE(add(entry, pending("k", "x")));
  }
  EXPECT_TRUE(entry.full());
  EXPECT_FALSE(add(entry, pending("k", "x")));
  EXPECT_EQ(entry.records().size(), 3u);
}

TEST(Entry, ALimitShorterThanThePartitionKeyIsNotNoLimit) {
  const Packing packing{Packing::Mode::by_key, 64, 1'000'000};
  Entry entry(0, packing);
  const std::string key(200, 'k');
  ASSERT_TRUE(add(entry, pending(key, "1")));
  EXPECT_FALSE(add(entry, pending(key, "2")));
}

TEST(Entry, TheFirstRecordStaysAsItIsIfTheSecondHasNoRoom) {
  Entry entry(0, by_shard);
  ASSERT_TRUE(add(entry, pending("first", std::string(40'000, 'a'))));
  PendingPtr second = pending("second", std::string(40'000, 'b'));
  EXPECT_FALSE(entry.add(second));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->record.data.size(), 40'000u);
  EXPECT_FALSE(entry.aggregated());
  EXPECT_EQ(request_of(entry).data.size(), 40'000u);
  EXPECT_EQ(request_of(entry).partition_key, "first");
  EXPECT_EQ(entry.bytes(), 40'005u);
  EXPECT_EQ(entry.high(), aggregation::hash_key_of("first")) << "who is not in it does not count";
  ASSERT_TRUE(add(entry, pending("third", "small")));
  EXPECT_TRUE(entry.aggregated());
  EXPECT_EQ(entry.bytes(), size_of(request_of(entry)));
}

TEST(Entry, ARecordLargerThanTheLimitGoesAlone) {
  Packing packing = by_shard;
  packing.max_bytes = 64;
  Entry entry(0, packing);
  ASSERT_TRUE(add(entry, pending("key", std::string(1000, 'x'))));
  EXPECT_TRUE(entry.full());
  EXPECT_FALSE(entry.aggregated());
}

TEST(Entry, GivesEveryRecordItsDataBack) {
  Entry entry(0, by_shard);
  std::vector<std::string> sent;
  for (int i = 0; i < 50; ++i) {
    sent.push_back(i == 7 ? "" : std::string(static_cast<std::size_t>(i), static_cast<char>('a' + i % 26)));
    auto record = pending("key-" + std::to_string(i), sent.back(), test_start + i * 1s,
                          i % 2 == 0 ? std::optional<std::string>(std::to_string(i)) : std::nullopt);
    ASSERT_TRUE(entry.add(record));
  }
  EXPECT_EQ(entry.oldest(), test_start);
  const std::vector<PendingPtr> records = entry.take_records();
  ASSERT_EQ(records.size(), 50u);
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i]->record.data.text(), sent[i]);
    EXPECT_EQ(records[i]->record.partition_key, "key-" + std::to_string(i));
    EXPECT_EQ(records[i]->record.explicit_hash_key.has_value(), i % 2 == 0);
  }
}

TEST(Entry, ItsDataAreThereHoweverOftenItIsSent) {
  Entry entry(0, by_shard);
  ASSERT_TRUE(add(entry, pending("a", "1")));
  ASSERT_TRUE(add(entry, pending("b", "2")));
  const PutRecordsRequestEntry once = request_of(entry);
  EXPECT_EQ(once.data, request_of(entry).data);
  EXPECT_EQ(entry.take_records().back()->record.data.text(), "2");
  EXPECT_EQ(once.data.size() + 1, size_of(once)) << "a request of its own";
}

TEST(Entry, ItsAttemptsBecomeThoseOfItsRecordsWhenTheyLeave) {
  Entry entry(ShardSlot{0}, Packing{Packing::Mode::by_shard, 1000, 10});
  PendingPtr first = pending("a", "1");
  PendingPtr second = pending("b", "22");
  second->attempts = 3;
  second->epoch = 2;
  second->unbound = true;
  ASSERT_TRUE(entry.add(first));
  ASSERT_TRUE(entry.add(second));
  EXPECT_EQ(entry.sums().bytes, 5u);
  EXPECT_EQ(entry.sums().first_epoch, 0u);
  EXPECT_EQ(entry.sums().last_epoch, 2u);
  EXPECT_FALSE(entry.sums().unbound);
  entry.sent();
  entry.sent();
  EXPECT_EQ(entry.attempts(), 2);
  EXPECT_EQ(entry.attempts_of(*entry.records()[1]), 5);
  const std::vector<PendingPtr> left = entry.take_records();
  EXPECT_EQ(left[0]->attempts, 2);
  EXPECT_EQ(left[1]->attempts, 5);
}

TEST(Entry, IsAsNewWhenItIsUsedAgain) {
  Entry entry(0, by_shard);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(add(entry, pending("key" + std::to_string(i), "data")));
  request_of(entry);
  entry.sent();
  EXPECT_EQ(entry.records_without_data().size(), 100u);
  entry.begin_again(3, Packing{});
  EXPECT_TRUE(entry.records().empty());
  EXPECT_FALSE(entry.aggregated());
  const PendingPtr later = pending("another", "bytes", test_start + 1s, "17");
  ASSERT_TRUE(add(entry, pending("another", "bytes", test_start + 1s, "17")));
  EXPECT_EQ(entry.slot(), 3u);
  EXPECT_EQ(entry.attempts(), 0);
  EXPECT_EQ(entry.oldest(), test_start + 1s);
  EXPECT_EQ(entry.waits_since(), test_start + 1s);
  EXPECT_EQ(entry.low(), later->hash);
  EXPECT_EQ(entry.high(), later->hash);
  EXPECT_EQ(entry.sums().bytes, later->bytes);
  EXPECT_EQ(request_of(entry).data.text(), "bytes");
}

}  // namespace
}  // namespace kinesis::producer
