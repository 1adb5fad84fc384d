#include "http/server_connection.hpp"

#include <string_view>

namespace kinesis::http {
namespace {

constexpr std::byte tls_handshake{0x16};
constexpr std::string_view http2_preface_start = "PRI ";
/// Decides between a TLS greeting, HTTP/2's preface and a method.
constexpr std::size_t telling_bytes = 3;
constexpr std::size_t first_read = 4u << 10;

bool is_http2(const Bytes& received) {
  return as_text(received).starts_with(http2_preface_start.substr(0, telling_bytes));
}

}  // namespace

ServerConnection::ServerConnection(std::shared_ptr<ServerShared> shared, asio::any_io_executor executor,
                                   std::shared_ptr<Stream> stream)
    : shared_(std::move(shared)),
      executor_(std::move(executor)),
      stream_(std::move(stream)),
      peer_(stream_->peer()),
      watchdog_(executor_, shared_->options.clock, [this] { on_timeout ? on_timeout() : stream_->close(); }),
      tasks_(executor_) {}

awaitable<void> ServerConnection::run() {
  const auto self = shared_from_this();
  tasks_.spawn(serve());
  try {
    co_await tasks_.join();
  } catch (const std::exception& failure) {
    if (!core::is_cancellation(std::current_exception())) log(LogLevel::error, failure.what());
  }
  stream_->close();
}

void ServerConnection::begin_stop() {
  if (stopping_) return;
  stopping_ = true;
  if (on_stop) on_stop();
}

void ServerConnection::abort() {
  stopping_ = true;
  stream_->close();
  tasks_.cancel();
}

awaitable<bool> ServerConnection::read_at_least(Bytes& received, std::size_t size) {
  while (received.size() < size) {
    const std::size_t before = received.size();
    received.resize(before + first_read);
    const auto read = co_await stream_->read_some(std::span(received).subspan(before));
    received.resize(before + (read ? *read : 0));
    if (received.size() == before) co_return false;
  }
  co_return true;
}

awaitable<void> ServerConnection::serve() {
  if (stopping_) co_return;
  watchdog_.expire_after(options().header_timeout);
  on_stop = [this] { stream_->close(); };
  Bytes received;
  const bool told = co_await read_at_least(received, telling_bytes);
  if (!told || stopping_) co_return;
  if (received.front() == tls_handshake) {
    co_await serve_tls(std::move(received));
  } else if (options().allow_plain) {
    co_await serve_plain(std::move(received));
  }
}

awaitable<void> ServerConnection::serve_plain(Bytes received) {
  if (is_http2(received)) {
    co_await serve_http2(shared_from_this(), std::move(received));
  } else {
    co_await serve_http1(shared_from_this(), std::move(received));
  }
}

awaitable<void> ServerConnection::serve_tls(Bytes received) {
  if (!options().tls) co_return log(LogLevel::info, "refused a TLS connection: the server has no certificate");
  auto secured = co_await start_tls_server(stream_, options().tls, std::move(received));
  if (!secured) co_return log(LogLevel::info, secured.error().what());
  stream_ = std::move(*secured);
  Bytes first;
  if (stream_->alpn() == "h2") co_return co_await serve_http2(shared_from_this(), std::move(first));
  // The AWS SDK for Java speaks HTTP/2 over TLS without asking for it by ALPN: its preface tells.
  if (stream_->alpn().empty()) {
    const bool told = co_await read_at_least(first, telling_bytes);
    if (!told || stopping_) co_return;
  }
  co_await serve_plain(std::move(first));
}

awaitable<ServerResponse> ServerConnection::answer(ServerRequest request) {
  std::exception_ptr failure;
  try {
    co_return co_await shared_->handler->handle(std::move(request));
  } catch (...) {
    failure = std::current_exception();
  }
  if (core::is_cancellation(failure)) std::rethrow_exception(failure);
  log(LogLevel::error, "a handler failed: " + std::string(core::to_error(failure).what()));
  co_return ServerResponse(500);
}

void ServerConnection::log(LogLevel level, std::string_view message) const {
  if (!shared_->options.log.enabled(level)) return;
  const std::vector<LogField> fields{{"peer", peer_}};
  shared_->options.log.write(level, "http", message, fields);
}

}  // namespace kinesis::http
