#include "http/openssl_handles.hpp"
#include "http/tcp_stream.hpp"
#include "http/tls_engine.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>

namespace kinesis::http {
namespace {

constexpr std::size_t record_size = 16u << 10;
/// What is encrypted before it is sent, in one system call.
constexpr std::size_t sent_at_once = 64u << 10;

/// Moves bytes between a TlsEngine and its TCP connection.
class TlsStream final : public Stream {
 public:
  TlsStream(std::shared_ptr<TcpStream> tcp, std::shared_ptr<const TlsContext> context, TlsEngine::Role role,
            Bytes received = Bytes())
      : tcp_(std::move(tcp)), engine_(std::move(context), role, std::move(received)) {}

  awaitable<Result<void>> handshake();

  awaitable<Result<std::size_t>> read_some(std::span<std::byte> into) override;
  awaitable<Result<void>> write(std::span<const BytesView> pieces) override;
  awaitable<void> shutdown() override;

  void close() noexcept override { tcp_->close(); }
  void reset() noexcept override { tcp_->reset(); }
  void finish_writing() noexcept override { tcp_->finish_writing(); }
  bool is_open() const noexcept override { return tcp_->is_open(); }
  bool stale() noexcept override;
  std::string_view alpn() const noexcept override;
  bool secure() const noexcept override { return true; }
  std::string peer() const override { return tcp_->peer(); }
  std::uint64_t bytes_read() const noexcept override { return bytes_read_; }
  std::uint64_t bytes_written() const noexcept override { return tcp_->bytes_written(); }

  SSL* native() const noexcept { return engine_.native(); }

 private:
  using Step = TlsEngine::Step;

  Result<void> encrypt(BytesView bytes);
  awaitable<Result<void>> send_output();
  awaitable<Result<void>> send(BytesView bytes);
  awaitable<Result<void>> receive();

  std::shared_ptr<TcpStream> tcp_;
  TlsEngine engine_;
  std::uint64_t bytes_read_ = 0;
  Bytes sending_;
  /// What the peer has of a write that was broken off may end within a record: nothing can follow.
  enum class Sending { nothing, going_on, broken_off } sending_state_ = Sending::nothing;
  std::unique_ptr<std::byte[]> joined_;
};

Error failed(std::string_view doing, const std::string& reason) {
  return Error(errc::tls, std::string(doing) + ": " + reason);
}

awaitable<Result<void>> TlsStream::handshake() {
  while (true) {
    const Step step = engine_.handshake();
    const auto sent = co_await send_output();
    if (step == Step::failed || step == Step::ended) co_return Error(errc::tls, engine_.reason());
    if (!sent) co_return sent.error();
    if (step == Step::done) co_return Result<void>();
    const auto received = co_await receive();
    if (!received) co_return received.error();
  }
}

awaitable<Result<std::size_t>> TlsStream::read_some(std::span<std::byte> into) {
  while (true) {
    std::size_t size = 0;
    const Step step = engine_.read(into, size);
    bytes_read_ += size;
    // An alert or new keys: a writer under way takes them along.
    if (!engine_.output().empty() && sending_state_ == Sending::nothing) {
      const auto sent = co_await send_output();
      if (!sent && step == Step::starved) co_return sent.error();
    }
    if (step == Step::failed) co_return failed("reading failed", engine_.reason());
    if (step != Step::starved) co_return size;
    const auto received = co_await receive();
    if (!received) co_return received.error();
  }
}

/// At least one byte, or an error: the end belongs to TLS.
awaitable<Result<void>> TlsStream::receive() {
  const auto size = co_await tcp_->read_some(engine_.room());
  if (!size) co_return size.error();
  if (*size == 0) {
    co_return Error(errc::connection, "reading failed: the peer closed the connection without ending TLS")
        .with_retryable(true);
  }
  engine_.received(*size);
  co_return Result<void>();
}

Result<void> TlsStream::encrypt(BytesView bytes) {
  if (engine_.write(bytes) == Step::done) return {};
  return failed("writing failed", engine_.reason());
}

/// Waits for what is being sent already, which may be the reader's.
awaitable<Result<void>> TlsStream::send_output() {
  while (sending_state_ == Sending::going_on) {
    boost::system::error_code ec;
    co_await tcp_->socket().async_wait(asio::socket_base::wait_write, asio::redirect_error(core::use_awaitable, ec));
    if (ec) co_return socket_error(ec, "writing failed");
  }
  while (!engine_.output().empty()) {
    if (sending_state_ == Sending::broken_off) co_return Error(errc::closed, "an earlier write was broken off");
    std::swap(sending_, engine_.output());
    const auto written = co_await send(sending_);
    if (!written) co_return written.error();
    sending_.clear();
    if (engine_.output().empty()) std::swap(sending_, engine_.output());  // one of them keeps its memory
  }
  co_return Result<void>();
}

awaitable<Result<void>> TlsStream::send(BytesView bytes) try {
  sending_state_ = Sending::going_on;
  const std::span<const BytesView> pieces(&bytes, 1);
  auto written = co_await tcp_->write(pieces);
  sending_state_ = written ? Sending::nothing : Sending::broken_off;
  co_return written;
} catch (...) {
  sending_state_ = Sending::broken_off;
  throw;
}

awaitable<Result<void>> TlsStream::write(std::span<const BytesView> pieces) {
  // Small pieces are joined to full records.
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
      auto written = encrypt(record);
      if (written && engine_.output().size() >= sent_at_once) written = co_await send_output();
      if (!written) co_return written.error();
    }
  }
  auto written = encrypt({joined_.get(), joined});
  if (!written) co_return written.error();
  co_return co_await send_output();
}

awaitable<void> TlsStream::shutdown() {
  while (true) {
    const Step step = engine_.shut_down();
    const auto sent = co_await send_output();
    if (!sent || step != Step::starved) break;
    const auto received = co_await receive();
    if (!received) break;
  }
  co_await tcp_->shutdown();
}

bool TlsStream::stale() noexcept {
  if (!tcp_->stale() && !engine_.has_input()) return false;
  if (!tcp_->is_open()) return true;
  // What has arrived may be session tickets, which TLS keeps to itself, or the end, or bytes nobody asked for.
  while (true) {
    std::byte byte{};
    std::size_t size = 0;
    if (engine_.read({&byte, 1}, size) != Step::starved) return true;
    const auto room = engine_.room();
    boost::system::error_code ec;
    const std::size_t received = tcp_->socket().read_some(asio::buffer(room.data(), room.size()), ec);
    if (ec) return ec != asio::error::would_block && ec != asio::error::try_again;
    engine_.received(received);
  }
}

std::string_view TlsStream::alpn() const noexcept {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(native(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::shared_ptr<TcpStream> tcp_of(std::shared_ptr<Stream> stream) {
  auto tcp = std::dynamic_pointer_cast<TcpStream>(std::move(stream));
  if (!tcp) throw Error(errc::internal, "TLS is spoken over TCP only");
  return tcp;
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

/// Says which handshake, and what is wrong with the certificate if that was it.
Error handshake_error(SSL* ssl, const Error& error, const std::string& name, bool verify) {
  const long verdict = SSL_get_verify_result(ssl);
  if (error.code() == errc::tls && verify && verdict != X509_V_OK) {
    return Error(errc::tls,
                 "certificate verify failed for '" + name + "': " + X509_verify_cert_error_string(verdict) +
                     "; pass a CA bundle (AWS_CA_BUNDLE, TlsOptions::ca_file or ca_pem) if the server is trusted");
  }
  return error.code() == errc::closed ? error : error.with_context("TLS handshake with '" + name + "' failed");
}

}  // namespace

awaitable<Result<std::shared_ptr<Stream>>> start_tls_client(std::shared_ptr<Stream> tcp,
                                                            std::shared_ptr<const TlsContext> context, std::string name,
                                                            std::vector<std::string> alpn) {
  const bool verify = context->options().verify;
  const auto tls = std::make_shared<TlsStream>(tcp_of(std::move(tcp)), std::move(context), TlsEngine::Role::client);
  expect_peer(tls->native(), name);
  std::string wire;
  for (const std::string& protocol : alpn) {
    wire += static_cast<char>(protocol.size());
    wire += protocol;
  }
  SSL_set_alpn_protos(tls->native(), reinterpret_cast<const unsigned char*>(wire.data()),
                      static_cast<unsigned>(wire.size()));
  const auto done = co_await tls->handshake();
  if (!done) co_return handshake_error(tls->native(), done.error(), name, verify);
  co_return std::static_pointer_cast<Stream>(tls);
}

awaitable<Result<std::shared_ptr<Stream>>> start_tls_server(std::shared_ptr<Stream> tcp,
                                                            std::shared_ptr<const TlsContext> context, Bytes received) {
  const std::string peer = tcp->peer();
  const auto tls = std::make_shared<TlsStream>(tcp_of(std::move(tcp)), std::move(context), TlsEngine::Role::server,
                                               std::move(received));
  const auto done = co_await tls->handshake();
  if (!done) co_return handshake_error(tls->native(), done.error(), peer, false);
  co_return std::static_pointer_cast<Stream>(tls);
}

}  // namespace kinesis::http
