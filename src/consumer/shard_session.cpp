#include "consumer/shard_session.hpp"

#include "consumer/diagnostics.hpp"
#include "consumer/lease_coordinator.hpp"
#include "consumer/logic/latest_pin.hpp"
#include "consumer/logic/read_pace.hpp"
#include "core/backoff.hpp"
#include "core/random.hpp"
#include "core/strand.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace kinesis::consumer {
namespace {

constexpr core::Backoff read_backoff{std::chrono::milliseconds(200), std::chrono::seconds(10)};
/// For what somebody has to mend: the stream is gone, the key is disabled, access is denied.
constexpr core::Backoff hopeless_backoff{std::chrono::seconds(10), std::chrono::seconds(10), 1,
                                         core::Backoff::Jitter::half};
/// What a shard is expected to bring before its first answer, and at least later.
constexpr std::size_t least_expected_bytes = 16 * 1024;
/// The KCL hands the state to applications of any language as a string.
constexpr std::size_t most_prepared_bytes = 4 * 1024;

bool needs_somebody(const Error& error) {
  switch (error.code()) {
    case errc::not_found:
    case errc::invalid_argument:
    case errc::access_denied:
    case errc::kms:
    case errc::unsupported:
      return true;
    default:
      return false;
  }
}

/// The shard's hash keys, as its lease has them.
aggregation::HashRange range_of(const Lease& lease) {
  aggregation::HashRange range;
  if (!lease.starting_hash_key || !lease.ending_hash_key) return range;
  const auto first = core::Uint128::parse(*lease.starting_hash_key);
  const auto last = core::Uint128::parse(*lease.ending_hash_key);
  if (first && last) range = aggregation::HashRange{*first, *last};
  return range;
}

std::size_t size_of(const std::vector<KinesisRecord>& records) {
  std::size_t bytes = 0;
  for (const KinesisRecord& record : records) bytes += record.data.size() + record.partition_key.size();
  return bytes;
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

/// Where the fetcher stands.
struct Reading {
  Reading(Checkpoint at, Clock::time_point now, Clock::duration idle_interval)
      : from(at), resumed_after(std::move(at)), pace(now), idle(idle_interval), random(core::random_seed()) {}

  Checkpoint from;
  const Checkpoint resumed_after;
  /// `from` is a record that was handed on, and not only the checkpoint of the lease.
  bool delivered = false;
  std::string iterator;
  ReadPace pace;
  IdlePace idle;
  core::Random random;
  std::uint32_t failures = 0;
  std::size_t expected_bytes = least_expected_bytes;
  Clock::time_point pause_until{};
  bool over = false;
};

namespace {

GetShardIteratorRequest iterator_request(const SessionContext& context, const std::string& shard_id,
                                         const Reading& reading, std::optional<Clock::wall_time_point> pinned) {
  GetShardIteratorRequest request(context.stream, shard_id, ShardIteratorType::trim_horizon);
  switch (reading.from.kind()) {
    case Checkpoint::Kind::record:
      // The checkpoint is read once more: it may be an aggregate that is done only in part.
      request.shard_iterator_type =
          reading.delivered ? ShardIteratorType::after_sequence_number : ShardIteratorType::at_sequence_number;
      request.starting_sequence_number = reading.from.position().sequence_number;
      break;
    case Checkpoint::Kind::latest:
      request.shard_iterator_type = ShardIteratorType::latest;
      if (pinned) {
        request.shard_iterator_type = ShardIteratorType::at_timestamp;
        request.timestamp = *pinned;
      }
      break;
    case Checkpoint::Kind::at_timestamp:
      if (const auto* at = std::get_if<AtTimestamp>(&context.start)) {
        request.shard_iterator_type = ShardIteratorType::at_timestamp;
        request.timestamp = at->time;
      }
      break;
    case Checkpoint::Kind::trim_horizon:
      if (const auto* numbers = std::get_if<AtSequenceNumbers>(&context.start)) {
        const auto number = numbers->shards.find(shard_id);
        if (number == numbers->shards.end()) break;
        request.shard_iterator_type = ShardIteratorType::at_sequence_number;
        request.starting_sequence_number = number->second;
      }
      break;
    case Checkpoint::Kind::shard_end:
      break;
  }
  return request;
}

}  // namespace

ShardSession::ShardSession(SessionContext context, const Lease& lease, Clock::time_point valid_until)
    : context_(std::move(context)),
      shard_id_(lease.key),
      strand_(core::make_strand(context_.client.executor())),
      channel_(context_.fetch.prefetch),
      fetcher_(strand_),
      done_(1),
      valid_until_(valid_until),
      counter_(lease.counter),
      filter_(range_of(lease)),
      pinned_(pinned_latest(lease)),
      place_(context_.budget->place()),
      prepared_(prepared_of(lease)),
      state_(lease.checkpoint) {}

void ShardSession::start() {
  report(event::ShardStarted{shard_id_, state_.stored()});
  core::spawn(strand_, [](std::shared_ptr<ShardSession> self) -> core::awaitable<void> {
    if (self->end_ == ShardEnd::not_ended) self->fetcher_.spawn(self->fetch_all());
    co_return;
  }(shared_from_this()));
}

core::awaitable<void> ShardSession::fetch_all() {
  const auto self = shared_from_this();
  std::exception_ptr failure;
  try {
    co_await fetch();
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure || core::is_cancellation(failure)) co_return;
  // Nobody would read any more, and nobody would know: the shard is given back, and begins anew.
  report(event::Failed{shard_id_, "reading", core::to_error(failure)});
  end_delivery(ShardEnd::stopping);
}

core::awaitable<void> ShardSession::fetch() {
  Clock& clock = context_.client.clock();
  Reading reading(state_.stored(), clock.now(), context_.fetch.idle_interval);
  while (!reading.over) {
    reading.pause_until = clock.now();
    std::optional<Error> failure;
    if (reading.iterator.empty()) {
      failure = co_await ask_iterator(reading);
    } else {
      failure = co_await ask_records(reading);
      if (!failure) reading.failures = 0;  // an iterator alone is no success: it may expire again and again
    }
    if (failure) reading.pause_until = after_failure(reading, *failure);
    if (!reading.over) co_await core::sleep_until(clock, reading.pause_until);
  }
}

core::awaitable<std::optional<Error>> ShardSession::ask_iterator(Reading& reading) {
  const Clock::wall_time_point asked = context_.client.clock().wall_now();
  auto request = iterator_request(context_, shard_id_, reading, pinned_);
  const bool at_tip = request.shard_iterator_type == ShardIteratorType::latest;
  auto answer = co_await context_.client.kinesis().get_shard_iterator(std::move(request));
  if (!answer) co_return answer.error();
  reading.iterator = answer->shard_iterator.value_or("");
  if (reading.iterator.empty()) co_return Error(errc::protocol, "the answer of GetShardIterator has no iterator");
  // A lease of another library: from now on the tip is where it was, or what comes meanwhile would be missed by whoever
  // asks again.
  if (at_tip) co_await pin(asked);
  co_return std::nullopt;
}

core::awaitable<void> ShardSession::pin(Clock::wall_time_point time) {
  pinned_ = time;
  const auto coordinator = context_.coordinator.lock();
  if (!coordinator) co_return;
  // What the other library's application has prepared stays.
  Checkpoint at = Checkpoint::at_timestamp();
  if (prepared_) at = prepared_->checkpoint;
  Blob state = prepared_ ? pin_state(time, prepared_->state) : pin_state(time);
  co_await coordinator->prepare_checkpoint(shared_from_this(), std::move(at), std::move(state));
}

core::awaitable<std::optional<Error>> ShardSession::ask_records(Reading& reading) {
  Clock& clock = context_.client.clock();
  ReadBudget::Hold hold = co_await place_->take(reading.expected_bytes);
  const Clock::time_point began = clock.now();
  reading.pace.call(began);
  GetRecordsRequest request(reading.iterator);
  request.limit = static_cast<int>(context_.fetch.max_records);
  auto answer = co_await context_.client.kinesis().get_records(std::move(request));
  if (!answer) co_return answer.error();
  GetRecordsResponse records = std::move(answer).value();
  co_await hand_on(reading, std::move(records), std::move(hold), began);
  co_return std::nullopt;
}

core::awaitable<void> ShardSession::hand_on(Reading& reading, GetRecordsResponse answer, ReadBudget::Hold hold,
                                            Clock::time_point began) {
  Clock& clock = context_.client.clock();
  const Clock::time_point now = clock.now();
  const std::size_t bytes = size_of(answer.records);
  const std::size_t count = answer.records.size();
  reading.pace.answer(bytes, now);
  reading.expected_bytes = std::max(bytes, least_expected_bytes);
  hold.settle(bytes);
  if (count > 0) {
    reading.from = Checkpoint::at(RecordPosition{answer.records.back().sequence_number, 0});
    reading.delivered = true;
  }
  Fetched fetched;
  fetched.batch.behind_latest = std::chrono::milliseconds(answer.millis_behind_latest.value_or(0));
  const bool at_tip = fetched.batch.behind_latest.count() == 0;
  RecordFilter::Filtered filtered = filter_.filter(std::move(answer.records), reading.resumed_after);
  fetched.batch.records = std::move(filtered.records);
  if (filtered.malformed > 0)
    report(
        event::Trouble{shard_id_, "taking an aggregate apart",
                       Error(errc::protocol, std::to_string(filtered.malformed) +
                                                 " aggregates name keys they do not have; they are delivered as they "
                                                 "came")});
  if (filtered.out_of_range > 0) report(event::AggregatesDropped{shard_id_, filtered.out_of_range});
  report(event::RecordsRead{shard_id_, count, bytes, fetched.batch.behind_latest, now - began});
  if (!fetched.batch.records.empty()) {
    fetched.hold.emplace(std::move(hold));
    const bool open = co_await channel_.push(std::move(fetched));
    reading.over = !open;
    if (!open) co_return;
  }
  if (!answer.next_shard_iterator) {
    Fetched end;
    end.end = true;
    end.children = std::move(answer.child_shards);
    co_await channel_.push(std::move(end));
    reading.over = true;
    co_return;
  }
  reading.iterator = std::move(*answer.next_shard_iterator);
  reading.pause_until = reading.pace.next_call(clock.now());
  if (at_tip) reading.pause_until = std::max(reading.pause_until, began + reading.idle.pause(count > 0));
}

Clock::time_point ShardSession::after_failure(Reading& reading, const Error& failure) {
  const Clock::time_point now = context_.client.clock().now();
  if (failure.code() == errc::throttled) reading.pace.throttled();
  const bool expired = failure.code() == errc::expired_iterator;
  const bool hopeless = needs_somebody(failure);
  if (expired || hopeless) reading.iterator.clear();  // the next one goes on after the last record
  if (hopeless) {
    const char* doing = "reading";
    if (failure.code() == errc::not_found) doing = "reading: the stream or the shard does not exist any more";
    if (failure.code() == errc::invalid_argument && reading.from.is_record())
      doing = "reading: the position is refused; a stream that was deleted and made again does not know it";
    report(event::Failed{shard_id_, doing, failure});
    return now + hopeless_backoff.delay(0, reading.random);
  }
  // An iterator expires while the handler is slow: a new one is asked for at once, but not for ever.
  Clock::duration delay = read_backoff.delay(reading.failures, reading.random);
  if (expired && reading.failures == 0) delay = Clock::duration::zero();
  ++reading.failures;
  report(event::Trouble{shard_id_, "reading", failure, std::chrono::duration_cast<std::chrono::milliseconds>(delay)});
  return std::max(now + delay, expired ? now : reading.pace.next_call(now));
}

core::awaitable<std::optional<RawBatch>> ShardSession::next_batch() {
  const auto self = shared_from_this();
  while (end_ == ShardEnd::not_ended) {
    if (!taken_) {
      std::optional<Fetched> popped = co_await channel_.pop();
      if (!popped) break;
      taken_.emplace(std::move(*popped));
    }
    // Looked at when there is something to hand out, or a pause of the time before would not hold it up. What was taken
    // stays if the wait is cancelled.
    if (!context_.pauses.any()) break;
    const bool paused = context_.pauses.paused(shard_id_);
    if (!paused) break;
    std::function<bool()> given_up = [self] { return self->end_ != ShardEnd::not_ended; };
    co_await context_.pauses.wait(shard_id_, std::move(given_up));
  }
  if (!taken_ && end_ == ShardEnd::not_ended) end_delivery(ShardEnd::stopping);
  if (end_ != ShardEnd::not_ended || !still_ours()) co_return std::nullopt;
  std::optional<Fetched> fetched(std::in_place, std::move(*taken_));
  taken_.reset();
  const std::lock_guard lock(mutex_);
  if (fetched->end) {
    state_.see_end();
    children_ = std::move(fetched->children);
    end_ = ShardEnd::shard_ended;
    co_return std::nullopt;
  }
  state_.deliver(fetched->batch.records.back().position);
  fetched->batch.lease_counter = counter_.load();
  co_return std::move(fetched->batch);
}

ShardEnd ShardSession::end() const noexcept {
  const ShardEnd end = end_.load();
  if (end != ShardEnd::not_ended || context_.client.clock().now() < valid_until_.load()) return end;
  return ShardEnd::lease_lost;
}

bool ShardSession::still_ours() {
  if (context_.client.clock().now() < valid_until_.load()) return true;
  // The renewals have not come through for so long that another worker may have taken the lease.
  const bool news = end_delivery(ShardEnd::lease_lost);
  if (news) report(event::LeaseLost{shard_id_});
  return false;
}

void ShardSession::stage(const RecordPosition& position) {
  const std::lock_guard lock(mutex_);
  if (!state_.stage(position))
    throw Error(errc::invalid_argument, "record " + position.sequence_number.to_string() + " of " + shard_id_ +
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
  if (pinned_ && nothing_stored()) state = pin_state(*pinned_, state);
  const CheckpointOutcome outcome = co_await coordinator->prepare_checkpoint(self, *next, std::move(state));
  if (outcome == CheckpointOutcome::stored) report(event::CheckpointPrepared{shard_id_, *next});
  co_return outcome;
}

bool ShardSession::end_delivery(ShardEnd why) {
  ShardEnd expected = ShardEnd::not_ended;
  const bool lost = why == ShardEnd::lease_lost;
  const bool newly_lost = lost && end_.exchange(why) != why;
  if (!lost) end_.compare_exchange_strong(expected, why);
  channel_.close();
  context_.pauses.wake();
  core::spawn(strand_, [](std::shared_ptr<ShardSession> self) -> core::awaitable<void> {
    self->fetcher_.cancel();
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
  fetcher_.cancel();
  co_await fetcher_.join();
  taken_.reset();
  if (const auto coordinator = context_.coordinator.lock())
    co_await coordinator->release(shared_from_this(), to_write(), children_, std::move(failure));
  done_.close();
}

core::awaitable<void> ShardSession::finished() { co_await done_.pop(); }

void ShardSession::report(const DiagnosticEvent& event) { tell(context_.on_event, context_.client.log(), event); }

}  // namespace kinesis::consumer
