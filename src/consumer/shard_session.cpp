#include "consumer/shard_session.hpp"

#include "consumer/lease_coordinator.hpp"
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

GetShardIteratorRequest iterator_request(const SessionContext& context, const std::string& shard_id,
                                         const Checkpoint& from, bool delivered, Clock::wall_time_point first_asked) {
  GetShardIteratorRequest request(context.stream, shard_id, ShardIteratorType::trim_horizon);
  switch (from.kind()) {
    case Checkpoint::Kind::record:
      // The checkpoint is read once more: it may be an aggregate that is done only in part.
      request.shard_iterator_type =
          delivered ? ShardIteratorType::after_sequence_number : ShardIteratorType::at_sequence_number;
      request.starting_sequence_number = from.position().sequence_number;
      break;
    case Checkpoint::Kind::latest:
      request.shard_iterator_type = ShardIteratorType::latest;
      if (first_asked != Clock::wall_time_point{}) {
        // Asked before, and nothing came yet: "now" is still the first time, or what came since would be missed.
        request.shard_iterator_type = ShardIteratorType::at_timestamp;
        request.timestamp = first_asked;
      }
      break;
    case Checkpoint::Kind::at_timestamp:
      if (const auto* at = std::get_if<AtTimestamp>(&context.start)) {
        request.shard_iterator_type = ShardIteratorType::at_timestamp;
        request.timestamp = at->time;
      }
      break;
    case Checkpoint::Kind::trim_horizon:
    case Checkpoint::Kind::shard_end:
      break;
  }
  return request;
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

}  // namespace

ShardSession::ShardSession(SessionContext context, const Lease& lease, Clock::time_point valid_until)
    : context_(std::move(context)),
      shard_id_(lease.key),
      strand_(core::make_strand(context_.client.executor())),
      channel_(context_.fetch.prefetch),
      fetcher_(strand_),
      done_(1),
      valid_until_(valid_until),
      filter_(range_of(lease)),
      state_(lease.checkpoint) {}

void ShardSession::start() {
  core::spawn(strand_, [](std::shared_ptr<ShardSession> self) -> core::awaitable<void> {
    if (self->end_ == ShardEnd::not_ended) self->fetcher_.spawn(self->fetch());
    co_return;
  }(shared_from_this()));
}

core::awaitable<void> ShardSession::fetch() {
  const auto self = shared_from_this();
  Clock& clock = context_.client.clock();
  KinesisApi& api = context_.client.kinesis();
  core::Random random(core::random_seed());
  ReadPace pace(clock.now());
  Checkpoint from = state_.stored();
  const Checkpoint resumed_after = from;
  Clock::wall_time_point first_asked{};
  bool delivered = false;
  std::uint32_t failures = 0;
  std::string iterator;
  for (;;) {
    const Clock::time_point began = clock.now();
    std::optional<Error> failure;
    Clock::time_point pause_until = began;
    if (iterator.empty()) {
      auto request = iterator_request(context_, shard_id_, from, delivered, first_asked);
      auto answer = co_await api.get_shard_iterator(std::move(request));
      if (!answer) {
        failure = answer.error();
      } else {
        iterator = answer->shard_iterator.value_or("");
        if (iterator.empty()) failure = Error(errc::protocol, "the answer of GetShardIterator has no iterator");
        if (first_asked == Clock::wall_time_point{}) first_asked = clock.wall_now();
      }
    } else {
      pace.call(began);
      GetRecordsRequest request(iterator);
      request.limit = static_cast<int>(context_.fetch.max_records);
      auto answer = co_await api.get_records(std::move(request));
      if (!answer) {
        failure = answer.error();
        if (failure->code() == errc::expired_iterator) iterator.clear();
      } else {
        const Clock::time_point now = clock.now();
        const std::size_t bytes = size_of(answer->records);
        pace.answer(bytes, now);
        Fetched fetched;
        fetched.batch.behind_latest = std::chrono::milliseconds(answer->millis_behind_latest.value_or(0));
        const std::size_t count = answer->records.size();
        if (count > 0) {
          from = Checkpoint::at(RecordPosition{answer->records.back().sequence_number, 0});
          delivered = true;
        }
        RecordFilter::Filtered filtered = filter_.filter(std::move(answer->records), resumed_after);
        fetched.batch.records = std::move(filtered.records);
        if (filtered.malformed > 0)
          emit(event::Trouble{shard_id_, "taking an aggregate apart",
                              Error(errc::protocol, std::to_string(filtered.malformed) +
                                                        " aggregates name keys they do not have; they are delivered "
                                                        "as they came")});
        emit(event::RecordsRead{shard_id_, count, bytes, fetched.batch.behind_latest, now - began});
        const bool at_tip = count == 0 || fetched.batch.behind_latest.count() == 0;
        const bool has_records = !fetched.batch.records.empty();
        bool open = true;
        if (has_records) open = co_await channel_.push(std::move(fetched));
        if (!open) co_return;
        if (!answer->next_shard_iterator) {
          Fetched end;
          end.end = true;
          end.children = std::move(answer->child_shards);
          co_await channel_.push(std::move(end));
          co_return;
        }
        iterator = std::move(*answer->next_shard_iterator);
        pause_until = pace.next_call(clock.now());
        if (at_tip) pause_until = std::max(pause_until, began + context_.fetch.idle_interval);
      }
    }
    if (failure) {
      emit(event::Trouble{shard_id_, "reading", *failure});
      if (failure->code() == errc::expired_iterator) continue;
      pause_until = clock.now() + read_backoff.delay(failures++, random);
    } else {
      failures = 0;
    }
    co_await core::sleep_until(clock, pause_until);
  }
}

core::awaitable<std::optional<RawBatch>> ShardSession::next_batch() {
  const auto self = shared_from_this();
  if (end_ != ShardEnd::not_ended) co_return std::nullopt;
  std::optional<Fetched> fetched = co_await channel_.pop();
  if (!fetched && end_ == ShardEnd::not_ended) end_delivery(ShardEnd::stopping);
  if (end_ != ShardEnd::not_ended || !still_ours()) co_return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (fetched->end) {
    state_.see_end();
    children_ = std::move(fetched->children);
    end_ = ShardEnd::shard_ended;
    co_return std::nullopt;
  }
  state_.deliver(fetched->batch.records.back().position);
  co_return std::move(fetched->batch);
}

bool ShardSession::still_ours() {
  if (context_.client.clock().now() < valid_until_.load()) return true;
  // The renewals have not come through for so long that another worker may have taken the lease.
  end_delivery(ShardEnd::lease_lost);
  emit(event::LeaseLost{shard_id_});
  return false;
}

void ShardSession::stage(const RecordPosition& position) {
  const std::lock_guard lock(mutex_);
  if (!state_.stage(position))
    throw Error(errc::invalid_argument, "record " + position.sequence_number.to_string() + " of " + shard_id_ +
                                            " was not delivered by this shard, so it cannot be done");
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

void ShardSession::end_delivery(ShardEnd why) {
  ShardEnd expected = ShardEnd::not_ended;
  if (!end_.compare_exchange_strong(expected, why) && why == ShardEnd::lease_lost) end_ = why;
  channel_.close();
  core::spawn(strand_, [](std::shared_ptr<ShardSession> self) -> core::awaitable<void> {
    self->fetcher_.cancel();
    co_return;
  }(shared_from_this()));
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
  std::exception_ptr fetch_failure;
  try {
    co_await fetcher_.join();
  } catch (...) {
    fetch_failure = std::current_exception();
  }
  if (fetch_failure) emit(event::Trouble{shard_id_, "reading", core::to_error(fetch_failure)});
  if (const auto coordinator = context_.coordinator.lock())
    co_await coordinator->release(shared_from_this(), to_write(), children_, std::move(failure));
  done_.close();
}

core::awaitable<void> ShardSession::finished() { co_await done_.pop(); }

void ShardSession::emit(const DiagnosticEvent& event) const {
  if (context_.on_event) context_.on_event(event);
}

}  // namespace kinesis::consumer
