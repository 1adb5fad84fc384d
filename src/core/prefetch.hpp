#pragma once

#include <cstddef>
#include <cstring>

namespace kinesis::core {

/// Has the processor fetch the first `lines` cache lines (64 bytes each) of an object, while it works on something
/// else.
template <std::size_t lines>
void prefetch_lines(const void* address) noexcept {
  for (std::size_t i = 0; i < lines; ++i) __builtin_prefetch(static_cast<const char*>(address) + i * 64);
}

/// Where a loop over pointers is, what it will need a few turns later.
template <std::size_t lines, class Pointers>
void prefetch_ahead(const Pointers& pointers, std::size_t index, std::size_t ahead = 6) noexcept {
  if (index + ahead < pointers.size()) prefetch_lines<lines>(pointers[index + ahead].get());
}

/// The same for what a handle points to that is no more than a few pointers, such as Asio's `any_completion_handler`. A
/// hint: for handles that are made otherwise it does nothing of use, and no harm.
template <class Handle>
void prefetch_behind(const Handle& handle) noexcept {
  constexpr std::size_t pointers = sizeof(Handle) / sizeof(void*);
  static_assert(pointers * sizeof(void*) == sizeof(Handle) && pointers <= 4);
  const void* addresses[pointers];
  std::memcpy(addresses, static_cast<const void*>(&handle), sizeof addresses);
  for (const void* const address : addresses) __builtin_prefetch(address);
}

}  // namespace kinesis::core
