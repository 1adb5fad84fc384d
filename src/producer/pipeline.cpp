#include "producer/pipeline.hpp"

#include "core/strand.hpp"

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/associated_executor.hpp>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

// The entrance, the loop, and the way out.
namespace kinesis::producer {
namespace {

constexpr std::size_t default_max_record_bytes = std::size_t{1024} * 1024;
constexpr std::size_t largest_record = std::size_t{10} * 1024 * 1024;
/// Longer times overflow the clock.
constexpr std::chrono::milliseconds for_ever = std::chrono::hours(24 * 365 * 100);

ProducerOptions bounded(ProducerOptions options) {
  for (auto* const time : {&options.linger, &options.time_to_live, &options.retry_base, &options.retry_cap})
    *time = std::min(*time, for_ever);
  return options;
}

/// Records kept to be used again.
constexpr std::size_t most_spare = 32'768;

LaneOptions lane_options(const ProducerOptions& options) {
  LaneOptions lanes;
  lanes.packing = Packing::of(options.aggregation);
  lanes.batch_records = options.max_batch_records;
  lanes.batch_bytes = options.max_batch_bytes;
  lanes.calls_per_shard = options.max_in_flight_per_shard;
  lanes.linger = options.linger;
  lanes.time_to_live = options.time_to_live;
  lanes.limit_rates = options.limit_rates;
  return lanes;
}

}  // namespace

Pipeline::Pipeline(Client client, ProducerOptions options)
    : client_(std::move(client)),
      options_(bounded(std::move(options))),
      strand_(core::make_strand(client_.executor())),
      max_record_bytes_(options_.max_record_bytes == 0 ? default_max_record_bytes : options_.max_record_bytes),
      wake_(strand_, client_.clock()),
      tasks_(strand_),
      random_(core::random_seed()),
      backoff_{options_.retry_base, options_.retry_cap},
      book_(core::random_seed(), client_.clock().now()),
      lanes_(lane_options(options_)),
      meter_(std::string(options_.stream.name()), options_.listener) {}

void Pipeline::start() { core::spawn(strand_, run(shared_from_this())); }

Result<void> Pipeline::check_at_the_door(const OutgoingRecord<Blob>& record) const {
  // Until the stream has been asked about, what may be wrong only by its settings is let in, and judged then.
  const bool known = limits_known_;
  const std::size_t most = known ? max_record_bytes_.load() : std::max(max_record_bytes_.load(), largest_record);
  return check_record(record, most, !known || without_keys_);
}

void Pipeline::send(OutgoingRecord<Blob> record, detail::Handler<Receipt> done) {
  enter(std::move(record), done, options_.when_full == WhenFull::wait ? NoRoom::wait : NoRoom::fail);
}

bool Pipeline::try_send(OutgoingRecord<Blob> record, detail::Handler<Receipt> done) {
  return enter(std::move(record), done, NoRoom::refuse);
}

bool Pipeline::enter(OutgoingRecord<Blob> record, detail::Handler<Receipt>& done, NoRoom no_room) {
  if (auto checked = check_at_the_door(record); !checked) {
    post_error(std::move(done), checked.error());
    return true;
  }
  const Clock::time_point now = client_.clock().now();
  std::unique_lock lock(mutex_);
  const bool full = !waiting_.empty() || !has_room(record.data.size() + record.partition_key.size());
  std::optional<Error> refused;
  if (closed_) {
    refused = Error(errc::closed, "the producer is closed");
  } else if (full && no_room == NoRoom::refuse) {
    return false;
  } else if (full && no_room == NoRoom::fail) {
    refused = full_error();
  }
  if (refused) {
    lock.unlock();
    post_error(std::move(done), std::move(*refused));
    return true;
  }
  PendingPtr pending = new_record();
  pending->begin(std::move(record), now);
  pending->done.swap(done);
  join_epoch(*pending);
  if (full) {
    waiting_.push_back(std::move(pending));
    return true;
  }
  admit(std::move(pending));
  if (!std::exchange(wake_posted_, true)) wake();
  return true;
}

Error Pipeline::full_error() const {
  const std::string message = "the producer's buffer is full: " + std::to_string(metrics_.buffered_records) +
                              " records, " + std::to_string(metrics_.buffered_bytes) + " bytes";
  return Error(errc::full, message).with_retryable(true);
}

bool Pipeline::has_room(std::size_t bytes) const {
  // One record always fits, however small the buffer.
  if (metrics_.buffered_records == 0) return true;
  return metrics_.buffered_records < options_.max_buffered_records &&
         metrics_.buffered_bytes + bytes <= options_.max_buffered_bytes;
}

/// A flush waits for the records of its epoch and before.
void Pipeline::join_epoch(PendingRecord& record) {
  record.epoch = epoch_;
  ++unanswered_[epoch_];
}

void Pipeline::admit(PendingPtr record) {
  ++metrics_.records_accepted;
  ++metrics_.buffered_records;
  metrics_.buffered_bytes += record->bytes;
  inbox_.push_back(std::move(record));
}

void Pipeline::wake() {
  detail::post_to(strand_, [self = shared_from_this()] { self->wake_.wake(); });
}

void Pipeline::flush(detail::Handler<void> done) {
  const std::lock_guard lock(mutex_);
  wait_for_answers(std::move(done));
}

void Pipeline::close(std::chrono::milliseconds deadline, detail::Handler<void> done) {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  close_deadline_ = std::min(close_deadline_, client_.clock().now() + std::min(deadline, for_ever));
  wait_for_answers(std::move(done));
}

/// Under the mutex.
void Pipeline::wait_for_answers(detail::Handler<void> done) {
  // Nobody would see it any more.
  if (ended_) return detail::complete_void(executor(), std::move(done), nullptr);
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
    const Clock::time_point now = clock.now();
    const bool ended = self->take_inbox(now);
    self->expire(now);
    self->start_learning(now);
    self->start_calls(now);
    self->answer(std::exchange(self->finished_, {}));
    if (ended) break;
    const Clock::time_point next = self->next_event(now);
    if (next <= now) {
      if (self->past_deadline(now)) break;
      continue;
    }
    if (next == Clock::time_point::max()) {
      co_await self->wake_.wait();
    } else {
      co_await self->wake_.wait_until(next);
    }
  }
  self->tasks_.cancel();
  co_await self->tasks_.join();
  self->give_up();
}

/// Moves what was sent meanwhile into the lanes. True if the producer is closed and nothing is left to do.
bool Pipeline::take_inbox(Clock::time_point now) {
  std::vector<PendingPtr> records;
  bool flush = false;
  bool closed = false;
  {
    const std::lock_guard lock(mutex_);
    wake_posted_ = false;
    records.swap(inbox_);
    flush = std::exchange(flush_asked_, false) || closed_;
    closed = closed_ && waiting_.empty();
  }
  if (stream_is_known() && !unplaced_.empty()) place_new(std::exchange(unplaced_, {}), now);
  place_new(std::move(records), now);
  if (flush) {
    flush_unplaced_ = !unplaced_.empty();
    lanes_.flush();
  } else if (flush_unplaced_ && unplaced_.empty()) {
    flush_unplaced_ = false;
    lanes_.flush();
  }
  return closed && !has_work() && finished_.empty();
}

/// Whether any record is here that is not answered.
bool Pipeline::has_work() const {
  return !lanes_.empty() || !order_.empty() || !unplaced_.empty() || !unjudged_.empty() || !in_flight_.empty();
}

void Pipeline::start_calls(Clock::time_point now) {
  while (in_flight_.size() < options_.max_in_flight) {
    Lanes::Batch batch = lanes_.next(now, in_flight_.size());
    if (batch.entries.empty()) return;
    tasks_.spawn(call(in_flight_.insert(in_flight_.end(), std::move(batch))));
  }
}

Clock::time_point Pipeline::next_event(Clock::time_point now) const {
  Clock::time_point next = Clock::time_point::max();
  if (in_flight_.size() < options_.max_in_flight) next = lanes_.ready_at(now, in_flight_.size());
  next = std::min(next, lanes_.expires_at());
  // Only these wait for what is to be learned.
  if (!unplaced_.empty() || !unjudged_.empty()) {
    next = std::min(next, book_.next_refresh());
    if (options_.time_to_live.count() > 0) {
      if (!unplaced_.empty()) next = std::min(next, unplaced_.front()->accepted + options_.time_to_live);
      for (const Unjudged& unjudged : unjudged_) next = std::min(next, over_at(*unjudged.entry));
    }
  }
  const std::lock_guard lock(mutex_);
  return std::min(next, close_deadline_);
}

bool Pipeline::past_deadline(Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  return close_deadline_ <= now;
}

void Pipeline::finish(PendingPtr record, Error error, ProducerOutcome outcome, std::string_view shard_id) {
  meter_.record_failed(*record, outcome, error, shard_id);
  Answered& answered = finished_.emplace_back(Answered{{}, std::move(error)});
  answered.records.push_back(std::move(record));
}

/// Its time, or its tries, are over.
void Pipeline::give_up_on(PendingPtr record) {
  Error error = given_up_error(*record);
  finish(std::move(record), std::move(error), ProducerOutcome::expired);
}

/// Its records are not here any more.
void Pipeline::settle(const Answered& answered) {
  std::size_t bytes = 0;
  auto epoch = unanswered_.end();
  for (const PendingPtr& record : answered.records) {
    bytes += record->bytes;
    if (epoch == unanswered_.end() || epoch->first != record->epoch) epoch = unanswered_.find(record->epoch);
    if (--epoch->second > 0) continue;
    unanswered_.erase(epoch);
    epoch = unanswered_.end();
  }
  metrics_.buffered_records -= answered.records.size();
  metrics_.buffered_bytes -= bytes;
}

/// Completes records, and lets those that waited for their room in.
void Pipeline::answer(Answers answers) {
  std::list<Waiter> done;
  {
    const std::lock_guard lock(mutex_);
    for (const Answered& answered : answers) settle(answered);
    while (!waiting_.empty() && has_room(waiting_.front()->bytes)) {
      admit(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    meter_.end_turn(metrics_);
    if (!inbox_.empty() && !std::exchange(wake_posted_, true)) wake_.wake();
    const std::uint64_t oldest = unanswered_.empty() ? epoch_ : unanswered_.begin()->first;
    while (!waiters_.empty() && waiters_.front().epoch < oldest) done.splice(done.end(), waiters_, waiters_.begin());
  }
  meter_.report_turn();
  post_receipts(std::move(answers));
  for (Waiter& waiter : done) detail::complete_void(executor(), std::move(waiter.done), nullptr);
}

/// The deadline of a close has passed, or there is nothing left.
void Pipeline::give_up() {
  std::vector<PendingPtr> left = std::exchange(unplaced_, {});
  const auto take = [&](Entry& entry) {
    for (PendingPtr& record : entry.take_records()) left.push_back(std::move(record));
  };
  for (EntryPtr& entry : lanes_.take_unless([](const Entry&) { return false; })) take(*entry);
  for (PendingPtr& record : order_.drain()) left.push_back(std::move(record));
  for (Unjudged& unjudged : unjudged_) take(*unjudged.entry);
  for (Lanes::Batch& batch : in_flight_)
    for (EntryPtr& entry : batch.entries) take(*entry);
  unjudged_.clear();
  in_flight_.clear();
  {
    const std::lock_guard lock(mutex_);
    while (!waiting_.empty()) {
      admit(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    std::move(inbox_.begin(), inbox_.end(), std::back_inserter(left));
    inbox_.clear();
  }
  for (PendingPtr& record : left) {
    Error error = closed_error(*record);
    finish(std::move(record), std::move(error), ProducerOutcome::closed);
  }
  std::size_t lost = 0;
  for (const Answered& answered : finished_)
    if (std::holds_alternative<Error>(answered.fate)) lost += answered.records.size();
  if (lost > 0 && client_.log().enabled(LogLevel::warning))
    client_.log().write(LogLevel::warning, "producer",
                        std::to_string(lost) + " records were not acknowledged before the producer was closed");
  answer(std::exchange(finished_, {}));
  std::list<Waiter> late;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    late.swap(waiters_);
  }
  for (Waiter& waiter : late) detail::complete_void(executor(), std::move(waiter.done), nullptr);
}

void Pipeline::post_error(detail::Handler<Receipt> done, Error error) const {
  auto executor = asio::get_associated_executor(done, client_.executor());
  auto call = [done = std::move(done), error = std::move(error)]() mutable {
    std::move(done)(std::make_exception_ptr(std::move(error)), Receipt{});
  };
  detail::post_to(client_.executor(), asio::bind_executor(std::move(executor), std::move(call)));
}

/// Calls handlers one after the other, and gives the records back to be used again. If one throws, the others are
/// called all the same, later.
class Pipeline::Completions {
 public:
  Completions(std::shared_ptr<Pipeline> pipeline, Answers answers)
      : pipeline_(std::move(pipeline)), answers_(std::move(answers)) {}

  void operator()() {
    for (; group_ < answers_.size(); ++group_, next_ = 0) {
      Answered& answered = answers_[group_];
      while (next_ < answered.records.size()) {
        const std::size_t index = next_++;
        const Rest rest{*this};
        // Those that complete elsewhere are not here any more.
        if (answered.records[index]) complete(*answered.records[index], answered, index);
      }
      pipeline_->recycle(std::move(answered.records));
    }
  }

 private:
  struct Rest {
    Completions& all;
    int exceptions = std::uncaught_exceptions();
    ~Rest() {
      if (std::uncaught_exceptions() == exceptions) return;
      auto pipeline = all.pipeline_;
      detail::post_to(pipeline->executor(), std::move(all));
    }
  };
  std::shared_ptr<Pipeline> pipeline_;
  Answers answers_;
  std::size_t group_ = 0;
  std::size_t next_ = 0;
};

/// Completes each on its own executor: those of the client's all in one go there.
void Pipeline::post_receipts(Answers answers) {
  if (answers.empty()) return;
  const asio::any_io_executor ours = client_.executor();
  const asio::any_completion_executor erased(ours);
  for (Answered& answered : answers) {
    for (std::size_t index = 0; index < answered.records.size(); ++index) {
      PendingPtr& record = answered.records[index];
      auto executor = asio::get_associated_executor(record->done, ours);
      if (executor == erased) continue;
      auto call = [record = std::move(record), fate = Answered{{}, answered.fate}, index]() mutable {
        complete(*record, fate, index);
      };
      detail::post_to(ours, asio::bind_executor(std::move(executor), std::move(call)));
    }
  }
  detail::post_to(ours, Completions(shared_from_this(), std::move(answers)));
}

/// Under the mutex.
PendingPtr Pipeline::new_record() {
  if (spare_.empty()) return std::make_unique<PendingRecord>();
  PendingPtr record = std::move(spare_.back());
  spare_.pop_back();
  return record;
}

void Pipeline::recycle(std::vector<PendingPtr> records) {
  std::erase(records, nullptr);
  for (PendingPtr& record : records) record->record.data = Blob();
  const std::lock_guard lock(mutex_);
  const std::size_t room = most_spare - std::min(most_spare, spare_.size());
  for (std::size_t i = 0; i < std::min(room, records.size()); ++i) spare_.push_back(std::move(records[i]));
}

}  // namespace kinesis::producer
