#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// AWS's sequence numbers: 186 bits as 56 decimal digits. From the highest bit:
//
//     184-187  2                       80-143  index: grows with each record of the stream
//     148-183  shard made, seconds     72-79   0
//     144-147  shard number, 4 bits    36-71   record stored, seconds
//                                       4-35   shard number
//                                       0-3    version, 2
//
// (Found out by kinesalite, github.com/mhart/kinesalite, db/index.js.) A child shard is made in a later second than its
// parents, so its numbers are above all of theirs.
namespace kinesis::emulator {

struct SequenceParts {
  std::uint64_t shard_seconds = 0;   ///< When the shard was made, since 1970; up to 36 bits.
  std::uint64_t index = 0;           ///< Up to 63 bits.
  std::uint64_t record_seconds = 0;  ///< When the record was stored, since 1970; up to 36 bits.
  std::uint32_t shard = 0;           ///< Up to 31 bits.
  friend bool operator==(const SequenceParts&, const SequenceParts&) = default;
};

inline constexpr std::size_t sequence_digits = 56;
/// The index of the number that closes a shard.
inline constexpr std::uint64_t last_sequence_index = 0x7FFFFFFFFFFFFFFF;
using SequenceText = std::array<char, sequence_digits>;

inline std::string_view view(const SequenceText& text) noexcept { return {text.data(), text.size()}; }

/// Writes the numbers of one shard. What is the same in all of them is computed once.
class SequenceWriter {
 public:
  SequenceWriter(std::uint64_t shard_seconds, std::uint32_t shard) noexcept;

  void write(std::uint64_t index, std::uint64_t record_seconds, SequenceText& out) const noexcept;
  std::string text(std::uint64_t index, std::uint64_t record_seconds) const;
  std::uint64_t shard_seconds() const noexcept { return shard_seconds_; }

 private:
  std::uint64_t shard_seconds_;
  std::array<std::uint64_t, 3> base_;  // to the base 10^19, lowest first
};

/// Nothing if it is no number of this form.
std::optional<SequenceParts> parse_sequence_number(std::string_view digits) noexcept;

}  // namespace kinesis::emulator
