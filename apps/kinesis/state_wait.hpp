#pragma once

#include "core/async.hpp"
#include <kinesis/client.hpp>

#include <functional>
#include <string>

namespace kinesis::tool {

/// Waits until `look` says that something is so: it is asked four times a second, for 10 minutes at most. Then:
/// Error(timeout), `otherwise` and "after 10 minutes". What `look` throws ends it, too.
core::awaitable<void> wait_for_state(Client client, std::string otherwise, std::function<core::awaitable<bool>()> look);

}  // namespace kinesis::tool
