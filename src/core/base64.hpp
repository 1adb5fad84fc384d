#pragma once

#include <kinesis/bytes.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

// Base64 of RFC 4648 section 4, with padding. An SSSE3 kernel where the processor has it, a table elsewhere.
namespace kinesis::core {

/// How many characters `bytes` bytes become.
constexpr std::size_t base64_encoded_size(std::size_t bytes) noexcept { return (bytes + 2) / 3 * 4; }
/// At most how many bytes `characters` characters become.
constexpr std::size_t base64_decoded_capacity(std::size_t characters) noexcept { return characters / 4 * 3; }

/// Writes base64_encoded_size(bytes.size()) characters and returns that.
std::size_t base64_encode(BytesView bytes, char* out) noexcept;
std::string base64_encode(BytesView bytes);
void append_base64(std::string& out, BytesView bytes);

/// Writes up to base64_decoded_capacity(text.size()) bytes and returns how many. Nothing if `text` is not exactly what
/// an encoder writes: other characters or white space, a length that is no multiple of 4, padding anywhere else, or set
/// bits under the padding. `out` may have been written to all the same.
std::optional<std::size_t> base64_decode(std::string_view text, std::byte* out) noexcept;
std::optional<Bytes> base64_decode(std::string_view text);

enum class Base64Kernel { table, ssse3 };
/// Whether this processor has what `kernel` needs.
bool supported(Base64Kernel kernel) noexcept;
/// The above with a kernel of the caller's choice, which must be supported.
std::size_t base64_encode(BytesView bytes, char* out, Base64Kernel kernel) noexcept;
std::optional<std::size_t> base64_decode(std::string_view text, std::byte* out, Base64Kernel kernel) noexcept;

}  // namespace kinesis::core
