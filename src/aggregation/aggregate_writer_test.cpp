#include "aggregation/aggregate_writer.hpp"

#include "core/hex.hpp"
#include "kpl_oracle/kpl_oracle.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kinesis::aggregation {
namespace {

using core::Uint128;
using kpl_oracle::UserRecord;

std::string finished(const AggregateWriter& writer) {
  Bytes out(2, std::byte{7});  // it is appended
  writer.finish(out);
  return std::string(as_text(out).substr(2));
}

TEST(AggregateWriterTest, WritesTheFormatByteForByte) {
  AggregateWriter writer;
  writer.add(hashed("pk1"), std::nullopt, as_bytes("hello"));
  writer.add(hashed("pk2"), Uint128(0), as_bytes("world!"));
  writer.add(hashed("pk1"), std::nullopt, {});
  Bytes out;
  writer.finish(out);
  EXPECT_EQ(core::to_hex(out),
            "f3899ac2"
            "0a03706b310a03706b321201301a0908001a0568656c6c6f1a0c080110001a06776f726c64211a0408001a00"
            "4be9980ff94d5c7306dbe677c0960f20");
  EXPECT_EQ(writer.size(), 64u);
  EXPECT_EQ(writer.records(), 3u);
}

TEST(AggregateWriterTest, AnEmptyOneIsItsEnvelope) {
  AggregateWriter writer;
  EXPECT_TRUE(writer.empty());
  EXPECT_EQ(writer.size(), 20u);
  EXPECT_EQ(writer.size_with(hashed("k"), std::nullopt, 0), 20u + 3 + 6);
}

TEST(AggregateWriterTest, TheSizeAheadIsTheSizeAfter) {
  // Around each length whose varint grows, for data, key, record and place in the tables.
  AggregateWriter writer;
  std::size_t records = 0;
  const auto add = [&](const std::string& key, const std::optional<Uint128>& explicit_hash_key, std::size_t size) {
    const std::size_t ahead = writer.size_with(hashed(key), explicit_hash_key, size);
    writer.add(hashed(key), explicit_hash_key, Bytes(size));
    ASSERT_EQ(writer.size(), ahead) << key.size() << " " << size;
    if (++records % 16 == 0) {
      ASSERT_EQ(finished(writer).size(), ahead);
    }
  };
  for (std::size_t size = 100; size < 140; ++size) add("key", std::nullopt, size);
  for (std::size_t size = 16'360; size < 16'400; ++size) add("key", Uint128(size), size);
  for (std::size_t size = 120; size < 135; ++size) add(std::string(size, 'k'), std::nullopt, 1);
  for (std::size_t i = 0; i < 300; ++i) add("key-" + std::to_string(i), Uint128(i, i), 3);
  add("key-299", Uint128(0), 2'097'152);
  EXPECT_EQ(finished(writer).size(), writer.size());
}

TEST(AggregateWriterTest, StopsAtTheLimitOfBytes) {
  AggregateWriter writer;
  AggregateLimits limits;
  std::size_t added = 0;
  // 100 bytes under keys of 16 characters, all different: the KPL puts 410 into its 51,200 bytes.
  const auto key = [](std::size_t i) { return "key-" + std::to_string(100'000'000'000 + i); };
  while (writer.try_add(hashed(key(added)), std::nullopt, Bytes(100), limits)) ++added;
  EXPECT_EQ(added, 410u);
  EXPECT_EQ(writer.size(), 51'142u);
  EXPECT_GT(writer.size_with(hashed(key(added)), std::nullopt, 100), limits.bytes);
  EXPECT_EQ(finished(writer).size(), 51'142u);
  // To the byte.
  const std::size_t rest = limits.bytes - writer.size();
  std::size_t data = 0;
  while (writer.size_with(hashed(key(0)), std::nullopt, data) < limits.bytes) ++data;
  EXPECT_LT(data, rest);
  EXPECT_FALSE(writer.try_add(hashed(key(0)), std::nullopt, Bytes(data + 1), limits));
  EXPECT_TRUE(writer.try_add(hashed(key(0)), std::nullopt, Bytes(data), limits));
  EXPECT_EQ(finished(writer).size(), limits.bytes);
}

TEST(AggregateWriterTest, StopsAtTheLimitOfRecords) {
  AggregateWriter writer;
  const AggregateLimits limits{.bytes = 1'000'000, .records = 10};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(writer.try_add(hashed("k"), std::nullopt, as_bytes("x"), limits));
  EXPECT_FALSE(writer.try_add(hashed("k"), std::nullopt, as_bytes("x"), limits));
  EXPECT_EQ(writer.records(), 10u);
}

TEST(AggregateWriterTest, WhatDoesNotFitChangesNothing) {
  AggregateWriter writer;
  const AggregateLimits limits{.bytes = 60};
  writer.add(hashed("a"), Uint128(5), as_bytes("x"));
  const std::string before = finished(writer);
  EXPECT_FALSE(writer.try_add(hashed("another"), Uint128(6), Bytes(30), limits));
  EXPECT_EQ(finished(writer), before);
  EXPECT_TRUE(writer.try_add(hashed("a"), Uint128(5), as_bytes("y"), limits));
  EXPECT_EQ(kpl_oracle::read(as_bytes(finished(writer))), (std::vector<UserRecord>{{"a", "5", "x"}, {"a", "5", "y"}}));
}

TEST(AggregateWriterTest, IsAsNewOnceCleared) {
  AggregateWriter writer;
  writer.add(hashed("a"), Uint128(5), as_bytes("x"));
  writer.add(hashed("b"), std::nullopt, as_bytes("y"));
  writer.clear();
  EXPECT_EQ(writer.size(), 20u);
  EXPECT_TRUE(writer.empty());
  AggregateWriter fresh;
  for (AggregateWriter* one : {&writer, &fresh}) one->add(hashed("b"), Uint128(5), as_bytes("z"));
  EXPECT_EQ(finished(writer), finished(fresh));
}

TEST(AggregateWriterTest, ExplicitHashKeysAreShortestDecimals) {
  AggregateWriter writer;
  writer.add(hashed("k"), Uint128(7), as_bytes("x"));
  writer.add(hashed("k"), Uint128::max(), as_bytes("x"));
  writer.add(hashed("k"), Uint128(1, 0), as_bytes("x"));
  writer.add(hashed("k"), Uint128(0), as_bytes("x"));
  const auto read = kpl_oracle::read(as_bytes(finished(writer)));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at(0).explicit_hash_key, "7");
  EXPECT_EQ(read->at(1).explicit_hash_key, "340282366920938463463374607431768211455");
  EXPECT_EQ(read->at(2).explicit_hash_key, "18446744073709551616");
  EXPECT_EQ(read->at(3).explicit_hash_key, "0");
}

TEST(AggregateWriterTest, KeysOfOneHashKeyAreToldApart) {
  AggregateWriter writer;  // nobody knows two keys of one MD5 that are UTF-8, which is no reason to mix them up
  for (const char* key : {"a", "b", "a", "b"}) writer.add({key, Uint128(5)}, std::nullopt, as_bytes(key));
  const auto read = kpl_oracle::read(as_bytes(finished(writer)));
  ASSERT_TRUE(read);
  for (const UserRecord& record : *read) EXPECT_EQ(record.partition_key, record.data);
  EXPECT_EQ(writer.size(), 20u + 2 * 3 + 4 * 7);
}

TEST(AggregateWriterTest, ChecksumsOfManyComeAtOnceAsOneByOne) {
  std::vector<AggregateWriter> writers(37);
  std::vector<Bytes> outs(writers.size());
  std::vector<std::span<std::byte>> all;
  for (std::size_t i = 0; i < writers.size(); ++i) {
    for (std::size_t record = 0; record <= i % 9; ++record)
      writers[i].add(hashed("key-" + std::to_string(record)), std::nullopt, Bytes(i * 31, std::byte{42}));
    outs[i].resize(writers[i].size());
    writers[i].write_unchecked(outs[i]);
    all.push_back(outs[i]);
  }
  add_checksums(all);
  for (std::size_t i = 0; i < writers.size(); ++i) EXPECT_EQ(as_text(outs[i]), finished(writers[i]));
}

TEST(AggregateWriterTest, DataThatLookLikeAnAggregateAreKnown) {
  AggregateWriter inner;
  inner.add(hashed("a"), std::nullopt, as_bytes("1"));
  const std::string data = finished(inner);
  EXPECT_TRUE(looks_like_aggregate(as_bytes(data)));
  EXPECT_TRUE(looks_like_aggregate(as_bytes(data.substr(0, 4))));
  EXPECT_FALSE(looks_like_aggregate(as_bytes(data.substr(0, 3))));
  EXPECT_FALSE(looks_like_aggregate({}));
  EXPECT_FALSE(looks_like_aggregate(as_bytes("other")));

  AggregateWriter outer;  // wrapped, alone, it comes out as it went in
  outer.add(hashed("k"), std::nullopt, as_bytes(data));
  EXPECT_EQ(kpl_oracle::deaggregate_like_kcl(as_bytes(finished(outer))).records,
            (std::vector<UserRecord>{{"k", std::nullopt, data}}));
}

}  // namespace
}  // namespace kinesis::aggregation
