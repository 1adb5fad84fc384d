#include "core/async.hpp"
#include <kinesis/detail/handler.hpp>

#include <algorithm>
#include <chrono>

namespace kinesis::detail {
namespace {

constexpr Clock::duration first_pause = std::chrono::microseconds(200);
constexpr Clock::duration longest_pause = std::chrono::milliseconds(20);

}  // namespace

asio::awaitable<void> wait_for(std::future<void> result, Clock& clock) {
  if (!result.valid()) throw Error(errc::invalid_argument, "a handler returned a future without a state");
  const Clock::time_point began = clock.now();
  // A deferred one has not even begun, and does its work in get().
  while (result.wait_for(std::chrono::seconds(0)) == std::future_status::timeout) {
    const Clock::duration waited = clock.now() - began;
    co_await core::sleep_for(clock, std::clamp(waited / 8, first_pause, longest_pause));
  }
  result.get();
}

}  // namespace kinesis::detail
