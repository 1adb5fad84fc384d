#include "shard_tasks.hpp"

#include <optional>
#include <utility>

namespace kinesis::tool {

core::awaitable<std::exception_ptr> run_for_each_shard(Consumer<Blob>& consumer, core::TaskGroup& tasks,
                                                       std::function<core::awaitable<void>(Shard<Blob>)> work) {
  std::exception_ptr failure;
  try {
    for (;;) {
      std::optional<Shard<Blob>> shard = co_await consumer.async_next_shard();
      if (!shard) break;
      tasks.spawn(work(std::move(*shard)));
    }
  } catch (...) {
    failure = std::current_exception();
  }
  co_return failure;
}

}  // namespace kinesis::tool
