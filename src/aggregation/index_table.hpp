#pragma once

#include "core/uint128.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kinesis::aggregation {

/// Finds the position of a key in a list that the owner keeps, by a number of 128 bits that stands for it: the hash key
/// of a partition key, or an explicit hash key. Open addressing in slots of 8 bytes, no memory per key; copies nothing
/// of the keys: the owner compares. Different keys may have one number.
class IndexTable {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  /// Where to look for the number. Cheap, and differs between processes, so that nobody who chooses keys can choose
  /// many that are looked for at one place.
  static std::uint32_t hash_of(core::Uint128 number) noexcept {
    const core::NativeUint128 product = core::NativeUint128{number.low() ^ secrets[0]} * (number.high() ^ secrets[1]);
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product));
  }

  /// The position of the key of this hash for which `is_at(position)` is true, or none.
  template <class IsAt>
  std::uint32_t find(std::uint32_t hash, IsAt&& is_at) const {
    if (size_ == 0) return none;
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      const Slot slot = slots_[at];
      if (slot.place == 0) return none;
      if (slot.hash == hash && is_at(slot.place - 1)) return slot.place - 1;
    }
  }

  /// Adds a key that is not there: its position is how many were there.
  void add(std::uint32_t hash) {
    if (size_ == 0) {
      start();
    } else if (slots_per_key * (std::size_t{size_} + 1) > mask_ + 1) {
      grow();
    }
    place(hash, size_ + 1);
    ++size_;
  }

  /// Has the processor fetch where the number is looked for.
  void prefetch(core::Uint128 number) const noexcept {
    if (size_ > 0) __builtin_prefetch(&slots_[hash_of(number) & mask_], 1);
  }

  std::uint32_t size() const noexcept { return size_; }
  /// Keeps its memory, and will use as much of it as the same number of keys needs.
  void clear() noexcept;

 private:
  /// So many that most keys find their slot at the first look: a look too many is a branch the processor did not
  /// expect.
  static constexpr std::size_t slots_per_key = 3;

  /// `place` is the position plus 1; 0: free.
  struct Slot {
    std::uint32_t hash;
    std::uint32_t place;
  };

  void place(std::uint32_t hash, std::uint32_t place) noexcept {
    std::size_t at = hash & mask_;
    while (slots_[at].place != 0) at = (at + 1) & mask_;
    slots_[at] = {hash, place};
  }
  /// Wipes the slots. Not earlier, in clear(): it brings them into the processor's cache, where the next keys want
  /// them.
  void start();
  void grow();

  static constexpr std::size_t fewest_slots = 16;
  static const std::array<std::uint64_t, 2> secrets;

  std::vector<Slot> slots_;
  /// Slots in use, less 1.
  std::size_t mask_ = fewest_slots - 1;
  std::uint32_t size_ = 0;
};

}  // namespace kinesis::aggregation
