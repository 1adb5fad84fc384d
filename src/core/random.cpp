#include "core/random.hpp"

#include <optional>
#include <random>

namespace kinesis::core {
namespace {

thread_local std::optional<std::uint64_t> repeated_seed;

}  // namespace

Random::Random(std::uint64_t seed) noexcept {
  // SplitMix64 spreads a seed over the state, as the authors of xoshiro advise; no seed gives the forbidden all-zero
  // state.
  for (std::uint64_t& word : state_) {
    seed += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = seed;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    word = mixed ^ (mixed >> 31);
  }
}

std::uint64_t Random::below(std::uint64_t bound) noexcept {
  // Lemire's multiplication, with the rejection that makes it exact.
  if (bound == 0) return 0;
  __extension__ using Wide = unsigned __int128;
  Wide product = Wide{(*this)()} * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t threshold = (0 - bound) % bound;
    while (static_cast<std::uint64_t>(product) < threshold) product = Wide{(*this)()} * bound;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t random_seed() {
  if (repeated_seed) return (*repeated_seed)++;
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

void repeat_random_seeds(std::uint64_t first) { repeated_seed = first; }

}  // namespace kinesis::core
