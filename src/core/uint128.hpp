#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kinesis::core {

__extension__ typedef unsigned __int128 NativeUint128;

/// A hash key: an unsigned number of 128 bits. Arithmetic wraps.
class Uint128 {
 public:
  /// Digits of the largest value.
  static constexpr std::size_t max_digits = 39;

  constexpr Uint128() noexcept = default;
  constexpr Uint128(std::uint64_t value) noexcept : value_(value) {}  // NOLINT(google-explicit-constructor)
  constexpr Uint128(std::uint64_t high, std::uint64_t low) noexcept : value_((NativeUint128{high} << 64) | low) {}
  static constexpr Uint128 of(NativeUint128 value) noexcept {
    Uint128 result;
    result.value_ = value;
    return result;
  }
  static constexpr Uint128 max() noexcept { return of(~NativeUint128{0}); }

  /// Decimal as Kinesis writes hash keys: 0|[1-9][0-9]{0,38} and at most 2^128 - 1; nothing otherwise.
  static std::optional<Uint128> parse(std::string_view decimal) noexcept;
  /// The 16 bytes of an MD5, most significant first.
  static Uint128 from_big_endian(std::span<const std::byte, 16> bytes) noexcept {
    // Two loads, not sixteen: it stands beside every MD5 of a key.
    std::array<std::uint64_t, 2> words;
    std::memcpy(words.data(), bytes.data(), sizeof words);
    if constexpr (std::endian::native == std::endian::little) {
      for (std::uint64_t& word : words) word = __builtin_bswap64(word);
    }
    return {words[0], words[1]};
  }
  std::array<std::byte, 16> to_big_endian() const noexcept;

  /// Writes the decimal digits and returns how many.
  std::size_t write(std::span<char, max_digits> out) const noexcept;
  std::string to_string() const;

  constexpr NativeUint128 native() const noexcept { return value_; }
  constexpr std::uint64_t high() const noexcept { return static_cast<std::uint64_t>(value_ >> 64); }
  constexpr std::uint64_t low() const noexcept { return static_cast<std::uint64_t>(value_); }

  friend constexpr bool operator==(Uint128, Uint128) noexcept = default;
  friend constexpr std::strong_ordering operator<=>(Uint128 left, Uint128 right) noexcept {
    if (left.value_ == right.value_) return std::strong_ordering::equal;
    return left.value_ < right.value_ ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  friend constexpr Uint128 operator+(Uint128 left, Uint128 right) noexcept { return of(left.value_ + right.value_); }
  friend constexpr Uint128 operator-(Uint128 left, Uint128 right) noexcept { return of(left.value_ - right.value_); }
  friend constexpr Uint128 operator*(Uint128 left, std::uint64_t right) noexcept { return of(left.value_ * right); }
  /// `right` must not be 0.
  friend constexpr Uint128 operator/(Uint128 left, std::uint64_t right) noexcept { return of(left.value_ / right); }
  friend constexpr std::uint64_t operator%(Uint128 left, std::uint64_t right) noexcept {
    return static_cast<std::uint64_t>(left.value_ % right);
  }
  constexpr Uint128& operator+=(Uint128 right) noexcept { return *this = *this + right; }
  constexpr Uint128& operator-=(Uint128 right) noexcept { return *this = *this - right; }

 private:
  NativeUint128 value_ = 0;
};

/// Halfway from `low` to `high`, rounded down; `low` must not be above `high`.
constexpr Uint128 midpoint(Uint128 low, Uint128 high) noexcept { return low + (high - low) / 2; }

}  // namespace kinesis::core

template <>
struct std::hash<kinesis::core::Uint128> {
  std::size_t operator()(kinesis::core::Uint128 value) const noexcept {
    return static_cast<std::size_t>(value.high() * 0x9e3779b97f4a7c15 ^ value.low());
  }
};
