#pragma once

#include "core/buffer_pool.hpp"
#include "http/message.hpp"
#include <kinesis/bytes.hpp>

#include <cstring>
#include <memory>
#include <span>
#include <utility>

namespace kinesis::http {

static_assert(core::Buffer::padding >= body_padding);

/// Collects the bytes of a received body in pooled memory and hands them out as one blob, with `body_padding` zero
/// bytes behind.
class BodyBuffer {
 public:
  explicit BodyBuffer(std::shared_ptr<core::BufferPool> pool) : pool_(std::move(pool)) {}

  /// Makes room for a body of this length at once. Only for lengths that were checked.
  void reserve(std::size_t size) {
    if (size == 0) return;
    if (buffer_.capacity() == 0) buffer_ = pool_->get(size);
    buffer_.reserve(size);
  }
  /// At least `size` writable bytes behind what is there, usually more.
  std::span<std::byte> prepare(std::size_t size) {
    reserve(buffer_.size() + size);
    return {buffer_.data() + buffer_.size(), buffer_.capacity() - buffer_.size()};
  }
  /// Says how many of them were written.
  void commit(std::size_t size) { buffer_.resize(buffer_.size() + size); }
  void append(BytesView bytes) {
    if (bytes.empty()) return;
    std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
    commit(bytes.size());
  }

  std::size_t size() const noexcept { return buffer_.size(); }
  bool empty() const noexcept { return buffer_.empty(); }

  /// What was collected; the buffer is empty again.
  Blob take() {
    if (buffer_.empty()) return {};
    std::memset(buffer_.data() + buffer_.size(), 0, body_padding);
    return std::exchange(buffer_, core::Buffer()).freeze();
  }

 private:
  std::shared_ptr<core::BufferPool> pool_;
  core::Buffer buffer_;
};

}  // namespace kinesis::http
