#pragma once

#include "http/client.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

// What the client's parts share.
namespace kinesis::http {

/// One request on its way, through all its attempts.
class Call {
 public:
  Call() {}
  Endpoint endpoint;
  Request request;
  /// The request line names the whole URL, because a proxy reads it.
  bool proxied = false;
  std::string proxy_authorization;
  std::size_t max_body = 0;
  Clock::duration first_byte{};
  Clock::time_point deadline = Clock::time_point::max();

  /// When the head of an answer has to be there, if the request goes out now.
  Clock::time_point head_deadline(Clock::time_point now) const {
    if (first_byte <= Clock::duration::zero()) return deadline;
    return std::min(deadline, now + first_byte);
  }
};

/// May a failed attempt be made again at once?
enum class Replay {
  never,
  when_allowed,  ///< The connection was reused and gave no byte: most likely it was dead before.
  always,        ///< The server did not look at the request.
};

/// Why an attempt failed.
class Failure {
 public:
  Failure(const Error& error, Replay replay = Replay::never) : error(error), replay(replay) {}
  Error error;
  Replay replay;
};

template <class T>
using Attempt = std::variant<T, Failure>;

inline Error first_byte_timeout(const Call& call) {
  return Error(errc::timeout, call.endpoint.authority() + " did not answer in time").with_retryable(true);
}

}  // namespace kinesis::http
