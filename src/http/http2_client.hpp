#pragma once

#include "core/buffer_pool.hpp"
#include "http/client_call.hpp"
#include "http/stream.hpp"
#include <kinesis/log.hpp>

#include <functional>
#include <memory>

namespace kinesis::http {

class Http2Connection;

/// The right to one of the requests a connection takes at a time.
class Http2Slot {
 public:
  explicit Http2Slot(std::shared_ptr<Http2Connection> connection) noexcept;
  Http2Slot(Http2Slot&&) noexcept = default;
  Http2Slot& operator=(Http2Slot&& other) noexcept;
  ~Http2Slot() { release(); }

  Http2Connection& connection() const noexcept { return *connection_; }
  void release() noexcept;
  /// The connection keeps the slot taken without being kept alive by it; the duty to free it passes to the connection.
  void detach() noexcept { connection_.reset(); }

 private:
  std::shared_ptr<Http2Connection> connection_;
};

/// A client's connection that speaks HTTP/2: many requests at a time. On the client's strand.
class Http2Connection {
 public:
  virtual ~Http2Connection() = default;

  /// `slot` is one of this connection.
  virtual awaitable<Attempt<Response>> send(const Call& call, Http2Slot slot) = 0;
  virtual awaitable<Attempt<StreamedResponse>> open(const Call& call, Http2Slot slot) = 0;

  /// How many more requests it takes now; 0 for ever once it is closing.
  virtual std::size_t capacity() const noexcept = 0;
  /// Slots taken.
  virtual std::size_t active() const noexcept = 0;
  /// False once it takes no more requests, because of GOAWAY or because it broke.
  virtual bool usable() const noexcept = 0;
  virtual Clock::time_point idle_since() const noexcept = 0;
  /// Fails what is under way with `reason`.
  virtual void close(const Error& reason) = 0;

 private:
  friend class Http2Slot;
  virtual void take_slot() noexcept = 0;
  virtual void free_slot() noexcept = 0;
};

struct Http2ClientOptions {
  asio::any_io_executor strand;
  std::shared_ptr<Clock> clock;
  std::shared_ptr<core::BufferPool> buffers;
  std::size_t max_streams = 100;
  std::size_t max_header_bytes = 64u << 10;
  std::uint32_t stream_window = 1u << 20;
  std::uint32_t connection_window = 16u << 20;
  Clock::duration ping_interval{0};
  Clock::duration ping_timeout{0};
  /// Called whenever `capacity`, `active` or `usable` may have changed for the pool's decisions, and once when it has
  /// ended.
  std::function<void()> on_change;
};

std::shared_ptr<Http2Connection> start_http2_client(Http2ClientOptions options, std::shared_ptr<Stream> stream);

}  // namespace kinesis::http
