#include "emulator/logic/sequence_number.hpp"

#include "core/uint128.hpp"

#include <cstring>

namespace kinesis::emulator {
namespace {

using core::NativeUint128;

constexpr std::uint64_t base = 10'000'000'000'000'000'000U;  // 10^19
constexpr std::uint64_t mask_36 = (std::uint64_t{1} << 36) - 1;

// 2^80 = index_high * 10^19 + index_low: what one step of the index adds.
constexpr std::uint64_t index_high = 120'892;
constexpr std::uint64_t index_low = 5'819'614'629'174'706'176U;
static_assert((NativeUint128{index_high} * base + index_low) == (NativeUint128{1} << 80));

using Limbs = std::array<std::uint64_t, 3>;  // to the base 2^64, lowest first

// Divides by 10^19 and returns the rest.
std::uint64_t divide(Limbs& limbs) noexcept {
  std::uint64_t rest = 0;
  for (std::size_t i = limbs.size(); i-- > 0;) {
    const NativeUint128 part = (NativeUint128{rest} << 64) | limbs[i];
    limbs[i] = static_cast<std::uint64_t>(part / base);
    rest = static_cast<std::uint64_t>(part % base);
  }
  return rest;
}

// limbs * factor + addend. False if it does not fit.
bool multiply_add(Limbs& limbs, std::uint64_t factor, std::uint64_t addend) noexcept {
  std::uint64_t carry = addend;
  for (std::uint64_t& limb : limbs) {
    const NativeUint128 part = NativeUint128{limb} * factor + carry;
    limb = static_cast<std::uint64_t>(part);
    carry = static_cast<std::uint64_t>(part >> 64);
  }
  return carry == 0;
}

// Adds `value` shifted to `bit`; nothing else is there.
void place(Limbs& limbs, std::uint64_t value, unsigned bit) noexcept {
  limbs[bit / 64] |= value << (bit % 64);
  if (bit % 64 != 0 && bit / 64 + 1 < limbs.size()) limbs[bit / 64 + 1] |= value >> (64 - bit % 64);
}
std::uint64_t pick(const Limbs& limbs, unsigned bit, unsigned bits) noexcept {
  std::uint64_t value = limbs[bit / 64] >> (bit % 64);
  if (bit % 64 != 0 && bit / 64 + 1 < limbs.size()) value |= limbs[bit / 64 + 1] << (64 - bit % 64);
  return bits == 64 ? value : value & ((std::uint64_t{1} << bits) - 1);
}

// Eight digits at a time: halves, quarters, eighths of the number side by side in one register, so three
// multiplications instead of eight divisions. `value` < 10^8.
void put_eight_digits(std::uint32_t value, char* out) noexcept {
  std::uint64_t fours = (value / 10'000U) | (std::uint64_t{value % 10'000U} << 32);
  const std::uint64_t hundreds = ((fours * 10'486U) >> 20) & 0x0000'007F'0000'007FU;
  const std::uint64_t twos = hundreds | ((fours - 100U * hundreds) << 16);
  const std::uint64_t tens = ((twos * 103U) >> 10) & 0x000F'000F'000F'000FU;
  const std::uint64_t ones = (tens | ((twos - 10U * tens) << 8)) + 0x3030'3030'3030'3030U;
  for (unsigned i = 0; i < 8; ++i) out[i] = static_cast<char>(ones >> (8 * i));
}

// `count` is 18 or 19, `value` < 10^count.
void put_digits(std::uint64_t value, std::size_t count, char* out) noexcept {
  const std::size_t first = count - 16;
  auto top = static_cast<std::uint32_t>(value / 10'000'000'000'000'000U);
  const std::uint64_t rest = value % 10'000'000'000'000'000U;
  for (std::size_t i = first; i-- > 0; top /= 10) out[i] = static_cast<char>('0' + top % 10);
  put_eight_digits(static_cast<std::uint32_t>(rest / 100'000'000U), out + first);
  put_eight_digits(static_cast<std::uint32_t>(rest % 100'000'000U), out + first + 8);
}

}  // namespace

SequenceWriter::SequenceWriter(std::uint64_t shard_seconds, std::uint32_t shard) noexcept
    : shard_seconds_(shard_seconds & mask_36), base_{} {
  Limbs limbs{};
  place(limbs, 2, 184);
  place(limbs, shard_seconds_, 148);
  place(limbs, shard & 15, 144);
  place(limbs, shard, 4);
  place(limbs, 2, 0);
  for (std::uint64_t& part : base_) part = divide(limbs);
}

void SequenceWriter::write(std::uint64_t index, std::uint64_t record_seconds, SequenceText& out) const noexcept {
  // Neither sum reaches 2^127, so each quotient fits 64 bits.
  const NativeUint128 low =
      NativeUint128{index} * index_low + (NativeUint128{record_seconds & mask_36} << 36) + base_[0];
  const auto low_carry = static_cast<std::uint64_t>(low / base);
  const NativeUint128 middle = NativeUint128{index} * index_high + low_carry + base_[1];
  const auto middle_carry = static_cast<std::uint64_t>(middle / base);
  put_digits(base_[2] + middle_carry, 18, out.data());
  put_digits(static_cast<std::uint64_t>(middle - NativeUint128{middle_carry} * base), 19, out.data() + 18);
  put_digits(static_cast<std::uint64_t>(low - NativeUint128{low_carry} * base), 19, out.data() + 37);
}

std::string SequenceWriter::text(std::uint64_t index, std::uint64_t record_seconds) const {
  SequenceText out;
  write(index, record_seconds, out);
  return std::string(view(out));
}

std::optional<SequenceParts> parse_sequence_number(std::string_view digits) noexcept {
  if (digits.size() != sequence_digits || digits.front() == '0') return std::nullopt;
  Limbs limbs{};
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    if (!multiply_add(limbs, 10, static_cast<std::uint64_t>(c - '0'))) return std::nullopt;
  }
  SequenceParts parts;
  parts.shard_seconds = pick(limbs, 148, 36);
  parts.index = pick(limbs, 80, 64);
  parts.record_seconds = pick(limbs, 36, 36);
  const std::uint64_t shard = pick(limbs, 4, 32);
  parts.shard = static_cast<std::uint32_t>(shard);
  const bool good = pick(limbs, 184, 8) == 2 && pick(limbs, 0, 4) == 2 && pick(limbs, 144, 4) == (shard & 15) &&
                    parts.index <= last_sequence_index && shard <= 0x7FFFFFFF;
  if (!good) return std::nullopt;
  return parts;
}

}  // namespace kinesis::emulator
