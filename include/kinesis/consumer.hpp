#pragma once

#include <kinesis/checkpointing.hpp>
#include <kinesis/client.hpp>
#include <kinesis/codec.hpp>
#include <kinesis/diagnostics.hpp>
#include <kinesis/fetch_mode.hpp>
#include <kinesis/identifiers.hpp>
#include <kinesis/lease.hpp>
#include <kinesis/record.hpp>

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
  /// Required: name or ARN.
  StreamId stream;
  /// Required: workers of one name share the shards of the stream and their checkpoints.
  ApplicationName application;
  /// Null: a DynamoDB table named after the application.
  std::shared_ptr<LeaseRepository> leases = {};
  /// Unique among the workers. Default: host, process id and a random part.
  WorkerId worker = WorkerId::unique();
  /// For shards that have no checkpoint yet.
  StartPosition start = TrimHorizon{};
  Polling fetch = {};
  LeaseTiming timing = {};
  /// What `consume` does; users of `Shard` checkpoint themselves.
  CheckpointEvery checkpoint = {};
  /// How long a stop waits for the last checkpoints and releases.
  std::chrono::milliseconds stop_deadline{10'000};
  /// Called with what happens; quick, from any thread, never throwing.
  std::function<void(const DiagnosticEvent&)> on_event = {};
};

/// A record before decoding.
struct RawRecord {
  Blob data;
  std::string partition_key;
  std::optional<std::string> explicit_hash_key;
  RecordPosition position;
  Clock::wall_time_point approximate_arrival;
  bool aggregated = false;
};

/// What one answer brought.
struct RawBatch {
  std::vector<RawRecord> records;
  std::chrono::milliseconds behind_latest{0};
};

/// Why a shard has no more batches.
enum class ShardEnd { not_ended, shard_ended, lease_lost, stopping };

/// The untyped half of a shard in this worker's hands. All functions may be called from any thread; coroutines run on
/// `executor()`.
class ShardCore {
 public:
  virtual ~ShardCore() = default;
  virtual const std::string& shard_id() const noexcept = 0;
  virtual asio::any_io_executor executor() const = 0;
  /// The next records, at least one; empty at the end, whose reason `end()` tells.
  virtual asio::awaitable<std::optional<RawBatch>> next_batch() = 0;
  /// Everything up to and including `position` is done. Earlier positions than one staged before change nothing.
  virtual void stage(const RecordPosition& position) = 0;
  /// Writes what is staged. Retried until it is stored or the lease is lost.
  virtual asio::awaitable<CheckpointOutcome> checkpoint() = 0;
  virtual ShardEnd end() const noexcept = 0;
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
  virtual const WorkerId& worker() const noexcept = 0;
  virtual Clock& clock() const noexcept = 0;
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
  template <class Token = asio::use_awaitable_t<>>
  auto async_checkpoint(Token&& token = {}) {
    return detail::async_run<CheckpointOutcome>(core_->executor(), core_->checkpoint(), std::forward<Token>(token));
  }

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
                       core->shard_id(),
                       std::move(raw.position),
                       raw.approximate_arrival,
                       raw.aggregated,
                       batch->behind_latest};
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
      : Consumer(make_consumer_core(std::move(client), std::move(options)), std::move(codec)) {}
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
  const std::shared_ptr<ConsumerCore>& core() const noexcept { return core_; }

 private:
  static asio::awaitable<std::optional<Shard<T>>> next(std::shared_ptr<ConsumerCore> core, Codec<T> codec) {
    std::shared_ptr<ShardCore> shard = co_await core->next_shard();
    if (!shard) co_return std::nullopt;
    co_return std::optional<Shard<T>>(std::in_place, std::move(shard), std::move(codec));
  }
  std::shared_ptr<ConsumerCore> core_;
  Codec<T> codec_;
};

namespace detail {

/// One record at a time, as `consume` hands it over.
using RecordHandler = std::function<asio::awaitable<void>(ShardCore&, RawRecord&&, std::chrono::milliseconds)>;

asio::awaitable<void> consume_with(std::shared_ptr<ConsumerCore> core, CheckpointEvery every, RecordHandler handler);
/// Blocks until SIGINT, SIGTERM or a failure; a second signal ends the process at once.
void consume_until_signal(const Client& client, std::shared_ptr<ConsumerCore> core, CheckpointEvery every,
                          RecordHandler handler);

template <class T, class F>
RecordHandler record_handler(Codec<T> codec, F function) {
  auto shared = std::make_shared<F>(std::move(function));
  return [codec = std::move(codec), shared](ShardCore& shard, RawRecord&& raw,
                                            std::chrono::milliseconds behind) -> asio::awaitable<void> {
    const Record<T> record{codec.decode(raw.data).value(),
                           std::move(raw.partition_key),
                           std::move(raw.explicit_hash_key),
                           shard.shard_id(),
                           std::move(raw.position),
                           raw.approximate_arrival,
                           raw.aggregated,
                           behind};
    if constexpr (std::is_void_v<std::invoke_result_t<F&, const Record<T>&>>) {
      (*shared)(record);
      co_return;
    } else {
      co_await (*shared)(record);
    }
  };
}

}  // namespace detail

/// Works on the stream until `consumer` is stopped: hands each record, per shard in order, to `handler`, a function or
/// coroutine of `const Record<T>&`, and checkpoints what it has completed. A handler that throws ends its shard, which
/// starts again from its last checkpoint after a pause that grows from 1 to 30 s.
template <class T, class F>
asio::awaitable<void> async_consume(Consumer<T>& consumer, Codec<T> codec, F handler, CheckpointEvery every = {}) {
  return detail::consume_with(consumer.core(), every, detail::record_handler<T>(std::move(codec), std::move(handler)));
}

/// The same as a blocking call: returns after SIGINT or SIGTERM, when what was completed is checkpointed and the leases
/// are handed back. Throws Error if the stream cannot be consumed at all. Not to be called on the client's own thread.
template <class T, class F>
void consume(Client client, ConsumerOptions options, Codec<T> codec, F handler) {
  detail::refuse_to_block();
  const CheckpointEvery every = options.checkpoint;
  auto core = make_consumer_core(client, std::move(options));
  detail::consume_until_signal(client, std::move(core), every,
                               detail::record_handler<T>(std::move(codec), std::move(handler)));
}

}  // namespace kinesis
