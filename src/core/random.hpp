#pragma once

#include <array>
#include <cstdint>

namespace kinesis::core {

/// Small fast pseudo-random numbers (xoshiro256**, by Blackman and Vigna), repeatable from a seed. Not for secrets. Not
/// thread-safe: one per owner. Models UniformRandomBitGenerator.
class Random {
 public:
  using result_type = std::uint64_t;

  explicit Random(std::uint64_t seed) noexcept;

  static constexpr result_type min() noexcept { return 0; }
  static constexpr result_type max() noexcept { return ~std::uint64_t{0}; }

  result_type operator()() noexcept {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  /// Uniform in [0, bound); 0 for a bound of 0.
  std::uint64_t below(std::uint64_t bound) noexcept;
  /// Uniform in [0, 1).
  double unit() noexcept { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }
  /// True with this probability.
  bool chance(double probability) noexcept { return unit() < probability; }

 private:
  static constexpr std::uint64_t rotate(std::uint64_t x, int by) noexcept { return (x << by) | (x >> (64 - by)); }
  std::array<std::uint64_t, 4> state_;
};

/// A seed from the operating system's entropy.
std::uint64_t random_seed();

/// From now on `random_seed` gives `first`, `first` + 1, … on this thread: for simulations that can be repeated.
void repeat_random_seeds(std::uint64_t first);

}  // namespace kinesis::core
