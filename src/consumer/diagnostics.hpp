#pragma once

#include <kinesis/diagnostics.hpp>

#include <functional>

namespace kinesis::consumer {

/// To the log at the event's level, and to the listener if there is one.
void tell(const std::function<void(const DiagnosticEvent&)>& listener, const Log& log, const DiagnosticEvent& event);

}  // namespace kinesis::consumer
