#pragma once

#include <kinesis/error.hpp>
#include <kinesis/kinesis_api/consumers.hpp>

#include <cstddef>
#include <vector>

namespace kinesis::consumer {

/// What to do next on the way to an active fan-out consumer.
enum class RegistrationStep {
  use,         ///< It is active.
  create,      ///< There is none: register it.
  look_again,  ///< It is on its way, by whomever, or the service did not answer: after a while.
  fail,        ///< It will not become active.
};

/// After any other call that failed.
RegistrationStep after_error(const Error& error);
/// After DescribeStreamConsumer. `may_register`: it is registered if there is none; one that is being deleted is waited
/// for, and registered anew.
RegistrationStep after_describe(const Result<ConsumerStatus>& status, bool may_register);
/// After RegisterStreamConsumer. What already exists is registered by somebody else at this moment.
RegistrationStep after_register(const Result<ConsumerStatus>& status);
/// A limit was exceeded: 5 consumers may be registered at a time, which passes, and a stream may have 20, which does
/// not. `consumers`: those the stream has.
RegistrationStep after_limit(const std::vector<KinesisConsumer>& consumers);

/// What a stream may have (AWS, RegisterStreamConsumer).
constexpr std::size_t most_consumers = 20;

}  // namespace kinesis::consumer
