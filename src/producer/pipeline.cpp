#include "producer/pipeline.hpp"

#include "core/strand.hpp"

#include <boost/asio/associated_executor.hpp>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

// The entrance, the loop, and the end.
namespace kinesis::producer {
namespace {

constexpr std::size_t default_max_record_bytes = std::size_t{1024} * 1024;
constexpr std::size_t largest_record = std::size_t{10} * 1024 * 1024;
constexpr std::chrono::seconds trim_after{1};
/// Longer times overflow the clock.
constexpr std::chrono::milliseconds for_ever = std::chrono::hours(24 * 365 * 100);

ProducerOptions bounded(ProducerOptions options) {
  for (auto* const time : {&options.linger, &options.time_to_live, &options.retry_base, &options.retry_cap})
    *time = std::min(*time, for_ever);
  return options;
}

/// What a record takes beside its data and key, about: itself, and its handler.
constexpr std::size_t record_memory = 288;

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
      lends_data_(!std::holds_alternative<NoAggregation>(options_.aggregation)),
      book_(core::random_seed(), client_.clock().now()),
      lanes_(lane_options(options_)),
      meter_(std::string(options_.stream.name()), options_.listener) {}

void Pipeline::start() { core::spawn(strand_, run(shared_from_this())); }

bool Pipeline::refused_at_the_door(std::string_view partition_key, const std::optional<std::string>& explicit_hash_key,
                                   std::size_t data_size, detail::Handler<Receipt>& done) const {
  // Until the stream has been asked about, what may be wrong only by its settings is let in, and judged then.
  const bool known = limits_known_;
  const std::size_t most = known ? max_record_bytes_.load() : std::max(max_record_bytes_.load(), largest_record);
  auto checked = check_record(partition_key, explicit_hash_key, data_size, most, !known || without_keys_);
  if (checked && without_keys_ && explicit_hash_key) checked = no_hash_key_error();
  if (checked) return false;
  post_error(std::move(done), checked.error());
  return true;
}

Pipeline::NoRoom Pipeline::no_room() const noexcept {
  return options_.when_full == WhenFull::wait ? NoRoom::wait : NoRoom::fail;
}

void Pipeline::send(OutgoingRecord<Blob> record, detail::Handler<Receipt> done) {
  if (refused_at_the_door(record.partition_key, record.explicit_hash_key, record.data.size(), done)) return;
  enter(record.partition_key.size() + record.data.size(), done, no_room(),
        [&](PendingRecord& pending, Clock::time_point now) { pending.begin(std::move(record), now); });
}

bool Pipeline::try_send(OutgoingRecord<Blob> record, detail::Handler<Receipt> done) {
  if (refused_at_the_door(record.partition_key, record.explicit_hash_key, record.data.size(), done)) return true;
  return enter(record.partition_key.size() + record.data.size(), done, NoRoom::refuse,
               [&](PendingRecord& pending, Clock::time_point now) { pending.begin(std::move(record), now); });
}

bool Pipeline::send_view(const OutgoingView& record, detail::Handler<Receipt> done, SendMode mode) {
  if (refused_at_the_door(record.partition_key, std::nullopt, record.data.size(), done)) return true;
  return enter(record.partition_key.size() + record.data.size(), done,
               mode.refuse_when_full ? NoRoom::refuse : no_room(), [&](PendingRecord& pending, Clock::time_point now) {
                 pending.begin(record.partition_key, record.data, now);
                 pending.unbound = mode.unbound;
               });
}

template <class Begin>
bool Pipeline::enter(std::size_t bytes, detail::Handler<Receipt>& done, NoRoom no_room, Begin begin) {
  const Clock::time_point now = client_.clock().now();
  std::unique_lock lock(mutex_);
  const bool full = !waiting_.empty() || !has_room(bytes);
  std::optional<Error> refused;
  if (closed_) {
    refused = Error(errc::closed, "the producer is closed");
  } else if (full && no_room == NoRoom::refuse) {
    return false;
  } else if (full && (no_room == NoRoom::fail || !may_wait(bytes))) {
    refused = full_error();
  }
  if (refused) {
    lock.unlock();
    post_error(std::move(done), std::move(*refused));
    return true;
  }
  PendingPtr pending = new_record();
  begin(*pending, now);
  pending->done.swap(done);
  join_epoch(*pending);
  if (!full) {
    admit(std::move(pending));
  } else if (!wait_for_room(std::move(pending))) {
    return true;
  }
  if (!std::exchange(wake_posted_, true)) wake();
  return true;
}

/// True if the loop does not know yet when the first one's time is over.
bool Pipeline::wait_for_room(PendingPtr record) {
  ++metrics_.waiting_records;
  metrics_.waiting_bytes += record->bytes;
  record->own_data();
  waiting_.push_back(std::move(record));
  return waiting_.size() == 1 && options_.time_to_live.count() > 0;
}

PendingPtr Pipeline::first_waiting() {
  PendingPtr record = std::move(waiting_.front());
  waiting_.pop_front();
  --metrics_.waiting_records;
  metrics_.waiting_bytes -= record->bytes;
  return record;
}

/// Those whose time was over before there was room. They pass through the buffer's counts, as all that are answered do.
void Pipeline::expire_waiting(Answers& answers, Clock::time_point now) {
  if (options_.time_to_live.count() <= 0) return;
  while (!waiting_.empty() && waiting_.front()->accepted + options_.time_to_live <= now) {
    PendingPtr record = first_waiting();
    const Error error(errc::timeout, "the record's time to live was over before there was room for it in the buffer");
    meter_.record_failed(*record, ProducerOutcome::expired, error, {});
    count_in(*record);
    answers.add(std::move(record), error);
    settle(answers.fates().back(), std::span(answers.records()).last(1));
  }
}

Error Pipeline::full_error() const {
  const std::string message = "the producer's buffer is full: " + std::to_string(metrics_.buffered_records) +
                              " records, " + std::to_string(metrics_.buffered_bytes) + " bytes; " +
                              std::to_string(metrics_.waiting_records) + " sends wait for room";
  return Error(errc::full, message).with_retryable(true);
}

bool Pipeline::has_room(std::size_t bytes) const {
  // One record always fits, however small the buffer.
  if (metrics_.buffered_records == 0) return true;
  return metrics_.buffered_records < options_.max_buffered_records &&
         metrics_.buffered_bytes + bytes + (metrics_.buffered_records + 1) * record_memory <=
             options_.max_buffered_bytes;
}

bool Pipeline::may_wait(std::size_t bytes) const {
  if (waiting_.size() >= options_.max_waiting) return false;
  return waiting_.empty() ||
         metrics_.waiting_bytes + bytes + (waiting_.size() + 1) * record_memory <= options_.max_waiting_bytes;
}

/// A flush waits for the records of its epoch and before.
void Pipeline::join_epoch(PendingRecord& record) {
  record.epoch = epoch_;
  ++unanswered_[epoch_];
}

void Pipeline::count_in(const PendingRecord& record) {
  ++metrics_.records_accepted;
  ++metrics_.buffered_records;
  metrics_.buffered_bytes += record.bytes;
}

void Pipeline::admit(PendingPtr record) {
  count_in(*record);
  if (record->borrowed) lend_data(*record);
  inbox_.push_back(std::move(record));
}

/// What is packed with others is copied into its aggregate soon, and so needs no memory of its own until then.
void Pipeline::lend_data(PendingRecord& record) {
  if (lends_data_) {
    record.record.data = Blob(inbox_data_.copy(record.record.data.bytes()), nullptr);
  } else {
    record.own_data();
  }
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
    self->answer(std::exchange(self->finished_, {}), now);
    if (ended) break;
    const Clock::time_point next = self->next_event(now);
    if (next <= now) {
      if (self->past_deadline(now)) break;
      continue;
    }
    if (next == Clock::time_point::max()) {
      co_await self->rest();
    } else {
      co_await self->wake_.wait_until(next);
    }
  }
  self->tasks_.cancel();
  co_await self->tasks_.join();
  self->give_up();
}

/// Until something comes. What a flood took goes back when nothing has come for a while.
core::awaitable<void> Pipeline::rest() {
  const auto can_trim = [this] {
    const std::lock_guard lock(mutex_);
    return lanes_.can_trim() || placing_data_.can_trim() || inbox_data_.can_trim();
  };
  if (!can_trim()) {
    co_await wake_.wait();
    co_return;
  }
  const bool woken = co_await wake_.wait_until(client_.clock().now() + trim_after);
  if (woken || has_work()) co_return;
  lanes_.trim();
  placing_data_.trim();
  const std::lock_guard lock(mutex_);
  inbox_data_.trim();
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
    std::swap(placing_data_, inbox_data_);
    flush = std::exchange(flush_asked_, false) || closed_;
    closed = closed_ && waiting_.empty();
  }
  if (stream_is_known() && !unplaced_.empty()) place_new(std::exchange(unplaced_, {}), now);
  place_new(std::move(records), now);
  placing_data_.clear();
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

/// The bodies of calls are memory beside the buffer: a tenth of it, or one call.
bool Pipeline::may_call() const noexcept {
  return in_flight_.size() < options_.max_in_flight && bytes_in_flight_ <= options_.max_buffered_bytes / 10;
}

void Pipeline::start_calls(Clock::time_point now) {
  while (may_call()) {
    Lanes::Batch batch = lanes_.next(now, in_flight_.size());
    if (batch.entries.empty()) return;
    bytes_in_flight_ += batch.bytes;
    tasks_.spawn(call(in_flight_.insert(in_flight_.end(), std::move(batch))));
  }
}

Clock::time_point Pipeline::next_event(Clock::time_point now) const {
  Clock::time_point next = Clock::time_point::max();
  if (may_call()) next = lanes_.ready_at(now, in_flight_.size());
  next = std::min(next, lanes_.expires_at());
  if (!order_.empty() && options_.time_to_live.count() > 0)
    next = std::min(next, order_.oldest() + options_.time_to_live);
  // Only these wait for what is to be learned.
  if (!unplaced_.empty() || !unjudged_.empty()) {
    next = std::min(next, book_.next_refresh());
    if (options_.time_to_live.count() > 0) {
      if (!unplaced_.empty()) next = std::min(next, unplaced_.front()->accepted + options_.time_to_live);
      for (const Unjudged& unjudged : unjudged_) next = std::min(next, over_at(*unjudged.entry));
    }
  }
  const std::lock_guard lock(mutex_);
  if (!waiting_.empty() && options_.time_to_live.count() > 0)
    next = std::min(next, waiting_.front()->accepted + options_.time_to_live);
  return std::min(next, close_deadline_);
}

bool Pipeline::past_deadline(Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  return close_deadline_ <= now;
}

void Pipeline::finish(PendingPtr record, Error error, ProducerOutcome outcome, std::string_view shard_id) {
  meter_.record_failed(*record, outcome, error, shard_id);
  finished_.add(std::move(record), std::move(error));
}

/// Its time, or its tries, are over.
void Pipeline::give_up_on(PendingPtr record) {
  Error error = given_up_error(*record);
  finish(std::move(record), std::move(error), ProducerOutcome::expired);
}

/// Its records are not here any more.
void Pipeline::settle(const Fate& fate, std::span<const PendingPtr> records) {
  const auto leave = [this](std::uint64_t number, std::size_t count) {
    const auto epoch = unanswered_.find(number);
    epoch->second -= count;
    if (epoch->second == 0) unanswered_.erase(epoch);
  };
  if (fate.sums.first_epoch == fate.sums.last_epoch) {
    leave(fate.sums.first_epoch, records.size());
  } else {
    for (const PendingPtr& record : records) leave(record->epoch, 1);
  }
  metrics_.buffered_records -= records.size();
  metrics_.buffered_bytes -= fate.sums.bytes;
}

/// Completes records, and lets those that waited for their room in.
void Pipeline::answer(Answers answers, Clock::time_point now) {
  std::list<Waiter> done;
  {
    const std::lock_guard lock(mutex_);
    answers.for_each_fate([this](const Fate& fate, std::span<const PendingPtr> records) { settle(fate, records); });
    expire_waiting(answers, now);
    while (!waiting_.empty() && has_room(waiting_.front()->bytes)) admit(first_waiting());
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
    while (!waiting_.empty()) admit(first_waiting());
    std::move(inbox_.begin(), inbox_.end(), std::back_inserter(left));
    inbox_.clear();
    inbox_data_.clear();
  }
  for (PendingPtr& record : left) {
    Error error = closed_error(*record);
    finish(std::move(record), std::move(error), ProducerOutcome::closed);
  }
  std::size_t lost = 0;
  for (const Fate& fate : finished_.fates())
    if (std::holds_alternative<Error>(fate.what)) lost += fate.records;
  if (lost > 0 && client_.log().enabled(LogLevel::warning))
    client_.log().write(LogLevel::warning, "producer",
                        std::to_string(lost) + " records were not acknowledged before the producer was closed");
  answer(std::exchange(finished_, {}), client_.clock().now());
  std::list<Waiter> late;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    late.swap(waiters_);
  }
  for (Waiter& waiter : late) detail::complete_void(executor(), std::move(waiter.done), nullptr);
}

}  // namespace kinesis::producer
