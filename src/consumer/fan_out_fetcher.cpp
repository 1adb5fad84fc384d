#include "consumer/fan_out_fetcher.hpp"

#include "consumer/logic/read_failure.hpp"
#include "consumer/logic/start_position.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace kinesis::consumer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Why = event::SubscriptionEnded::Why;

/// What an event is expected to bring while the shard is behind.
constexpr std::size_t least_expected_bytes = 16 * 1024;
/// At the tip an event may be long in coming, and what is held for it is not there for others.
constexpr std::size_t expected_at_tip = 0;
/// A take-over is refused for 5 s; that is not worth a word.
constexpr std::uint32_t expected_refusals = 6;
/// A consumer that is not active refuses, too.
constexpr std::uint32_t suspicious_refusals = 8;
/// An event comes every 5 s, with or without records. Where none comes the connection is dead, and nobody has said so.
constexpr seconds longest_silence{35};
/// Between two looks whether the lease is ours again.
constexpr seconds lease_look{1};

}  // namespace

FanOutFetcher::FanOutFetcher(ShardFeed& feed, std::shared_ptr<FanOutRegistration> registration,
                             std::shared_ptr<SubscriptionBudget> budget)
    : feed_(feed),
      registration_(std::move(registration)),
      budget_(std::move(budget)),
      random_(core::random_seed()),
      next_call_(feed.clock().now()),
      expected_bytes_(least_expected_bytes) {}

core::awaitable<void> FanOutFetcher::run() {
  std::exception_ptr failure;
  try {
    co_await fetch();
  } catch (...) {
    failure = std::current_exception();
  }
  // Its place is free for whoever reads the shard next.
  let_go(Why::let_go);
  if (failure) std::rethrow_exception(failure);
}

core::awaitable<void> FanOutFetcher::fetch() {
  while (!over_) {
    const bool room = co_await feed_.room();
    if (!room) co_return;
    std::optional<Error> failure;
    if (subscribed_at_) {
      failure = co_await take_event();
    } else {
      failure = co_await subscribe();
    }
    if (failure) co_await recover(std::move(*failure));
  }
}

core::awaitable<void> FanOutFetcher::wait_for_turn() {
  Clock& clock = feed_.clock();
  co_await core::sleep_until(clock, next_call_);
  const Clock::time_point turn = budget_->turn(clock.now());
  if (turn > clock.now()) co_await core::sleep_until(clock, turn);
  // Whose lease may be another's by now must not take the subscription from it.
  while (!feed_.ours()) co_await core::sleep_for(clock, lease_look);
}

core::awaitable<std::optional<Error>> FanOutFetcher::subscribe() {
  co_await wait_for_turn();
  Clock& clock = feed_.clock();
  const Clock::wall_time_point asked = clock.wall_now();
  arn_ = registration_->arn();
  StartingPosition from = position_.next(feed_.begin());
  const bool at_tip = from.type == ShardIteratorType::latest;
  std::string place = to_string(from);
  SubscribeToShardRequest request(arn_, feed_.shard_id(), std::move(from));
  pace_.call(clock.now());
  auto answer = co_await feed_.client().kinesis().subscribe_to_shard(std::move(request));
  if (!answer) co_return answer.error();
  subscription_ = std::move(answer).value();
  subscribed_at_ = clock.now();
  events_ = 0;
  pace_.accepted();
  feed_.report(event::Subscribed{feed_.name(), std::move(place)});
  if (at_tip) co_await feed_.pin(asked);
  co_return std::nullopt;
}

core::awaitable<std::optional<Error>> FanOutFetcher::take_event() {
  Clock& clock = feed_.clock();
  ReadBudget::Hold hold = co_await feed_.take(expected_bytes_);
  const Clock::time_point began = clock.now();
  auto answer = co_await next_event();
  if (!answer) {
    let_go(Why::failed, answer.error());
    co_return answer.error();
  }
  if (!*answer) {
    next_call_ = pace_.after_end(clock.now(), random_);
    let_go(Why::in_order);
    co_return std::nullopt;
  }
  SubscribeToShardEvent event = std::move(**answer);
  co_await take_in(std::move(event), std::move(hold), began);
  co_return std::nullopt;
}

core::awaitable<FanOutFetcher::NextEvent> FanOutFetcher::next_event() {
  Clock& clock = feed_.clock();
  const Clock::time_point latest = clock.now() + longest_silence;
  std::optional<NextEvent> answer;
  std::exception_ptr failure;
  try {
    NextEvent event = co_await core::with_deadline(clock, latest, subscription_.next());
    answer.emplace(std::move(event));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure && core::is_cancellation(failure)) std::rethrow_exception(failure);
  const bool given_up = answer && !*answer && answer->error().code() == errc::cancelled && clock.now() >= latest;
  if (failure || given_up) co_return Error(errc::timeout, "no event came for 35 s, not even an empty one");
  co_return std::move(*answer);
}

core::awaitable<void> FanOutFetcher::take_in(SubscribeToShardEvent event, ReadBudget::Hold hold,
                                             Clock::time_point began) {
  const Clock::time_point now = feed_.clock().now();
  const std::size_t bytes = ShardFeed::size_of(event.records);
  std::optional<SequenceNumber> last;
  if (!event.records.empty()) last = event.records.back().sequence_number;
  ++events_;
  pace_.event(last.has_value(), now);
  const bool behind = event.millis_behind_latest.value_or(0) > 0;
  expected_bytes_ = behind ? std::max(bytes, least_expected_bytes) : expected_at_tip;
  ShardFeed::Arrived arrived{std::move(event.records), event.millis_behind_latest, now - began};
  const bool open = co_await feed_.hand_on(std::move(arrived), std::move(hold));
  over_ = !open;
  if (over_) co_return;
  if (!event.child_shards.empty() || !event.continuation_sequence_number) {
    // Whatever else the subscription brings is not looked at.
    over_ = true;
    let_go(Why::shard_end);
    co_await feed_.end(std::move(event.child_shards));
    co_return;
  }
  position_.delivered(std::move(last), std::move(event.continuation_sequence_number));
}

core::awaitable<void> FanOutFetcher::recover(Error failure) {
  const Clock::time_point now = feed_.clock().now();
  const bool refused = failure.code() == errc::invalid_argument || failure.code() == errc::expired_iterator;
  if (failure.code() == errc::already_exists) {
    next_call_ = pace_.after_refusal(now, random_);
    if (pace_.refusals() > expected_refusals) trouble("subscribing", failure);
    if (pace_.refusals() % suspicious_refusals == 0) co_await look_for_consumer(std::move(failure));
  } else if (failure.code() == errc::not_found) {
    co_await look_for_consumer(std::move(failure));
  } else if (refused && position_.refused()) {
    next_call_ = pace_.after_failure(now, random_);
    trouble("reading: where to continue is refused, goes on after the last record", failure);
  } else if (needs_somebody(failure) || refused) {
    next_call_ = pace_.after_hopeless(now, random_);
    const bool knew = position_.moved() || feed_.checkpoint().is_record();
    failed(refused && knew
               ? "reading: the position is refused; a stream that was deleted and made again does not know it"
               : "reading",
           failure);
  } else {
    next_call_ = pace_.after_failure(now, random_);
    trouble("reading", failure);
  }
}

core::awaitable<void> FanOutFetcher::look_for_consumer(Error failure) {
  const bool was_refusal = failure.code() == errc::already_exists;
  const char* doing = "reading: the stream or the shard does not exist any more";
  bool replaced = false;
  std::exception_ptr thrown;
  try {
    replaced = co_await registration_->replaced(arn_);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown && core::is_cancellation(thrown)) std::rethrow_exception(thrown);
  const Clock::time_point now = feed_.clock().now();
  if (!thrown && (replaced || was_refusal)) {
    // At once, within the limits.
    if (replaced) next_call_ = pace_.at_once(now);
    co_return;
  }
  if (thrown) {
    failure = core::to_error(thrown);
    doing = "reading: finding the fan-out consumer";
  }
  if (failure.retryable() || failure.code() == errc::limit_exceeded) {
    next_call_ = pace_.after_failure(now, random_);
    trouble(doing, failure);
  } else {
    next_call_ = pace_.after_hopeless(now, random_);
    failed(doing, failure);
  }
}

void FanOutFetcher::failed(const char* doing, const Error& failure) {
  feed_.report(event::Failed{feed_.name(), doing, failure});
}

void FanOutFetcher::trouble(const char* doing, const Error& failure) {
  const auto wait = std::max(next_call_ - feed_.clock().now(), Clock::duration::zero());
  feed_.report(event::Trouble{feed_.name(), doing, failure, std::chrono::duration_cast<milliseconds>(wait)});
}

void FanOutFetcher::let_go(Why why, std::optional<Error> error) {
  if (!subscribed_at_) return;
  const Clock::duration lasted = feed_.clock().now() - *subscribed_at_;
  subscribed_at_.reset();
  subscription_ = ShardSubscription();
  feed_.report(event::SubscriptionEnded{feed_.name(), why, events_, std::chrono::duration_cast<milliseconds>(lasted),
                                        std::move(error)});
}

}  // namespace kinesis::consumer
