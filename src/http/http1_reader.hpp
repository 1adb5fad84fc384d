#pragma once

#include "core/async.hpp"
#include "http/http1_parser.hpp"
#include "http/stream.hpp"

#include <optional>

namespace kinesis::http {

/// Reads HTTP/1.1 messages from a stream, one after the other. Bodies of known length go from the socket into their own
/// buffer.
class Http1Reader {
 public:
  /// `received` are bytes that were read from the stream before.
  Http1Reader(Stream& stream, std::unique_ptr<Http1Parser> parser, std::shared_ptr<core::BufferPool> pool,
              Bytes received = {});

  /// Waits for the first byte of a message. False if the stream ended instead.
  awaitable<Result<bool>> wait_for_message();
  /// The next head, or nothing if the stream ended before its first byte. `no_body`: the response to a HEAD is
  /// expected.
  awaitable<Result<std::optional<Http1Head>>> read_head(bool no_body = false);
  /// The whole body of that head. Error(too_large) before anything is read if its length is over `limit`.
  awaitable<Result<Blob>> read_body(std::size_t limit);
  /// The next bytes of the body, nothing at its end.
  awaitable<Result<std::optional<Blob>>> read_piece();

  /// True once all of the message was read, so that the next may begin.
  bool complete() const noexcept { return complete_; }
  /// True if bytes were received beyond what was used.
  bool has_more() const noexcept { return begin_ < end_; }

 private:
  BytesView buffered() const noexcept { return BytesView(buffer_).subspan(begin_, end_ - begin_); }
  awaitable<Result<std::size_t>> fill();
  awaitable<Result<Blob>> read_length(std::size_t limit);
  awaitable<Result<Blob>> read_to_end(std::size_t limit);
  std::size_t take_buffered(BodyBuffer& body, std::size_t limit);

  Stream& stream_;
  std::unique_ptr<Http1Parser> parser_;
  std::shared_ptr<core::BufferPool> pool_;
  Bytes buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  Framing framing_ = Framing::none;
  std::uint64_t left_ = 0;
  bool complete_ = true;
};

}  // namespace kinesis::http
