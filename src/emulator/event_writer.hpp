#pragma once

#include "aws/protocol.hpp"
#include "core/buffer_pool.hpp"
#include "emulator/live_subscription.hpp"
#include "emulator/logic/faults.hpp"
#include "http/server.hpp"

#include <memory>

namespace kinesis::emulator {

/// Writes the events of a subscription as the body of its answer, up to its end: a frame that says that it begins, the
/// events as they come, and an exception if that is how it ends. The next event is looked for once the peer has made
/// room for the one before. Lives as long as the answer; its end is that of the subscription.
http::ServerResponse::Writer write_events(std::shared_ptr<LiveSubscription> subscription, StreamFault fault,
                                          aws::BodyFormat format, std::shared_ptr<core::BufferPool> buffers);

}  // namespace kinesis::emulator
