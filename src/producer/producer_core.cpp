#include "core/async.hpp"
#include "core/backoff.hpp"
#include "core/keep_beside.hpp"
#include "core/random.hpp"
#include "core/strand.hpp"
#include "producer/logic/batcher.hpp"
#include "producer/logic/delivery.hpp"
#include <kinesis/producer.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <utility>

namespace kinesis {
namespace {

using producer::Batcher;
using producer::PendingPtr;
using producer::PendingRecord;

constexpr std::size_t default_max_record_bytes = std::size_t{1024} * 1024;
constexpr std::size_t most_batch_records = 500;
constexpr std::size_t most_batch_bytes = std::size_t{10} * 1024 * 1024;

void check(const ProducerOptions& options) {
  const auto fail = [](const char* why) {
    throw Error(errc::invalid_argument, std::string("ProducerOptions: ") + why);
  };
  if (options.max_batch_records < 1 || options.max_batch_records > most_batch_records)
    fail("max_batch_records must be 1 to 500");
  if (options.max_batch_bytes < 1 || options.max_batch_bytes > most_batch_bytes)
    fail("max_batch_bytes must be 1 to 10 MiB");
  if (options.max_in_flight < 1) fail("max_in_flight must be at least 1");
  if (options.max_buffered_records < 1 || options.max_buffered_bytes < 1)
    fail("the buffer must hold at least one record");
  if (options.linger.count() < 0 || options.time_to_live.count() < 0 || options.retry_base.count() < 0)
    fail("times must not be negative");
  if (options.retry_cap < options.retry_base) fail("retry_cap must not be less than retry_base");
  if (options.max_record_bytes > most_batch_bytes) fail("max_record_bytes must be at most 10 MiB");
}

Error closed_error(const PendingRecord& record) {
  std::string message = "the producer was closed before the record was acknowledged";
  if (record.attempts > 0) message += "; it may be stored all the same";
  if (record.last_error) message += " (last error: " + record.last_error->message() + ")";
  return Error(errc::closed, std::move(message)).with_attempts(record.attempts);
}

Error expired_error(const PendingRecord& record) {
  if (record.last_error)
    return record.last_error->with_attempts(record.attempts).with_context("gave up after its time to live");
  return Error(errc::timeout, "the record's time to live was over before it could be sent")
      .with_attempts(record.attempts);
}

/// Entrance from any thread under a mutex; everything after it on a strand: batches, calls, verdicts.
class Pipeline final : public ProducerCore, public std::enable_shared_from_this<Pipeline> {
 public:
  Pipeline(Client client, ProducerOptions options)
      : client_(std::move(client)),
        options_(std::move(options)),
        max_record_bytes_(options_.max_record_bytes == 0 ? default_max_record_bytes : options_.max_record_bytes),
        strand_(core::make_strand(client_.executor())),
        wake_(strand_, client_.clock()),
        calls_(strand_),
        random_(core::random_seed()),
        backoff_{options_.retry_base, options_.retry_cap},
        batcher_(producer::BatchLimits{options_.max_batch_records, options_.max_batch_bytes, options_.linger}) {}

  void start() { core::spawn(strand_, run(shared_from_this())); }

  asio::any_io_executor executor() const override { return client_.executor(); }
  void send(OutgoingRecord<Blob> record, detail::Handler<Receipt> done) override;
  void flush(detail::Handler<void> done) override;
  void close(std::chrono::milliseconds deadline, detail::Handler<void> done) override;
  ProducerMetrics metrics() const override;

 private:
  struct Waiter {
    std::uint64_t epoch;
    detail::Handler<void> done;
  };

  /// Kept here and not in the coroutines: one that is cancelled before it ever ran must not take its records along.
  using Batches = std::list<std::vector<PendingPtr>>;

  static core::awaitable<void> run(std::shared_ptr<Pipeline> self);
  core::awaitable<void> call(Batches::iterator batch);
  void judge(std::vector<PendingPtr> batch, const Result<PutRecordsResponse>& answer);
  void retry_or_fail(PendingPtr record, const Error& error);
  void start_calls(Clock::time_point now);
  Clock::time_point next_event() const;
  bool take_inbox();
  void give_up();
  void answer(std::vector<std::pair<PendingPtr, Result<Receipt>>> answers);
  void finish(PendingPtr record, Result<Receipt> result);
  void post_receipt(detail::Handler<Receipt> done, Result<Receipt> result) const;
  bool has_room(const PendingRecord& record) const;
  void join_epoch(PendingRecord& record);
  void admit(PendingPtr record);
  void wake();

  const Client client_;
  const ProducerOptions options_;
  const std::size_t max_record_bytes_;
  const asio::any_io_executor strand_;

  // On the strand.
  core::Notifier wake_;
  core::TaskGroup calls_;
  core::Random random_;
  core::Backoff backoff_;
  Batcher batcher_;
  Batches in_flight_;
  std::vector<std::pair<PendingPtr, Result<Receipt>>> finished_;

  mutable std::mutex mutex_;  // guards everything below
  std::vector<PendingPtr> inbox_;
  std::deque<PendingPtr> waiting_;  // for room
  ProducerMetrics metrics_;
  std::uint64_t epoch_ = 1;
  std::map<std::uint64_t, std::size_t> unanswered_;  // records by epoch
  std::list<Waiter> waiters_;                        // a list: handlers are never assigned
  bool flush_asked_ = false;
  bool wake_posted_ = false;
  bool closed_ = false;
  Clock::time_point close_deadline_ = Clock::time_point::max();
};

void Pipeline::send(OutgoingRecord<Blob> record, detail::Handler<Receipt> done) {
  if (auto checked = producer::check_record(record, max_record_bytes_); !checked)
    return post_receipt(std::move(done), checked.error());
  auto pending = std::make_unique<PendingRecord>(std::move(record), client_.clock().now(), std::move(done));
  std::unique_lock lock(mutex_);
  if (closed_) {
    lock.unlock();
    return post_receipt(std::move(pending->done), Error(errc::closed, "the producer is closed"));
  }
  if (!waiting_.empty() || !has_room(*pending)) {
    if (options_.when_full == WhenFull::wait) {
      join_epoch(*pending);
      return waiting_.push_back(std::move(pending));
    }
    const std::string message = "the producer's buffer is full: " + std::to_string(metrics_.buffered_records) +
                                " records, " + std::to_string(metrics_.buffered_bytes) + " bytes";
    lock.unlock();
    return post_receipt(std::move(pending->done), Error(errc::full, message).with_retryable(true));
  }
  join_epoch(*pending);
  admit(std::move(pending));
  if (!std::exchange(wake_posted_, true)) wake();
}

bool Pipeline::has_room(const PendingRecord& record) const {
  // One record always fits, however small the buffer.
  if (metrics_.buffered_records == 0) return true;
  return metrics_.buffered_records < options_.max_buffered_records &&
         metrics_.buffered_bytes + record.bytes() <= options_.max_buffered_bytes;
}

/// A flush waits for the records of its epoch and before.
void Pipeline::join_epoch(PendingRecord& record) {
  record.epoch = epoch_;
  ++unanswered_[epoch_];
}

void Pipeline::admit(PendingPtr record) {
  ++metrics_.records_accepted;
  ++metrics_.buffered_records;
  metrics_.buffered_bytes += record->bytes();
  inbox_.push_back(std::move(record));
}

void Pipeline::wake() {
  detail::post_to(strand_, [self = shared_from_this()] { self->wake_.wake(); });
}

void Pipeline::flush(detail::Handler<void> done) {
  const std::lock_guard lock(mutex_);
  waiters_.push_back(Waiter{epoch_++, std::move(done)});
  flush_asked_ = true;
  wake();
}

void Pipeline::close(std::chrono::milliseconds deadline, detail::Handler<void> done) {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  close_deadline_ = std::min(close_deadline_, client_.clock().now() + deadline);
  waiters_.push_back(Waiter{epoch_++, std::move(done)});
  flush_asked_ = true;
  wake();
}

ProducerMetrics Pipeline::metrics() const {
  const std::lock_guard lock(mutex_);
  return metrics_;
}

core::awaitable<void> Pipeline::run(std::shared_ptr<Pipeline> self) {
  Clock& clock = self->client_.clock();
  for (;;) {
    const bool ended = self->take_inbox();
    const Clock::time_point now = clock.now();
    for (PendingPtr& record : self->batcher_.expired(now, self->options_.time_to_live)) {
      Error error = expired_error(*record);
      self->finish(std::move(record), std::move(error));
    }
    self->start_calls(now);
    self->answer(std::exchange(self->finished_, {}));
    if (ended) break;
    const Clock::time_point next = self->next_event();
    if (next <= now) {
      const bool late = [&] {
        const std::lock_guard lock(self->mutex_);
        return self->close_deadline_ <= now;
      }();
      if (late) break;
      continue;
    }
    if (next == Clock::time_point::max()) {
      co_await self->wake_.wait();
    } else {
      co_await self->wake_.wait_until(next);
    }
  }
  self->calls_.cancel();
  co_await self->calls_.join();
  self->give_up();
}

/// Moves what was sent meanwhile into the batcher. True if the producer is closed and nothing is left to do.
bool Pipeline::take_inbox() {
  const std::lock_guard lock(mutex_);
  wake_posted_ = false;
  for (PendingPtr& record : inbox_) batcher_.add(std::move(record));
  inbox_.clear();
  if (std::exchange(flush_asked_, false) || closed_) batcher_.flush();
  return closed_ && batcher_.empty() && in_flight_.empty() && waiting_.empty() && finished_.empty();
}

void Pipeline::start_calls(Clock::time_point now) {
  while (in_flight_.size() < options_.max_in_flight) {
    std::vector<PendingPtr> batch = batcher_.next(now);
    if (batch.empty()) return;
    calls_.spawn(call(in_flight_.insert(in_flight_.end(), std::move(batch))));
  }
}

Clock::time_point Pipeline::next_event() const {
  Clock::time_point next = Clock::time_point::max();
  if (in_flight_.size() < options_.max_in_flight) next = batcher_.ready_at().value_or(next);
  next = std::min(next, batcher_.expires_at(options_.time_to_live).value_or(next));
  const std::lock_guard lock(mutex_);
  return std::min(next, close_deadline_);
}

core::awaitable<void> Pipeline::call(Batches::iterator batch) {
  const auto self = shared_from_this();
  std::vector<PutRecordsRequestEntry> entries;
  entries.reserve(batch->size());
  for (const PendingPtr& record : *batch) {
    ++record->attempts;
    PutRecordsRequestEntry& entry = entries.emplace_back(record->record.data, record->record.partition_key);
    entry.explicit_hash_key = record->record.explicit_hash_key;
  }
  PutRecordsRequest request(options_.stream, std::move(entries));
  Result<PutRecordsResponse> answer = Error(errc::internal, "");
  std::exception_ptr failure;
  try {
    answer = co_await client_.kinesis().put_records(std::move(request));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) answer = core::is_cancellation(failure) ? Error(errc::closed, "") : core::to_error(failure);
  std::vector<PendingPtr> records = std::move(*batch);
  in_flight_.erase(batch);
  judge(std::move(records), answer);
  wake_.wake();
}

void Pipeline::judge(std::vector<PendingPtr> batch, const Result<PutRecordsResponse>& answer) {
  const bool complete = answer && answer->records.size() == batch.size();
  std::size_t throttled = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    PendingPtr record = std::move(batch[i]);
    if (!answer && answer.error().code() == errc::closed) {
      Error error = closed_error(*record);
      finish(std::move(record), std::move(error));
      continue;
    }
    const producer::Verdict verdict =
        complete ? producer::judge_entry(answer->records[i])
        : answer ? producer::Verdict(producer::TryAgain{Error(
                       errc::protocol, "the answer of PutRecords has another number of entries than the request")})
                 : producer::judge_call(answer.error());
    if (const auto* delivered = std::get_if<producer::Delivered>(&verdict)) {
      bytes += record->bytes();
      Receipt receipt;
      receipt.shard_id = delivered->shard_id;
      receipt.sequence_number = delivered->sequence_number;
      receipt.attempts = record->attempts;
      receipt.time_in_library = client_.clock().now() - record->accepted;
      finish(std::move(record), std::move(receipt));
    } else if (const auto* again = std::get_if<producer::TryAgain>(&verdict)) {
      if (again->error.code() == errc::throttled) ++throttled;
      retry_or_fail(std::move(record), again->error);
    } else {
      Error error = std::get<producer::Failed>(verdict).error.with_attempts(record->attempts);
      finish(std::move(record), std::move(error));
    }
  }
  const std::lock_guard lock(mutex_);
  ++metrics_.calls;
  if (!answer) ++metrics_.calls_failed;
  metrics_.entries_throttled += throttled;
  metrics_.bytes_delivered += bytes;
}

void Pipeline::retry_or_fail(PendingPtr record, const Error& error) {
  const Clock::time_point when =
      client_.clock().now() + backoff_.delay(static_cast<std::uint32_t>(record->attempts - 1), random_);
  record->last_error = error;
  if (!producer::may_retry(options_, record->attempts, record->accepted, when)) {
    Error last = error.with_attempts(record->attempts);
    return finish(std::move(record), std::move(last));
  }
  batcher_.add_again(std::move(record), when);
  const std::lock_guard lock(mutex_);
  ++metrics_.entries_retried;
}

void Pipeline::finish(PendingPtr record, Result<Receipt> result) {
  finished_.emplace_back(std::move(record), std::move(result));
}

/// Completes records, and lets those that waited for their room in.
void Pipeline::answer(std::vector<std::pair<PendingPtr, Result<Receipt>>> answers) {
  std::list<Waiter> done;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [record, result] : answers) {
      ++(result ? metrics_.records_delivered : metrics_.records_failed);
      --metrics_.buffered_records;
      metrics_.buffered_bytes -= record->bytes();
      if (--unanswered_[record->epoch] == 0) unanswered_.erase(record->epoch);
    }
    while (!waiting_.empty() && has_room(*waiting_.front())) {
      admit(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    if (!inbox_.empty() && !std::exchange(wake_posted_, true)) wake_.wake();
    const std::uint64_t oldest = unanswered_.empty() ? epoch_ : unanswered_.begin()->first;
    while (!waiters_.empty() && waiters_.front().epoch < oldest) done.splice(done.end(), waiters_, waiters_.begin());
  }
  for (auto& [record, result] : answers) post_receipt(std::move(record->done), std::move(result));
  for (Waiter& waiter : done) detail::complete_void(executor(), std::move(waiter.done), nullptr);
}

/// The deadline of a close has passed, or there is nothing left.
void Pipeline::give_up() {
  std::vector<PendingPtr> left = batcher_.drain();
  for (std::vector<PendingPtr>& batch : in_flight_) std::move(batch.begin(), batch.end(), std::back_inserter(left));
  in_flight_.clear();
  {
    const std::lock_guard lock(mutex_);
    std::move(inbox_.begin(), inbox_.end(), std::back_inserter(left));
    inbox_.clear();
    while (!waiting_.empty()) {
      admit(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    std::move(inbox_.begin(), inbox_.end(), std::back_inserter(left));
    inbox_.clear();
  }
  for (PendingPtr& record : left) {
    Error error = closed_error(*record);
    finish(std::move(record), std::move(error));
  }
  std::size_t lost = 0;
  for (const auto& [record, result] : finished_) lost += result ? 0 : 1;
  if (lost > 0 && client_.log().enabled(LogLevel::warning))
    client_.log().write(LogLevel::warning, "producer",
                        std::to_string(lost) + " records were not acknowledged before the producer was closed");
  answer(std::exchange(finished_, {}));
}

void Pipeline::post_receipt(detail::Handler<Receipt> done, Result<Receipt> result) const {
  auto executor = asio::get_associated_executor(done, client_.executor());
  auto call = [done = std::move(done), result = std::move(result)]() mutable {
    if (result) return std::move(done)(nullptr, std::move(*result));
    std::move(done)(std::make_exception_ptr(result.error()), Receipt{});
  };
  detail::post_to(client_.executor(), asio::bind_executor(std::move(executor), std::move(call)));
}

}  // namespace

std::shared_ptr<ProducerCore> make_producer_core(Client client, ProducerOptions options) {
  check(options);
  auto pipeline = std::make_shared<Pipeline>(client.without_thread(), std::move(options));
  pipeline->start();
  return core::keep_beside(std::move(client), std::move(pipeline));
}

ProducerMetrics& ProducerMetrics::operator+=(const ProducerMetrics& other) {
  records_accepted += other.records_accepted;
  records_delivered += other.records_delivered;
  records_failed += other.records_failed;
  bytes_delivered += other.bytes_delivered;
  calls += other.calls;
  calls_failed += other.calls_failed;
  entries_throttled += other.entries_throttled;
  entries_retried += other.entries_retried;
  buffered_records += other.buffered_records;
  buffered_bytes += other.buffered_bytes;
  return *this;
}

}  // namespace kinesis
