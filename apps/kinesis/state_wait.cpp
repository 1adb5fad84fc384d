#include "state_wait.hpp"

#include <chrono>
#include <utility>

namespace kinesis::tool {
namespace {

constexpr std::chrono::milliseconds poll_interval{250};
constexpr std::chrono::minutes wait_limit{10};

}  // namespace

core::awaitable<void> wait_for_state(Client client, std::string otherwise,
                                     std::function<core::awaitable<bool>()> look) {
  const Clock::time_point limit = client.clock().now() + wait_limit;
  for (;;) {
    const bool so = co_await look();
    if (so) co_return;
    if (client.clock().now() > limit) throw Error(errc::timeout, otherwise + " after 10 minutes");
    co_await core::sleep_for(client.clock(), poll_interval);
  }
}

}  // namespace kinesis::tool
