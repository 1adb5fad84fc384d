#pragma once

#include <kinesis/bytes.hpp>

#include <cstddef>
#include <memory>

namespace kinesis::core {

/// Memory for small things that come and go by the thousand, often from one thread to another, where the general
/// allocator is slow: it merges what is freed with its neighbours, and so looks at memory that nobody has used for
/// long. Each thread keeps blocks by their size, and passes them on by the chain. What is kept altogether is bounded.
/// What is larger than `largest_block` is allocated and freed each time, and so is everything under AddressSanitizer,
/// which then finds uses after the end. From any thread.
void* allocate_block(std::size_t bytes);
/// `bytes`: as it was allocated.
void free_block(void* block, std::size_t bytes) noexcept;

inline constexpr std::size_t largest_block = std::size_t{16} << 10;

/// Allocates blocks.
template <class T>
class BlockAllocator {
 public:
  using value_type = T;

  BlockAllocator() = default;
  template <class U>
  explicit(false) BlockAllocator(const BlockAllocator<U>&) noexcept {}

  T* allocate(std::size_t count) {
    static_assert(alignof(T) <= alignof(std::max_align_t));
    return static_cast<T*>(allocate_block(count * sizeof(T)));
  }
  void deallocate(T* block, std::size_t count) noexcept { free_block(block, count * sizeof(T)); }

  friend bool operator==(const BlockAllocator&, const BlockAllocator&) noexcept { return true; }
};

/// A copy of `bytes` in a block.
Blob copy_to_block(BytesView bytes);

}  // namespace kinesis::core
