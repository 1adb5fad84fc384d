#include "core/keep_beside.hpp"
#include "core/strand.hpp"
#include "producer/logic/delivery.hpp"
#include <kinesis/testing/fake_producer.hpp>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_executor.hpp>

#include <algorithm>
#include <deque>
#include <exception>
#include <list>
#include <mutex>
#include <string>

namespace kinesis::testing {
namespace {

constexpr std::size_t max_record_bytes = std::size_t{1024} * 1024;
constexpr const char* shard_id = "shardId-000000000000";
constexpr auto never = Clock::time_point::max();
/// Longer times overflow the clock.
constexpr std::chrono::nanoseconds for_ever = std::chrono::hours(24 * 365 * 100);

}  // namespace

class FakeProducer::Core final : public ProducerCore, public std::enable_shared_from_this<Core> {
 public:
  explicit Core(Client client)
      : client_(std::move(client)),
        strand_(core::make_strand(client_.executor())),
        timer_(client_.clock().make_timer(strand_)) {}

  asio::any_io_executor executor() const override { return client_.executor(); }

  void send(OutgoingRecord<Blob> record, detail::Handler<Receipt> done) override {
    const std::lock_guard lock(mutex_);
    if (full_ && !closed_) return answer(std::move(done), full_error());
    take(std::move(record), std::move(done));
  }

  bool try_send(OutgoingRecord<Blob> record, detail::Handler<Receipt> done) override {
    const std::lock_guard lock(mutex_);
    if (full_ && !closed_) return false;
    take(std::move(record), std::move(done));
    return true;
  }

  void flush(detail::Handler<void> done) override {
    const std::lock_guard lock(mutex_);
    waiters_.push_back(Waiter{next_number_, std::move(done)});
    complete_waiters();
  }

  void close(std::chrono::milliseconds deadline, detail::Handler<void> done) override {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    const std::chrono::milliseconds longest = std::chrono::duration_cast<std::chrono::milliseconds>(for_ever);
    close_deadline_ = std::min(close_deadline_, now() + std::min(deadline, longest));
    waiters_.push_back(Waiter{next_number_, std::move(done)});
    answer_due();
  }

  ProducerMetrics metrics() const override {
    const std::lock_guard lock(mutex_);
    return metrics_;
  }

  void open() {
    const std::lock_guard lock(mutex_);
    closed_ = false;
    close_deadline_ = never;
  }
  std::vector<OutgoingRecord<Blob>> sent(bool acknowledged_only) const {
    const std::lock_guard lock(mutex_);
    std::vector<OutgoingRecord<Blob>> records;
    for (const Sent& sent : sent_)
      if (sent.acknowledged || !acknowledged_only) records.push_back(sent.record);
    return records;
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    forgotten_ += sent_.size();
    sent_.clear();
  }
  void fail_next(std::size_t count, Error error) {
    const std::lock_guard lock(mutex_);
    if (count > 0) failures_.push_back(Failures{count, std::move(error)});
  }
  void fail_if(std::function<std::optional<Error>(const OutgoingRecord<Blob>&)> judge) {
    const std::lock_guard lock(mutex_);
    judge_ = std::move(judge);
  }
  void be_full(bool full) {
    const std::lock_guard lock(mutex_);
    full_ = full;
  }
  void delay(std::chrono::nanoseconds time) {
    const std::lock_guard lock(mutex_);
    delay_ = std::min(time, for_ever);
  }
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  std::size_t release(std::size_t count) {
    const std::lock_guard lock(mutex_);
    return release_some(count);
  }
  void release_all() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    release_some(pending_.size());
  }
  std::size_t unanswered() const {
    const std::lock_guard lock(mutex_);
    return pending_.size();
  }

 private:
  struct Sent {
    OutgoingRecord<Blob> record;
    bool acknowledged = false;
  };
  struct Failures {
    std::size_t left;
    Error error;
  };
  /// In lists: handlers are never assigned.
  struct Pending {
    std::uint64_t number;
    std::size_t bytes;
    Clock::time_point sent;
    /// Empty: held.
    std::optional<Clock::time_point> due;
    std::optional<Error> error;
    detail::Handler<Receipt> done;
  };
  struct Waiter {
    std::uint64_t until;
    detail::Handler<void> done;
  };

  // Everything from here on under the mutex, except `wake`.

  Clock::time_point now() const { return client_.clock().now(); }
  static Error full_error() {
    return Error(errc::full, "the producer's buffer is full, as the test has it").with_retryable(true);
  }

  void take(OutgoingRecord<Blob> record, detail::Handler<Receipt> done) {
    if (auto checked = producer::check_record(record, max_record_bytes); !checked)
      return answer(std::move(done), checked.error());
    if (closed_) return answer(std::move(done), Error(errc::closed, "the producer is closed"));
    const std::size_t bytes = record.data.size() + record.partition_key.size();
    ++metrics_.records_accepted;
    ++metrics_.calls;
    ++metrics_.entries_sent;
    ++metrics_.buffered_records;
    metrics_.buffered_bytes += bytes;
    const Clock::time_point sent = now();
    const std::optional<Clock::time_point> due = held_ ? std::nullopt : std::optional(sent + delay_);
    pending_.push_back(Pending{next_number_++, bytes, sent, due, verdict(record), std::move(done)});
    sent_.push_back(Sent{std::move(record)});
    answer_due();
  }

  std::optional<Error> verdict(const OutgoingRecord<Blob>& record) {
    if (!failures_.empty()) {
      Error error = failures_.front().error;
      if (--failures_.front().left == 0) failures_.pop_front();
      return error;
    }
    return judge_ ? judge_(record) : std::nullopt;
  }

  std::size_t release_some(std::size_t count) {
    std::size_t released = 0;
    for (Pending& pending : pending_) {
      if (released == count) break;
      if (pending.due) continue;
      pending.due = now();
      ++released;
    }
    answer_due();
    return released;
  }

  /// Answers what is due, and sees to it that it is called again in time.
  void answer_due() {
    const Clock::time_point at = now();
    const bool give_up = close_deadline_ <= at;
    Clock::time_point next = pending_.empty() ? never : close_deadline_;
    for (auto it = pending_.begin(); it != pending_.end();) {
      const bool due = it->due && *it->due <= at;
      if (due || give_up) {
        settle(*it, !due);
        it = pending_.erase(it);
        continue;
      }
      if (it->due) next = std::min(next, *it->due);
      ++it;
    }
    complete_waiters();
    if (pending_.empty()) next = never;
    if (next == wake_at_) return;
    wake_at_ = next;
    detail::post_to(strand_, [self = shared_from_this()] { self->wake(); });
  }

  /// On the strand: nobody else touches the timer.
  void wake() {
    Clock::time_point at = never;
    {
      const std::lock_guard lock(mutex_);
      at = wake_at_;
    }
    if (at == never) return timer_->cancel();
    timer_->async_wait(at, [weak = weak_from_this()](bool expired) {
      const auto self = weak.lock();
      if (!self || !expired) return;
      const std::lock_guard lock(self->mutex_);
      self->wake_at_ = never;
      self->answer_due();
    });
  }

  void settle(Pending& pending, bool given_up) {
    --metrics_.buffered_records;
    metrics_.buffered_bytes -= pending.bytes;
    if (given_up || pending.error) {
      ++metrics_.records_failed;
      if (!given_up) return answer(std::move(pending.done), std::move(*pending.error));
      return answer(std::move(pending.done),
                    Error(errc::closed, "the producer was closed before the record was acknowledged"));
    }
    ++metrics_.records_delivered;
    metrics_.bytes_delivered += pending.bytes;
    const std::uint64_t index = pending.number - 1;
    if (index >= forgotten_) sent_[index - forgotten_].acknowledged = true;
    Receipt receipt;
    receipt.shard_id = shard_id;
    receipt.sequence_number = SequenceNumber(std::to_string(++sequence_));
    receipt.attempts = 1;
    receipt.time_in_library = now() - pending.sent;
    answer(std::move(pending.done), std::move(receipt));
  }

  void complete_waiters() {
    const std::uint64_t oldest = pending_.empty() ? next_number_ : pending_.front().number;
    for (auto it = waiters_.begin(); it != waiters_.end();) {
      if (it->until > oldest) {
        ++it;
        continue;
      }
      detail::complete_void(executor(), std::move(it->done), nullptr);
      it = waiters_.erase(it);
    }
  }

  void answer(detail::Handler<Receipt> done, Result<Receipt> result) const {
    auto on = asio::get_associated_executor(done, executor());
    auto call = [done = std::move(done), result = std::move(result)]() mutable {
      if (result) return std::move(done)(nullptr, std::move(*result));
      std::move(done)(std::make_exception_ptr(result.error()), Receipt{});
    };
    detail::post_to(executor(), asio::bind_executor(std::move(on), std::move(call)));
  }

  const Client client_;
  const asio::any_io_executor strand_;
  const std::unique_ptr<Timer> timer_;

  mutable std::mutex mutex_;
  std::vector<Sent> sent_;
  /// How many are not in `sent_` any more.
  std::uint64_t forgotten_ = 0;
  std::list<Pending> pending_;
  std::list<Waiter> waiters_;
  std::deque<Failures> failures_;
  std::function<std::optional<Error>(const OutgoingRecord<Blob>&)> judge_;
  Clock::duration delay_{0};
  bool held_ = false;
  bool full_ = false;
  bool closed_ = false;
  Clock::time_point close_deadline_ = never;
  Clock::time_point wake_at_ = never;
  /// The first record has number 1.
  std::uint64_t next_number_ = 1;
  std::uint64_t sequence_ = 0;
  ProducerMetrics metrics_;
};

namespace {

/// A client that reaches nobody.
ClientOptions offline(std::shared_ptr<Clock> clock) {
  ClientOptions options;
  options.kinesis = std::make_shared<KinesisApi>();
  options.clock = std::move(clock);
  return options;
}

}  // namespace

FakeProducer::FakeProducer() {
  Client client(offline(nullptr));
  fake_ = std::make_shared<Core>(client.without_thread());
  core_ = core::keep_beside(std::move(client), std::shared_ptr<ProducerCore>(fake_));
}
FakeProducer::FakeProducer(asio::any_io_executor executor) : FakeProducer(std::move(executor), nullptr) {}
FakeProducer::FakeProducer(asio::any_io_executor executor, std::shared_ptr<Clock> clock) {
  fake_ = std::make_shared<Core>(Client(std::move(executor), offline(std::move(clock))));
  core_ = fake_;
}
FakeProducer::FakeProducer(FakeProducer&&) noexcept = default;
FakeProducer::~FakeProducer() {
  if (fake_) fake_->close(std::chrono::milliseconds{0}, detail::Handler<void>([](std::exception_ptr) {}));
}

std::shared_ptr<ProducerCore> FakeProducer::core() const {
  fake_->open();
  return core_;
}
std::vector<OutgoingRecord<Blob>> FakeProducer::sent() const { return fake_->sent(false); }
std::vector<OutgoingRecord<Blob>> FakeProducer::acknowledged() const { return fake_->sent(true); }
void FakeProducer::forget() { fake_->forget(); }
void FakeProducer::fail_next(std::size_t count, Error error) { fake_->fail_next(count, std::move(error)); }
void FakeProducer::fail_if(std::function<std::optional<Error>(const OutgoingRecord<Blob>&)> judge) {
  fake_->fail_if(std::move(judge));
}
void FakeProducer::be_full(bool full) { fake_->be_full(full); }
void FakeProducer::delay(std::chrono::nanoseconds time) { fake_->delay(time); }
void FakeProducer::hold() { fake_->hold(); }
std::size_t FakeProducer::release(std::size_t count) { return fake_->release(count); }
void FakeProducer::release_all() { fake_->release_all(); }
std::size_t FakeProducer::unanswered() const { return fake_->unanswered(); }
ProducerMetrics FakeProducer::metrics() const { return fake_->metrics(); }

}  // namespace kinesis::testing
