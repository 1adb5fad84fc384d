#include "http/http1_reader.hpp"

#include <algorithm>
#include <cstring>

namespace kinesis::http {
namespace {

constexpr std::size_t buffer_size = 16u << 10;
constexpr std::size_t piece_size = 64u << 10;
/// A body of announced length gets this much memory before its bytes prove that they exist.
constexpr std::size_t trusted_length = 4u << 20;

Error ended_early() {
  return Error(errc::connection, "the connection ended in the middle of a message").with_retryable(true);
}

}  // namespace

Http1Reader::Http1Reader(Stream& stream, std::unique_ptr<Http1Parser> parser, std::shared_ptr<core::BufferPool> pool,
                         Bytes received)
    : stream_(stream),
      parser_(std::move(parser)),
      pool_(std::move(pool)),
      buffer_(std::move(received)),
      end_(buffer_.size()) {
  if (buffer_.size() < buffer_size) buffer_.resize(buffer_size);
}

awaitable<Result<std::size_t>> Http1Reader::fill() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (end_ == buffer_.size()) {
    // Heads are limited by the parser; this stops what it does not count, the lines between chunks and behind them.
    const std::size_t most = std::max(buffer_size, 2 * parser_->max_header_bytes());
    if (begin_ == 0 && buffer_.size() >= most) co_return Error(errc::too_large, "a line of the message is too long");
    if (begin_ == 0) buffer_.resize(buffer_.size() * 2);
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const auto size = co_await stream_.read_some(std::span(buffer_).subspan(end_));
  if (size) end_ += *size;
  co_return size;
}

awaitable<Result<bool>> Http1Reader::wait_for_message() {
  while (true) {
    // RFC 9112 2.2: empty lines before a message are no part of it.
    while (begin_ < end_ && (buffer_[begin_] == std::byte{'\r'} || buffer_[begin_] == std::byte{'\n'})) ++begin_;
    if (begin_ < end_) co_return true;
    const auto size = co_await fill();
    if (!size) co_return size.error();
    if (*size == 0) co_return false;
  }
}

awaitable<Result<std::optional<Http1Head>>> Http1Reader::read_head(bool no_body) {
  const auto begun = co_await wait_for_message();
  if (!begun) co_return begun.error();
  if (!*begun) co_return std::optional<Http1Head>();
  parser_->begin(no_body);
  complete_ = false;
  while (true) {
    if (begin_ < end_) {
      const auto used = parser_->parse_head(buffered());
      if (!used) co_return used.error();
      begin_ += *used;
      if (parser_->has_head()) break;
    }
    const auto size = co_await fill();
    if (!size) co_return size.error();
    if (*size == 0) co_return ended_early();
  }
  std::optional<Http1Head> head = parser_->take_head();
  framing_ = head->framing;
  left_ = framing_ == Framing::length ? head->length : 0;
  complete_ = framing_ == Framing::none || (framing_ == Framing::length && left_ == 0);
  co_return head;
}

std::size_t Http1Reader::take_buffered(BodyBuffer& body, std::size_t limit) {
  const std::size_t size = std::min(end_ - begin_, limit);
  body.append(buffered().first(size));
  begin_ += size;
  return size;
}

awaitable<Result<Blob>> Http1Reader::read_body(std::size_t limit) {
  if (complete_) co_return Blob();
  if (framing_ == Framing::length) co_return co_await read_length(limit);
  if (framing_ == Framing::until_end) co_return co_await read_to_end(limit);
  BodyBuffer body(pool_);
  while (true) {
    const auto used = parser_->parse_chunks(buffered(), body, limit);
    if (!used) co_return used.error();
    begin_ += *used;
    if (parser_->complete()) break;
    const auto size = co_await fill();
    if (!size) co_return size.error();
    if (*size == 0) co_return ended_early();
  }
  complete_ = true;
  co_return body.take();
}

awaitable<Result<Blob>> Http1Reader::read_length(std::size_t limit) {
  if (left_ > limit) co_return Error(errc::too_large, "the body of the message is over its limit");
  BodyBuffer body(pool_);
  body.reserve(std::min<std::size_t>(left_, trusted_length));
  left_ -= take_buffered(body, left_);
  while (left_ > 0) {
    std::span<std::byte> room = body.prepare(1);
    if (room.size() > left_) room = room.first(left_);
    const auto size = co_await stream_.read_some(room);
    if (!size) co_return size.error();
    if (*size == 0) co_return ended_early();
    body.commit(*size);
    left_ -= *size;
  }
  complete_ = true;
  co_return body.take();
}

awaitable<Result<Blob>> Http1Reader::read_to_end(std::size_t limit) {
  BodyBuffer body(pool_);
  take_buffered(body, end_ - begin_);
  while (body.size() <= limit) {
    const std::span<std::byte> room = body.prepare(buffer_size);
    const auto size = co_await stream_.read_some(room);
    if (!size) co_return size.error();
    if (*size == 0) {
      complete_ = true;
      co_return body.take();
    }
    body.commit(*size);
  }
  co_return Error(errc::too_large, "the body of the message is over its limit");
}

awaitable<Result<std::optional<Blob>>> Http1Reader::read_piece() {
  BodyBuffer body(pool_);
  while (!complete_) {
    if (framing_ == Framing::chunked) {
      const auto used = parser_->parse_chunks(buffered(), body, buffer_.size());
      if (!used) co_return used.error();
      begin_ += *used;
      complete_ = parser_->complete();
      if (!body.empty() || complete_) break;
      const auto size = co_await fill();
      if (!size) co_return size.error();
      if (*size == 0) co_return ended_early();
      continue;
    }
    const std::size_t wanted = framing_ == Framing::length ? std::min<std::uint64_t>(left_, piece_size) : piece_size;
    std::size_t taken = take_buffered(body, wanted);
    if (taken == 0) {
      const std::span<std::byte> room = body.prepare(wanted).first(wanted);
      const auto size = co_await stream_.read_some(room);
      if (!size) co_return size.error();
      taken = *size;
      body.commit(taken);
      if (taken == 0) {
        if (framing_ == Framing::length) co_return ended_early();
        complete_ = true;
        break;
      }
    }
    if (framing_ == Framing::length) {
      left_ -= taken;
      complete_ = left_ == 0;
    }
    break;
  }
  if (body.empty()) co_return std::optional<Blob>();
  co_return std::optional<Blob>(body.take());
}

}  // namespace kinesis::http
