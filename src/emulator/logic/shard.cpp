#include "emulator/logic/shard.hpp"

#include <algorithm>

namespace kinesis::emulator {

std::vector<HashRange> uniform_ranges(std::uint32_t count) {
  std::vector<HashRange> out;
  out.reserve(count);
  // floor(2^128 / count), which does not fit where count is 1.
  const core::Uint128 size = count == 1 ? core::Uint128::max() : core::Uint128::max() / count;
  const bool exact = count > 1 && core::Uint128::max() % count == count - 1;
  const core::Uint128 step = exact ? size + 1 : size;
  core::Uint128 first = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const core::Uint128 last = i + 1 == count ? core::Uint128::max() : first + step - 1;
    out.push_back({first, last});
    first = last + 1;
  }
  return out;
}

Shard::Shard(std::uint32_t number, HashRange range, std::uint64_t seconds, Moment now, const LogMemory& memory)
    : number(number),
      id(shard_id(number)),
      range(range),
      sequence(seconds, number),
      created_millis(now.millis()),
      log(memory),
      throughput(now) {}

bool Shard::open_at(std::int64_t millis) const noexcept {
  const bool begun = parents.empty() || created_millis < millis;
  return begun && (is_open() || *closed_millis >= millis);
}

KinesisShard Shard::describe() const {
  KinesisShard out;
  out.shard_id = id;
  if (!parents.empty()) out.parent_shard_id = shard_id(parents[0]);
  if (parents.size() > 1) out.adjacent_parent_shard_id = shard_id(parents[1]);
  out.hash_key_range = HashKeyRange(range.first.to_string(), range.last.to_string());
  const std::uint64_t seconds = sequence.shard_seconds();
  out.sequence_number_range.starting_sequence_number = SequenceNumber(sequence.text(0, seconds));
  if (closed_millis) {
    const auto closed_seconds = static_cast<std::uint64_t>(*closed_millis / 1000);
    out.sequence_number_range.ending_sequence_number =
        SequenceNumber(sequence.text(last_sequence_index, std::max(closed_seconds, seconds)));
  }
  return out;
}

}  // namespace kinesis::emulator
