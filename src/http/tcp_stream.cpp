#include "http/tcp_stream.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/socket_base.hpp>

#include <algorithm>
#include <array>
#include <sys/socket.h>

namespace kinesis::http {
namespace {

// Reads and writes are tried before they are waited for: a trip through the scheduler costs more than the system call.
// But not for ever, or one busy connection would keep the others of its thread waiting.
constexpr unsigned max_eager_reads = 8;

constexpr std::size_t max_pieces_at_once = 64;

bool would_block(const boost::system::error_code& ec) noexcept {
  return ec == asio::error::would_block || ec == asio::error::try_again;
}

/// The unwritten rest of a list of pieces, as a buffer sequence of limited length.
class Rest {
 public:
  using value_type = asio::const_buffer;
  using const_iterator = const asio::const_buffer*;

  explicit Rest(std::span<const BytesView> pieces) noexcept : pieces_(pieces) { load(); }

  bool empty() const noexcept { return count_ == 0; }
  const_iterator begin() const noexcept { return window_.data(); }
  const_iterator end() const noexcept { return window_.data() + count_; }

  void consume(std::size_t bytes) noexcept {
    while (bytes > 0) {
      const std::size_t left = pieces_.front().size() - offset_;
      if (bytes < left) {
        offset_ += bytes;
        break;
      }
      bytes -= left;
      offset_ = 0;
      pieces_ = pieces_.subspan(1);
    }
    load();
  }

 private:
  void load() noexcept {
    count_ = 0;
    std::size_t offset = offset_;
    for (const BytesView& piece : pieces_) {
      if (count_ == window_.size()) break;
      if (piece.size() > offset) window_[count_++] = asio::const_buffer(piece.data() + offset, piece.size() - offset);
      offset = 0;
    }
  }

  std::span<const BytesView> pieces_;
  std::size_t offset_ = 0;
  std::array<asio::const_buffer, max_pieces_at_once> window_;
  std::size_t count_ = 0;
};

}  // namespace

Error socket_error(const boost::system::error_code& ec, std::string_view doing) {
  if (ec == asio::error::operation_aborted || ec == asio::error::bad_descriptor) {
    return Error(errc::closed, "the connection was closed");
  }
  return Error(errc::connection, std::string(doing) + ": " + ec.message()).with_retryable(true);
}

TcpStream::TcpStream(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {
  boost::system::error_code ignored;
  ignored = socket_.non_blocking(true, ignored);
  ignored = socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  ignored = socket_.set_option(asio::socket_base::keep_alive(true), ignored);
}

awaitable<Result<std::size_t>> TcpStream::read_some(std::span<std::byte> into) {
  boost::system::error_code ec;
  std::size_t size = 0;
  const auto buffer = asio::buffer(into.data(), into.size());
  const bool eager = more_expected_ && eager_reads_ < max_eager_reads;
  if (eager) {
    ++eager_reads_;
    size = socket_.read_some(buffer, ec);
  }
  if (!eager || would_block(ec)) {
    eager_reads_ = 0;
    ec.clear();
    size = co_await socket_.async_read_some(buffer, asio::redirect_error(core::use_awaitable, ec));
  }
  if (ec == asio::error::eof) co_return std::size_t{0};
  if (ec) co_return socket_error(ec, "reading failed");
  more_expected_ = size == into.size();
  bytes_read_ += size;
  co_return size;
}

awaitable<Result<void>> TcpStream::write(std::span<const BytesView> pieces) {
  Rest rest(pieces);
  while (!rest.empty()) {
    boost::system::error_code ec;
    std::size_t size = socket_.write_some(rest, ec);
    if (would_block(ec)) {
      ec.clear();
      co_await socket_.async_wait(asio::socket_base::wait_write, asio::redirect_error(core::use_awaitable, ec));
      size = 0;
    }
    if (ec) co_return socket_error(ec, "writing failed");
    bytes_written_ += size;
    rest.consume(size);
  }
  co_return Result<void>();
}

void TcpStream::close() noexcept {
  boost::system::error_code ignored;
  ignored = socket_.close(ignored);
}

void TcpStream::reset() noexcept {
  boost::system::error_code ignored;
  ignored = socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  ignored = socket_.close(ignored);
}

awaitable<void> TcpStream::shutdown() {
  finish_writing();
  co_return;
}

void TcpStream::finish_writing() noexcept {
  boost::system::error_code ignored;
  ignored = socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

bool TcpStream::stale() noexcept {
  if (!socket_.is_open()) return true;
  char byte = 0;
  // Plain recv: Asio's receive would turn "nothing there" into an error object each time.
  const auto size = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

std::string TcpStream::peer() const {
  boost::system::error_code ec;
  const auto endpoint = socket_.remote_endpoint(ec);
  if (ec) return {};
  const auto address = endpoint.address();
  std::string text = address.is_v6() ? '[' + address.to_string() + ']' : address.to_string();
  return text + ':' + std::to_string(endpoint.port());
}

}  // namespace kinesis::http
