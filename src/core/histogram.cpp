#include <kinesis/histogram.hpp>

#include <algorithm>
#include <cmath>

namespace kinesis {

/// By whole powers of two.
void Histogram::grow(std::size_t index) { counts_.resize(((index >> sub_bits) + 1) << sub_bits); }

// Index = shift * 128 + (value >> shift), where the second part is in [128, 256): so block 1 is [128, 256) itself,
// block 2 the next octave.
std::uint64_t Histogram::lowest_of(std::size_t index) noexcept {
  const std::size_t block = index >> sub_bits;
  if (block <= 1) return index;
  const std::size_t shift = block - 1;
  return (std::uint64_t{index} - (std::uint64_t{shift} << sub_bits)) << shift;
}

std::uint64_t Histogram::highest_of(std::size_t index) noexcept {
  const std::size_t block = index >> sub_bits;
  if (block <= 1) return index;
  return lowest_of(index) + ((std::uint64_t{1} << (block - 1)) - 1);
}

Histogram& Histogram::operator+=(const Histogram& other) {
  if (other.empty()) return *this;
  const std::size_t last = index_of(other.max_);
  if (last >= counts_.size()) grow(last);
  for (std::size_t i = index_of(other.min_); i <= last; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  return *this;
}

void Histogram::clear() noexcept {
  if (!empty()) std::fill(&counts_[index_of(min_)], &counts_[index_of(max_)] + 1, 0);
  count_ = 0;
  sum_ = 0;
  min_ = std::numeric_limits<std::uint64_t>::max();
  max_ = 0;
}

std::uint64_t Histogram::percentile(double percent) const noexcept {
  if (empty()) return 0;
  if (!(percent > 0)) return min_;
  if (percent >= 100) return max_;
  const double wanted = std::ceil(percent / 100 * static_cast<double>(count_));
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::clamp(highest_of(i), min_, max_);
  }
  return max_;
}

std::uint64_t Histogram::count_up_to(std::uint64_t value) const noexcept {
  if (empty()) return 0;
  const std::size_t end = std::min(index_of(value) + 1, counts_.size());
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < end; ++i) seen += counts_[i];
  return seen;
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
  std::vector<Bucket> found;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] != 0) found.push_back({lowest_of(i), highest_of(i), counts_[i]});
  }
  return found;
}

}  // namespace kinesis
