#include "aggregation/index_table.hpp"

#include "core/random.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace kinesis::aggregation {

const std::array<std::uint64_t, 2> IndexTable::secrets = {core::random_seed(), core::random_seed()};

void IndexTable::clear() noexcept {
  if (size_ == 0) return;
  // A table that was large once must not be wiped whole for each small aggregate.
  mask_ = std::min(mask_ + 1, std::max(fewest_slots, std::bit_ceil(slots_per_key * std::size_t{size_}))) - 1;
  size_ = 0;
}

void IndexTable::start() {
  if (slots_.size() > mask_) {
    std::fill_n(slots_.begin(), mask_ + 1, Slot{});
  } else {
    slots_.assign(mask_ + 1, Slot{});
  }
}

void IndexTable::grow() {
  std::vector<Slot> old(2 * (mask_ + 1));
  old.swap(slots_);
  const std::size_t used = std::exchange(mask_, slots_.size() - 1) + 1;
  for (std::size_t at = 0; at < used; ++at) {
    if (old[at].place != 0) place(old[at].hash, old[at].place);
  }
}

}  // namespace kinesis::aggregation
