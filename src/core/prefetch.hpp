#pragma once

#include <cstddef>

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

}  // namespace kinesis::core
