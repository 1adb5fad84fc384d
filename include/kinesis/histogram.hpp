#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace kinesis {

/// A distribution of whole numbers in bounded memory (1 KB where all are below 128, 58 KB for any 64-bit number, and
/// none while it is empty): exact below 256, then 128 buckets to each power of two, so a percentile is at most 0.8 %
/// above the truth. Mergeable. Not thread-safe: one per owner, merged when read.
class Histogram {
 public:
  void record(std::uint64_t value, std::uint64_t times = 1) {
    if (times == 0) return;
    const std::size_t index = index_of(value);
    if (index >= counts_.size()) grow(index);
    counts_[index] += times;
    count_ += times;
    sum_ += static_cast<double>(value) * static_cast<double>(times);
    if (value < min_) min_ = value;
    if (value > max_) max_ = value;
  }

  /// Costs as much as the range of the other one's values is wide.
  Histogram& operator+=(const Histogram& other);
  friend Histogram operator+(Histogram left, const Histogram& right) { return std::move(left += right); }
  /// Forgets all values, keeps the memory.
  void clear() noexcept;

  std::uint64_t count() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  /// Exact; 0 if empty.
  std::uint64_t min() const noexcept { return empty() ? 0 : min_; }
  std::uint64_t max() const noexcept { return max_; }
  /// To the precision of a double.
  double sum() const noexcept { return sum_; }
  /// 0 if empty.
  double mean() const noexcept { return empty() ? 0 : sum_ / static_cast<double>(count_); }

  /// The smallest value that at least `percent` (0 to 100) of the values do not exceed, 0 if empty. 0 gives the
  /// minimum, 100 the maximum.
  std::uint64_t percentile(double percent) const noexcept;
  /// How many values are at most `value`, to the precision of a bucket (those of its own bucket included).
  std::uint64_t count_up_to(std::uint64_t value) const noexcept;

  /// One non-empty bucket: the values from `lowest` to `highest` occurred `count` times.
  struct Bucket {
    std::uint64_t lowest;
    std::uint64_t highest;
    std::uint64_t count;
  };
  std::vector<Bucket> buckets() const;

 private:
  static constexpr int sub_bits = 7;

  static std::size_t index_of(std::uint64_t value) noexcept {
    const int shift = 63 - std::countl_zero(value | ((std::uint64_t{1} << sub_bits) - 1)) - sub_bits;
    if (shift < 0) return static_cast<std::size_t>(value);
    return (static_cast<std::size_t>(shift) << sub_bits) + static_cast<std::size_t>(value >> shift);
  }
  static std::uint64_t lowest_of(std::size_t index) noexcept;
  static std::uint64_t highest_of(std::size_t index) noexcept;
  void grow(std::size_t index);

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t min_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace kinesis
