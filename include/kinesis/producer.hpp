#pragma once

#include <kinesis/client.hpp>
#include <kinesis/codec.hpp>
#include <kinesis/identifiers.hpp>
#include <kinesis/producer_listener.hpp>
#include <kinesis/producer_metrics.hpp>
#include <kinesis/record.hpp>

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kinesis {

/// Proof that a record is stored.
struct Receipt {
  ShardName shard_id;
  SequenceNumber sequence_number;
  /// The index inside the aggregate the record was sent in; absent for a record sent alone.
  std::optional<std::uint64_t> sub_sequence_number;
  /// How often the record was sent until the service took it, 1 or more.
  int attempts = 0;
  /// From `send` to the answer.
  std::chrono::nanoseconds time_in_library{0};
};

/// What a send does when the producer's buffer is full.
enum class WhenFull {
  wait,  ///< The send completes later; nothing blocks. Beyond `max_waiting` of them, or `max_waiting_bytes`, it
         ///< completes with Error(full).
  fail,  ///< The send completes with Error(full).
};

/// Several records in one Kinesis record, in the format of Amazon's KPL, which the KCL and this library's consumer take
/// apart. A shard accepts 1000 Kinesis records a second, so small records need it; readers that do not know the format
/// see one opaque record.
///
/// Records for one shard together: the fullest aggregates. The partition key of the Kinesis record says nothing.
struct AggregateByShard {
  /// Data and partition key of an aggregate, 64 to 10 MiB, and never more than the stream takes a record. A record that
  /// is larger goes alone.
  std::size_t max_bytes = 51'200;
  /// Records in an aggregate, 1 or more.
  std::size_t max_records = 4'294'967'295;
};
/// Records of one partition key together, and the Kinesis record has that key: for streams whose other readers use the
/// partition key. Where a stream is resharded meanwhile, nothing has to be sent again.
struct AggregateByKey {
  std::size_t max_bytes = 51'200;
  std::size_t max_records = 4'294'967'295;
};
/// Each record is a Kinesis record.
struct NoAggregation {};
using Aggregation = std::variant<AggregateByShard, AggregateByKey, NoAggregation>;

/// What is promised of the order of a key's records in the stream.
enum class Ordering {
  none,     ///< Records are sent in the order of `send`, but one that is retried may be stored after a later one.
  per_key,  ///< Stored in the order of `send`: a key has one Kinesis record under way at a time.
};

/// `ProducerOptions options{.stream = "orders"};`
struct ProducerOptions {
  /// Required: name or ARN.
  StreamId stream;
  /// Records, and the memory of records (data and keys, and 288 bytes for each record), that may be buffered and in
  /// flight together. At either bound `when_full` applies. Calls under way take a tenth of it more, or one call.
  std::size_t max_buffered_records = 100'000;
  std::size_t max_buffered_bytes = std::size_t{64} * 1024 * 1024;
  WhenFull when_full = WhenFull::wait;
  /// Sends that may wait for room at once, where `when_full` is `wait`; their records are not counted as buffered. One
  /// more fails with Error(full). 0: none waits.
  std::size_t max_waiting = 10'000;
  /// Memory of records (data and keys, and 288 bytes for each record) that wait so, on top of the buffer. Beyond it a
  /// send fails with Error(full), too; but one may wait, however large.
  std::size_t max_waiting_bytes = std::size_t{4} * 1024 * 1024;
  Aggregation aggregation = AggregateByShard{};
  Ordering ordering = Ordering::none;
  /// Entries of one PutRecords call, 1 to 500.
  std::size_t max_batch_records = 500;
  /// Bytes (data and keys) of one call, up to 10 MiB.
  std::size_t max_batch_bytes = std::size_t{5} * 1024 * 1024;
  /// The longest that a record waits for company. It waits only while other calls are under way: an idle producer sends
  /// at once.
  std::chrono::milliseconds linger{10};
  /// Calls under way at once, 1 or more; and those that carry records of one shard.
  std::size_t max_in_flight = 8;
  std::size_t max_in_flight_per_shard = 4;
  /// Keeps to each shard's rate: 1000 records and 1 MiB a second at first, less where other producers share the shard,
  /// more where it turns out to take more. Off: what the service throttles is only sent again later.
  bool limit_rates = true;
  /// A record that the service has not accepted this long after `send` fails with its last error, wherever it waits;
  /// one whose call is under way, once that is answered. 0: no limit.
  std::chrono::milliseconds time_to_live{30'000};
  /// Tries of one record; 0: as many as fit in `time_to_live`.
  int max_attempts = 0;
  /// Delay before the first retry of a record, and the largest; full jitter between.
  std::chrono::milliseconds retry_base{50};
  std::chrono::milliseconds retry_cap{2'000};
  /// Data plus partition key of one record. 0: what the stream says, 1 MiB if it does not.
  std::size_t max_record_bytes = 0;
  /// Hears what becomes of calls and records, for exporters of metrics. Null: nobody does.
  std::shared_ptr<ProducerListener> listener{};
};

/// A small record to send that is still the caller's.
struct OutgoingView {
  std::string_view partition_key;
  BytesView data;
};
/// How `ProducerCore::send_view` is to send.
struct SendMode {
  /// As `try_send`: false if the buffer is full.
  bool refuse_when_full = false;
  /// The handler is bound to no executor: it runs on the client's, and need not be asked.
  bool unbound = false;
};

/// The untyped half of a producer. A fake is another one of these. Thread-safe.
class ProducerCore {
 public:
  virtual ~ProducerCore() = default;
  /// Takes a record. `done` is called exactly once, never inline.
  virtual void send(OutgoingRecord<Blob> record, detail::Handler<Receipt> done) = 0;
  /// The same, unless the buffer is full: then it returns false, and `done` is never called.
  virtual bool try_send(OutgoingRecord<Blob> record, detail::Handler<Receipt> done) = 0;
  /// One or the other for a record that is still the caller's; what is needed of it is copied before this returns.
  virtual bool send_view(const OutgoingView& record, detail::Handler<Receipt> done, SendMode mode);
  /// Sends what is buffered without waiting for company; completes once everything sent before is answered.
  virtual void flush(detail::Handler<void> done) = 0;
  /// Refuses new records, flushes, and completes; after `deadline` what is left fails with Error(closed).
  virtual void close(std::chrono::milliseconds deadline, detail::Handler<void> done) = 0;
  virtual ProducerMetrics metrics() const = 0;
  virtual asio::any_io_executor executor() const = 0;
};

namespace detail {
/// Sends many records; completes once all of them have, with the fate of each in the order they were given.
void send_many(ProducerCore& core, std::vector<OutgoingRecord<Blob>> records,
               Handler<std::vector<Result<Receipt>>> done);
}  // namespace detail

/// The core over a client.
std::shared_ptr<ProducerCore> make_producer_core(Client client, ProducerOptions options);

/// Sends records of type T to one stream: packed into aggregates, kept to each shard's rate, retried by their own fate.
///
/// Thread-safety: every function may be called from any thread. Moves, does not copy. Completion runs on the executor
/// of the token, never inline. Cancelling a send does not unsend the record. Order: see `Ordering`. A call whose answer
/// was lost is sent again, so a record may be stored twice. The destructor closes without waiting: what is still unsent
/// completes with Error(closed), and is counted in a log message, never lost in silence.
template <class T>
class Producer {
 public:
  Producer(Client client, ProducerOptions options, Codec<T> codec)
      : Producer(make_producer_core(std::move(client), std::move(options)), std::move(codec)) {}
  /// Over another core, such as a fake.
  Producer(std::shared_ptr<ProducerCore> core, Codec<T> codec) : core_(std::move(core)), codec_(std::move(codec)) {}
  Producer(Producer&&) noexcept = default;
  Producer& operator=(Producer&&) = delete;
  ~Producer() {
    if (core_) core_->close(std::chrono::milliseconds{0}, detail::Handler<void>([](std::exception_ptr) {}));
  }

  /// Sends one record; completes with its `Receipt`, or an Error: invalid_argument, too_large, full, closed at once,
  /// and throttled, timeout, not_found, access_denied, kms, service, connection once retries ran out. The data are
  /// encoded before this returns.
  template <class Token = asio::use_awaitable_t<>>
  auto async_send(std::string partition_key, const T& data, Token&& token = {}) {
    return async_send(OutgoingRecord<Blob>(std::move(partition_key), encode(data)), std::forward<Token>(token));
  }
  /// The same with an explicit hash key. Named rather than overloaded: `T` may itself be a record.
  template <class Token = asio::use_awaitable_t<>>
  auto async_send_record(const OutgoingRecord<T>& record, Token&& token = {}) {
    OutgoingRecord<Blob> encoded(record.partition_key, encode(record.data));
    encoded.explicit_hash_key = record.explicit_hash_key;
    return async_send(std::move(encoded), std::forward<Token>(token));
  }
  /// Many at once; completes when all of them have, with a `std::vector<Result<Receipt>>`: the fate of each record, in
  /// the order they were given. Never fails as a whole.
  template <class Token = asio::use_awaitable_t<>>
  auto async_send_many(const std::vector<OutgoingRecord<T>>& records, Token&& token = {}) {
    return asio::async_initiate<Token, detail::Signature<std::vector<Result<Receipt>>>>(
        [core = core_](auto handler, std::vector<OutgoingRecord<Blob>> outgoing) {
          detail::send_many(*core, std::move(outgoing),
                            detail::Handler<std::vector<Result<Receipt>>>(std::move(handler)));
        },
        token, encode_all(records));
  }
  std::future<std::vector<Result<Receipt>>> send_many(const std::vector<OutgoingRecord<T>>& records) {
    detail::refuse_to_block();
    return detail::as_future<std::vector<Result<Receipt>>>(
        [&](auto done) { detail::send_many(*core_, encode_all(records), std::move(done)); });
  }

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
  /// g++ 12 destroys a braced aggregate in a co_await expression twice: name the value first.
  template <class Token = asio::use_awaitable_t<>>
    requires std::is_aggregate_v<T>
  auto async_send(std::string partition_key, const T&& data, Token&& token = {}) = delete;
#endif

  /// As a future. Refuses to run on the client's own thread, where waiting for it would never end.
  std::future<Receipt> send(std::string partition_key, const T& data) {
    detail::refuse_to_block();
    return detail::as_future<Receipt>([&](detail::Handler<Receipt> done) {
      core_->send(OutgoingRecord<Blob>(std::move(partition_key), encode(data)), std::move(done));
    });
  }
  /// With a callback `void(Result<Receipt>)`, called on the client's executor.
  template <std::invocable<Result<Receipt>> Callback>
  void send(std::string partition_key, const T& data, Callback callback) {
    send_encoded(std::move(partition_key), data, std::move(callback), false);
  }

  /// The same for those who neither wait nor want to hear of it: false if the buffer is full, and `callback` is then
  /// never called.
  template <std::invocable<Result<Receipt>> Callback>
  [[nodiscard]] bool try_send(std::string partition_key, const T& data, Callback callback) {
    return send_encoded(std::move(partition_key), data, std::move(callback), true);
  }

  /// Completes once everything sent before is answered.
  template <class Token = asio::use_awaitable_t<>>
  auto async_flush(Token&& token = {}) {
    return asio::async_initiate<Token, detail::Signature<void>>(
        [core = core_](auto handler) { core->flush(detail::Handler<void>(std::move(handler))); }, token);
  }
  std::future<void> flush() {
    detail::refuse_to_block();
    return detail::as_future<void>([&](detail::Handler<void> done) { core_->flush(std::move(done)); });
  }

  /// Refuses new records, sends what is buffered, completes once every receipt is there; what is left after `deadline`
  /// fails with Error(closed).
  template <class Token = asio::use_awaitable_t<>>
  auto async_close(std::chrono::milliseconds deadline, Token&& token = {}) {
    return asio::async_initiate<Token, detail::Signature<void>>(
        [core = core_, deadline](auto handler) { core->close(deadline, detail::Handler<void>(std::move(handler))); },
        token);
  }
  auto async_close() { return async_close(default_close_deadline, asio::use_awaitable_t<>{}); }
  std::future<void> close(std::chrono::milliseconds deadline = default_close_deadline) {
    detail::refuse_to_block();
    return detail::as_future<void>([&](detail::Handler<void> done) { core_->close(deadline, std::move(done)); });
  }

  ProducerMetrics metrics() const { return core_->metrics(); }

  static constexpr std::chrono::milliseconds default_close_deadline{60'000};

 private:
  template <class Token>
  auto async_send(OutgoingRecord<Blob> record, Token&& token) {
    return asio::async_initiate<Token, detail::Signature<Receipt>>(
        [core = core_](auto handler, OutgoingRecord<Blob> outgoing) {
          core->send(std::move(outgoing), detail::Handler<Receipt>(std::move(handler)));
        },
        token, std::move(record));
  }
  std::vector<OutgoingRecord<Blob>> encode_all(const std::vector<OutgoingRecord<T>>& records) const {
    std::vector<OutgoingRecord<Blob>> encoded;
    encoded.reserve(records.size());
    for (const OutgoingRecord<T>& record : records)
      encoded.emplace_back(record.partition_key, encode(record.data)).explicit_hash_key = record.explicit_hash_key;
    return encoded;
  }
  template <class Callback>
  bool send_encoded(std::string partition_key, const T& data, Callback callback, bool refuse_when_full) {
    constexpr bool unbound = std::is_same_v<asio::associated_executor_t<Callback>, asio::system_executor>;
    Bytes& out = encode_here(data);
    auto done = detail::as_callback<Receipt>(std::move(callback));
    if (out.size() <= most_copied)
      return core_->send_view(OutgoingView{partition_key, out}, std::move(done), SendMode{refuse_when_full, unbound});
    OutgoingRecord<Blob> record(std::move(partition_key), Blob(std::exchange(out, {})));
    if (refuse_when_full) return core_->try_send(std::move(record), std::move(done));
    core_->send(std::move(record), std::move(done));
    return true;
  }
  /// Small data are copied into one allocation; large ones move.
  Blob encode(const T& data) const {
    Bytes& out = encode_here(data);
    return out.size() <= most_copied ? Blob::copy_of(out) : Blob(std::exchange(out, {}));
  }
  /// Good until the next one on this thread.
  Bytes& encode_here(const T& data) const {
    static thread_local Bytes out;
    out.clear();
    codec_.encode(data, out);
    return out;
  }
  static constexpr std::size_t most_copied = 4096;

  std::shared_ptr<ProducerCore> core_;
  Codec<T> codec_;
};

}  // namespace kinesis
