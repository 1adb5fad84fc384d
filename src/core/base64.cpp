#include "core/base64.hpp"

#include <array>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace kinesis::core {
namespace {

constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_value = 0x80;

constexpr std::array<std::uint8_t, 256> values = [] {
  std::array<std::uint8_t, 256> table{};
  for (std::uint8_t& value : table) value = no_value;
  for (std::uint8_t i = 0; i < 64; ++i) table[static_cast<unsigned char>(alphabet[i])] = i;
  return table;
}();

/// Two characters for each 12 bits: half as many look-ups as one by one.
constexpr std::array<std::array<char, 2>, 4096> pairs = [] {
  std::array<std::array<char, 2>, 4096> table{};
  for (std::size_t i = 0; i < 4096; ++i) table[i] = {alphabet[i >> 6], alphabet[i & 63]};
  return table;
}();

// Both kernels work on whole groups (3 bytes, 4 characters) and return how many input units they have consumed.

std::size_t encode_table(const std::uint8_t* from, std::size_t size, char* to) noexcept {
  std::size_t done = 0;
  for (; size - done >= 3; done += 3, to += 4) {
    const std::uint32_t bits =
        (std::uint32_t{from[done]} << 16) | (std::uint32_t{from[done + 1]} << 8) | from[done + 2];
    std::memcpy(to, pairs[bits >> 12].data(), 2);
    std::memcpy(to + 2, pairs[bits & 4095].data(), 2);
  }
  return done;
}

/// Stops before the first group that holds anything but the 64 characters.
std::size_t decode_table(const std::uint8_t* from, std::size_t size, std::uint8_t* to) noexcept {
  std::size_t done = 0;
  for (; size - done >= 4; done += 4, to += 3) {
    const std::uint32_t a = values[from[done]];
    const std::uint32_t b = values[from[done + 1]];
    const std::uint32_t c = values[from[done + 2]];
    const std::uint32_t d = values[from[done + 3]];
    if (((a | b | c | d) & no_value) != 0) break;
    const std::uint32_t bits = (a << 18) | (b << 12) | (c << 6) | d;
    to[0] = static_cast<std::uint8_t>(bits >> 16);
    to[1] = static_cast<std::uint8_t>(bits >> 8);
    to[2] = static_cast<std::uint8_t>(bits);
  }
  return done;
}

#if defined(__x86_64__)

/// 12 bytes to 16 characters at a time; reads 16, so the last few groups are left to the table.
[[gnu::target("ssse3")]] std::size_t encode_ssse3(const std::uint8_t* from, std::size_t size, char* to) noexcept {
  // Each group of 3 bytes a b c becomes the 4 bytes b a c b: two little-endian 16-bit halves that hold two 6-bit fields
  // each.
  const __m128i spread = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
  // What to add to a 6-bit value, by its class: 0..25, 26..51, the ten digits, '+', '/'.
  const __m128i offsets = _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                                        '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
  std::size_t done = 0;
  for (; size - done >= 16; done += 12, to += 16) {
    const __m128i bytes = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + done)), spread);
    // Multiplications are shifts by a different count in each half.
    const __m128i upper = _mm_mulhi_epu16(_mm_and_si128(bytes, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040));
    const __m128i lower = _mm_mullo_epi16(_mm_and_si128(bytes, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010));
    const __m128i fields = _mm_or_si128(upper, lower);
    // Class 0 for 26..51, 1..12 for 52..63, 13 for 0..25.
    __m128i index = _mm_subs_epu8(fields, _mm_set1_epi8(51));
    const __m128i capital = _mm_cmpgt_epi8(_mm_set1_epi8(26), fields);
    index = _mm_or_si128(index, _mm_and_si128(capital, _mm_set1_epi8(13)));
    const __m128i characters = _mm_add_epi8(fields, _mm_shuffle_epi8(offsets, index));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), characters);
  }
  return done;
}

/// 16 characters to 12 bytes at a time. Each store writes 16 bytes, so the last groups are left to the table.
[[gnu::target("ssse3")]] std::size_t decode_ssse3(const std::uint8_t* from, std::size_t size,
                                                  std::uint8_t* to) noexcept {
  // A character is valid if the masks of its two half-bytes have no bit in common; each bit of the high one stands for
  // a set of low halves.
  const __m128i low_masks =
      _mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
  const __m128i high_masks =
      _mm_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
  // What to add to a character, by its high half; '/' shares one with '+' and takes the place before.
  const __m128i offsets =
      _mm_setr_epi8(0, 63 - '/', 62 - '+', 52 - '0', 0 - 'A', 0 - 'A', 26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0);
  const __m128i gather = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
  const __m128i half = _mm_set1_epi8(0x0f);
  std::size_t done = 0;
  for (; size - done >= 24; done += 16, to += 12) {
    const __m128i characters = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + done));
    const __m128i high = _mm_and_si128(_mm_srli_epi32(characters, 4), half);
    const __m128i low = _mm_and_si128(characters, half);
    const __m128i wrong = _mm_and_si128(_mm_shuffle_epi8(low_masks, low), _mm_shuffle_epi8(high_masks, high));
    if (_mm_movemask_epi8(_mm_cmpeq_epi8(wrong, _mm_setzero_si128())) != 0xffff) break;
    const __m128i slash = _mm_cmpeq_epi8(characters, _mm_set1_epi8('/'));
    const __m128i fields = _mm_add_epi8(characters, _mm_shuffle_epi8(offsets, _mm_add_epi8(slash, high)));
    // Two 6-bit fields to 12 bits, two of these to 24, then the three bytes in order.
    const __m128i twelve = _mm_maddubs_epi16(fields, _mm_set1_epi32(0x01400140));
    const __m128i twenty_four = _mm_madd_epi16(twelve, _mm_set1_epi32(0x00011000));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_shuffle_epi8(twenty_four, gather));
  }
  return done;
}

#else

std::size_t encode_ssse3(const std::uint8_t*, std::size_t, char*) noexcept { return 0; }
std::size_t decode_ssse3(const std::uint8_t*, std::size_t, std::uint8_t*) noexcept { return 0; }

#endif

Base64Kernel best_kernel() noexcept {
  static const Base64Kernel best = supported(Base64Kernel::ssse3) ? Base64Kernel::ssse3 : Base64Kernel::table;
  return best;
}

}  // namespace

bool supported(Base64Kernel kernel) noexcept {
#if defined(__x86_64__)
  return kernel == Base64Kernel::table || __builtin_cpu_supports("ssse3") != 0;
#else
  return kernel == Base64Kernel::table;
#endif
}

std::size_t base64_encode(BytesView bytes, char* out, Base64Kernel kernel) noexcept {
  const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data());
  std::size_t done = 0;
  if (kernel == Base64Kernel::ssse3) done = encode_ssse3(from, bytes.size(), out);
  done += encode_table(from + done, bytes.size() - done, out + done / 3 * 4);
  char* to = out + done / 3 * 4;
  const std::size_t rest = bytes.size() - done;
  if (rest == 0) return base64_encoded_size(bytes.size());
  const std::uint32_t bits = (std::uint32_t{from[done]} << 16) | (rest == 2 ? std::uint32_t{from[done + 1]} << 8 : 0);
  to[0] = alphabet[bits >> 18];
  to[1] = alphabet[(bits >> 12) & 63];
  to[2] = rest == 2 ? alphabet[(bits >> 6) & 63] : '=';
  to[3] = '=';
  return base64_encoded_size(bytes.size());
}

std::optional<std::size_t> base64_decode(std::string_view text, std::byte* out, Base64Kernel kernel) noexcept {
  if (text.size() % 4 != 0) return std::nullopt;
  const auto* from = reinterpret_cast<const std::uint8_t*>(text.data());
  auto* to = reinterpret_cast<std::uint8_t*>(out);
  std::size_t done = 0;
  if (kernel == Base64Kernel::ssse3) done = decode_ssse3(from, text.size(), to);
  done += decode_table(from + done, text.size() - done, to + done / 4 * 3);
  const std::size_t written = done / 4 * 3;
  if (done == text.size()) return written;
  // Only the last group may be left, for its padding.
  if (text.size() - done != 4 || from[done + 3] != '=') return std::nullopt;
  const std::uint32_t a = values[from[done]];
  const std::uint32_t b = values[from[done + 1]];
  const bool one_byte = from[done + 2] == '=';
  const std::uint32_t c = one_byte ? 0 : values[from[done + 2]];
  if (((a | b | c) & no_value) != 0) return std::nullopt;
  const std::uint32_t bits = (a << 18) | (b << 12) | (c << 6);
  to[written] = static_cast<std::uint8_t>(bits >> 16);
  if (one_byte) {
    if ((bits & 0xffff) != 0) return std::nullopt;
    return written + 1;
  }
  if ((bits & 0xff) != 0) return std::nullopt;
  to[written + 1] = static_cast<std::uint8_t>(bits >> 8);
  return written + 2;
}

std::size_t base64_encode(BytesView bytes, char* out) noexcept { return base64_encode(bytes, out, best_kernel()); }

std::optional<std::size_t> base64_decode(std::string_view text, std::byte* out) noexcept {
  return base64_decode(text, out, best_kernel());
}

void append_base64(std::string& out, BytesView bytes) {
  const std::size_t start = out.size();
  out.resize(start + base64_encoded_size(bytes.size()));
  base64_encode(bytes, out.data() + start);
}

std::string base64_encode(BytesView bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

std::optional<Bytes> base64_decode(std::string_view text) {
  Bytes out(base64_decoded_capacity(text.size()));
  const std::optional<std::size_t> size = base64_decode(text, out.data());
  if (!size) return std::nullopt;
  out.resize(*size);
  return out;
}

}  // namespace kinesis::core
