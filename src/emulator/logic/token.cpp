#include "emulator/logic/token.hpp"

#include "core/base64.hpp"
#include "core/digest.hpp"

namespace kinesis::emulator {
namespace {

// AWS's iterators begin so; clients see the same first letters.
constexpr std::string_view magic{"\0\0\0\0\0\0\0\1", 8};
constexpr std::size_t check_size = 4;
constexpr std::size_t number_size = 8;
constexpr std::uint64_t most_millis = 253'402'300'799'999;

void append_big_endian(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i));
}

std::string check_of(std::string_view bytes) {
  std::string out;
  append_big_endian(out, core::crc32(as_bytes(bytes), 0x6B696E65), check_size);
  return out;
}

}  // namespace

TokenWriter::TokenWriter(TokenKind kind) : bytes_(magic) { bytes_ += static_cast<char>(kind); }

TokenWriter& TokenWriter::number(std::uint64_t value) {
  append_big_endian(bytes_, value, number_size);
  return *this;
}

TokenWriter& TokenWriter::text(std::string_view value) {
  value = value.substr(0, 255);
  bytes_ += static_cast<char>(value.size());
  bytes_ += value;
  return *this;
}

std::string TokenWriter::finish() && {
  bytes_ += check_of(bytes_);
  return core::base64_encode(as_bytes(bytes_));
}

std::optional<TokenReader> TokenReader::open(TokenKind kind, std::string_view token) {
  const auto decoded = core::base64_decode(token);
  if (!decoded || decoded->size() < magic.size() + 1 + check_size) return std::nullopt;
  const std::string_view all = as_text(*decoded);
  const std::string_view signed_part = all.substr(0, all.size() - check_size);
  if (!all.starts_with(magic) || all[magic.size()] != static_cast<char>(kind)) return std::nullopt;
  if (check_of(signed_part) != all.substr(signed_part.size())) return std::nullopt;
  return TokenReader(std::string(signed_part.substr(magic.size() + 1)));
}

std::uint64_t TokenReader::number() {
  if (bytes_.size() - at_ < number_size) return good_ = false, 0;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < number_size; ++i) value = (value << 8) | static_cast<unsigned char>(bytes_[at_++]);
  return value;
}

std::int64_t TokenReader::millis() {
  const std::uint64_t value = number();
  if (value > most_millis) return good_ = false, 0;
  return static_cast<std::int64_t>(value);
}

std::string TokenReader::text() {
  if (at_ == bytes_.size()) return good_ = false, std::string();
  const std::size_t size = static_cast<unsigned char>(bytes_[at_]);
  if (bytes_.size() - at_ - 1 < size) return good_ = false, std::string();
  std::string value = bytes_.substr(at_ + 1, size);
  at_ += 1 + size;
  return value;
}

}  // namespace kinesis::emulator
