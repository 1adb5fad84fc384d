#pragma once

#include "core/async.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>

namespace kinesis::tool {

/// Runs one coroutine of a command on this thread until it has ended; rethrows what it throws. On SIGINT or SIGTERM
/// `on_stop` is called once, a second signal ends the process. Without `on_stop` the first one cancels the coroutine.
/// True if a signal came.
bool run_loop(const std::function<core::awaitable<void>(asio::any_io_executor)>& start,
              std::function<void()> on_stop = {});

}  // namespace kinesis::tool
