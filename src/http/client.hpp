#pragma once

#include "core/async.hpp"
#include "http/message.hpp"
#include "http/proxy.hpp"
#include "http/tls.hpp"
#include <kinesis/clock.hpp>
#include <kinesis/log.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

namespace kinesis::http {

using core::awaitable;

enum class VersionPolicy {
  automatic,              ///< https: HTTP/2 if the server agrees by ALPN, else HTTP/1.1. http: HTTP/1.1.
  http1,                  ///< HTTP/1.1.
  http2_prior_knowledge,  ///< HTTP/2 without asking, over TCP or over TLS without ALPN.
};

/// Limits of one request. Zero means no limit.
struct Timeouts {
  /// Name resolution, TCP and, through a proxy, CONNECT.
  Clock::duration connect = std::chrono::seconds(5);
  /// The TLS handshake.
  Clock::duration tls = std::chrono::seconds(5);
  /// From the request being handed to a connection to the head of its answer.
  Clock::duration first_byte = std::chrono::seconds(30);
  /// All of `send`, waiting for a connection included. Of `open`: until the head of the answer is there.
  Clock::duration total = std::chrono::seconds(60);
};

/// What one call may do differently from `ClientOptions`.
class RequestOptions {
 public:
  RequestOptions() {}
  std::optional<Timeouts> timeouts;
  std::optional<VersionPolicy> version;
  /// Largest body `send` accepts. Zero: as the client says.
  std::size_t max_body = 0;
  /// Whether a request that died with a reused connection, before a byte of an answer, may be sent once more. It may
  /// then be carried out twice. Requests the server provably did not look at are always sent again.
  bool replay_when_stale = true;
};

struct ClientOptions {
  /// Runs everything of the client, on a strand of its own.
  asio::any_io_executor executor;
  std::shared_ptr<Clock> clock = Clock::system();
  Log log;
  TlsOptions tls;
  ProxySettings proxy;
  VersionPolicy version = VersionPolicy::automatic;
  Timeouts timeouts;
  /// Connections to one endpoint, both versions. Requests beyond wait their turn, in order.
  std::size_t max_connections_per_host = 64;
  /// Requests at a time on one HTTP/2 connection, even if the server allows more. Beyond, another connection is opened.
  std::size_t max_streams_per_connection = 100;
  /// Largest body `send` accepts, in bytes; beyond it is Error(too_large).
  std::size_t max_body = 16u << 20;
  /// Largest head of an answer, in bytes.
  std::size_t max_header_bytes = 64u << 10;
  /// An unused connection is closed after this time. Less than the server's own limit avoids most races (AWS closes
  /// after about 60 s or later).
  Clock::duration idle_timeout = std::chrono::seconds(50);
  /// What the server may send on one HTTP/2 stream, and on all of a connection, before somebody reads. The first is the
  /// exact bound on unread bytes of a streamed answer. 64 KiB to 2 GiB - 1.
  std::uint32_t stream_window = 1u << 20;
  std::uint32_t connection_window = 16u << 20;
  /// A PING on an HTTP/2 connection that was silent for so long; no answer within `ping_timeout` closes it. Zero: none.
  Clock::duration ping_interval{0};
  Clock::duration ping_timeout = std::chrono::seconds(10);
};

/// Whether the request of a failed call may have reached the server and be carried out. `Error::attempts()` is 0
/// exactly if it was not.
inline bool possibly_sent(const Error& error) noexcept { return error.attempts() > 0; }

/// An answer whose body is read while it arrives. Moves only; letting go of it cancels it.
class StreamedResponse {
 public:
  /// Where a body comes from. Implemented by the connections.
  class Source {
   public:
    virtual ~Source() = default;
    virtual awaitable<Result<std::optional<Blob>>> read() = 0;
    virtual void cancel() = 0;
  };

  StreamedResponse(int status, Headers headers, std::shared_ptr<Source> source)
      : status(status), headers(std::move(headers)), source_(std::move(source)) {}
  StreamedResponse(StreamedResponse&&) noexcept = default;
  StreamedResponse& operator=(StreamedResponse&& other) noexcept;
  ~StreamedResponse() { cancel(); }

  int status = 0;
  Headers headers;

  /// The next bytes, as many as have arrived, at least one; nothing at the end of the body. Waits if there are none.
  /// Only bytes read here let the server send more: what it sent and nobody read never exceeds the stream window. One
  /// call at a time, from any executor; the result comes back on the caller's.
  awaitable<Result<std::optional<Blob>>> read();
  /// Tells the server to stop. A waiting `read` returns Error(cancelled). From any thread; harmless at the end.
  void cancel();

 private:
  std::shared_ptr<Source> source_;
};

/// What a client has done so far.
struct ClientStats {
  std::uint64_t connections_opened = 0;
  std::uint64_t connections_open = 0;
  /// Requests handed to connections, replays included.
  std::uint64_t requests = 0;
  /// Requests sent again because of a stale connection, GOAWAY or REFUSED_STREAM.
  std::uint64_t replays = 0;
};

/// Sends requests over connections that it opens, keeps and shares. Thread-safe: call from any executor, answers come
/// back on the caller's. Cancelling the calling coroutine aborts its request.
///
/// Errors: `connection` (no connection, or it broke), `timeout`, `tls`, `protocol` (the peer talks nonsense),
/// `too_large`, `closed` (the client was), `cancelled`, `invalid_argument`. An HTTP status is never an error.
/// `retryable()` is true for connection and timeout; see also `possibly_sent`.
class Client {
 public:
  virtual ~Client() = default;

  /// One request, one complete answer.
  virtual awaitable<Result<Response>> send(Endpoint endpoint, Request request,
                                           RequestOptions options = RequestOptions()) = 0;
  /// One request; returns at the head of its answer, whose body is then read piece by piece.
  virtual awaitable<Result<StreamedResponse>> open(Endpoint endpoint, Request request,
                                                   RequestOptions options = RequestOptions()) = 0;

  virtual ClientStats stats() const = 0;
  /// Closes all connections; what is in flight fails with Error(closed), as does every later call.
  virtual void close() = 0;
};

/// Throws Error(invalid_argument) or Error(tls) on options that make no sense. Letting go of the client closes it.
std::shared_ptr<Client> make_client(ClientOptions options);

}  // namespace kinesis::http
