#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

// The 64 steps of RFC 1321, for a word of one message or a vector of words of many. Included by the md5 files only.
namespace kinesis::core::md5_detail {

inline constexpr std::array<std::uint32_t, 4> initial = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};

/// floor(2^32 * |sin(i + 1)|).
inline constexpr std::array<std::uint32_t, 64> sines = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

inline constexpr std::array<std::array<int, 4>, 4> rotations = {
    {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};

/// Which word of the block step `i` takes.
constexpr int word_of(int i) noexcept {
  switch (i / 16) {
    case 0:
      return i;
    case 1:
      return (5 * i + 1) % 16;
    case 2:
      return (3 * i + 5) % 16;
    default:
      return (7 * i) % 16;
  }
}

// Word is std::uint32_t or a vector of them. Everything is forced inline and passed by reference, so that a caller
// compiled for a larger instruction set takes it along.
template <int I, class Word>
[[gnu::always_inline]] inline void step(Word& a, const Word& b, const Word& c, const Word& d,
                                        const Word* block) noexcept {
  constexpr int rotation = rotations[I / 16][I % 4];
  constexpr std::uint32_t sine = sines[I];
  Word sum = a + block[word_of(I)] + sine;
  if constexpr (I < 16) {
    sum += d ^ (b & (c ^ d));
  } else if constexpr (I < 32) {
    if constexpr (sizeof(Word) == 64) {
      sum += (b & d) | (c & ~d);  // One instruction of AVX-512.
    } else {
      // One half added apart does not wait for b, which the step before makes.
      sum += c & ~d;
      sum += b & d;
    }
  } else if constexpr (I < 48) {
    sum += b ^ (c ^ d);
  } else {
    sum += c ^ (b | ~d);
  }
  a = ((sum << rotation) | (sum >> (32 - rotation))) + b;
}

template <int I, class Word>
[[gnu::always_inline]] inline void four_steps(Word& a, Word& b, Word& c, Word& d, const Word* block) noexcept {
  step<I>(a, b, c, d, block);
  step<I + 1>(d, a, b, c, block);
  step<I + 2>(c, d, a, b, block);
  step<I + 3>(b, c, d, a, block);
}

/// One block of 16 words into the state of four.
template <class Word>
[[gnu::always_inline]] inline void transform(Word* state, const Word* block) noexcept {
  Word a = state[0];
  Word b = state[1];
  Word c = state[2];
  Word d = state[3];
  four_steps<0>(a, b, c, d, block);
  four_steps<4>(a, b, c, d, block);
  four_steps<8>(a, b, c, d, block);
  four_steps<12>(a, b, c, d, block);
  four_steps<16>(a, b, c, d, block);
  four_steps<20>(a, b, c, d, block);
  four_steps<24>(a, b, c, d, block);
  four_steps<28>(a, b, c, d, block);
  four_steps<32>(a, b, c, d, block);
  four_steps<36>(a, b, c, d, block);
  four_steps<40>(a, b, c, d, block);
  four_steps<44>(a, b, c, d, block);
  four_steps<48>(a, b, c, d, block);
  four_steps<52>(a, b, c, d, block);
  four_steps<56>(a, b, c, d, block);
  four_steps<60>(a, b, c, d, block);
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

/// Where the lanes of one call stand: word w of lane l is at state[w][l]; each lane reads `blocks` blocks of 64 bytes
/// from its pointer on, `stride` bytes apart (64, or 0 for a lane without work, which reads one block over and over).
template <std::size_t Lanes>
struct LaneBlocks {
  alignas(64) std::uint32_t state[4][Lanes];
  const std::byte* from[Lanes];
  std::size_t stride[Lanes];
};

// Written for no instruction set: SSE2 or NEON, as the compiler has it.
void run_lanes_4(LaneBlocks<4>& lanes, std::size_t blocks) noexcept;
// Only where the processor has AVX2 or AVX-512F.
void run_lanes_8(LaneBlocks<8>& lanes, std::size_t blocks) noexcept;
void run_lanes_16(LaneBlocks<16>& lanes, std::size_t blocks) noexcept;

}  // namespace kinesis::core::md5_detail
