#pragma once

#include "core/pages.hpp"
#include <kinesis/bytes.hpp>

#include <cstddef>
#include <vector>

namespace kinesis::producer {

/// Copies of small pieces of bytes that all end together: one after the other in a few large chunks, whose memory is
/// used again. A value; moves.
class ByteChunks {
 public:
  /// A copy of `bytes`, good until `clear`.
  BytesView copy(BytesView bytes);
  /// All copies end. Keeps the memory of some chunks; none under AddressSanitizer, which then finds uses of copies.
  void clear() noexcept;
  /// More is kept than when nothing goes on for a while.
  bool can_trim() const noexcept { return empty() && chunks_.size() > kept_when_idle; }
  void trim() noexcept;
  bool empty() const noexcept { return used_ == 0; }

 private:
  static constexpr std::size_t chunk_bytes = std::size_t{256} * 1024;
  static constexpr std::size_t most_kept = 32;
  static constexpr std::size_t kept_when_idle = 2;

  void begin_chunk(std::size_t least);

  std::vector<core::Pages> chunks_;
  std::size_t used_ = 0;  ///< Chunks in use, the last of them at `next_`.
  std::byte* next_ = nullptr;
  std::byte* end_ = nullptr;
};

}  // namespace kinesis::producer
