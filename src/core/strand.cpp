#include "core/strand.hpp"

#include <boost/asio/strand.hpp>

namespace kinesis::core {

boost::asio::any_io_executor make_strand(const boost::asio::any_io_executor& inner) {
  return boost::asio::make_strand(inner);
}

}  // namespace kinesis::core
