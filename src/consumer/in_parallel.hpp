#pragma once

#include "core/async.hpp"

#include <cstddef>
#include <functional>

namespace kinesis::consumer {

/// Runs `task(0)` to `task(count - 1)`, at most `width` at the same time, on `strand`, which the caller must be on.
/// Rethrows the first exception, once all have ended.
core::awaitable<void> in_parallel(asio::any_io_executor strand, std::size_t count, std::size_t width,
                                  std::function<core::awaitable<void>(std::size_t)> task);

}  // namespace kinesis::consumer
