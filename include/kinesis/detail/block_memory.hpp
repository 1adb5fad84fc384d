#pragma once

#include <boost/asio/associated_allocator.hpp>

#include <cstddef>
#include <memory>
#include <type_traits>

namespace kinesis::detail {

/// Memory for small things that come and go by the thousand, often from one thread to another, such as handlers, where
/// the general allocator is slow: it merges what is freed with its neighbours, and so looks at memory that nobody has
/// used for long. Each thread keeps blocks by their size, and passes them on by the chain. What is kept altogether is
/// bounded. What is larger than `largest_block` is allocated and freed each time, and so is everything under
/// AddressSanitizer, which then finds uses after the end. From any thread.
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
    if constexpr (is_aligned) return static_cast<T*>(allocate_block(count * sizeof(T)));
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* block, std::size_t count) noexcept {
    if constexpr (is_aligned) return free_block(block, count * sizeof(T));
    std::allocator<T>().deallocate(block, count);
  }

  friend bool operator==(const BlockAllocator&, const BlockAllocator&) noexcept { return true; }

 private:
  static constexpr bool is_aligned = alignof(T) <= alignof(std::max_align_t);
};
template <>
class BlockAllocator<void> {
 public:
  using value_type = void;
  BlockAllocator() = default;
  template <class U>
  explicit(false) BlockAllocator(const BlockAllocator<U>&) noexcept {}
  template <class U>
  struct rebind {
    using other = BlockAllocator<U>;
  };
  friend bool operator==(const BlockAllocator&, const BlockAllocator&) noexcept { return true; }
};

/// Whether a handler says itself where its memory comes from.
template <class Handler>
inline constexpr bool has_own_allocator =
    !std::is_same_v<boost::asio::associated_allocator_t<Handler>, std::allocator<void>>;

}  // namespace kinesis::detail
