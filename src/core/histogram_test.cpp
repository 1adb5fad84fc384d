#include "core/histogram.hpp"

#include "core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace kinesis::core {
namespace {

constexpr std::uint64_t most = ~std::uint64_t{0};

TEST(HistogramTest, AnEmptyOneHasNothing) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.min(), 0U);
  EXPECT_EQ(histogram.max(), 0U);
  EXPECT_EQ(histogram.percentile(50), 0U);
  EXPECT_EQ(histogram.count_up_to(most), 0U);
  EXPECT_EQ(histogram.mean(), 0);
}

TEST(HistogramTest, IsExactForSmallNumbers) {
  Histogram histogram;
  for (std::uint64_t value = 0; value < 256; ++value) histogram.record(value);
  EXPECT_EQ(histogram.buckets().size(), 256U);
  EXPECT_EQ(histogram.percentile(50), 127U);
  EXPECT_EQ(histogram.percentile(100), 255U);
  EXPECT_EQ(histogram.percentile(0), 0U);
  EXPECT_EQ(histogram.count_up_to(9), 10U);
  EXPECT_DOUBLE_EQ(histogram.mean(), 127.5);
}

TEST(HistogramTest, BucketsTouchAndCoverAllNumbers) {
  Histogram histogram;
  Random random(3);
  std::uint64_t expected_next = 0;
  std::uint64_t value = 0;
  // The lowest number of each bucket, found from the end of the one before.
  for (int i = 0; i < 7424; ++i) {
    Histogram one;
    one.record(value);
    const Histogram::Bucket bucket = one.buckets().front();
    ASSERT_EQ(bucket.lowest, expected_next);
    ASSERT_LE(bucket.highest - bucket.lowest, bucket.lowest / 128);
    Histogram last;
    last.record(bucket.highest);
    ASSERT_EQ(last.buckets().front().lowest, bucket.lowest);
    expected_next = bucket.highest + 1;
    value = expected_next;
  }
  EXPECT_EQ(expected_next, 0U);  // Past the largest number.
}

TEST(HistogramTest, PercentilesAreWithinABucketOfTheTruth) {
  Histogram histogram;
  Random random(5);
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 20000; ++i) {
    values.push_back(random() >> random.below(64));
    histogram.record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double percent : {0.1, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9}) {
    const auto rank = static_cast<std::size_t>(std::lround(percent / 100 * 20000));
    const std::uint64_t truth = values[rank - 1];
    EXPECT_GE(histogram.percentile(percent), truth);
    EXPECT_LE(static_cast<double>(histogram.percentile(percent)), static_cast<double>(truth) * (1 + 1 / 127.0) + 1);
  }
  EXPECT_EQ(histogram.min(), values.front());
  EXPECT_EQ(histogram.max(), values.back());
}

TEST(HistogramTest, APercentileOfOneValueIsThatValue) {
  Histogram histogram;
  histogram.record(1'000'003, 5);
  EXPECT_EQ(histogram.percentile(1), 1'000'003U);
  EXPECT_EQ(histogram.percentile(99.99), 1'000'003U);
  EXPECT_EQ(histogram.count(), 5U);
  EXPECT_EQ(histogram.sum(), 5'000'015);
}

TEST(HistogramTest, MergingIsRecordingTogether) {
  Histogram first, second, both, empty;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    (i % 2 != 0 ? first : second).record(i * i * i);
    both.record(i * i * i);
  }
  empty += first;
  empty += second;
  empty += Histogram();
  EXPECT_EQ(empty.count(), both.count());
  EXPECT_EQ(empty.min(), both.min());
  EXPECT_EQ(empty.max(), both.max());
  EXPECT_EQ(empty.sum(), both.sum());
  for (const double percent : {1.0, 50.0, 99.0}) EXPECT_EQ(empty.percentile(percent), both.percentile(percent));
}

TEST(HistogramTest, MergingWhatIsSmallIntoWhatIsLargeAndBack) {
  Histogram small, large;
  small.record(3);
  large.record(1'000'000'000, 2);
  const Histogram sum = small + large;
  EXPECT_EQ(sum.count(), 3U);
  EXPECT_EQ(sum.min(), 3U);
  EXPECT_EQ(sum.max(), 1'000'000'000U);
  EXPECT_EQ((large + small).buckets().size(), 2U);
  EXPECT_EQ(small.count_up_to(most), 1U);
  Histogram twice = sum;
  twice += twice;
  EXPECT_EQ(twice.count(), 6U);
  EXPECT_EQ(twice.percentile(100 / 3.0), 3U);
}

TEST(HistogramTest, AClearedOneHasNoTraceOfWhatItHad) {
  Histogram histogram;
  for (const std::uint64_t value : {0U, 5U, 127U, 128U, 4'000'000'000U}) histogram.record(value, 3);
  histogram.clear();
  EXPECT_TRUE(histogram.buckets().empty());
  histogram.record(500);
  EXPECT_EQ(histogram.buckets().size(), 1U);
  EXPECT_EQ(histogram.percentile(50), 500U);
}

TEST(HistogramTest, RecordingNothingChangesNothing) {
  Histogram histogram;
  histogram.record(5, 0);
  EXPECT_TRUE(histogram.empty());
  EXPECT_EQ(histogram.max(), 0U);
  histogram.record(most);
  histogram.clear();
  EXPECT_TRUE(histogram.empty());
  histogram.record(9);
  EXPECT_EQ(histogram.min(), 9U);
  EXPECT_EQ(histogram.max(), 9U);
}

}  // namespace
}  // namespace kinesis::core
