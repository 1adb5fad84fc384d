#include "consumer/logic/read_failure.hpp"

namespace kinesis::consumer {

bool needs_somebody(const Error& error) {
  switch (error.code()) {
    case errc::not_found:
    case errc::invalid_argument:
    case errc::access_denied:
    case errc::kms:
    case errc::unsupported:
      return true;
    default:
      return false;
  }
}

}  // namespace kinesis::consumer
