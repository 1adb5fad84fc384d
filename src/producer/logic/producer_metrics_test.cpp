#include "aws/json_value.hpp"
#include <kinesis/producer_metrics.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace kinesis {
namespace {

ProducerMetrics sample(std::uint64_t n) {
  ProducerMetrics metrics;
  metrics.records_accepted = 10 * n;
  metrics.records_delivered = 8 * n;
  metrics.records_failed = metrics.records_expired = n;
  metrics.bytes_delivered = 800 * n;
  metrics.calls = 2;
  metrics.calls_failed = 1;
  metrics.buffered_records = n;
  metrics.records_failed_by.add(errc::throttled, n);
  metrics.calls_failed_by.add(errc::timeout);
  metrics.latency_us.record(1000 * n, 8 * n);
  metrics.attempts.record(n, 8 * n);
  metrics.shards.push_back(
      {.shard_id = "shard-" + std::to_string(n), .records = 8 * n, .bytes = 800 * n, .entries = 1, .throttled = n});
  metrics.shards.push_back({.shard_id = "shared", .records = 1, .bytes = 2, .entries = 3, .throttled = 4});
  return metrics;
}

TEST(ProducerMetricsTest, APlusBIsBothOfThem) {
  const ProducerMetrics sum = sample(1) + sample(2);
  EXPECT_EQ(sum.records_accepted, 30u);
  EXPECT_EQ(sum.records_expired, 3u);
  EXPECT_EQ(sum.calls, 4u);
  EXPECT_EQ(sum.buffered_records, 3u);
  EXPECT_EQ(sum.records_failed_by[errc::throttled], 3u);
  EXPECT_EQ(sum.records_failed_by.total(), 3u);
  EXPECT_EQ(sum.calls_failed_by.all(), (std::vector<std::pair<errc, std::uint64_t>>{{errc::timeout, 2}}));
  EXPECT_EQ(sum.latency_us.count(), 24u);
  EXPECT_EQ(sum.latency_us.max(), 2000u);
  ASSERT_EQ(sum.shards.size(), 3u);
  EXPECT_EQ(sum.shard("shared")->throttled, 8u);
  EXPECT_EQ(sum.shard("shard-2")->bytes, 1600u);
  EXPECT_EQ(sum.shard("shard-3"), nullptr);
}

TEST(ProducerMetricsTest, AddingOneToItselfDoublesIt) {
  ProducerMetrics metrics = sample(3);
  metrics += metrics;
  EXPECT_EQ(to_json(metrics), to_json(sample(3) + sample(3)));
  metrics.clear();
  EXPECT_EQ(to_json(metrics), to_json(ProducerMetrics()));
}

TEST(ProducerMetricsTest, ShardsBeyondTheBoundAreCountedTogetherAndNoneIsLost) {
  ProducerMetrics metrics;
  for (int part = 0; part < 3; ++part) {
    ProducerMetrics more;
    for (int i = 0; i < 700; ++i)
      more.shards.push_back({.shard_id = "p" + std::to_string(part) + "-" + std::to_string(i), .records = 1});
    metrics += more;
    metrics += more;
  }
  EXPECT_EQ(metrics.shards.size(), ProducerMetrics::max_shards + 1);
  EXPECT_EQ(metrics.shard("p1-299")->records, 2u);
  EXPECT_EQ(metrics.shard("p1-300"), nullptr);
  EXPECT_EQ(metrics.shard(ProducerMetrics::other_shards)->records, 2u * (3 * 700 - ProducerMetrics::max_shards));
  const ProducerMetrics twice = metrics + metrics;
  EXPECT_EQ(twice.shards.size(), ProducerMetrics::max_shards + 1);
  EXPECT_EQ(twice.shard(ProducerMetrics::other_shards)->records,
            2 * metrics.shard(ProducerMetrics::other_shards)->records);
}

TEST(ProducerMetricsTest, JsonHasEveryCounterUnderItsName) {
  const std::string text = to_json(sample(2));
  const auto json = aws::JsonValue::parse(text);
  ASSERT_TRUE(json) << text;
  const auto number = [](const aws::JsonValue& value) { return value.to_json(); };
  EXPECT_EQ(number((*json)["records_accepted"]), "20");
  EXPECT_EQ(number((*json)["buffered_records"]), "2");
  EXPECT_EQ(number((*json)["records_failed_by"]["throttled"]), "2");
  EXPECT_EQ(number((*json)["latency_us"]["count"]), "16");
  EXPECT_EQ(number((*json)["latency_us"]["p99"]), "2000");
  EXPECT_EQ(number((*json)["attempts"]["max"]), "2");
  EXPECT_EQ(number((*json)["shards"]["shard-2"]["bytes"]), "1600");
}

TEST(ProducerMetricsTest, PrintsItselfInAFewAlignedLines) {
  ProducerMetrics metrics = sample(2);
  for (int i = 0; i < 20; ++i) metrics.shards.push_back({.shard_id = "s" + std::to_string(i)});
  const std::string text = to_string(metrics);
  EXPECT_EQ(text,
            "records  20 accepted, 16 delivered (1600 bytes), 2 failed, 2 pending (0 bytes)\n"
            "failed   2 expired, 0 refused, 0 closed\n"
            "calls    2, 1 failed\n"
            "entries  0 sent, 0 delivered, 0 throttled, 0 misplaced, 0 sent again\n"
            "records failed   throttled 2\n"
            "calls failed     timeout 1\n"
            "                         min       mean        p50        p90        p99        max\n"
            "latency, ms              2.0        2.0        2.0        2.0        2.0        2.0\n"
            "attempts                   2        2.0          2          2          2          2\n"
            "shard                       records            bytes      entries    throttled\n"
            "shard-2                          16             1600            1            2\n"
            "shared                            1                2            3            4\n"
            "s0                                0                0            0            0\n"
            "s1                                0                0            0            0\n"
            "s2                                0                0            0            0\n"
            "s3                                0                0            0            0\n"
            "s4                                0                0            0            0\n"
            "s5                                0                0            0            0\n"
            "and 14 more shards\n");
  const std::string nothing = to_string(ProducerMetrics());
  EXPECT_EQ(std::count(nothing.begin(), nothing.end(), '\n'), 3) << nothing;
}

}  // namespace
}  // namespace kinesis
