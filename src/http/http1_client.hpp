#pragma once

#include "http/client_call.hpp"
#include "http/http1_reader.hpp"
#include "http/stream.hpp"
#include "http/watchdog.hpp"

#include <functional>
#include <memory>

namespace kinesis::http {

class Http1Connection;

/// The right to make one request over a connection. Goes back on every way out of the coroutine that holds it,
/// cancellation included.
class Http1Lease {
 public:
  explicit Http1Lease(std::shared_ptr<Http1Connection> connection) noexcept : connection_(std::move(connection)) {}
  Http1Lease(Http1Lease&&) noexcept = default;
  Http1Lease& operator=(Http1Lease&&) = delete;
  ~Http1Lease();

  Http1Connection& connection() const noexcept { return *connection_; }
  /// The duty to call `done` passes to the caller.
  std::shared_ptr<Http1Connection> release() noexcept { return std::move(connection_); }

 private:
  std::shared_ptr<Http1Connection> connection_;
};

/// A client's connection that speaks HTTP/1.1: one request at a time. On the client's strand.
class Http1Connection : public std::enable_shared_from_this<Http1Connection> {
 public:
  /// `on_done` is called when a lease is over, with the connection open if it may be used again.
  Http1Connection(asio::any_io_executor strand, std::shared_ptr<Clock> clock, std::shared_ptr<Stream> stream,
                  std::shared_ptr<core::BufferPool> buffers, std::size_t max_header_bytes,
                  std::function<void(std::shared_ptr<Http1Connection>)> on_done);

  /// `lease` is one of this connection.
  awaitable<Attempt<Response>> send(const Call& call, Http1Lease lease);
  awaitable<Attempt<StreamedResponse>> open(const Call& call, Http1Lease lease);
  /// The request is over: the connection is free, or closed where it cannot go on.
  void done();

  bool is_open() const noexcept { return stream_->is_open(); }
  /// False if the server has closed it since its last request.
  bool usable() noexcept { return is_open() && (requests_ == 0 || !stream_->stale()); }
  void close() noexcept { stream_->close(); }
  /// Closes it under the request that is being made, which fails with `reason`.
  void abort(const Error& reason) {
    aborted_ = reason;
    stream_->close();
  }

  Clock::time_point idle_since;

 private:
  class Source;

  awaitable<Attempt<Http1Head>> exchange_heads(const Call& call);
  awaitable<Result<std::optional<Blob>>> read_piece();
  Failure failed(const Error& error, const Call& call) const;

  asio::any_io_executor strand_;
  std::shared_ptr<Clock> clock_;
  std::shared_ptr<Stream> stream_;
  Http1Reader reader_;
  Watchdog watchdog_;
  std::function<void(std::shared_ptr<Http1Connection>)> on_done_;
  std::string head_text_;
  std::vector<BytesView> pieces_;
  std::uint64_t read_before_ = 0;
  std::uint64_t requests_ = 0;
  bool keep_alive_ = true;
  bool cancelled_ = false;
  std::optional<Error> aborted_;
};

}  // namespace kinesis::http
