#include "consumer/shard_session.hpp"

#include "consumer/diagnostics.hpp"
#include "consumer/fetching.hpp"
#include "consumer/lease_coordinator.hpp"
#include "consumer/logic/latest_pin.hpp"
#include "core/strand.hpp"

#include <string>
#include <utility>

namespace kinesis::consumer {
namespace {

/// The KCL hands the state to applications of any language as a string.
constexpr std::size_t most_prepared_bytes = 4 * 1024;

/// So close to the end of a lease the cheap clock, which may be late, is not asked.
constexpr std::chrono::milliseconds coarse_reserve{100};

/// The shard's hash keys, as its lease has them.
aggregation::HashRange range_of(const Lease& lease) {
  aggregation::HashRange range;
  if (!lease.starting_hash_key || !lease.ending_hash_key) return range;
  const auto first = core::Uint128::parse(*lease.starting_hash_key);
  const auto last = core::Uint128::parse(*lease.ending_hash_key);
  if (first && last) range = aggregation::HashRange{*first, *last};
  return range;
}

/// What a worker before this one has prepared, without the pin of a LATEST lease: that is not the application's.
std::optional<PreparedCheckpoint> prepared_of(const Lease& lease) {
  if (!lease.pending_checkpoint) return std::nullopt;
  if (!pinned_latest(lease))
    return PreparedCheckpoint{*lease.pending_checkpoint, lease.pending_checkpoint_state.value_or(Blob())};
  if (lease.pending_checkpoint->kind() == Checkpoint::Kind::at_timestamp) return std::nullopt;
  return PreparedCheckpoint{*lease.pending_checkpoint, without_pin(*lease.pending_checkpoint_state)};
}

}  // namespace

ShardSession::ShardSession(SessionContext context, const Lease& lease, Clock::time_point valid_until)
    : context_(std::move(context)),
      key_(lease.key),
      shard_id_(lease.shard_id()),
      stream_(context_.stream.name()),
      strand_(core::make_strand(context_.client.executor())),
      fetching_(strand_),
      done_(1),
      valid_until_(valid_until),
      counter_(lease.counter),
      feed_(feed_options(lease)),
      fetcher_(context_.fetching->fetcher(feed_)),
      prepared_(prepared_of(lease)),
      state_(lease.checkpoint) {}

ShardFeed::Options ShardSession::feed_options(const Lease& lease) {
  ShardFeed::Options options{context_.client,
                             context_.stream,
                             context_.start,
                             shard_id_,
                             key_,
                             lease.checkpoint,
                             pinned_latest(lease),
                             range_of(lease),
                             context_.fetching->prefetch(),
                             context_.fetching->budget(),
                             [this](const DiagnosticEvent& event) { report(event); },
                             [this](Clock::wall_time_point time) { return pin(time); },
                             [this] { return is_valid(); }};
  return options;
}

void ShardSession::start() {
  report(event::ShardStarted{key_, state_.stored()});
  core::spawn(strand_, [](std::shared_ptr<ShardSession> self) -> core::awaitable<void> {
    if (self->end_ == ShardEnd::not_ended) self->fetching_.spawn(self->fetch_all());
    co_return;
  }(shared_from_this()));
}

core::awaitable<void> ShardSession::fetch_all() {
  const auto self = shared_from_this();
  std::exception_ptr failure;
  try {
    co_await fetcher_->run();
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure || core::is_cancellation(failure)) co_return;
  // Nobody would read any more, and nobody would know: the shard is given back, and begins anew.
  report(event::Failed{key_, "reading", core::to_error(failure)});
  end_delivery(ShardEnd::stopping);
}

core::awaitable<void> ShardSession::pin(Clock::wall_time_point time) {
  const auto coordinator = context_.coordinator.lock();
  if (!coordinator) co_return;
  // What the other library's application has prepared stays.
  Checkpoint at = Checkpoint::at_timestamp();
  if (prepared_) at = prepared_->checkpoint;
  Blob state = prepared_ ? pin_state(time, prepared_->state) : pin_state(time);
  co_await coordinator->prepare_checkpoint(shared_from_this(), std::move(at), std::move(state));
}

core::awaitable<std::optional<RawBatch>> ShardSession::next_batch() {
  const auto self = shared_from_this();
  detail::RecordPortion all;
  for (bool some = false; !some;) {
    const bool more = co_await wait_for_records();
    if (!more) co_return std::nullopt;
    some = take(all, SIZE_MAX);
  }
  RawBatch batch;
  batch.behind_latest = all.behind_latest;
  batch.lease_counter = all.lease_counter;
  batch.records.reserve(all.records.size());
  for (const detail::RecordView& record : all.records) batch.records.push_back(detail::raw_record(record));
  co_return std::optional<RawBatch>(std::move(batch));
}

core::awaitable<bool> ShardSession::next_portion(detail::RecordPortion& portion) {
  const auto self = shared_from_this();
  for (bool some = false; !some;) {
    const bool more = co_await wait_for_records();
    if (!more) co_return false;
    some = take(portion, RecordFilter::portion_size);
  }
  co_return true;
}

/// Waits until there is something to hand out; false at the end.
core::awaitable<bool> ShardSession::wait_for_records() {
  while (end_ == ShardEnd::not_ended) {
    if (!taken_) {
      std::optional<Fetched> popped = co_await feed_.pop();
      if (!popped) break;
      taken_.emplace(std::move(*popped));
      opened_ = false;
    }
    // Looked at when there is something to hand out, or a pause of the time before would not hold it up. What was taken
    // stays if the wait is cancelled.
    if (!context_.pauses.any()) break;
    const bool paused = context_.pauses.paused(key_);
    if (!paused) break;
    std::function<bool()> given_up = [self = shared_from_this()] { return self->end_ != ShardEnd::not_ended; };
    co_await context_.pauses.wait(key_, std::move(given_up));
  }
  if (!taken_ && end_ == ShardEnd::not_ended) end_delivery(ShardEnd::stopping);
  if (end_ != ShardEnd::not_ended || !still_ours()) co_return false;
  if (!taken_->end) co_return true;
  const std::lock_guard lock(mutex_);
  state_.see_end();
  children_ = std::move(taken_->children);
  end_ = ShardEnd::shard_ended;
  taken_.reset();
  co_return false;
}

/// Records of what was taken; false if nothing is left of it that is to be delivered.
bool ShardSession::take(detail::RecordPortion& portion, std::size_t at_least) {
  // In the hands of the handler it is not read ahead any more.
  taken_->hold.reset();
  if (!opened_) feed_.open(std::move(taken_->records));
  opened_ = true;
  const bool some = feed_.next(portion, at_least);
  portion.behind_latest = taken_->behind_latest;
  if (feed_.at_end()) taken_.reset();
  if (!some) return false;
  const std::lock_guard lock(mutex_);
  state_.deliver(portion.records.back().position());
  portion.lease_counter = counter_.load();
  return true;
}

ShardEnd ShardSession::end() const noexcept {
  // Also of a shard that is at its end, or that was wanted: what is still in hand is not worked off for ever.
  return is_valid() ? end_.load() : ShardEnd::lease_lost;
}

bool ShardSession::is_valid() const noexcept {
  const Clock& clock = context_.client.clock();
  const Clock::time_point until = valid_until_.load();
  if (clock.coarse_now() < until - coarse_reserve) return true;
  return clock.now() < until;
}

bool ShardSession::still_ours() {
  if (is_valid()) return true;
  // The renewals have not come through for so long that another worker may have taken the lease.
  const bool news = end_delivery(ShardEnd::lease_lost);
  if (news) report(event::LeaseLost{key_});
  return false;
}

void ShardSession::stage(const RecordPosition& position) {
  const std::lock_guard lock(mutex_);
  if (!state_.stage(position))
    throw Error(errc::invalid_argument, "record " + position.sequence_number.to_string() + " of " + key_ +
                                            " was not delivered by this shard, so it cannot be done");
}

bool ShardSession::nothing_stored() {
  const std::lock_guard lock(mutex_);
  return state_.stored().kind() == Checkpoint::Kind::latest;
}

std::optional<Checkpoint> ShardSession::to_write() {
  const std::lock_guard lock(mutex_);
  return state_.to_write();
}

core::awaitable<CheckpointOutcome> ShardSession::checkpoint() {
  const auto self = shared_from_this();
  const std::optional<Checkpoint> next = to_write();
  if (end_ == ShardEnd::lease_lost) co_return CheckpointOutcome::lease_lost;
  if (!next) co_return CheckpointOutcome::nothing_new;
  const auto coordinator = context_.coordinator.lock();
  if (!coordinator) co_return CheckpointOutcome::lease_lost;
  const CheckpointOutcome outcome = co_await coordinator->checkpoint(self, *next, children_);
  if (outcome == CheckpointOutcome::stored) {
    const std::lock_guard lock(mutex_);
    state_.store(*next);
    if (next->is_shard_end()) settle();
  }
  co_return outcome;
}

core::awaitable<CheckpointOutcome> ShardSession::prepare(Blob state) {
  const auto self = shared_from_this();
  if (state.size() > most_prepared_bytes)
    throw Error(errc::too_large, "the state of a prepared checkpoint has " + std::to_string(state.size()) +
                                     " bytes, and at most 4,096 are kept");
  const std::optional<Checkpoint> next = to_write();
  if (end_ == ShardEnd::lease_lost) co_return CheckpointOutcome::lease_lost;
  if (!next) co_return CheckpointOutcome::nothing_new;
  const auto coordinator = context_.coordinator.lock();
  if (!coordinator) co_return CheckpointOutcome::lease_lost;
  const auto pinned = feed_.pinned();
  if (pinned && nothing_stored()) state = pin_state(*pinned, state);
  const CheckpointOutcome outcome = co_await coordinator->prepare_checkpoint(self, *next, std::move(state));
  if (outcome == CheckpointOutcome::stored) report(event::CheckpointPrepared{key_, *next});
  co_return outcome;
}

bool ShardSession::end_delivery(ShardEnd why) {
  ShardEnd expected = ShardEnd::not_ended;
  const bool lost = why == ShardEnd::lease_lost;
  const bool newly_lost = lost && end_.exchange(why) != why;
  if (!lost) end_.compare_exchange_strong(expected, why);
  feed_.close();
  context_.pauses.wake();
  core::spawn(strand_, [](std::shared_ptr<ShardSession> self) -> core::awaitable<void> {
    self->fetching_.cancel();
    co_return;
  }(shared_from_this()));
  return newly_lost;
}

void ShardSession::finish(std::exception_ptr failure) {
  if (finishing_.exchange(true)) return;
  core::spawn(strand_, [](std::shared_ptr<ShardSession> self, std::exception_ptr why) -> core::awaitable<void> {
    co_await self->finish_now(std::move(why));
  }(shared_from_this(), std::move(failure)));
}

core::awaitable<void> ShardSession::finish_now(std::exception_ptr failure) {
  end_delivery(ShardEnd::stopping);
  fetching_.cancel();
  co_await fetching_.join();
  taken_.reset();
  if (const auto coordinator = context_.coordinator.lock())
    co_await coordinator->release(shared_from_this(), to_write(), children_, std::move(failure));
  settle();
  done_.close();
}

core::awaitable<void> ShardSession::finished() { co_await done_.pop(); }

void ShardSession::report(const DiagnosticEvent& event) { tell(context_.on_event, context_.client.log(), event); }

}  // namespace kinesis::consumer
