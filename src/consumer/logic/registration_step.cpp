#include "consumer/logic/registration_step.hpp"

#include <algorithm>

namespace kinesis::consumer {
RegistrationStep after_error(const Error& error) {
  // The control plane's rates are LimitExceeded, too.
  const bool passes = error.retryable() || error.code() == errc::limit_exceeded;
  return passes ? RegistrationStep::look_again : RegistrationStep::fail;
}

RegistrationStep after_describe(const Result<ConsumerStatus>& status, bool may_register) {
  if (!status) {
    if (status.error().code() == errc::not_found && may_register) return RegistrationStep::create;
    return after_error(status.error());
  }
  switch (*status) {
    case ConsumerStatus::active:
      return RegistrationStep::use;
    case ConsumerStatus::deleting:
      return may_register ? RegistrationStep::look_again : RegistrationStep::fail;
    case ConsumerStatus::creating:
    case ConsumerStatus::unknown:
      break;
  }
  return RegistrationStep::look_again;
}

RegistrationStep after_register(const Result<ConsumerStatus>& status) {
  if (status) return RegistrationStep::look_again;
  const errc code = status.error().code();
  if (code == errc::already_exists) return RegistrationStep::look_again;
  return after_error(status.error());
}

RegistrationStep after_limit(const std::vector<KinesisConsumer>& consumers) {
  const bool changing = std::any_of(consumers.begin(), consumers.end(), [](const KinesisConsumer& consumer) {
    return consumer.consumer_status != ConsumerStatus::active;
  });
  if (consumers.size() >= most_consumers && !changing) return RegistrationStep::fail;
  return RegistrationStep::look_again;
}

}  // namespace kinesis::consumer
