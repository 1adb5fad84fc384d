#include "http/openssl_handles.hpp"
#include "http/tcp_stream.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace kinesis::http {
namespace {

// A TLS record holds this much, and Asio's stream writes one record at a time.
constexpr std::size_t record_size = 16u << 10;

class TlsStream final : public Stream {
 public:
  TlsStream(std::shared_ptr<TcpStream> tcp, std::shared_ptr<const TlsContext> context, SSL* ssl)
      : tcp_(std::move(tcp)), context_(std::move(context)), stream_(tcp_->socket(), ssl) {}

  awaitable<Result<std::size_t>> read_some(std::span<std::byte> into) override;
  awaitable<Result<void>> write(std::span<const BytesView> pieces) override;
  awaitable<void> shutdown() override;

  void close() noexcept override { tcp_->close(); }
  void reset() noexcept override { tcp_->reset(); }
  void finish_writing() noexcept override { tcp_->finish_writing(); }
  bool is_open() const noexcept override { return tcp_->is_open(); }
  bool stale() noexcept override;
  std::string_view alpn() const noexcept override { return alpn_; }
  bool secure() const noexcept override { return true; }
  std::string peer() const override { return tcp_->peer(); }
  std::uint64_t bytes_read() const noexcept override { return bytes_read_; }
  std::uint64_t bytes_written() const noexcept override { return bytes_written_; }

  asio::ssl::stream<asio::ip::tcp::socket&>& stream() noexcept { return stream_; }
  void remember_alpn();

 private:
  awaitable<Result<void>> write_record(BytesView bytes);

  std::shared_ptr<TcpStream> tcp_;
  std::shared_ptr<const TlsContext> context_;
  asio::ssl::stream<asio::ip::tcp::socket&> stream_;
  std::string alpn_;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_written_ = 0;
  std::unique_ptr<std::byte[]> joined_;
};

Error stream_error(const boost::system::error_code& ec, std::string_view doing) {
  if (ec == asio::ssl::error::stream_truncated) {
    return Error(errc::connection, std::string(doing) + ": the peer closed the connection without ending TLS")
        .with_retryable(true);
  }
  if (ec.category() == asio::error::get_ssl_category()) {
    return Error(errc::tls, std::string(doing) + ": " + ec.message());
  }
  return socket_error(ec, doing);
}

awaitable<Result<std::size_t>> TlsStream::read_some(std::span<std::byte> into) {
  boost::system::error_code ec;
  const std::size_t size = co_await stream_.async_read_some(asio::buffer(into.data(), into.size()),
                                                            asio::redirect_error(core::use_awaitable, ec));
  bytes_read_ += size;
  if (size > 0) co_return size;
  if (ec == asio::error::eof) co_return std::size_t{0};
  if (ec) co_return stream_error(ec, "reading failed");
  co_return std::size_t{0};
}

awaitable<Result<void>> TlsStream::write_record(BytesView bytes) {
  while (!bytes.empty()) {
    boost::system::error_code ec;
    const std::size_t size = co_await stream_.async_write_some(asio::buffer(bytes.data(), bytes.size()),
                                                               asio::redirect_error(core::use_awaitable, ec));
    if (ec) co_return stream_error(ec, "writing failed");
    bytes_written_ += size;
    bytes = bytes.subspan(size);
  }
  co_return Result<void>();
}

awaitable<Result<void>> TlsStream::write(std::span<const BytesView> pieces) {
  // Small pieces are joined to full records: a head and the start of its body leave in one system call.
  std::size_t joined = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    BytesView piece = pieces[i];
    while (!piece.empty()) {
      BytesView record;
      if (joined == 0 && (piece.size() >= record_size || i + 1 == pieces.size())) {
        record = piece.first(std::min(piece.size(), record_size));
        piece = piece.subspan(record.size());
      } else {
        if (!joined_) joined_ = std::make_unique<std::byte[]>(record_size);
        const std::size_t size = std::min(piece.size(), record_size - joined);
        std::memcpy(joined_.get() + joined, piece.data(), size);
        joined += size;
        piece = piece.subspan(size);
        if (joined < record_size) continue;
        record = {joined_.get(), joined};
        joined = 0;
      }
      const auto written = co_await write_record(record);
      if (!written) co_return written.error();
    }
  }
  const BytesView rest(joined_.get(), joined);
  co_return co_await write_record(rest);
}

awaitable<void> TlsStream::shutdown() {
  boost::system::error_code ignored;
  co_await stream_.async_shutdown(asio::redirect_error(core::use_awaitable, ignored));
  co_await tcp_->shutdown();
}

bool TlsStream::stale() noexcept {
  if (!tcp_->stale()) return false;
  if (!tcp_->is_open()) return true;
  // What has arrived may be session tickets, which TLS keeps to itself, or the end, or bytes nobody asked for.
  boost::system::error_code ec;
  std::byte byte{};
  stream_.read_some(asio::buffer(&byte, 1), ec);
  return ec != asio::error::would_block && ec != asio::error::try_again;
}

void TlsStream::remember_alpn() {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(stream_.native_handle(), &name, &size);
  alpn_.assign(reinterpret_cast<const char*>(name), size);
}

std::shared_ptr<TlsStream> make_tls_stream(std::shared_ptr<Stream> stream, std::shared_ptr<const TlsContext> context) {
  auto tcp = std::dynamic_pointer_cast<TcpStream>(std::move(stream));
  if (!tcp) throw Error(errc::internal, "TLS is spoken over TCP only");
  SSL* ssl = SSL_new(context->native());
  if (ssl == nullptr) throw tls_error("cannot set up TLS");
  return std::make_shared<TlsStream>(std::move(tcp), std::move(context), ssl);
}

/// What to check before the handshake. An IP address is looked for among the certificate's addresses and is not sent as
/// SNI.
void expect_peer(SSL* ssl, const std::string& name) {
  boost::system::error_code not_an_address;
  asio::ip::make_address(name, not_an_address);
  if (not_an_address) {
    SSL_set_tlsext_host_name(ssl, name.c_str());
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(ssl, name.c_str());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str());
  }
}

Error handshake_error(SSL* ssl, const boost::system::error_code& ec, const std::string& name, bool verify) {
  const long verdict = SSL_get_verify_result(ssl);
  if (verify && verdict != X509_V_OK && ec.category() == asio::error::get_ssl_category()) {
    return Error(errc::tls,
                 "certificate verify failed for '" + name + "': " + X509_verify_cert_error_string(verdict) +
                     "; pass a CA bundle (AWS_CA_BUNDLE, TlsOptions::ca_file or ca_pem) if the server is trusted");
  }
  if (ec.category() == asio::error::get_ssl_category()) {
    return Error(errc::tls, "TLS handshake with '" + name + "' failed: " + ec.message());
  }
  return stream_error(ec, "TLS handshake with '" + name + "' failed");
}

}  // namespace

awaitable<Result<std::shared_ptr<Stream>>> start_tls_client(std::shared_ptr<Stream> tcp,
                                                            std::shared_ptr<const TlsContext> context, std::string name,
                                                            std::vector<std::string> alpn) {
  const bool verify = context->options().verify;
  const auto tls = make_tls_stream(std::move(tcp), std::move(context));
  SSL* ssl = tls->stream().native_handle();
  expect_peer(ssl, name);
  std::string wire;
  for (const std::string& protocol : alpn) {
    wire += static_cast<char>(protocol.size());
    wire += protocol;
  }
  SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(wire.data()), static_cast<unsigned>(wire.size()));
  boost::system::error_code ec;
  co_await tls->stream().async_handshake(asio::ssl::stream_base::client, asio::redirect_error(core::use_awaitable, ec));
  if (ec) co_return handshake_error(ssl, ec, name, verify);
  tls->remember_alpn();
  co_return std::static_pointer_cast<Stream>(tls);
}

awaitable<Result<std::shared_ptr<Stream>>> start_tls_server(std::shared_ptr<Stream> tcp,
                                                            std::shared_ptr<const TlsContext> context, Bytes received) {
  const std::string peer = tcp->peer();
  const auto tls = make_tls_stream(std::move(tcp), std::move(context));
  boost::system::error_code ec;
  const std::size_t used = co_await tls->stream().async_handshake(
      asio::ssl::stream_base::server, asio::buffer(received), asio::redirect_error(core::use_awaitable, ec));
  if (ec) co_return handshake_error(tls->stream().native_handle(), ec, peer, false);
  if (used < received.size()) co_return Error(errc::protocol, "bytes beyond the TLS handshake were lost");
  tls->remember_alpn();
  co_return std::static_pointer_cast<Stream>(tls);
}

}  // namespace kinesis::http
