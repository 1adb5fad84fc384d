#pragma once

#include <kinesis/checkpointing.hpp>
#include <kinesis/clock.hpp>
#include <kinesis/detail/async.hpp>
#include <kinesis/detail/record_portion.hpp>
#include <kinesis/diagnostics.hpp>
#include <kinesis/identifiers.hpp>
#include <kinesis/pause_switch.hpp>
#include <kinesis/record.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kinesis {

/// What one answer brought.
struct RawBatch {
  std::vector<RawRecord> records;
  std::chrono::milliseconds behind_latest{0};
  /// The lease's counter when the batch was handed out: see `FencingToken`.
  std::int64_t lease_counter = 0;
};

/// Why a shard has no more batches. `handed_over`: another worker goes on with it, from the checkpoint of what is
/// staged when the record in hand is done.
enum class ShardEnd { not_ended, shard_ended, lease_lost, stopping, handed_over };

/// The untyped half of a shard in this worker's hands. All functions may be called from any thread; coroutines run on
/// `executor()`.
class ShardCore {
 public:
  virtual ~ShardCore() = default;
  virtual const std::string& shard_id() const noexcept = 0;
  /// The name of its stream.
  virtual const std::string& stream() const noexcept = 0;
  /// What pauses and diagnostics call it: the shard id, and before it the stream where the consumer reads several.
  virtual const std::string& lease_key() const noexcept { return shard_id(); }
  virtual asio::any_io_executor executor() const = 0;
  /// The next records, at least one; empty at the end, whose reason `end()` tells. Waits while the shard is paused.
  virtual asio::awaitable<std::optional<RawBatch>> next_batch() = 0;
  /// The same, some hundred records at a time, for who takes one after the other: fills `portion`, which stays as it is
  /// until the next call. False where `next_batch` is empty. `next_batch` then gives what is left of the answer.
  virtual asio::awaitable<bool> next_portion(detail::RecordPortion& portion);
  /// Everything up to and including `position` is done. Earlier positions than one staged before change nothing.
  virtual void stage(const RecordPosition& position) = 0;
  /// Writes what is staged. Retried until it is stored or the lease is lost.
  virtual asio::awaitable<CheckpointOutcome> checkpoint() = 0;
  /// Writes what is staged as a prepared checkpoint, with the application's own state of up to 4 KiB: the checkpoint
  /// that counts stays where it is. Error(too_large) for more.
  virtual asio::awaitable<CheckpointOutcome> prepare(Blob state) = 0;
  /// What a worker before this one had prepared and not checkpointed.
  virtual std::optional<PreparedCheckpoint> prepared() const = 0;
  virtual ShardEnd end() const noexcept = 0;
  virtual FencingToken fencing_token() const = 0;
  virtual PauseSwitch& pauses() noexcept = 0;
  /// Says something to whoever listens to the consumer.
  virtual void report(const DiagnosticEvent& event) = 0;
  /// No more interest: checkpoints what is staged and hands the lease back, in the background; what fails becomes an
  /// event. `failure`: why the handler gave up; this worker then leaves the shard alone for a while that grows from 1
  /// to 30 s.
  virtual void finish(std::exception_ptr failure) = 0;
};

/// The untyped half of a consumer.
class ConsumerCore {
 public:
  virtual ~ConsumerCore() = default;
  virtual asio::any_io_executor executor() const = 0;
  /// The next shard this worker was given; null once stopped. Throws if the consumer cannot work at all (no such
  /// stream, no access).
  virtual asio::awaitable<std::shared_ptr<ShardCore>> next_shard() = 0;
  /// Ends all shards, waits for their last checkpoints, hands the leases back.
  virtual asio::awaitable<void> stop() = 0;
  /// How long `stop` waits for handlers.
  virtual std::chrono::milliseconds stop_deadline() const noexcept = 0;
  virtual const WorkerId& worker() const noexcept = 0;
  virtual Clock& clock() const noexcept = 0;
  virtual PauseSwitch& pauses() noexcept = 0;
};

}  // namespace kinesis
