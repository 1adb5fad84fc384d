#pragma once

#include "http/stream.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace kinesis::http {

/// Plain TCP. For the few sources that open sockets.
class TcpStream final : public Stream {
 public:
  /// `socket` is connected, its executor is the strand.
  explicit TcpStream(asio::ip::tcp::socket socket);

  awaitable<Result<std::size_t>> read_some(std::span<std::byte> into) override;
  awaitable<Result<void>> write(std::span<const BytesView> pieces) override;
  void close() noexcept override;
  void reset() noexcept override;
  awaitable<void> shutdown() override;
  void finish_writing() noexcept override;
  bool is_open() const noexcept override { return socket_.is_open(); }
  bool stale() noexcept override;
  std::string_view alpn() const noexcept override { return {}; }
  bool secure() const noexcept override { return false; }
  std::string peer() const override;
  std::uint64_t bytes_read() const noexcept override { return bytes_read_; }
  std::uint64_t bytes_written() const noexcept override { return bytes_written_; }

  asio::ip::tcp::socket& socket() noexcept { return socket_; }

 private:
  asio::ip::tcp::socket socket_;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_written_ = 0;
  unsigned eager_reads_ = 0;
  bool more_expected_ = false;
};

/// The error of a socket operation in our terms.
Error socket_error(const boost::system::error_code& ec, std::string_view doing);

}  // namespace kinesis::http
