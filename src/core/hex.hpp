#pragma once

#include <kinesis/bytes.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace kinesis::core {

/// Lower-case.
std::string to_hex(BytesView bytes);
void append_hex(std::string& out, BytesView bytes);
/// Either case; nothing if the length is odd or another character is in it.
std::optional<Bytes> from_hex(std::string_view text);

}  // namespace kinesis::core
