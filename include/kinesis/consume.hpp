#pragma once

#include <kinesis/consumer.hpp>
#include <kinesis/detail/handler.hpp>

#include <chrono>
#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace kinesis {

/// Marks a handler as one of batches, where its type does not say so: `by_batch([](const auto& records) { … })`.
template <class F>
struct ByBatch {
  F function;
};
template <class F>
ByBatch<F> by_batch(F function) {
  return ByBatch<F>{std::move(function)};
}

namespace detail {

/// What a handler gets beside the records.
struct Delivery {
  ShardCore* shard = nullptr;
  Clock* clock = nullptr;
  std::chrono::milliseconds behind_latest{0};
  std::int64_t lease_counter = 0;
  /// Null unless records that cannot be decoded are to be skipped.
  const std::function<asio::awaitable<void>(RawRecord, std::exception_ptr)>* skip = nullptr;
};

/// How far a run of calls without a wait has come, and whether it may go on.
class DirectRun {
 public:
  explicit DirectRun(ShardCore& shard) : shard_(shard) {}
  bool goes_on() const {
    if (shard_.end() != ShardEnd::not_ended) return false;
    return !shard_.pauses().any() || !shard_.pauses().paused(shard_.lease_key());
  }
  /// Records whose handler has returned.
  std::size_t done = 0;

 private:
  ShardCore& shard_;
};

/// A user's handler behind its codec. Takes one record at a time, or whole batches.
struct RawHandler {
  std::function<asio::awaitable<void>(Delivery, std::span<RawRecord>)> function;
  bool batches = false;
  /// Where the handler is a function of records that returns nothing: calls it for one after the other, as long as the
  /// run goes on.
  std::function<void(const Delivery&, std::span<const RecordView>, DirectRun&)> direct = {};
};

asio::awaitable<void> consume_with(std::shared_ptr<ConsumerCore> core, ConsumeOptions options, RawHandler handler);
/// Blocks until SIGINT, SIGTERM or a failure; a second signal ends the process at once.
void consume_until_signal(const Client& client, std::shared_ptr<ConsumerCore> core, ConsumeOptions options,
                          RawHandler handler);

template <class T>
Record<T> decoded(const Codec<T>& codec, const Delivery& delivery, RawRecord&& raw) {
  return Record<T>{codec.decode(raw.data).value(),   std::move(raw.partition_key),
                   std::move(raw.explicit_hash_key), delivery.shard->stream(),
                   delivery.shard->shard_id(),       raw.position,
                   raw.approximate_arrival,          raw.aggregated,
                   delivery.behind_latest,           delivery.lease_counter};
}

/// A record like the one before it, but for what differs: its strings and its sequence number serve one after the
/// other, and nothing is allocated.
template <class T>
void decode_into(Record<T>& record, const Codec<T>& codec, const Blob& data, const RecordView& view, bool same_around) {
  record.data = codec.decode(data).value();
  record.partition_key.assign(view.partition_key);
  if (!view.explicit_hash_key) {
    record.explicit_hash_key.reset();
  } else if (record.explicit_hash_key) {
    record.explicit_hash_key->assign(*view.explicit_hash_key);
  } else {
    record.explicit_hash_key.emplace(*view.explicit_hash_key);
  }
  if (!same_around) {
    record.position.sequence_number = view.around->sequence_number;
    record.approximate_arrival = view.around->approximate_arrival_timestamp;
  }
  record.position.sub_sequence_number = view.sub_sequence_number;
  record.aggregated = view.aggregated;
}

template <class T, class F>
void call_directly(const Codec<T>& codec, F& function, const Delivery& delivery, std::span<const RecordView> records,
                   DirectRun& run) {
  std::optional<Record<T>> record;
  Blob data;
  const KinesisRecord* around = nullptr;
  for (const RecordView& view : records) {
    if (!run.goes_on()) return;
    const bool reused = std::is_move_assignable_v<T> && record;
    if constexpr (std::is_move_assignable_v<T>) {
      if (reused) {
        data.rebind(view.data, view.around->data.owner());
        decode_into(*record, codec, data, view, view.around == around);
      }
    }
    if (!reused) record.emplace(decoded<T>(codec, delivery, raw_record(view)));
    around = view.around;
    function(std::as_const(*record));
    ++run.done;
  }
}

template <class T, class F>
RawHandler record_handler(Codec<T> codec, F function) {
  auto shared = std::make_shared<F>(std::move(function));
  RawHandler handler;
  if constexpr (std::is_void_v<std::invoke_result_t<F&, const Record<T>&>>) {
    handler.direct = [codec, shared](const Delivery& delivery, std::span<const RecordView> records, DirectRun& run) {
      call_directly<T>(codec, *shared, delivery, records, run);
    };
  }
  handler.function = [codec = std::move(codec), shared](Delivery delivery,
                                                        std::span<RawRecord> raw) -> asio::awaitable<void> {
    const Record<T> record = decoded<T>(codec, delivery, std::move(raw.front()));
    if constexpr (std::is_void_v<std::invoke_result_t<F&, const Record<T>&>>) {
      (*shared)(record);
      co_return;
    } else {
      co_await call_and_wait<F, const Record<T>&>(*shared, record, *delivery.clock);
    }
  };
  return handler;
}

template <class T, class F>
RawHandler batch_handler(Codec<T> codec, F function) {
  auto shared = std::make_shared<F>(std::move(function));
  RawHandler handler;
  handler.batches = true;
  handler.function = [codec = std::move(codec), shared](Delivery delivery,
                                                        std::span<RawRecord> raw) -> asio::awaitable<void> {
    std::vector<Record<T>> records;
    records.reserve(raw.size());
    for (RawRecord& one : raw) {
      std::exception_ptr failure;
      try {
        records.push_back(decoded<T>(codec, delivery, std::move(one)));
      } catch (...) {
        if (delivery.skip == nullptr) throw;
        failure = std::current_exception();
      }
      // Decoding moves from the record only once it has succeeded.
      if (failure) co_await (*delivery.skip)(std::move(one), std::move(failure));
    }
    if (records.empty()) co_return;
    if constexpr (std::is_invocable_v<F&, std::vector<Record<T>>&>) {
      co_await call_and_wait<F, std::vector<Record<T>>&>(*shared, records, *delivery.clock);
    } else if constexpr (std::is_invocable_v<F&, const std::vector<Record<T>>&>) {
      co_await call_and_wait<F, const std::vector<Record<T>>&>(*shared, records, *delivery.clock);
    } else {
      const std::span<const Record<T>> view(records);
      co_await call_and_wait<F, std::span<const Record<T>>>(*shared, view, *delivery.clock);
    }
  };
  return handler;
}

template <class T, class F>
RawHandler raw_handler(Codec<T> codec, F function) {
  if constexpr (std::is_invocable_v<F&, const Record<T>&>) {
    return record_handler<T>(std::move(codec), std::move(function));
  } else {
    static_assert(
        std::is_invocable_v<F&, std::vector<Record<T>>&> || std::is_invocable_v<F&, std::span<const Record<T>>>,
        "a handler takes const Record<T>&, std::span<const Record<T>> or const std::vector<Record<T>>&");
    return batch_handler<T>(std::move(codec), std::move(function));
  }
}
template <class T, class F>
RawHandler raw_handler(Codec<T> codec, ByBatch<F> handler) {
  return batch_handler<T>(std::move(codec), std::move(handler.function));
}

}  // namespace detail

/// Works on the stream until `consumer` is stopped: hands its records to `handler`, and checkpoints what that has
/// completed, as the options say.
///
/// `handler` takes a record (`const Record<T>&`) or a batch (`std::span<const Record<T>>`, `const
/// std::vector<Record<T>>&`, or anything marked with `by_batch`), and is a function, a coroutine
/// (`asio::awaitable<void>`) or a function that returns `std::future<void>`. It runs on the shard's strand: it is not
/// called for two records of a shard at once, except with PerKey while it waits. One that blocks its thread also blocks
/// what renews the leases there: work of seconds belongs into a coroutine or a future.
///
/// Throws Error if the stream cannot be consumed at all, Error(invalid_argument) for a batch handler with PerKey or
/// CheckpointPerKey, and with StopAll what the handler threw. Cancelling it abandons handlers at their next wait and
/// stops the consumer as `async_stop` does: what was completed is checkpointed, and the leases are handed back.
template <class T, class F>
asio::awaitable<void> async_consume(Consumer<T>& consumer, std::type_identity_t<Codec<T>> codec, F handler,
                                    ConsumeOptions options) {
  return detail::consume_with(consumer.core(), std::move(options),
                              detail::raw_handler<T>(std::move(codec), std::move(handler)));
}
/// With what the consumer's own options say.
template <class T, class F>
asio::awaitable<void> async_consume(Consumer<T>& consumer, std::type_identity_t<Codec<T>> codec, F handler) {
  return async_consume(consumer, std::move(codec), std::move(handler), consumer.consume_options());
}
/// With the consumer's own codec.
template <class T, class F>
asio::awaitable<void> async_consume(Consumer<T>& consumer, F handler) {
  return async_consume(consumer, consumer.codec(), std::move(handler), consumer.consume_options());
}

/// The same as a blocking call: returns after SIGINT or SIGTERM, when what was completed is checkpointed and the leases
/// are handed back. Throws as `async_consume` does. Not to be called on the client's own thread.
template <class T, class F>
void consume(Client client, ConsumerOptions options, Codec<T> codec, F handler) {
  detail::refuse_to_block();
  ConsumeOptions how(options.checkpoint, options.concurrency, options.on_failure);
  auto core = make_consumer_core(client, std::move(options));
  detail::consume_until_signal(client, std::move(core), std::move(how),
                               detail::raw_handler<T>(std::move(codec), std::move(handler)));
}

}  // namespace kinesis
