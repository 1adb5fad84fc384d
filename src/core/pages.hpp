#pragma once

#include <cstddef>
#include <utility>

namespace kinesis::core {

/// Memory from the system itself, which gets it back at once: for what is large for a moment only. The general
/// allocator would keep it, between small pieces that stay. Moves, does not copy; empty after a move.
class Pages {
 public:
  Pages() noexcept = default;
  /// `size` bytes, more than 0. Throws std::bad_alloc.
  explicit Pages(std::size_t size);
  Pages(Pages&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Pages& operator=(Pages&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Pages();

  std::byte* data() noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace kinesis::core
