#pragma once

#include "core/async.hpp"
#include "http/tls.hpp"
#include <kinesis/bytes.hpp>
#include <kinesis/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kinesis::http {

using core::awaitable;

/// A connected byte stream, TCP or TLS over it: what the protocols are written against, so that they need no socket
/// headers. Lives on one strand. One read and one write may be under way at a time.
class Stream {
 public:
  virtual ~Stream() = default;

  /// At least one byte; 0 at an orderly end. Error(connection) if it broke, Error(closed) after `close`.
  virtual awaitable<Result<std::size_t>> read_some(std::span<std::byte> into) = 0;
  /// Writes all pieces, in order. They must stay valid until it returns.
  virtual awaitable<Result<void>> write(std::span<const BytesView> pieces) = 0;

  /// Closes at once; what is under way ends with an error.
  virtual void close() noexcept = 0;
  /// Closes with TCP RST.
  virtual void reset() noexcept = 0;
  /// Says that nothing more will be written: FIN. With TLS, says so and waits for the peer's agreement first: nobody
  /// may be reading.
  virtual awaitable<void> shutdown() = 0;
  /// Sends FIN, without a word of TLS, and leaves the other direction open.
  virtual void finish_writing() noexcept = 0;
  virtual bool is_open() const noexcept = 0;

  /// True if an idle connection cannot be used any more: the peer closed it or sent something nobody asked for.
  virtual bool stale() noexcept = 0;
  /// What ALPN agreed on: "h2", "http/1.1" or nothing.
  virtual std::string_view alpn() const noexcept = 0;
  virtual bool secure() const noexcept = 0;
  /// "127.0.0.1:40000".
  virtual std::string peer() const = 0;
  /// Grows with each byte that moved, to tell a slow peer from a dead one.
  virtual std::uint64_t bytes_read() const noexcept = 0;
  virtual std::uint64_t bytes_written() const noexcept = 0;
};

/// Begins TLS on `tcp`, a plain TCP stream. `name` is looked for in the certificate. Error(tls) names what is wrong
/// with it.
awaitable<Result<std::shared_ptr<Stream>>> start_tls_client(std::shared_ptr<Stream> tcp,
                                                            std::shared_ptr<const TlsContext> context, std::string name,
                                                            std::vector<std::string> alpn);
/// The other side; `received` are bytes of the greeting that were read from `tcp` already.
awaitable<Result<std::shared_ptr<Stream>>> start_tls_server(std::shared_ptr<Stream> tcp,
                                                            std::shared_ptr<const TlsContext> context, Bytes received);

}  // namespace kinesis::http
