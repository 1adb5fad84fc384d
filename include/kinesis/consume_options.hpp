#pragma once

#include <kinesis/checkpointing.hpp>
#include <kinesis/failure_policy.hpp>

#include <cstddef>
#include <utility>
#include <variant>

namespace kinesis {

/// The records of a shard one after another.
struct InOrder {};

/// Up to `concurrency` records of one shard at a time, those of one partition key one after another. Only handlers that
/// wait (coroutines, futures) gain by it. A checkpoint covers what is done without a gap; so after a crash up to
/// `window` records are handled again.
struct PerKey {
  std::size_t concurrency = 1;
  /// Records taken in and not covered by what is done, at least `concurrency`: bounds the memory, and how far one slow
  /// record may be overtaken.
  std::size_t window = 1'000;
};
inline PerKey per_key(std::size_t concurrency, std::size_t window = 1'000) { return PerKey{concurrency, window}; }

using Concurrency = std::variant<InOrder, PerKey>;

/// How `async_consume` works. Not an aggregate, so that it may be passed to awaited calls (g++ 12).
struct ConsumeOptions {
  ConsumeOptions() {}
  ConsumeOptions(CheckpointEvery policy) : checkpoint(policy) {}
  ConsumeOptions(CheckpointPerKey policy) : checkpoint(policy) {}
  ConsumeOptions(CheckpointPolicy policy) : checkpoint(policy) {}
  ConsumeOptions(CheckpointPolicy policy, Concurrency at_a_time, FailurePolicy failure)
      : checkpoint(policy), concurrency(at_a_time), on_failure(std::move(failure)) {}

  CheckpointPolicy checkpoint = CheckpointEvery{};
  Concurrency concurrency = InOrder{};
  FailurePolicy on_failure = RestartShard{};
};

}  // namespace kinesis
