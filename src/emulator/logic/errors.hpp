#pragma once

#include <kinesis/error.hpp>

#include <string>
#include <string_view>

// AWS's errors as the service answers them: `Error::service_code()` and `http_status()` are what goes over the wire.
namespace kinesis::emulator {

/// An error of AWS by its name. The code a client would make of it comes with it.
Error service_error(std::string_view name, std::string message, int status = 400);

inline Error invalid_argument(std::string message) {
  return service_error("InvalidArgumentException", std::move(message));
}
inline Error validation_error(std::string message) { return service_error("ValidationException", std::move(message)); }
inline Error not_found(std::string message) { return service_error("ResourceNotFoundException", std::move(message)); }
inline Error in_use(std::string message) { return service_error("ResourceInUseException", std::move(message)); }
inline Error limit_exceeded(std::string message) { return service_error("LimitExceededException", std::move(message)); }
inline Error throughput_exceeded(std::string message) {
  return service_error("ProvisionedThroughputExceededException", std::move(message));
}

}  // namespace kinesis::emulator
