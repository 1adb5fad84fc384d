#include "read_lines.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <cstddef>
#include <string>

namespace kinesis::tool {

core::awaitable<void> read_lines(asio::posix::stream_descriptor& from, std::function<void(std::string_view)> on_line) {
  std::string pending;
  std::array<char, 65536> block{};
  for (;;) {
    boost::system::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    const std::size_t size = co_await from.async_read_some(asio::buffer(block), token);
    if (error) co_return;
    pending.append(block.data(), size);
    std::size_t begin = 0;
    for (std::size_t end = pending.find('\n'); end != std::string::npos; end = pending.find('\n', begin)) {
      on_line(std::string_view(pending).substr(begin, end - begin));
      begin = end + 1;
    }
    pending.erase(0, begin);
  }
}

}  // namespace kinesis::tool
