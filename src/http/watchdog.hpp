#pragma once

#include "core/async.hpp"
#include <kinesis/clock.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace kinesis::http {

/// Calls a function once nothing good has happened for too long. Moving the deadline costs nothing: the timer is left
/// as it is set and looks again when it goes off. On one strand.
class Watchdog {
 public:
  Watchdog(const asio::any_io_executor& executor, std::shared_ptr<Clock> clock, std::function<void()> on_expiry);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Expires at `deadline`, once.
  void expire_at(Clock::time_point deadline);
  /// Expires `limit` from now; zero: never.
  void expire_after(Clock::duration limit);
  /// Expires once `progress` gave the same number for `limit` (noticed within twice that time); zero: never.
  void expire_when_stuck(Clock::duration limit, std::function<std::uint64_t()> progress);
  /// Expects nothing any more.
  void rest();
  bool expired() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace kinesis::http
