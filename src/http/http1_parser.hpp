#pragma once

#include "http/body_buffer.hpp"
#include "http/message.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace kinesis::http {

/// How the end of an HTTP/1.1 body is found (RFC 9112 section 6).
enum class Framing { none, length, chunked, until_end };

/// The head of an HTTP/1.1 message. A request has a method and a target, a response a status.
class Http1Head {
 public:
  Http1Head() {}
  std::string method;
  std::string target;
  int status = 0;
  /// 0 or 1.
  int minor_version = 1;
  Headers headers;
  Framing framing = Framing::none;
  std::uint64_t length = 0;
  bool keep_alive = false;
};

/// Reads HTTP/1.1 messages from bytes as they come, by Beast's parser: pure, no I/O. Request smuggling is its concern:
/// a length beside chunks, lengths that differ and bad names are errors.
///
/// Errors: `too_large` if a head or a chunked body is over its limit, `protocol` for all that is not HTTP/1.1.
class Http1Parser {
 public:
  static std::unique_ptr<Http1Parser> for_requests(std::size_t max_header_bytes);
  static std::unique_ptr<Http1Parser> for_responses(std::size_t max_header_bytes);
  virtual ~Http1Parser() = default;

  virtual std::size_t max_header_bytes() const noexcept = 0;
  /// Begins a new message. `no_body`: a response to HEAD.
  virtual void begin(bool no_body = false) = 0;
  /// Takes bytes of the head and returns how many were used; offer the others again, with more behind them.
  virtual Result<std::size_t> parse_head(BytesView bytes) = 0;
  /// True once the head is complete.
  virtual bool has_head() const noexcept = 0;
  virtual Http1Head take_head() = 0;
  /// The same for a chunked body, whose bytes go to `body`, which may grow to `limit`.
  virtual Result<std::size_t> parse_chunks(BytesView bytes, BodyBuffer& body, std::size_t limit) = 0;
  /// True once the last chunk and the trailers are in.
  virtual bool complete() const noexcept = 0;
};

/// Appends the head of a request, empty line included. `host` and `content-length` are added where the headers have
/// none; `proxied` makes an absolute target, and adds `proxy_authorization` unless it is empty. Hop-by-hop fields of
/// `headers` are left out.
void append_request_head(std::string& out, const Request& request, const Endpoint& endpoint, bool proxied = false,
                         std::string_view proxy_authorization = {});

/// Appends the head of a response, empty line included. `length` counts for Framing::length.
void append_response_head(std::string& out, int status, const Headers& headers, Framing framing, std::uint64_t length,
                          bool keep_alive, int minor_version = 1);

}  // namespace kinesis::http
