#pragma once

#include "core/async.hpp"
#include <kinesis/consumer.hpp>

#include <exception>
#include <functional>

namespace kinesis::tool {

/// Runs `work` in `tasks` for each shard the consumer is given, until it has stopped. What made it fail, if anything
/// did; the tasks go on either way.
core::awaitable<std::exception_ptr> run_for_each_shard(Consumer<Blob>& consumer, core::TaskGroup& tasks,
                                                       std::function<core::awaitable<void>(Shard<Blob>)> work);

}  // namespace kinesis::tool
