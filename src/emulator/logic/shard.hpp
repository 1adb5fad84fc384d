#pragma once

#include "core/hash_range.hpp"
#include "core/uint128.hpp"
#include "emulator/logic/names.hpp"
#include "emulator/logic/sequence_number.hpp"
#include "emulator/logic/shard_log.hpp"
#include "emulator/logic/throughput.hpp"
#include <kinesis/kinesis_api/common.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kinesis::emulator {

using core::HashRange;

/// Cuts all hash keys into `count` ranges, as AWS does for a new stream: all of the same size, the last one takes the
/// rest.
std::vector<HashRange> uniform_ranges(std::uint32_t count);

/// One shard of a stream, open or closed.
struct Shard {
  Shard(std::uint32_t number, HashRange range, std::uint64_t seconds, Moment now, const LogMemory& memory);

  bool is_open() const noexcept { return !closed_millis; }
  /// Whether it took records at that time: parents up to a split, children after it, so that the shards open at any
  /// time cover every hash key exactly once. Shards without parents count from the start of the stream.
  bool open_at(std::int64_t millis) const noexcept;
  /// As AWS describes it.
  KinesisShard describe() const;

  std::uint32_t number;
  std::string id;
  HashRange range;
  SequenceWriter sequence;
  std::vector<std::uint32_t> parents;  // of a merge, the adjacent one second
  std::vector<std::uint32_t> children;
  std::int64_t created_millis;
  std::optional<std::int64_t> closed_millis;
  /// Closed, and everything in it is older than the retention period: AWS does not know it any more.
  bool expired = false;
  ShardLog log;
  ShardThroughput throughput;
  /// On-demand streams: since when writes are being refused, and when one was last.
  std::optional<Moment::Monotonic> hot_since;
  Moment::Monotonic last_refused{};
};

}  // namespace kinesis::emulator
