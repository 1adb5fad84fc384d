#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>

namespace kinesis {

namespace asio = boost::asio;

/// A wait for a point in time, or for being told not to wait any longer. Used from one strand at a time.
class Timer;

/// The only source of time in the library: whoever passes another one decides what time it is. Thread-safe.
class Clock {
 public:
  /// Monotonic; for durations, deadlines and expiry.
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;
  /// Wall time; for what is shared with other machines: signatures, arrival times.
  using wall_time_point = std::chrono::system_clock::time_point;

  virtual ~Clock() = default;
  virtual time_point now() const noexcept = 0;
  /// `now` for who asks for each record: a tenth of its cost where the machine has such a clock. Never ahead of `now`;
  /// behind it by a tick of the machine, which is up to 10 ms, and more only where that machine is held up.
  virtual time_point coarse_now() const noexcept { return now(); }
  virtual wall_time_point wall_now() const noexcept = 0;
  /// A timer whose handlers run on `executor`.
  virtual std::unique_ptr<Timer> make_timer(asio::any_io_executor executor) = 0;

  /// The machine's clocks. One shared object.
  static std::shared_ptr<Clock> system();
};

class Timer {
 public:
  /// Boost 1.81 knows how to move-construct and to swap this type; its move assignment calls itself for ever.
  using Handler = asio::any_completion_handler<void(bool expired)>;

  /// Cancels: a waiting handler is still called, with false.
  virtual ~Timer() = default;
  /// Calls `handler(true)` at `when`, or `handler(false)` as soon as the wait is cancelled; never before this returns.
  /// A new wait cancels the one before. A wait that has come due when it is cancelled may still give true.
  /// time_point::max() never comes.
  virtual void async_wait(Clock::time_point when, Handler handler) = 0;
  virtual void cancel() = 0;
};

}  // namespace kinesis
