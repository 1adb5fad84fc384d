#pragma once

#include "core/buffer_pool.hpp"
#include "http/server.hpp"
#include "http/stream.hpp"
#include "http/watchdog.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

// What the server's parts share. No sockets.
namespace kinesis::http {

/// One for a server.
struct ServerShared {
  ServerOptions options;
  std::shared_ptr<Handler> handler;
  std::shared_ptr<core::BufferPool> buffers = core::BufferPool::create();
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> open{0};
  std::atomic<std::uint64_t> requests{0};
};

/// One connection of a server, on its own executor.
class ServerConnection : public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(std::shared_ptr<ServerShared> shared, asio::any_io_executor executor,
                   std::shared_ptr<Stream> stream);

  /// Serves until the connection ends and every handler of it has.
  awaitable<void> run();
  /// No more requests. From the connection's executor, like `abort`.
  void begin_stop();
  /// Closes at once and cancels the handlers.
  void abort();

  const ServerOptions& options() const noexcept { return shared_->options; }
  ServerShared& shared() noexcept { return *shared_; }
  const asio::any_io_executor& executor() const noexcept { return executor_; }
  Stream& stream() noexcept { return *stream_; }
  const std::shared_ptr<Stream>& shared_stream() const noexcept { return stream_; }
  Watchdog& watchdog() noexcept { return watchdog_; }
  core::TaskGroup& tasks() noexcept { return tasks_; }
  const std::string& peer() const noexcept { return peer_; }
  bool stopping() const noexcept { return stopping_; }
  /// Called by `begin_stop`, as long as it is set.
  std::function<void()> on_stop;
  /// Called when the watchdog expires; the connection is closed if it is not set.
  std::function<void()> on_timeout;

  /// What the handler answers; a 500 if it throws. A cancellation passes.
  awaitable<ServerResponse> answer(ServerRequest request);
  void log(LogLevel level, std::string_view message) const;

 private:
  awaitable<void> serve();
  awaitable<void> serve_plain(Bytes received);
  awaitable<void> serve_tls(Bytes received);
  awaitable<bool> read_at_least(Bytes& received, std::size_t size);

  std::shared_ptr<ServerShared> shared_;
  asio::any_io_executor executor_;
  std::shared_ptr<Stream> stream_;
  std::string peer_;
  Watchdog watchdog_;
  core::TaskGroup tasks_;
  bool stopping_ = false;
};

/// Both serve until the connection is done; `received` was read from it before.
awaitable<void> serve_http1(std::shared_ptr<ServerConnection> connection, Bytes received);
awaitable<void> serve_http2(std::shared_ptr<ServerConnection> connection, Bytes received);

}  // namespace kinesis::http
