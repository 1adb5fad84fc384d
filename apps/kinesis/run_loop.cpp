#include "run_loop.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <utility>

namespace kinesis::tool {

bool run_loop(const std::function<core::awaitable<void>(asio::any_io_executor)>& start, std::function<void()> on_stop) {
  asio::io_context context(1);
  asio::signal_set signals(context, SIGINT, SIGTERM);
  asio::cancellation_signal cancel;
  bool stopped = false;
  std::function<void(const boost::system::error_code&, int)> on_signal = [&](const boost::system::error_code& error,
                                                                             int signal) {
    if (error) return;
    if (std::exchange(stopped, true)) std::_Exit(128 + signal);
    if (on_stop) {
      on_stop();
    } else {
      cancel.emit(asio::cancellation_type::terminal);
    }
    signals.async_wait(on_signal);
  };
  signals.async_wait(on_signal);
  std::exception_ptr failure;
  auto done = [&](std::exception_ptr error) {
    failure = std::move(error);
    signals.cancel();
  };
  asio::co_spawn(context, start(context.get_executor()), asio::bind_cancellation_slot(cancel.slot(), done));
  context.run();
  if (failure && !(stopped && core::is_cancellation(failure))) std::rethrow_exception(failure);
  return stopped;
}

}  // namespace kinesis::tool
