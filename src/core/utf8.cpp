#include "core/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace kinesis::core {
namespace {

/// Bytes of the sequence at `at`, 0 if it is none. RFC 3629, section 4.
std::size_t sequence_length(const unsigned char* at, std::size_t left) noexcept {
  const unsigned char first = at[0];
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned char lowest = 0x80;
  unsigned char highest = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    if (first == 0xe0) lowest = 0xa0;
    if (first == 0xed) highest = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    if (first == 0xf0) lowest = 0x90;
    if (first == 0xf4) highest = 0x8f;
  } else {
    return 0;
  }
  if (left < length || at[1] < lowest || at[1] > highest) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((at[i] & 0xc0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

std::optional<std::size_t> count_code_points(std::string_view text) noexcept {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t left = text.size();
  std::size_t count = 0;
  while (left > 0) {
    // Most text is ASCII: eight at a time.
    while (left >= 8) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, at, 8);
      if ((eight & 0x8080808080808080) != 0) break;
      at += 8;
      left -= 8;
      count += 8;
    }
    if (left == 0) break;
    const std::size_t length = sequence_length(at, left);
    if (length == 0) return std::nullopt;
    at += length;
    left -= length;
    ++count;
  }
  return count;
}

}  // namespace kinesis::core
