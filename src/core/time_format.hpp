#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

// Times as text, always in UTC. Years 1678 to 2261, which is what the clock's type can hold; formatting is undefined
// beyond.
namespace kinesis::core {

using WallTime = std::chrono::system_clock::time_point;

/// "2026-01-01T00:00:00.000Z", cut to milliseconds.
std::string format_iso8601(WallTime time);
/// ISO 8601 as AWS and its tools write it: date, T or a space, time, up to nine digits of a fraction, then Z, UTC,
/// +hh:mm or +hhmm.
std::optional<WallTime> parse_iso8601(std::string_view text) noexcept;

/// "20150830T123600Z", as SigV4 wants it.
std::string format_amz_date(WallTime time);
std::optional<WallTime> parse_amz_date(std::string_view text) noexcept;

/// "Sun, 06 Nov 1994 08:49:37 GMT", the form of RFC 7231, section 7.1.1.1, that all must send.
std::string format_http_date(WallTime time);
/// All three forms that all must accept. A two-digit year is taken as the latest that is not in 2070 or later. The name
/// of the day is not compared with the date.
std::optional<WallTime> parse_http_date(std::string_view text) noexcept;

}  // namespace kinesis::core
