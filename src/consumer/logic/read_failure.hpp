#pragma once

#include <kinesis/error.hpp>

namespace kinesis::consumer {

/// Whether somebody has to mend what reading failed of (the stream is gone, the key is disabled, access is denied), so
/// that it is asked for again only seldom.
bool needs_somebody(const Error& error);

}  // namespace kinesis::consumer
