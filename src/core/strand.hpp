#pragma once

#include <boost/asio/any_io_executor.hpp>

namespace kinesis::core {

/// An executor that runs one thing at a time, over `inner`.
boost::asio::any_io_executor make_strand(const boost::asio::any_io_executor& inner);

}  // namespace kinesis::core
