#include <kinesis/clock.hpp>

#include <boost/asio/steady_timer.hpp>

#include <time.h>
#include <utility>

// The only file that reads the machine's clocks or makes a timer.
namespace kinesis {
namespace {

class SystemTimer final : public Timer {
 public:
  explicit SystemTimer(const asio::any_io_executor& executor) : timer_(executor) {}

  void async_wait(Clock::time_point when, Handler handler) override {
    timer_.expires_at(when);
    timer_.async_wait(
        [handler = std::move(handler)](boost::system::error_code error) mutable { std::move(handler)(!error); });
  }

  void cancel() override { timer_.cancel(); }

 private:
  asio::steady_timer timer_;
};

class SystemClock final : public Clock {
 public:
  time_point now() const noexcept override { return std::chrono::steady_clock::now(); }
#ifdef CLOCK_MONOTONIC_COARSE
  time_point coarse_now() const noexcept override {
    timespec time{};
    if (clock_gettime(CLOCK_MONOTONIC_COARSE, &time) != 0) return now();
    return time_point(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
  }
#endif
  wall_time_point wall_now() const noexcept override { return std::chrono::system_clock::now(); }
  std::unique_ptr<Timer> make_timer(asio::any_io_executor executor) override {
    return std::make_unique<SystemTimer>(executor);
  }
};

}  // namespace

std::shared_ptr<Clock> Clock::system() {
  static const std::shared_ptr<Clock> clock = std::make_shared<SystemClock>();
  return clock;
}

}  // namespace kinesis
