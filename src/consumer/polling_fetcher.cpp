#include "consumer/polling_fetcher.hpp"

#include "consumer/logic/read_failure.hpp"
#include "consumer/logic/start_position.hpp"
#include "core/backoff.hpp"

#include <algorithm>
#include <utility>

namespace kinesis::consumer {
namespace {

constexpr core::Backoff read_backoff{std::chrono::milliseconds(200), std::chrono::seconds(10)};
/// For what somebody has to mend.
constexpr core::Backoff hopeless_backoff{std::chrono::seconds(10), std::chrono::seconds(10), 1,
                                         core::Backoff::Jitter::half};
/// What a shard is expected to bring before its first answer, and at least later.
constexpr std::size_t least_expected_bytes = 16 * 1024;

}  // namespace

PollingFetcher::PollingFetcher(ShardFeed& feed, const Polling& options)
    : feed_(feed),
      max_records_(options.max_records),
      pace_(feed.clock().now()),
      idle_(options.idle_interval),
      random_(core::random_seed()),
      expected_bytes_(least_expected_bytes) {}

core::awaitable<void> PollingFetcher::run() {
  Clock& clock = feed_.clock();
  while (!over_) {
    pause_until_ = clock.now();
    std::optional<Error> failure;
    if (iterator_.empty()) {
      failure = co_await ask_iterator();
    } else {
      failure = co_await ask_records();
      if (!failure) failures_ = 0;  // an iterator alone is no success: it may expire again and again
    }
    if (failure) pause_until_ = after_failure(*failure);
    if (!over_) co_await core::sleep_until(clock, pause_until_);
  }
}

StartingPosition PollingFetcher::position() const { return last_ ? after(*last_) : feed_.begin(); }

core::awaitable<std::optional<Error>> PollingFetcher::ask_iterator() {
  const Clock::wall_time_point asked = feed_.clock().wall_now();
  StartingPosition from = position();
  GetShardIteratorRequest request(feed_.stream(), feed_.shard_id(), from.type);
  request.starting_sequence_number = std::move(from.sequence_number);
  request.timestamp = from.timestamp;
  auto answer = co_await feed_.client().kinesis().get_shard_iterator(std::move(request));
  if (!answer) co_return answer.error();
  iterator_ = answer->shard_iterator.value_or("");
  if (iterator_.empty()) co_return Error(errc::protocol, "the answer of GetShardIterator has no iterator");
  if (from.type == ShardIteratorType::latest) co_await feed_.pin(asked);
  co_return std::nullopt;
}

core::awaitable<std::optional<Error>> PollingFetcher::ask_records() {
  Clock& clock = feed_.clock();
  ReadBudget::Hold hold = co_await feed_.take(expected_bytes_);
  const Clock::time_point began = clock.now();
  pace_.call(began);
  GetRecordsRequest request(iterator_);
  request.limit = static_cast<int>(max_records_);
  auto answer = co_await feed_.client().kinesis().get_records(std::move(request));
  if (!answer) co_return answer.error();
  GetRecordsResponse records = std::move(answer).value();
  co_await take_in(std::move(records), std::move(hold), began);
  co_return std::nullopt;
}

core::awaitable<void> PollingFetcher::take_in(GetRecordsResponse answer, ReadBudget::Hold hold,
                                              Clock::time_point began) {
  Clock& clock = feed_.clock();
  const Clock::time_point now = clock.now();
  const std::size_t bytes = ShardFeed::size_of(answer.records);
  const bool brought_records = !answer.records.empty();
  const bool at_tip = answer.millis_behind_latest.value_or(0) == 0;
  pace_.answer(bytes, now);
  expected_bytes_ = std::max(bytes, least_expected_bytes);
  if (brought_records) last_ = answer.records.back().sequence_number;
  ShardFeed::Arrived arrived{std::move(answer.records), answer.millis_behind_latest, now - began};
  const bool open = co_await feed_.hand_on(std::move(arrived), std::move(hold));
  over_ = !open;
  if (over_) co_return;
  if (!answer.next_shard_iterator) {
    co_await feed_.end(std::move(answer.child_shards));
    over_ = true;
    co_return;
  }
  iterator_ = std::move(*answer.next_shard_iterator);
  pause_until_ = pace_.next_call(clock.now());
  if (at_tip) pause_until_ = std::max(pause_until_, began + idle_.pause(brought_records));
}

Clock::time_point PollingFetcher::after_failure(const Error& failure) {
  const Clock::time_point now = feed_.clock().now();
  if (failure.code() == errc::throttled) pace_.throttled();
  const bool expired = failure.code() == errc::expired_iterator;
  const bool hopeless = needs_somebody(failure);
  if (expired || hopeless) iterator_.clear();  // the next one goes on after the last record
  if (hopeless) {
    const char* doing = "reading";
    if (failure.code() == errc::not_found) doing = "reading: the stream or the shard does not exist any more";
    if (failure.code() == errc::invalid_argument && (last_ || feed_.checkpoint().is_record()))
      doing = "reading: the position is refused; a stream that was deleted and made again does not know it";
    feed_.report(event::Failed{feed_.name(), doing, failure});
    return now + hopeless_backoff.delay(0, random_);
  }
  // An iterator expires while the handler is slow: a new one is asked for at once, but not for ever.
  Clock::duration delay = read_backoff.delay(failures_, random_);
  if (expired && failures_ == 0) delay = Clock::duration::zero();
  ++failures_;
  feed_.report(
      event::Trouble{feed_.name(), "reading", failure, std::chrono::duration_cast<std::chrono::milliseconds>(delay)});
  return std::max(now + delay, expired ? now : pace_.next_call(now));
}

}  // namespace kinesis::consumer
