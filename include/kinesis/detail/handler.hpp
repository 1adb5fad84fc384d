#pragma once

#include <kinesis/clock.hpp>

#include <boost/asio/awaitable.hpp>

#include <future>
#include <type_traits>
#include <utility>

namespace kinesis::detail {

/// Waits without holding a thread up. std::future tells nobody when it is ready, so it is asked: at first after 0.2 ms,
/// then each time after an eighth of the time waited so far, at most 20 ms.
boost::asio::awaitable<void> wait_for(std::future<void> result, Clock& clock);

/// Calls a handler: a function, a coroutine, or a function that returns a future. `F` and `argument` outlive the call.
template <class F, class Argument>
boost::asio::awaitable<void> call_and_wait(F& function, Argument argument, Clock& clock) {
  using Returned = std::invoke_result_t<F&, Argument>;
  if constexpr (std::is_void_v<Returned>) {
    function(static_cast<Argument>(argument));
    co_return;
  } else if constexpr (std::is_same_v<Returned, std::future<void>>) {
    std::future<void> result = function(static_cast<Argument>(argument));
    co_await wait_for(std::move(result), clock);
  } else {
    static_assert(std::is_same_v<Returned, boost::asio::awaitable<void>>,
                  "a handler returns void, asio::awaitable<void> or std::future<void>");
    co_await function(static_cast<Argument>(argument));
  }
}

}  // namespace kinesis::detail
