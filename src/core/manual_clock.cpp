#include "core/waiter.hpp"
#include <kinesis/testing/manual_clock.hpp>

#include <boost/asio/io_context.hpp>

#include <map>
#include <mutex>
#include <vector>

namespace kinesis::testing {
namespace {

using core::Waiter;
using namespace std::chrono_literals;

constexpr Clock::time_point first_now(24h);
constexpr auto first_wall = std::chrono::sys_days(std::chrono::year(2026) / std::chrono::January / 1);

struct Waits {
  /// Due time, then the order in which the waits began.
  using Key = std::pair<Clock::time_point, std::uint64_t>;

  mutable std::mutex mutex;
  Clock::time_point now = first_now;
  Clock::wall_time_point wall = first_wall;
  std::uint64_t next_wait = 0;
  std::map<Key, std::shared_ptr<Waiter>> waits;

  /// Moves on to `when` and resumes what came due, in order.
  void move_to(Clock::time_point when) {
    std::vector<std::shared_ptr<Waiter>> due;
    {
      const std::lock_guard lock(mutex);
      if (when > now) {
        wall += std::chrono::duration_cast<Clock::wall_time_point::duration>(when - now);
        now = when;
      }
      while (!waits.empty() && waits.begin()->first.first <= now) {
        due.push_back(std::move(waits.begin()->second));
        waits.erase(waits.begin());
      }
    }
    for (const std::shared_ptr<Waiter>& waiter : due) waiter->resume(true);
  }
};

class ManualTimer final : public Timer {
 public:
  ManualTimer(std::shared_ptr<Waits> state, asio::any_io_executor executor)
      : state_(std::move(state)), executor_(std::move(executor)) {}
  ~ManualTimer() override { ManualTimer::cancel(); }

  void async_wait(Clock::time_point when, Handler handler) override {
    cancel();
    std::shared_ptr<Waiter> waiter = Waiter::park(executor_, std::move(handler));
    {
      const std::lock_guard lock(state_->mutex);
      if (when > state_->now) {
        key_ = {when, state_->next_wait++};
        state_->waits.emplace(*key_, std::move(waiter));
        return;
      }
    }
    waiter->resume(true);
  }

  void cancel() override {
    if (!key_) return;
    std::shared_ptr<Waiter> waiter;
    {
      const std::lock_guard lock(state_->mutex);
      const auto found = state_->waits.find(*key_);
      if (found != state_->waits.end()) {
        waiter = std::move(found->second);
        state_->waits.erase(found);
      }
      key_.reset();
    }
    if (waiter) waiter->resume(false);
  }

 private:
  const std::shared_ptr<Waits> state_;
  const asio::any_io_executor executor_;
  std::optional<Waits::Key> key_;
};

}  // namespace

struct ManualClock::State : Waits {};

ManualClock::ManualClock() : state_(std::make_shared<State>()) {}
ManualClock::~ManualClock() = default;

Clock::time_point ManualClock::now() const noexcept {
  const std::lock_guard lock(state_->mutex);
  return state_->now;
}

Clock::wall_time_point ManualClock::wall_now() const noexcept {
  const std::lock_guard lock(state_->mutex);
  return state_->wall;
}

std::unique_ptr<Timer> ManualClock::make_timer(asio::any_io_executor executor) {
  return std::make_unique<ManualTimer>(state_, std::move(executor));
}

void ManualClock::advance(duration by) { state_->move_to(now() + by); }

std::optional<Clock::time_point> ManualClock::next_deadline() const {
  const std::lock_guard lock(state_->mutex);
  if (state_->waits.empty()) return std::nullopt;
  const time_point first = state_->waits.begin()->first.first;
  // Who waits for the end of time waits to be cancelled.
  if (first == time_point::max()) return std::nullopt;
  return first;
}

bool ManualClock::advance_to_next() {
  const std::optional<time_point> next = next_deadline();
  if (next) state_->move_to(*next);
  return next.has_value();
}

void ManualClock::set_wall(wall_time_point now) {
  const std::lock_guard lock(state_->mutex);
  state_->wall = now;
}

std::size_t run_in_virtual_time(asio::io_context& context, ManualClock& clock, Clock::duration limit) {
  const Clock::time_point end = clock.now() + limit;
  std::size_t handlers = 0;
  if (context.stopped()) context.restart();
  for (;;) {
    handlers += context.poll();
    // What waits keeps the context busy, so it has stopped only if nothing is left or if it was told to.
    if (context.stopped()) return handlers;
    const std::optional<Clock::time_point> next = clock.next_deadline();
    if (!next) return handlers;
    if (*next > end) {
      clock.advance(end - clock.now());
      return handlers;
    }
    clock.advance_to_next();
  }
}

}  // namespace kinesis::testing
