#pragma once

#include "core/async.hpp"
#include "http/message.hpp"
#include "http/tls.hpp"
#include <kinesis/clock.hpp>
#include <kinesis/log.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace kinesis::http {

using core::awaitable;

enum class Version { http1_0, http1_1, http2 };

/// A complete request as a handler sees it.
class ServerRequest {
 public:
  ServerRequest() {}
  std::string method;
  std::string target;
  /// Without HTTP/2's pseudo headers; its `:authority` is here as `host`.
  Headers headers;
  /// A view into a pooled buffer, with `body_padding` bytes behind it.
  Blob body;
  Version version = Version::http1_1;
  bool secure = false;
  /// "127.0.0.1:40000".
  std::string peer;
};

/// What goes wrong on purpose with an answer. A delay is the handler's own business.
class Fault {
 public:
  enum class Kind {
    none,
    /// Resets the connection (TCP RST) instead of answering.
    reset_connection,
    /// HTTP/2: RST_STREAM with `code` instead of an answer. HTTP/1.1: as reset_connection.
    reset_stream,
    /// Sends the head, with the full content-length, and `bytes` of the body, then closes the connection.
    truncate,
    /// HTTP/2: the head and `bytes` of the body, then RST_STREAM with `code`. HTTP/1.1: as truncate.
    truncate_stream,
    /// HTTP/2: answers, and asks for no more requests on this connection; those in flight go on. HTTP/1.1: answers with
    /// `connection: close`.
    goaway,
    /// HTTP/2: GOAWAY that says that this request was not looked at, in place of an answer; earlier ones go on.
    /// HTTP/1.1: as reset_connection.
    goaway_unprocessed,
    /// Answers, then closes the connection without having announced it.
    close_after,
  };
  Fault() {}
  Fault(Kind kind) : kind(kind) {}
  Fault(Kind kind, std::size_t bytes, std::uint32_t code) : kind(kind), bytes(bytes), code(code) {}

  Kind kind = Kind::none;
  std::size_t bytes = 0;
  /// HTTP/2 error code; 2 is INTERNAL_ERROR, 7 REFUSED_STREAM, 8 CANCEL.
  std::uint32_t code = 2;
};

/// The body of an answer that is written while it is made. Used on the connection's executor, by one coroutine.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  /// Returns when the peer has made room for all of it and it was handed to the connection, so at most one piece is
  /// under way. Error(closed) once the peer has cancelled or gone.
  virtual awaitable<Result<void>> write(Body piece) = 0;
  /// False once the peer has cancelled or gone, or the stream was ended here.
  virtual bool open() const noexcept = 0;
  /// Ends the body as it should. Implied by returning from the function that writes it.
  virtual void finish() = 0;
  /// HTTP/2: RST_STREAM with this error code. HTTP/1.1: as truncate. Implied by an exception, with INTERNAL_ERROR.
  virtual void reset(std::uint32_t code) = 0;
  /// Closes the connection in the middle of the body.
  virtual void truncate() = 0;
  /// HTTP/2: asks for no more requests on this connection; this body and others in flight go on. HTTP/1.1: nothing.
  virtual void go_away() = 0;
};

/// What a handler answers.
class ServerResponse {
 public:
  /// Writes a streamed body. Called on the connection's executor once the head is on its way. Cancelled (what it awaits
  /// throws) as soon as the peer cancels or goes, and at the end of a stop's grace; over HTTP/1.1, which has no sign of
  /// it, a peer that is gone is noticed by the next write.
  using Writer = std::function<awaitable<void>(std::shared_ptr<ResponseStream>)>;

  ServerResponse() {}
  /// A complete answer. `content-length` is added.
  ServerResponse(int status, Headers headers = Headers(), Body body = Body())
      : status(status), headers(std::move(headers)), body(std::move(body)) {}
  /// A streamed one.
  ServerResponse(int status, Headers headers, Writer writer)
      : status(status), headers(std::move(headers)), writer(std::move(writer)) {}

  int status = 200;
  Headers headers;
  Body body;
  Writer writer;
  Fault fault;
};

/// Answers requests. Calls overlap: requests of one HTTP/2 connection run beside each other on its executor,
/// connections on theirs.
class Handler {
 public:
  virtual ~Handler() = default;
  /// Runs on the connection's executor and ends there. An exception becomes a 500. A peer that goes away does not
  /// cancel it; the end of a stop's grace does.
  virtual awaitable<ServerResponse> handle(ServerRequest request) = 0;
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  /// 0 picks a free one.
  std::uint16_t port = 0;
  /// Runs the server, each connection on a strand of it. Ignored with `threads`.
  asio::any_io_executor executor;
  /// This many threads of its own, each with its share of the connections. 0: none, `executor` is used.
  std::size_t threads = 0;
  std::shared_ptr<Clock> clock = Clock::system();
  Log log;
  /// Without one a TLS greeting is refused. Plain connections are served either way, on the same port.
  std::shared_ptr<const TlsContext> tls;
  bool allow_plain = true;
  /// Connections beyond are closed at once.
  std::size_t max_connections = 10'000;
  /// A larger head is answered by 431, a larger body by 413. Bytes. An HTTP/2 connection may have incomplete bodies of
  /// four times `max_body`; beyond, it has to complete some before it may send more.
  std::size_t max_header_bytes = 64u << 10;
  std::size_t max_body = 16u << 20;
  /// HTTP/2: requests at a time, and what may be sent before it is read, per stream and connection.
  std::uint32_t max_concurrent_streams = 250;
  std::uint32_t stream_window = 4u << 20;
  std::uint32_t connection_window = 16u << 20;
  /// HTTP/2: a peer may reset this many streams in a burst, and this many a second, before its connection is closed
  /// (CVE-2023-44487).
  std::uint64_t reset_burst = 1000;
  std::uint64_t reset_rate = 100;
  /// From the first byte of a request (of a connection: from its start, TLS included) to the end of its head; zero: no
  /// limit, as below.
  Clock::duration header_timeout = std::chrono::seconds(10);
  /// The longest pause within a body that arrives, or within an answer the peer does not take.
  Clock::duration body_timeout = std::chrono::seconds(30);
  /// A connection without a request is closed after this time.
  Clock::duration idle_timeout = std::chrono::seconds(75);
};

struct ServerStats {
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_open = 0;
  /// Heads received, refused ones included.
  std::uint64_t requests = 0;
};

/// HTTP/1.1, HTTP/2 by prior knowledge and, with a context, both over TLS (by ALPN, or by the client's preface where it
/// negotiated nothing), all on one port. Thread-safe.
class Server {
 public:
  virtual ~Server() = default;
  virtual std::uint16_t port() const noexcept = 0;
  virtual ServerStats stats() const = 0;
  /// Takes no more connections or requests, lets those in flight finish for up to `grace`, then closes what is left.
  /// Returns when every handler has ended; on the caller's executor.
  virtual awaitable<void> stop(Clock::duration grace) = 0;
};

/// Listens and serves at once. Throws Error(connection) if the address cannot be had. Letting go of the server closes
/// everything without grace; with `threads`, it waits for them, so do not let go of it on one of them.
std::shared_ptr<Server> make_server(ServerOptions options, std::shared_ptr<Handler> handler);

}  // namespace kinesis::http
