#pragma once

#include <boost/asio/associated_allocator.hpp>

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>

namespace kinesis::detail {

/// A handler of at most so many bytes has its memory from the pool.
inline constexpr std::size_t pooled_handler_bytes = 64;

/// Memory for one small handler. Made for handlers that are stored on one thread and called on another, where the
/// general allocator is slow: blocks go back to the threads that need them many at a time. From any thread.
void* allocate_handler();
void free_handler(void* block) noexcept;

/// Gives handlers their memory from the pool of small blocks.
template <class T>
class HandlerAllocator {
 public:
  using value_type = T;

  HandlerAllocator() = default;
  template <class U>
  explicit(false) HandlerAllocator(const HandlerAllocator<U>&) noexcept {}

  T* allocate(std::size_t count) {
    if (is_pooled(count)) return static_cast<T*>(allocate_handler());
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* block, std::size_t count) noexcept {
    if (is_pooled(count)) return free_handler(block);
    std::allocator<T>().deallocate(block, count);
  }

  friend bool operator==(const HandlerAllocator&, const HandlerAllocator&) noexcept { return true; }

 private:
  static constexpr bool is_pooled(std::size_t count) noexcept {
    return count == 1 && sizeof(T) <= pooled_handler_bytes && alignof(T) <= alignof(std::max_align_t);
  }
};
template <>
class HandlerAllocator<void> {
 public:
  using value_type = void;
  HandlerAllocator() = default;
  template <class U>
  explicit(false) HandlerAllocator(const HandlerAllocator<U>&) noexcept {}
  template <class U>
  struct rebind {
    using other = HandlerAllocator<U>;
  };
  friend bool operator==(const HandlerAllocator&, const HandlerAllocator&) noexcept { return true; }
};

/// Whether a handler says itself where its memory comes from.
template <class Handler>
inline constexpr bool has_own_allocator =
    !std::is_same_v<boost::asio::associated_allocator_t<Handler>, std::allocator<void>>;

}  // namespace kinesis::detail
