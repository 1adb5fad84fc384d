#include "core/uint128.hpp"

#include <algorithm>

namespace kinesis::core {

std::optional<Uint128> Uint128::parse(std::string_view decimal) noexcept {
  if (decimal.empty() || decimal.size() > max_digits) return std::nullopt;
  if (decimal.size() > 1 && decimal.front() == '0') return std::nullopt;
  // Multiplying 128 bits is slow: 38 digits, which always fit, in groups of 19, which fit 64 bits; then the one that
  // may be too many.
  NativeUint128 value = 0;
  const std::string_view safe = decimal.substr(0, max_digits - 1);
  for (std::size_t at = 0; at < safe.size();) {
    const std::size_t end = std::min(safe.size(), at + 19);
    std::uint64_t group = 0;
    std::uint64_t scale = 1;
    for (; at < end; ++at) {
      const unsigned digit = static_cast<unsigned char>(safe[at]) - unsigned{'0'};
      if (digit > 9) return std::nullopt;
      group = group * 10 + digit;
      scale *= 10;
    }
    value = value * scale + group;
  }
  if (decimal.size() < max_digits) return of(value);
  constexpr NativeUint128 most = ~NativeUint128{0};
  const unsigned digit = static_cast<unsigned char>(decimal.back()) - unsigned{'0'};
  if (digit > 9) return std::nullopt;
  if (value > most / 10 || (value == most / 10 && digit > static_cast<unsigned>(most % 10))) return std::nullopt;
  return of(value * 10 + digit);
}

std::array<std::byte, 16> Uint128::to_big_endian() const noexcept {
  std::array<std::byte, 16> bytes{};
  for (std::size_t i = 0; i < 16; ++i) bytes[i] = static_cast<std::byte>(value_ >> (8 * (15 - i)));
  return bytes;
}

std::size_t Uint128::write(std::span<char, max_digits> out) const noexcept {
  // Division of 128 bits is slow: take 19 digits at a time.
  constexpr std::uint64_t group = 10'000'000'000'000'000'000U;
  std::array<char, max_digits + 19> digits;
  auto first = digits.end();
  NativeUint128 rest = value_;
  do {
    auto part = static_cast<std::uint64_t>(rest % group);
    rest /= group;
    for (int i = 0; i < 19 && (rest != 0 || part != 0); ++i) {
      *--first = static_cast<char>('0' + part % 10);
      part /= 10;
    }
  } while (rest != 0);
  if (first == digits.end()) *--first = '0';
  std::copy(first, digits.end(), out.begin());
  return static_cast<std::size_t>(digits.end() - first);
}

std::string Uint128::to_string() const {
  std::array<char, max_digits> digits;
  return {digits.data(), write(digits)};
}

}  // namespace kinesis::core
