#pragma once

#include <kinesis/producer.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace kinesis::testing {

/// Gives code under test a `Producer<T>` that sends nothing, remembers everything, and fails or waits when told:
///
///     kinesis::testing::FakeProducer fake;
///     auto producer = fake.producer(kinesis::text);  // a Producer<std::string>, as the application has it
///     place_order(producer);
///     EXPECT_EQ(fake.sent(kinesis::text), std::vector<std::string>{"order"});
///
/// It is as strict as the real one: keys, explicit hash keys and records of more than 1 MiB are refused, completion is
/// never inline, a closed producer takes nothing. Receipts name the shard "shardId-000000000000" and count sequence
/// numbers from 1; nothing is batched, aggregated or tried again, so every record counts as a call of one entry.
///
/// Thread-safety: every function may be called from any thread. Does not copy. The functions that order something
/// concern the records sent afterwards.
class FakeProducer {
 public:
  /// Completes on a thread of its own, by the machine's clock: for code that waits for futures.
  FakeProducer();
  /// Completes on the caller's executor, by the caller's clock, such as a `ManualClock`.
  explicit FakeProducer(asio::any_io_executor executor);
  FakeProducer(asio::any_io_executor executor, std::shared_ptr<Clock> clock);
  FakeProducer(FakeProducer&&) noexcept;
  FakeProducer& operator=(FakeProducer&&) = delete;
  ~FakeProducer();

  /// One at a time: the destructor of a producer closes the fake, and the next one opens it again.
  template <class T>
  Producer<T> producer(Codec<T> codec) const {
    return Producer<T>(core(), std::move(codec));
  }
  std::shared_ptr<ProducerCore> core() const;

  /// What was sent and not refused at once, in the order of `send`: those that fail or are not answered yet, too.
  std::vector<OutgoingRecord<Blob>> sent() const;
  /// Of these, what is acknowledged.
  std::vector<OutgoingRecord<Blob>> acknowledged() const;
  /// The data of `sent`, decoded. Throws what the codec finds wrong.
  template <class T>
  std::vector<T> sent(const Codec<T>& codec) const {
    std::vector<T> decoded;
    for (const OutgoingRecord<Blob>& record : sent()) decoded.push_back(codec.decode(record.data).value());
    return decoded;
  }
  /// Forgets what was sent. What is not answered yet will be.
  void forget();

  /// The next `count` records fail with `error`; those already ordered to fail come first.
  void fail_next(std::size_t count, Error error);
  /// A record for which `judge` gives an error fails with it, unless it is one of `fail_next`. An empty function: none
  /// does. It must not call the fake.
  void fail_if(std::function<std::optional<Error>(const OutgoingRecord<Blob>&)> judge);
  /// As if the buffer were full: `try_send` gives false, and everything else fails with Error(full).
  void be_full(bool full);

  /// Records are answered so much later than sent, by the clock. 0: at once.
  void delay(std::chrono::nanoseconds time);
  /// Records are not answered until they are released.
  void hold();
  /// Answers the oldest `count` that are held, and gives how many those were.
  std::size_t release(std::size_t count);
  /// Answers all that are held, and holds no more.
  void release_all();
  /// How many are not answered, for whatever reason.
  std::size_t unanswered() const;

  ProducerMetrics metrics() const;

 private:
  class Core;
  // In this order: the second needs the thread that the first keeps.
  std::shared_ptr<ProducerCore> core_;
  std::shared_ptr<Core> fake_;
};

}  // namespace kinesis::testing
