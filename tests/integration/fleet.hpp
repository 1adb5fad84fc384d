#pragma once

#include "core/async.hpp"
#include <kinesis/emulator.hpp>
#include <kinesis/kinesis.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

// What the integration tests share: an emulator, workers on threads of their own, and a book of everything they
// handled.
namespace kinesis::integration {

/// Nothing here takes so long; a test that waits in vain fails instead of hanging.
inline constexpr std::chrono::seconds patience{60};

/// Time that passes so many times faster than the machine's, from where that is: what waits for seconds takes fractions
/// of them. Thread-safe.
class FastClock final : public Clock {
 public:
  explicit FastClock(int speed);
  time_point now() const noexcept override;
  wall_time_point wall_now() const noexcept override;
  std::unique_ptr<Timer> make_timer(asio::any_io_executor executor) override;

 private:
  class FastTimer;
  const std::shared_ptr<Clock> machine_;
  const int speed_;
  const time_point began_;
  const wall_time_point wall_began_;
};

/// Everything that was handled, by whom, in order. Thread-safe.
class Book {
 public:
  struct Entry {
    std::string worker;
    std::string shard_id;
    std::string key;
    std::string data;
    SequenceNumber sequence_number;
  };

  void write(const std::string& worker, const Record<std::string>& record) {
    const std::lock_guard lock(mutex_);
    entries_.push_back(Entry{worker, record.shard_id, record.partition_key, record.data, record.sequence_number()});
    ++times_[record.data];
    changed_.notify_all();
  }
  /// Waits until so many different records were handled.
  [[nodiscard]] bool wait_for(std::size_t different) {
    return wait([this, different] { return times_.size() >= different; });
  }
  template <class Condition>
  [[nodiscard]] bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, condition);
  }
  std::vector<Entry> entries() const {
    const std::lock_guard lock(mutex_);
    return entries_;
  }
  std::size_t different() const {
    const std::lock_guard lock(mutex_);
    return times_.size();
  }
  std::size_t duplicates() const {
    const std::lock_guard lock(mutex_);
    return entries_.size() - times_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Entry> entries_;
  std::map<std::string, int> times_;
};

/// Diagnostic events of one worker, to wait for. Thread-safe.
class Events {
 public:
  void add(const DiagnosticEvent& event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(event);
    changed_.notify_all();
  }
  template <class Event>
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return count_locked<Event>();
  }
  template <class Event>
  [[nodiscard]] bool wait_for(std::size_t number) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return count_locked<Event>() >= number; });
  }
  /// Waits until `condition` holds for all that has happened.
  template <class Condition>
  [[nodiscard]] bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return condition(events_); });
  }
  std::vector<DiagnosticEvent> all() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }

 private:
  template <class Event>
  std::size_t count_locked() const {
    std::size_t count = 0;
    for (const DiagnosticEvent& event : events_) count += std::holds_alternative<Event>(event) ? 1 : 0;
    return count;
  }
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<DiagnosticEvent> events_;
};

/// One worker with a client, and so a thread, of its own.
class Worker {
 public:
  using Handler = std::function<void(const Record<std::string>&)>;
  /// One that waits, without holding up the worker's thread.
  using WaitingHandler = std::function<core::awaitable<void>(const Record<std::string>&)>;

  Worker(ClientOptions client, ConsumerOptions options, Handler handler);
  Worker(ClientOptions client, ConsumerOptions options, WaitingHandler handler);
  /// Stops, and waits for the end.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  Events& events() noexcept { return *events_; }
  /// Completes when the worker has ended; rethrows what ended it.
  void wait();
  void stop();

 private:
  Worker(ClientOptions client, ConsumerOptions options);
  template <class AnyHandler>
  void run(AnyHandler handler);

  std::shared_ptr<Events> events_;
  Client client_;
  Consumer<std::string> consumer_;
  std::future<void> ended_;
  bool waited_ = false;
};

/// A PEM file with the authority of an emulator; goes with its owner. Without TLS it has no name.
class AuthorityFile {
 public:
  explicit AuthorityFile(const std::string& pem);
  ~AuthorityFile();
  AuthorityFile(const AuthorityFile&) = delete;
  AuthorityFile& operator=(const AuthorityFile&) = delete;
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// An emulator with a stream "orders", and options of clients and workers for it. Over TLS, HTTP/2 is what they agree
/// on.
class Stage {
 public:
  explicit Stage(int shards, EmulatorOptions options = {});
  /// Time passes `speed` times as fast for the emulator, the clients and the workers.
  Stage(int shards, EmulatorOptions options, int speed);

  ClientOptions client_options() const;
  /// Quick times, so that tests are; of the machine's clock, however fast that of the stage is.
  ConsumerOptions worker_options(const std::string& worker) const;
  Emulator& emulator() noexcept { return emulator_; }
  Client& client() noexcept { return client_; }
  const std::shared_ptr<LeaseRepository>& leases() const noexcept { return leases_; }
  /// Puts records "first" to "first + count - 1" over `keys` keys, and waits for their receipts.
  void put(int first, int count, int keys = 20);
  /// How `put` does it; "orders" is the stream.
  ProducerOptions producer_options{.stream = "orders"};
  /// What workers read by.
  FetchMode fetch;
  std::vector<KinesisShard> shards();
  std::vector<Lease> lease_rows();

 private:
  const int speed_;
  const std::shared_ptr<Clock> clock_;
  Emulator emulator_;
  const AuthorityFile authority_;
  Client client_;
  std::shared_ptr<LeaseRepository> leases_ = memory_leases();
};

/// Per key, whenever a record is handled for the first time, all earlier ones of the key must have been.
void expect_order_per_key(const Book& book);

}  // namespace kinesis::integration
