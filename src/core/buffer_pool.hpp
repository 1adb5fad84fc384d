#pragma once

#include <kinesis/bytes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace kinesis::core {

class BufferPool;

/// Bytes that grow, never zeroed, with at least `padding` readable bytes behind them (what a parser with wide loads
/// needs). Its memory goes back to the pool it came from. Movable, not copyable; one owner at a time.
class Buffer {
 public:
  /// Readable, of any value, behind the capacity.
  static constexpr std::size_t padding = 64;

  /// Empty, without a pool.
  Buffer() noexcept = default;
  ~Buffer() { release(); }
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::byte* data() noexcept { return data_; }
  const std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::size_t capacity() const noexcept { return capacity_; }
  BytesView bytes() const noexcept { return {data_, size_}; }

  /// Bytes that are new have any value.
  void resize(std::size_t size) {
    if (size > capacity_) reserve(size);
    size_ = size;
  }
  /// Grows at least twofold when it must, so that many appends cost few copies.
  void reserve(std::size_t capacity);
  void append(BytesView bytes);
  /// Keeps the memory.
  void clear() noexcept { size_ = 0; }

  /// Turns it into a shared blob, whose last copy gives the memory back.
  Blob freeze() &&;
  /// Turns it into a shared owner of its bytes, for many blobs that are parts of it.
  std::shared_ptr<const Buffer> share() &&;

 private:
  friend class BufferPool;
  void release() noexcept;

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::shared_ptr<BufferPool> pool_;
};

/// Memory for bodies, kept for the next: fresh pages cost more than the bytes that are written to them. Blocks come in
/// a few sizes; what is larger is allocated and freed each time. Thread-safe.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  static constexpr std::array<std::size_t, 5> block_sizes = {
      std::size_t{4} << 10, std::size_t{64} << 10, std::size_t{1} << 20, std::size_t{10} << 20, std::size_t{16} << 20};

  /// Keeps at most `most_idle` bytes that nobody uses.
  static std::shared_ptr<BufferPool> create(std::size_t most_idle = std::size_t{64} << 20);
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// An empty buffer with room for `capacity` bytes.
  Buffer get(std::size_t capacity = 0);
  /// Bytes kept that nobody uses.
  std::size_t idle() const;
  /// Frees them.
  void trim();

 private:
  friend class Buffer;
  explicit BufferPool(std::size_t most_idle) : most_idle_(most_idle) {}

  /// The capacity a block for `wanted` bytes has.
  static std::size_t block_size(std::size_t wanted) noexcept;
  std::byte* acquire(std::size_t block_size);
  void give_back(std::byte* block, std::size_t block_size) noexcept;

  const std::size_t most_idle_;
  mutable std::mutex mutex_;
  std::size_t idle_ = 0;
  std::array<std::vector<std::byte*>, block_sizes.size()> free_;
};

}  // namespace kinesis::core
