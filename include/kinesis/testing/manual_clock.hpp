#pragma once

#include <kinesis/clock.hpp>

#include <memory>
#include <optional>

namespace boost::asio {
class io_context;
}

namespace kinesis::testing {

/// Time that moves only when told. Timers that come due run in the order of their times, then of their waits; so with a
/// single-threaded io_context a whole run is deterministic. Thread-safe; timers belong to their strand.
///
/// Starts at monotonic 0 plus one day, wall time 2026-01-01T00:00:00Z; both move together. As with real timers, one
/// that waits keeps its context from running out of work, and is destroyed unheard when the context is.
class ManualClock final : public Clock {
 public:
  ManualClock();
  ~ManualClock() override;

  time_point now() const noexcept override;
  wall_time_point wall_now() const noexcept override;
  std::unique_ptr<Timer> make_timer(asio::any_io_executor executor) override;

  /// Moves time on. Timers that come due are posted to their executors, at the time they were set for; the call itself
  /// runs none of them.
  void advance(duration by);
  /// The earliest time somebody waits for, if anybody does. time_point::max() is not a time.
  std::optional<time_point> next_deadline() const;
  /// Moves to `next_deadline()`. False if nobody waits.
  bool advance_to_next();
  /// Moves only the wall clock, as a user or NTP would.
  void set_wall(wall_time_point now);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Runs `context` until it is idle, then jumps to the next timer, until `limit` is reached or nothing is left to do.
/// Handlers posted from other threads count as idle time: use it for programs that live on `context` alone. Returns the
/// number of handlers run.
std::size_t run_in_virtual_time(asio::io_context& context, ManualClock& clock, Clock::duration limit);

}  // namespace kinesis::testing
