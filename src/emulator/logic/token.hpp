#pragma once

#include <kinesis/bytes.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Opaque tokens: shard iterators and pagination tokens. They carry all that is needed to go on, so nothing is kept for
// them, and a checksum, so that what a client made up is told from what was given out.
namespace kinesis::emulator {

enum class TokenKind : std::uint8_t { shard_iterator = 1, list_shards = 2, list_streams = 3, list_consumers = 4 };

/// Puts a token together; members are read in the order they were written.
class TokenWriter {
 public:
  explicit TokenWriter(TokenKind kind);

  TokenWriter& number(std::uint64_t value);
  /// Up to 255 bytes.
  TokenWriter& text(std::string_view value);
  std::string finish() &&;

 private:
  std::string bytes_;
};

class TokenReader {
 public:
  /// Nothing if `token` was not made by a TokenWriter of this kind.
  static std::optional<TokenReader> open(TokenKind kind, std::string_view token);

  /// 0 or empty once something is missing; see `complete`.
  std::uint64_t number();
  /// Milliseconds since 1970 up to the year 9999. Any other number is none of ours and counts as missing, so that times
  /// can be compared without a thought of overflow.
  std::int64_t millis();
  std::string text();
  /// True if all that was asked for was there, and nothing else.
  bool complete() const noexcept { return good_ && at_ == bytes_.size(); }

 private:
  explicit TokenReader(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
  std::size_t at_ = 0;
  bool good_ = true;
};

}  // namespace kinesis::emulator
