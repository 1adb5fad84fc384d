#include "core/md5_rounds.hpp"

namespace kinesis::core::md5_detail {
namespace {

typedef std::uint32_t Vector4 __attribute__((vector_size(16)));
typedef std::uint64_t Half4 __attribute__((vector_size(16)));

/// Four words of four lanes: lane l's words at from[l] + offset become words[0..4) with lane l at place l.
[[gnu::always_inline]] inline void transpose_4(const std::byte* const* from, std::size_t offset,
                                               Vector4* words) noexcept {
  Vector4 row[4];
  for (int l = 0; l < 4; ++l) __builtin_memcpy(&row[l], from[l] + offset, sizeof row[l]);
  const auto low_01 = reinterpret_cast<Half4>(__builtin_shufflevector(row[0], row[1], 0, 4, 1, 5));
  const auto high_01 = reinterpret_cast<Half4>(__builtin_shufflevector(row[0], row[1], 2, 6, 3, 7));
  const auto low_23 = reinterpret_cast<Half4>(__builtin_shufflevector(row[2], row[3], 0, 4, 1, 5));
  const auto high_23 = reinterpret_cast<Half4>(__builtin_shufflevector(row[2], row[3], 2, 6, 3, 7));
  words[0] = reinterpret_cast<Vector4>(__builtin_shufflevector(low_01, low_23, 0, 2));
  words[1] = reinterpret_cast<Vector4>(__builtin_shufflevector(low_01, low_23, 1, 3));
  words[2] = reinterpret_cast<Vector4>(__builtin_shufflevector(high_01, high_23, 0, 2));
  words[3] = reinterpret_cast<Vector4>(__builtin_shufflevector(high_01, high_23, 1, 3));
}

}  // namespace

void run_lanes_4(LaneBlocks<4>& lanes, std::size_t blocks) noexcept {
  Vector4 state[4];
  __builtin_memcpy(state, lanes.state, sizeof state);
  for (; blocks > 0; --blocks) {
    Vector4 words[16];
    for (std::size_t quarter = 0; quarter < 4; ++quarter) transpose_4(lanes.from, 16 * quarter, words + 4 * quarter);
    transform(state, words);
    for (int l = 0; l < 4; ++l) lanes.from[l] += lanes.stride[l];
  }
  __builtin_memcpy(lanes.state, state, sizeof state);
}

}  // namespace kinesis::core::md5_detail

#if defined(__x86_64__)

#include <immintrin.h>

namespace kinesis::core::md5_detail {
namespace {

typedef std::uint32_t Vector8 __attribute__((vector_size(32)));
typedef std::uint32_t Vector16 __attribute__((vector_size(64)));

/// Eight words of eight lanes: lane l's words at from[l] become words[0..8) with lane l at place l.
[[gnu::target("avx2"), gnu::always_inline]] inline void transpose_8(const std::byte* const* from, std::size_t offset,
                                                                    Vector8* words) noexcept {
  __m256i row[8];
  for (int l = 0; l < 8; ++l) row[l] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from[l] + offset));
  __m256i pair[8];
  for (int l = 0; l < 8; l += 2) {
    pair[l] = _mm256_unpacklo_epi32(row[l], row[l + 1]);
    pair[l + 1] = _mm256_unpackhi_epi32(row[l], row[l + 1]);
  }
  __m256i quad[8];
  for (int l = 0; l < 8; l += 4) {
    quad[l] = _mm256_unpacklo_epi64(pair[l], pair[l + 2]);
    quad[l + 1] = _mm256_unpackhi_epi64(pair[l], pair[l + 2]);
    quad[l + 2] = _mm256_unpacklo_epi64(pair[l + 1], pair[l + 3]);
    quad[l + 3] = _mm256_unpackhi_epi64(pair[l + 1], pair[l + 3]);
  }
  for (int w = 0; w < 4; ++w) {
    words[w] = reinterpret_cast<Vector8>(_mm256_permute2x128_si256(quad[w], quad[w + 4], 0x20));
    words[w + 4] = reinterpret_cast<Vector8>(_mm256_permute2x128_si256(quad[w], quad[w + 4], 0x31));
  }
}

/// Sixteen words of sixteen lanes.
[[gnu::target("avx512f"), gnu::always_inline]] inline void transpose_16(const std::byte* const* from,
                                                                        Vector16* words) noexcept {
  __m512i row[16];
  for (int l = 0; l < 16; ++l) row[l] = _mm512_loadu_si512(from[l]);
  __m512i pair[16];
  for (int l = 0; l < 16; l += 2) {
    pair[l] = _mm512_unpacklo_epi32(row[l], row[l + 1]);
    pair[l + 1] = _mm512_unpackhi_epi32(row[l], row[l + 1]);
  }
  // quad[4 g + w]: of lanes 4 g to 4 g + 3, words w, w + 4, w + 8 and w + 12.
  __m512i quad[16];
  for (int l = 0; l < 16; l += 4) {
    quad[l] = _mm512_unpacklo_epi64(pair[l], pair[l + 2]);
    quad[l + 1] = _mm512_unpackhi_epi64(pair[l], pair[l + 2]);
    quad[l + 2] = _mm512_unpacklo_epi64(pair[l + 1], pair[l + 3]);
    quad[l + 3] = _mm512_unpackhi_epi64(pair[l + 1], pair[l + 3]);
  }
  for (int w = 0; w < 4; ++w) {
    const __m512i low_even = _mm512_shuffle_i32x4(quad[w], quad[w + 4], 0x88);        // words w, w+8 of lanes 0..7
    const __m512i low_odd = _mm512_shuffle_i32x4(quad[w], quad[w + 4], 0xdd);         // words w+4, w+12
    const __m512i high_even = _mm512_shuffle_i32x4(quad[w + 8], quad[w + 12], 0x88);  // lanes 8..15
    const __m512i high_odd = _mm512_shuffle_i32x4(quad[w + 8], quad[w + 12], 0xdd);
    words[w] = reinterpret_cast<Vector16>(_mm512_shuffle_i32x4(low_even, high_even, 0x88));
    words[w + 8] = reinterpret_cast<Vector16>(_mm512_shuffle_i32x4(low_even, high_even, 0xdd));
    words[w + 4] = reinterpret_cast<Vector16>(_mm512_shuffle_i32x4(low_odd, high_odd, 0x88));
    words[w + 12] = reinterpret_cast<Vector16>(_mm512_shuffle_i32x4(low_odd, high_odd, 0xdd));
  }
}

}  // namespace

[[gnu::target("avx2")]] void run_lanes_8(LaneBlocks<8>& lanes, std::size_t blocks) noexcept {
  Vector8 state[4];
  __builtin_memcpy(state, lanes.state, sizeof state);
  for (; blocks > 0; --blocks) {
    Vector8 words[16];
    transpose_8(lanes.from, 0, words);
    transpose_8(lanes.from, 32, words + 8);
    transform(state, words);
    for (int l = 0; l < 8; ++l) lanes.from[l] += lanes.stride[l];
  }
  __builtin_memcpy(lanes.state, state, sizeof state);
}

[[gnu::target("avx512f")]] void run_lanes_16(LaneBlocks<16>& lanes, std::size_t blocks) noexcept {
  Vector16 state[4];
  __builtin_memcpy(state, lanes.state, sizeof state);
  for (; blocks > 0; --blocks) {
    Vector16 words[16];
    transpose_16(lanes.from, words);
    transform(state, words);
    for (int l = 0; l < 16; ++l) lanes.from[l] += lanes.stride[l];
  }
  __builtin_memcpy(lanes.state, state, sizeof state);
}

}  // namespace kinesis::core::md5_detail

#else

namespace kinesis::core::md5_detail {
void run_lanes_8(LaneBlocks<8>&, std::size_t) noexcept {}
void run_lanes_16(LaneBlocks<16>&, std::size_t) noexcept {}
}  // namespace kinesis::core::md5_detail

#endif
