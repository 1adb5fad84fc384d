#pragma once

#include <kinesis/error.hpp>

#include <boost/asio/awaitable.hpp>

#include <string>

namespace kinesis::aws {

/// What an operation answers that a fake or another client did not override.
template <class Request>
boost::asio::awaitable<Result<typename Request::Response>> unsupported() {
  co_return Error(errc::unsupported, std::string(Request::operation) + " is not an operation of this endpoint");
}

}  // namespace kinesis::aws
