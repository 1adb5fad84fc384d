#pragma once

#include "http/stream.hpp"

#include <algorithm>
#include <cstring>

// A connection without a network, for the fuzz targets of whole protocols.
namespace kinesis::http {

/// Gives `text` in reads of `step` bytes, then an orderly end; takes whatever is written.
class ScriptedStream final : public Stream {
 public:
  ScriptedStream(std::string_view text, std::size_t step) : rest_(as_bytes(text)), step_(step) {}

  awaitable<Result<std::size_t>> read_some(std::span<std::byte> into) override {
    if (!open_) co_return Error(errc::closed, "the connection was closed");
    const std::size_t size = std::min({into.size(), rest_.size(), step_});
    if (size > 0) std::memcpy(into.data(), rest_.data(), size);
    rest_ = rest_.subspan(size);
    read_ += size;
    co_return size;
  }
  awaitable<Result<void>> write(std::span<const BytesView> pieces) override {
    if (!open_ || finished_) co_return Error(errc::closed, "the connection was closed");
    for (const BytesView piece : pieces) written_ += piece.size();
    co_return Result<void>();
  }
  void close() noexcept override { open_ = false; }
  void reset() noexcept override { open_ = false; }
  awaitable<void> shutdown() override {
    finished_ = true;
    co_return;
  }
  void finish_writing() noexcept override { finished_ = true; }
  bool is_open() const noexcept override { return open_; }
  bool stale() noexcept override { return !open_; }
  std::string_view alpn() const noexcept override { return {}; }
  bool secure() const noexcept override { return false; }
  std::string peer() const override { return "127.0.0.1:1"; }
  std::uint64_t bytes_read() const noexcept override { return read_; }
  std::uint64_t bytes_written() const noexcept override { return written_; }

 private:
  BytesView rest_;
  std::size_t step_;
  bool open_ = true;
  bool finished_ = false;
  std::uint64_t read_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace kinesis::http
