#pragma once

#include <kinesis/assignment.hpp>
#include <kinesis/checkpointing.hpp>
#include <kinesis/client.hpp>
#include <kinesis/codec.hpp>
#include <kinesis/consume_options.hpp>
#include <kinesis/consumer_core.hpp>
#include <kinesis/diagnostics.hpp>
#include <kinesis/fetch_mode.hpp>
#include <kinesis/identifiers.hpp>
#include <kinesis/lease.hpp>
#include <kinesis/pause_switch.hpp>
#include <kinesis/record.hpp>
#include <kinesis/streams.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace kinesis {

/// `ConsumerOptions options{.stream = "orders", .application = "billing"};`
struct ConsumerOptions {
  /// Required: name or ARN; or `Streams::several({"orders", "payments"})`.
  Streams stream;
  /// Required: workers of one name share the shards of the stream and their checkpoints.
  ApplicationName application;
  /// Null: a DynamoDB table named after the application.
  std::shared_ptr<LeaseRepository> leases = {};
  /// Unique among the workers. Default: host, process id and a random part.
  WorkerId worker = WorkerId::unique();
  /// For shards that have no checkpoint yet.
  StartPosition start = TrimHorizon{};
  /// How records are fetched: by Polling, or by EnhancedFanOut.
  FetchMode fetch = Polling{};
  LeaseTiming timing = {};
  /// Which leases this worker wants.
  Assignment assignment = balanced();
  /// What `consume` does; users of `Shard` checkpoint themselves. The same for the next two.
  CheckpointPolicy checkpoint = CheckpointEvery{};
  /// How many records of one shard are handled at a time.
  Concurrency concurrency = InOrder{};
  /// What becomes of a record whose handler throws, or that the codec cannot decode.
  FailurePolicy on_failure = RestartShard{};
  /// How long a stop waits for handlers, the last checkpoints and releases.
  std::chrono::milliseconds stop_deadline{10'000};
  /// Holds shards up from outside; copies are one switch.
  PauseSwitch pauses = {};
  /// Called with what happens; quick, from any thread, never throwing.
  std::function<void(const DiagnosticEvent&)> on_event = {};
};

std::shared_ptr<ConsumerCore> make_consumer_core(Client client, ConsumerOptions options);

/// Marks records of a shard as done, and stores how far it is. Monotonic: a checkpoint never moves back.
template <class T>
class Checkpointer {
 public:
  explicit Checkpointer(std::shared_ptr<ShardCore> core) : core_(std::move(core)) {}

  /// This record and all before it are done. Nothing is written yet.
  void stage(const Record<T>& record) { core_->stage(record.position); }
  void stage(const RecordPosition& position) { core_->stage(position); }

  /// Stores what is staged; at the end of a shard whose every record is staged, that it is done for good.
  /// Retried with growing pauses until it is stored or the lease is lost, which is a value.
  template <class Token = asio::use_awaitable_t<>>
  auto async_checkpoint(Token&& token = {}) {
    return detail::async_run<CheckpointOutcome>(core_->executor(), core_->checkpoint(), std::forward<Token>(token));
  }

  /// The first half of a commit in two phases: stores what is staged as prepared, with up to 4 KiB of the
  /// application's own, and leaves the checkpoint where it is. The next `async_checkpoint` clears it. Whoever gets the
  /// shard before that finds it in `prepared()`. Error(too_large) for a larger state.
  template <class Token = asio::use_awaitable_t<>>
  auto async_prepare(Blob state, Token&& token = {}) {
    return detail::async_run<CheckpointOutcome>(core_->executor(), core_->prepare(std::move(state)),
                                                std::forward<Token>(token));
  }
  /// What a worker before this one had prepared and not checkpointed.
  std::optional<PreparedCheckpoint> prepared() const { return core_->prepared(); }

 private:
  std::shared_ptr<ShardCore> core_;
};

/// One shard this worker owns: a stream of batches with a checkpointer. Moves, does not copy. The destructor
/// checkpoints what is staged and hands the lease back, in the background; what could not be written becomes an event.
template <class T>
class Shard {
 public:
  Shard(std::shared_ptr<ShardCore> core, Codec<T> codec)
      : core_(core), codec_(std::move(codec)), checkpointer_(std::move(core)) {}
  Shard(Shard&&) noexcept = default;
  Shard& operator=(Shard&&) noexcept = delete;
  ~Shard() {
    if (core_) core_->finish(nullptr);
  }

  const std::string& id() const noexcept { return core_->shard_id(); }
  /// The name of its stream.
  const std::string& stream() const noexcept { return core_->stream(); }

  /// The next records, in order, at least one. Empty when the shard ended, the lease was lost, or the consumer stops:
  /// `end()` tells. A record the codec cannot decode throws its Error and is delivered again after a restart; use
  /// `attempt(codec)` to get it as a value.
  template <class Token = asio::use_awaitable_t<>>
  auto async_next_batch(Token&& token = {}) {
    return detail::async_run<std::optional<std::vector<Record<T>>>>(core_->executor(), next(core_, codec_),
                                                                    std::forward<Token>(token));
  }
  Checkpointer<T>& checkpointer() noexcept { return checkpointer_; }
  ShardEnd end() const noexcept { return core_->end(); }
  /// What proves to a third party that this worker owns the shard now.
  FencingToken fencing_token() const { return core_->fencing_token(); }

  /// Holds up the next batch until `resume`; the lease is kept. From any thread.
  void pause() { core_->pauses().pause(core_->lease_key()); }
  void resume() { core_->pauses().resume(core_->lease_key()); }

 private:
  static asio::awaitable<std::optional<std::vector<Record<T>>>> next(std::shared_ptr<ShardCore> core, Codec<T> codec) {
    std::optional<RawBatch> batch = co_await core->next_batch();
    if (!batch) co_return std::nullopt;
    std::vector<Record<T>> records;
    records.reserve(batch->records.size());
    for (RawRecord& raw : batch->records) {
      Record<T> record{codec.decode(raw.data).value(),
                       std::move(raw.partition_key),
                       std::move(raw.explicit_hash_key),
                       core->stream(),
                       core->shard_id(),
                       std::move(raw.position),
                       raw.approximate_arrival,
                       raw.aggregated,
                       batch->behind_latest,
                       batch->lease_counter};
      records.push_back(std::move(record));
    }
    co_return std::optional<std::vector<Record<T>>>(std::move(records));
  }

  std::shared_ptr<ShardCore> core_;
  Codec<T> codec_;
  Checkpointer<T> checkpointer_;
};

/// A worker: shares the shards of a stream with the other workers of its application, as a stream of shards.
///
/// Every record is delivered at least once and per shard in order; children of a split or merge start after their
/// parents are done. The destructor stops without waiting; call `async_stop` to hand the leases over first.
template <class T>
class Consumer {
 public:
  Consumer(Client client, ConsumerOptions options, Codec<T> codec)
      : consume_options_(options.checkpoint, options.concurrency, options.on_failure),
        core_(make_consumer_core(std::move(client), std::move(options))),
        codec_(std::move(codec)) {}
  /// Over another core, such as a fake.
  Consumer(std::shared_ptr<ConsumerCore> core, Codec<T> codec) : core_(std::move(core)), codec_(std::move(codec)) {}
  Consumer(Consumer&&) noexcept = default;
  Consumer& operator=(Consumer&&) = delete;

  /// The next shard this worker was given; empty once it has stopped. Throws Error if it cannot work: not_found,
  /// access_denied, storage, …
  template <class Token = asio::use_awaitable_t<>>
  auto async_next_shard(Token&& token = {}) {
    return detail::async_run<std::optional<Shard<T>>>(core_->executor(), next(core_, codec_),
                                                      std::forward<Token>(token));
  }
  /// Ends all shards, waits for their last checkpoints, hands the leases back.
  template <class Token = asio::use_awaitable_t<>>
  auto async_stop(Token&& token = {}) {
    return detail::async_run<void>(core_->executor(), core_->stop(), std::forward<Token>(token));
  }
  const WorkerId& worker() const noexcept { return core_->worker(); }

  /// Holds up all shards, those of later too, until `resume`. Leases are kept. From any thread.
  void pause() { core_->pauses().pause(); }
  void resume() { core_->pauses().resume(); }
  /// Shards by id or all of them; copies are one switch.
  PauseSwitch pauses() const { return core_->pauses(); }

  const Codec<T>& codec() const noexcept { return codec_; }
  /// What the options said of `consume`.
  const ConsumeOptions& consume_options() const noexcept { return consume_options_; }
  const std::shared_ptr<ConsumerCore>& core() const noexcept { return core_; }

 private:
  static asio::awaitable<std::optional<Shard<T>>> next(std::shared_ptr<ConsumerCore> core, Codec<T> codec) {
    std::shared_ptr<ShardCore> shard = co_await core->next_shard();
    if (!shard) co_return std::nullopt;
    co_return std::optional<Shard<T>>(std::in_place, std::move(shard), std::move(codec));
  }
  ConsumeOptions consume_options_;
  std::shared_ptr<ConsumerCore> core_;
  Codec<T> codec_;
};

}  // namespace kinesis
