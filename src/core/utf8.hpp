#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace kinesis::core {

/// How many Unicode code points `text` holds; nothing if it is not UTF-8 (RFC 3629: no overlong forms, no surrogates,
/// nothing above U+10FFFF).
std::optional<std::size_t> count_code_points(std::string_view text) noexcept;

inline bool is_utf8(std::string_view text) noexcept { return count_code_points(text).has_value(); }

}  // namespace kinesis::core
