#pragma once

#include "core/async.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <string_view>

namespace kinesis::tool {

/// Calls `on_line` for each whole line, without its end, until the other end is closed. `from` must outlive it.
core::awaitable<void> read_lines(asio::posix::stream_descriptor& from, std::function<void(std::string_view)> on_line);

}  // namespace kinesis::tool
