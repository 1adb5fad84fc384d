#include "consumer/in_parallel.hpp"

#include <algorithm>
#include <utility>

namespace kinesis::consumer {
namespace {

using Task = std::function<core::awaitable<void>(std::size_t)>;

core::awaitable<void> run_some(std::size_t* next, std::size_t count, const Task* task) {
  while (*next < count) {
    const std::size_t mine = (*next)++;
    co_await (*task)(mine);
  }
}

}  // namespace

core::awaitable<void> in_parallel(asio::any_io_executor strand, std::size_t count, std::size_t width, Task task) {
  core::TaskGroup runners(std::move(strand));
  std::size_t next = 0;
  for (std::size_t i = 0; i < std::min(count, width); ++i) runners.spawn(run_some(&next, count, &task));
  co_await runners.join();
}

}  // namespace kinesis::consumer
