#include "emulator/logic/errors.hpp"

#include "aws/protocol.hpp"

#include <utility>

namespace kinesis::emulator {

Error service_error(std::string_view name, std::string message, int status) {
  return aws::service_error(name, std::move(message), status, "");
}

}  // namespace kinesis::emulator
