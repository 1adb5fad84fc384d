#include "http/watchdog.hpp"

#include <utility>

namespace kinesis::http {

struct Watchdog::State : std::enable_shared_from_this<State> {
  std::shared_ptr<Clock> clock;
  std::unique_ptr<Timer> timer;
  std::function<void()> on_expiry;
  std::function<std::uint64_t()> progress;
  std::uint64_t last_progress = 0;
  Clock::duration limit{};
  Clock::time_point deadline = Clock::time_point::max();
  Clock::time_point armed_for = Clock::time_point::max();
  bool expired = false;

  void arm() {
    if (deadline >= armed_for) return;
    armed_for = deadline;
    timer->async_wait(deadline, [weak = weak_from_this(), when = deadline](bool due) {
      const auto self = weak.lock();
      if (self && due && self->armed_for == when) self->look();
    });
  }

  void look() {
    armed_for = Clock::time_point::max();
    const auto now = clock->now();
    if (deadline <= now && progress) {
      const std::uint64_t reached = progress();
      if (std::exchange(last_progress, reached) != reached) deadline = now + limit;
    }
    if (deadline > now) return arm();
    expired = true;
    deadline = Clock::time_point::max();
    on_expiry();
  }
};

Watchdog::Watchdog(const asio::any_io_executor& executor, std::shared_ptr<Clock> clock, std::function<void()> on_expiry)
    : state_(std::make_shared<State>()) {
  state_->timer = clock->make_timer(executor);
  state_->clock = std::move(clock);
  state_->on_expiry = std::move(on_expiry);
}

Watchdog::~Watchdog() { state_->timer->cancel(); }

void Watchdog::expire_at(Clock::time_point deadline) {
  state_->progress = nullptr;
  state_->deadline = deadline;
  if (deadline != Clock::time_point::max()) state_->arm();
}

void Watchdog::expire_after(Clock::duration limit) {
  if (limit <= Clock::duration::zero()) return rest();
  expire_at(state_->clock->now() + limit);
}

void Watchdog::expire_when_stuck(Clock::duration limit, std::function<std::uint64_t()> progress) {
  expire_after(limit);
  if (limit <= Clock::duration::zero()) return;
  state_->limit = limit;
  state_->last_progress = progress();
  state_->progress = std::move(progress);
}

void Watchdog::rest() {
  state_->progress = nullptr;
  state_->deadline = Clock::time_point::max();
}

bool Watchdog::expired() const noexcept { return state_->expired; }

}  // namespace kinesis::http
