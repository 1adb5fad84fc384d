#pragma once

#include "core/random.hpp"
#include "core/token_bucket.hpp"
#include "producer/logic/throttle.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <queue>
#include <vector>

// Producers that share one shard, in virtual time. For tests.
namespace kinesis::producer::testing {

/// The service's side: it takes an entry if the shard has tokens for it, and a refused one costs nothing.
class FakeShard {
 public:
  FakeShard(double factor, Clock::time_point now)
      : records_(1000 * factor, 1000 * factor, now), bytes_(1048576 * factor, 1048576 * factor, now) {}
  bool admit(double bytes, Clock::time_point now) {
    if (!records_.try_take(1, now)) return false;
    if (bytes_.try_take(bytes, now)) return true;
    records_.put_back(1, now);
    return false;
  }

 private:
  core::TokenBucket records_;
  core::TokenBucket bytes_;
};

/// What one producer does and what became of it.
struct SimulatedProducer {
  /// Of one entry.
  std::uint64_t bytes = 0;
  /// Entries a second that it has to send; infinite: always more than go.
  double demand = std::numeric_limits<double>::infinity();
  /// Entries that come at once.
  int burst = 1;
  Clock::duration starts{};
  Clock::duration stops = std::chrono::hours(24);

  std::uint64_t delivered = 0;
  std::uint64_t throttled = 0;
  /// The longest time an entry waited before it was first sent, from when the producer was `settled`.
  Clock::duration longest_wait{};
  Clock::duration settled = std::chrono::seconds(2);
  /// Entries taken and refused in each second.
  std::vector<std::uint64_t> taken = {};
  std::vector<std::uint64_t> refused = {};
  std::unique_ptr<ShardThrottle> throttle = {};

  double throttled_share() const {
    return static_cast<double>(throttled) / static_cast<double>(std::max<std::uint64_t>(1, delivered + throttled));
  }
  /// In the seconds from `from` to before `to`.
  double taken_between(std::size_t from, std::size_t to) const { return sum(taken, from, to); }
  double refused_between(std::size_t from, std::size_t to) const { return sum(refused, from, to); }

 private:
  static double sum(const std::vector<std::uint64_t>& by_second, std::size_t from, std::size_t to) {
    double sum = 0;
    for (std::size_t i = from; i < std::min(to, by_second.size()); ++i) sum += static_cast<double>(by_second[i]);
    return sum;
  }
};

class ThrottleSimulation {
 public:
  ThrottleSimulation(double shard_factor, std::uint64_t seed) : shard_(shard_factor, start), random_(seed) {}

  /// The producer's index.
  std::size_t add(SimulatedProducer producer) {
    const std::size_t index = producers_.size();
    producers_.push_back(State{std::move(producer)});
    at(start + producers_[index].it.starts, [this, index] { begin(index); });
    return index;
  }
  void run(Clock::duration duration) {
    const Clock::time_point end = start + duration;
    while (!events_.empty() && events_.top().when <= end) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.when;
      event.act();
    }
  }
  const SimulatedProducer& operator[](std::size_t index) const { return producers_[index].it; }
  std::size_t size() const { return producers_.size(); }

 private:
  static constexpr Clock::time_point start{std::chrono::hours(1)};
  static constexpr Clock::duration latency = std::chrono::milliseconds(20);
  static constexpr Clock::duration linger = std::chrono::milliseconds(10);
  static constexpr Clock::duration backoff = std::chrono::milliseconds(50);
  static constexpr int most_in_flight = 8;
  static constexpr std::size_t most_entries = 500;

  struct Event {
    Clock::time_point when;
    std::uint64_t order;
    std::function<void()> act;
    bool operator<(const Event& other) const { return when != other.when ? when > other.when : order > other.order; }
  };
  struct State {
    SimulatedProducer it;
    /// Since when the entries that wait do; retried ones first, whose wait does not count.
    std::deque<Clock::time_point> waiting = {};
    std::size_t again = 0;
    int in_flight = 0;
    Clock::time_point last_call = {};
    std::optional<Clock::time_point> wake = {};
  };

  void at(Clock::time_point when, std::function<void()> act) { events_.push({when, order_++, std::move(act)}); }
  Clock::duration jittered(Clock::duration mean) {
    return Clock::duration(
        static_cast<Clock::duration::rep>(static_cast<double>(mean.count()) * (0.5 + random_.unit())));
  }

  void begin(std::size_t index) {
    SimulatedProducer& it = producers_[index].it;
    it.throttle = std::make_unique<ShardThrottle>(now_);
    if (endless(it)) return wake(index, now_ + jittered(linger));
    arrive(index);
  }
  static bool endless(const SimulatedProducer& it) { return it.demand == std::numeric_limits<double>::infinity(); }

  void arrive(std::size_t index) {
    State& state = producers_[index];
    if (now_ >= start + state.it.stops) return;
    for (int i = 0; i < state.it.burst; ++i) state.waiting.push_back(now_);
    wake(index, now_);
    at(now_ + std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 * state.it.burst / state.it.demand)),
       [this, index] { arrive(index); });
  }

  void wake(std::size_t index, Clock::time_point when) {
    State& state = producers_[index];
    if (state.wake && *state.wake <= when) return;
    state.wake = when;
    at(when, [this, index, when] {
      if (producers_[index].wake != when) return;
      producers_[index].wake.reset();
      send(index);
    });
  }

  /// One call with what the throttle lets through; the next one when there are tokens again, `linger` later at least.
  void send(std::size_t index) {
    State& state = producers_[index];
    SimulatedProducer& it = state.it;
    if (endless(it) && now_ >= start + it.stops) return;
    if (state.in_flight >= most_in_flight) return;
    std::size_t entries = 0;
    while (entries < most_entries && has_entry(state) && it.throttle->try_take(1, it.bytes, now_)) {
      ++entries;
      take_entry(state);
    }
    if (entries > 0) {
      ++state.in_flight;
      at(now_ + jittered(latency / 2), [this, index, entries] { serve(index, entries); });
    }
    if (has_entry(state)) wake(index, std::max(it.throttle->ready_at(1, it.bytes, now_), now_ + jittered(linger)));
  }
  static bool has_entry(const State& state) { return endless(state.it) || state.again + state.waiting.size() > 0; }
  void take_entry(State& state) {
    if (endless(state.it)) return;
    if (state.again > 0) {
      --state.again;
      return;
    }
    if (now_ >= start + state.it.starts + state.it.settled)
      state.it.longest_wait = std::max(state.it.longest_wait, now_ - state.waiting.front());
    state.waiting.pop_front();
  }

  void serve(std::size_t index, std::size_t entries) {
    State& state = producers_[index];
    std::size_t taken = 0;
    for (std::size_t i = 0; i < entries; ++i) taken += shard_.admit(static_cast<double>(state.it.bytes), now_) ? 1 : 0;
    const auto second = static_cast<std::size_t>((now_ - start) / std::chrono::seconds(1));
    state.it.taken.resize(std::max(state.it.taken.size(), second + 1));
    state.it.refused.resize(std::max(state.it.refused.size(), second + 1));
    state.it.taken[second] += taken;
    state.it.refused[second] += entries - taken;
    at(now_ + jittered(latency / 2),
       [this, index, taken, refused = entries - taken] { answer(index, taken, refused); });
  }

  void answer(std::size_t index, std::size_t taken, std::size_t refused) {
    State& state = producers_[index];
    SimulatedProducer& it = state.it;
    --state.in_flight;
    it.delivered += taken;
    it.throttled += refused;
    if (taken > 0) it.throttle->on_delivered(taken, taken * it.bytes, now_);
    if (refused > 0) it.throttle->on_throttled(refused, refused * it.bytes, now_);
    for (std::size_t i = 0; i < refused && !endless(it); ++i) {
      at(now_ + jittered(backoff), [this, index] {
        ++producers_[index].again;
        wake(index, now_);
      });
    }
    wake(index, now_);
  }

  FakeShard shard_;
  core::Random random_;
  Clock::time_point now_ = start;
  std::uint64_t order_ = 0;
  std::priority_queue<Event> events_;
  std::vector<State> producers_;
};

}  // namespace kinesis::producer::testing
