#include "consumer/shard_work.hpp"

#include <algorithm>
#include <utility>

namespace kinesis::consumer {

ShardWork::ShardWork(std::shared_ptr<ShardCore> shard, Clock& clock, std::shared_ptr<const ConsumeSetup> setup)
    : shard_(std::move(shard)),
      clock_(clock),
      setup_(std::move(setup)),
      skip_(std::get_if<SkipRecord>(&setup_->options.on_failure)),
      wake_(shard_->executor(), clock),
      ticker_(shard_->executor()) {
  if (const auto* every = std::get_if<CheckpointEvery>(&setup_->options.checkpoint)) {
    enough_ = every->records;
    interval_ = every->interval;
  } else {
    const auto& per_key = std::get<CheckpointPerKey>(setup_->options.checkpoint);
    enough_ = per_key.keys;
    interval_ = per_key.interval;
  }
}

core::awaitable<std::exception_ptr> ShardWork::run() {
  ticker_.spawn(checkpoint_when_due());
  std::exception_ptr failure;
  try {
    co_await hand_over();
  } catch (...) {
    failure = std::current_exception();
  }
  ticker_.cancel();
  co_await core::ignore_cancellation();
  try {
    co_await ticker_.join();
  } catch (...) {
    if (!failure) failure = std::current_exception();
  }
  // Who is told to stop has not failed.
  if (failure && core::is_cancellation(failure)) failure = nullptr;
  shard_->finish(failure);
  co_return failure;
}

detail::Delivery ShardWork::delivery(std::chrono::milliseconds behind_latest, std::int64_t lease_counter) const {
  detail::Delivery delivery;
  delivery.shard = shard_.get();
  delivery.clock = &clock_;
  delivery.behind_latest = behind_latest;
  delivery.lease_counter = lease_counter;
  return delivery;
}

core::awaitable<void> ShardWork::handle(std::span<RawRecord> records, detail::Delivery delivery) {
  if (!skips()) {
    co_await setup_->handler.function(delivery, records);
    co_return;
  }
  const std::vector<RawRecord> kept(records.begin(), records.end());
  std::exception_ptr failure;
  bool by_dead_letter = false;
  std::vector<bool> skipped(kept.size(), false);
  // For what the codec cannot decode.
  const std::function<asio::awaitable<void>(RawRecord, std::exception_ptr)> one =
      [&](RawRecord record, std::exception_ptr why) -> asio::awaitable<void> {
    for (std::size_t i = 0; i < kept.size(); ++i)
      if (kept[i].position == record.position) skipped[i] = true;
    by_dead_letter = true;
    co_await skip(std::move(record), std::move(why));
    by_dead_letter = false;
  };
  delivery.skip = &one;
  try {
    co_await setup_->handler.function(delivery, records);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  if (by_dead_letter || core::is_cancellation(failure)) std::rethrow_exception(failure);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (skipped[i]) continue;
    RawRecord record = kept[i];
    co_await skip(std::move(record), failure);
  }
}

core::awaitable<void> ShardWork::skip(RawRecord record, std::exception_ptr failure) {
  const RecordPosition position = record.position;
  DeadLetter letter{shard_->stream(), shard_->shard_id(), std::move(record), failure};
  co_await skip_->hand_over(letter, clock_);
  shard_->report(event::RecordSkipped{shard_->lease_key(), position, core::to_error(failure)});
}

core::awaitable<void> ShardWork::while_paused() {
  const PauseSwitch& pauses = shard_->pauses();
  std::function<bool()> given_up = [shard = shard_] { return shard->end() != ShardEnd::not_ended; };
  co_await pauses.wait(shard_->lease_key(), std::move(given_up));
}

bool ShardWork::done(const RecordPosition& position, std::size_t records) {
  shard_->stage(position);
  staged_ = position;
  if (unsaved_ == 0) {
    due_ = clock_.now() + interval_;
    wake_.wake();
  }
  unsaved_ += records;
  return unsaved_ >= enough_;
}

core::awaitable<void> ShardWork::checkpoint() {
  unsaved_ = 0;
  soon_ = false;
  const std::optional<RecordPosition> covered = staged_;
  const CheckpointOutcome outcome = co_await shard_->checkpoint();
  if (outcome == CheckpointOutcome::lease_lost) {
    saved(std::nullopt);
  } else if (covered) {
    saved(covered);
  }
}

void ShardWork::checkpoint_soon() {
  soon_ = true;
  wake_.wake();
}

core::awaitable<void> ShardWork::checkpoint_when_due() {
  for (;;) {
    const bool due = soon_ || (unsaved_ > 0 && clock_.now() >= due_);
    if (due) {
      std::exception_ptr failure;
      try {
        co_await checkpoint();
      } catch (...) {
        failure = std::current_exception();
      }
      if (!failure) continue;
      if (core::is_cancellation(failure)) std::rethrow_exception(failure);
      shard_->report(event::Trouble{shard_->lease_key(), "checkpointing", core::to_error(failure), interval_});
      unsaved_ = std::max<std::size_t>(unsaved_, 1);
      due_ = clock_.now() + interval_;
    } else if (unsaved_ > 0) {
      co_await wake_.wait_until(due_);
    } else {
      co_await wake_.wait();
    }
  }
}

core::awaitable<void> OrderedWork::hand_over() {
  if (setup_->handler.batches) {
    co_await hand_over_batches();
  } else if (setup_->handler.direct && !skips()) {
    co_await hand_over_directly();
  } else {
    co_await hand_over_one_by_one();
  }
}

core::awaitable<void> OrderedWork::hand_over_batches() {
  for (;;) {
    std::optional<RawBatch> batch = co_await shard_->next_batch();
    if (!batch) co_return;
    if (may_be_paused()) co_await while_paused();
    // What went to another worker meanwhile is that one's.
    if (shard_->end() != ShardEnd::not_ended) co_return;
    const RecordPosition position = batch->records.back().position;
    const std::size_t count = batch->records.size();
    const detail::Delivery how = delivery(batch->behind_latest, batch->lease_counter);
    const std::span<RawRecord> records(batch->records);
    co_await handle(records, how);
    const bool enough = done(position, count);
    if (enough) co_await checkpoint();
  }
}

core::awaitable<void> OrderedWork::hand_over_one_by_one() {
  for (;;) {
    const bool more = co_await shard_->next_portion(portion_);
    if (!more) co_return;
    const detail::Delivery how = delivery(portion_.behind_latest, portion_.lease_counter);
    for (const detail::RecordView& view : portion_.records) {
      if (may_be_paused()) co_await while_paused();
      if (shard_->end() != ShardEnd::not_ended) co_return;
      RawRecord record = detail::raw_record(view);
      const std::span<RawRecord> records(&record, 1);
      // One coroutine less for each record where nothing has to be kept.
      if (skips()) {
        co_await handle(records, how);
      } else {
        co_await setup_->handler.function(how, records);
      }
      const bool enough = done(view.position(), 1);
      if (enough) co_await checkpoint();
    }
  }
}

core::awaitable<void> OrderedWork::hand_over_directly() {
  for (;;) {
    const bool more = co_await shard_->next_portion(portion_);
    if (!more) co_return;
    const detail::Delivery how = delivery(portion_.behind_latest, portion_.lease_counter);
    std::span<const detail::RecordView> left(portion_.records);
    while (!left.empty()) {
      if (may_be_paused()) co_await while_paused();
      // Even if the lease is ours again later: what is left of the portion is not passed over.
      if (shard_->end() != ShardEnd::not_ended) co_return;
      const bool enough = call_directly(how, left);
      if (enough) co_await checkpoint();
    }
  }
}

/// Calls the handler until a checkpoint is due, the shard is paused or ends. True if one is due.
bool OrderedWork::call_directly(const detail::Delivery& delivery, std::span<const detail::RecordView>& left) {
  const std::span<const detail::RecordView> records = left.first(std::min(left.size(), until_enough()));
  detail::DirectRun run(*shard_);
  std::exception_ptr failure;
  try {
    setup_->handler.direct(delivery, records, run);
  } catch (...) {
    failure = std::current_exception();
  }
  left = left.subspan(run.done);
  const bool enough = run.done > 0 && done(records[run.done - 1].position(), run.done);
  if (failure) std::rethrow_exception(failure);
  return enough;
}

KeyedWork::KeyedWork(std::shared_ptr<ShardCore> shard, Clock& clock, std::shared_ptr<const ConsumeSetup> setup,
                     RecordWindow::Options window)
    : ShardWork(std::move(shard), clock, std::move(setup)),
      window_(window),
      intake_(shard_->executor()),
      runners_(shard_->executor()),
      room_(shard_->executor(), clock),
      progress_(shard_->executor(), clock) {}

bool KeyedWork::takes_in() const {
  const ShardEnd end = shard_->end();
  return !failed_ && (end == ShardEnd::not_ended || end == ShardEnd::shard_ended);
}

/// A worker that hands over, or stops, has to leave no gap; for how long, whoever ends it says.
bool KeyedWork::goes_on() const {
  const ShardEnd end = shard_->end();
  return takes_in() || (!failed_ && (end == ShardEnd::handed_over || end == ShardEnd::stopping));
}

bool KeyedWork::has_more() {
  if (takes_in()) return window_.unfinished() > 0;
  // The next worker begins after the first gap, so what lies in gaps is still this one's.
  window_.close_gaps();
  if (!goes_on() || !window_.has_gaps()) return false;
  // Unless they are held up: then the next worker begins with them.
  return window_.running() > 0 || !is_paused();
}

std::optional<RecordWindow::Ticket> KeyedWork::next() {
  if (!goes_on()) return std::nullopt;
  if (!takes_in()) window_.close_gaps();
  if (!is_paused()) return window_.start();
  if (takes_in() && !std::exchange(waits_for_resume_, true)) runners_.spawn(go_on_after_pause());
  return std::nullopt;
}

/// What was taken in before a pause begins after it.
core::awaitable<void> KeyedWork::go_on_after_pause() {
  std::function<bool()> given_up = [this] { return !takes_in(); };
  co_await shard_->pauses().wait(shard_->lease_key(), std::move(given_up));
  waits_for_resume_ = false;
  start_runners();
  progress_.wake();
}

core::awaitable<void> KeyedWork::hand_over() {
  intake_.spawn(take_in());
  std::exception_ptr failure;
  try {
    co_await intake_.join();
    // At the end of the shard what was taken in is worked off; a record may be waiting for a checkpoint.
    while (has_more()) co_await progress_.wait();
    co_await runners_.join();
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  // What is at work is finished, unless this was cancelled.
  failed_ = true;
  if (core::is_cancellation(failure)) runners_.cancel();
  co_await core::ignore_cancellation();
  try {
    co_await runners_.join();
  } catch (...) {
    if (core::is_cancellation(failure)) failure = std::current_exception();
  }
  std::rethrow_exception(failure);
}

core::awaitable<void> KeyedWork::take_in() {
  for (;;) {
    const bool more = co_await shard_->next_portion(portion_);
    if (!more) co_return;
    for (const detail::RecordView& view : portion_.records) {
      while (takes_in() && !window_.has_room()) co_await room_.wait();
      if (may_be_paused()) co_await while_paused();
      if (!takes_in()) co_return;
      RawRecord record = detail::raw_record(view);
      const RecordWindow::Ticket ticket = window_.add(record.partition_key, record.position);
      waiting_.emplace(ticket, Waiting{std::move(record), portion_.behind_latest, portion_.lease_counter});
      if (window_.waits_for_save()) checkpoint_soon();
      start_runners();
    }
  }
}

void KeyedWork::start_runners() {
  for (std::optional<RecordWindow::Ticket> ticket = next(); ticket; ticket = next()) runners_.spawn(run_one(*ticket));
}

core::awaitable<void> KeyedWork::run_one(RecordWindow::Ticket ticket) {
  std::optional<RecordWindow::Ticket> going = ticket;
  while (going) {
    const auto found = waiting_.find(*going);
    Waiting waiting = std::move(found->second);
    waiting_.erase(found);
    std::exception_ptr failure;
    try {
      co_await handle_one(std::move(waiting));
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      failed_ = true;
      intake_.cancel();
      room_.wake();
      progress_.wake();
      shard_->pauses().wake();
      std::rethrow_exception(failure);
    }
    const std::size_t more = window_.complete(*going);
    const bool enough = more > 0 && done(*window_.done(), more);
    if (enough || window_.waits_for_save()) checkpoint_soon();
    room_.wake();
    progress_.wake();
    going = next();
    start_runners();
  }
}

core::awaitable<void> KeyedWork::handle_one(Waiting waiting) {
  const detail::Delivery how = delivery(waiting.behind_latest, waiting.lease_counter);
  const std::span<RawRecord> records(&waiting.record, 1);
  co_await handle(records, how);
}

void KeyedWork::saved(const std::optional<RecordPosition>& covered) {
  if (covered) window_.save(*covered);
  start_runners();
  room_.wake();
  progress_.wake();
}

std::unique_ptr<ShardWork> make_work(std::shared_ptr<ShardCore> shard, Clock& clock,
                                     std::shared_ptr<const ConsumeSetup> setup) {
  const auto* per_key = std::get_if<PerKey>(&setup->options.concurrency);
  const bool save_between = std::holds_alternative<CheckpointPerKey>(setup->options.checkpoint);
  if (per_key == nullptr && !save_between)
    return std::make_unique<OrderedWork>(std::move(shard), clock, std::move(setup));
  RecordWindow::Options window;
  window.in_order = per_key == nullptr;
  window.save_between = save_between;
  if (per_key != nullptr) {
    window.concurrency = per_key->concurrency;
    window.capacity = per_key->window;
  }
  return std::make_unique<KeyedWork>(std::move(shard), clock, std::move(setup), window);
}

void check(const ConsumeSetup& setup) {
  const auto fail = [](const char* why) { throw Error(errc::invalid_argument, std::string("consume: ") + why); };
  const ConsumeOptions& options = setup.options;
  const auto* per_key = std::get_if<PerKey>(&options.concurrency);
  const auto* every = std::get_if<CheckpointEvery>(&options.checkpoint);
  const auto* per_key_checkpoint = std::get_if<CheckpointPerKey>(&options.checkpoint);
  if (per_key != nullptr && per_key->concurrency < 1) fail("PerKey::concurrency must be at least 1");
  if (per_key != nullptr && per_key->window < per_key->concurrency)
    fail("PerKey::window must be at least PerKey::concurrency");
  if (every != nullptr && every->records < 1) fail("CheckpointEvery::records must be at least 1");
  if (every != nullptr && every->interval.count() < 1) fail("CheckpointEvery::interval must be at least 1");
  if (per_key_checkpoint != nullptr && per_key_checkpoint->keys < 1) fail("CheckpointPerKey::keys must be at least 1");
  if (per_key_checkpoint != nullptr && per_key_checkpoint->interval.count() < 1)
    fail("CheckpointPerKey::interval must be at least 1");
  if (setup.handler.batches && (per_key != nullptr || per_key_checkpoint != nullptr))
    fail("a batch handler gets the records of a shard in order: it does not go with PerKey or CheckpointPerKey");
}

}  // namespace kinesis::consumer
