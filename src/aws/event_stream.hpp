#pragma once

#include "http/message.hpp"
#include <kinesis/bytes.hpp>
#include <kinesis/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// The frames of application/vnd.amazon.eventstream, big-endian: total length, length of the headers, CRC of these two,
// headers, payload, CRC of all before (CRC-32 as in gzip).
namespace kinesis::aws {

inline constexpr std::string_view event_stream_content_type = "application/vnd.amazon.eventstream";

/// The headers of one frame, as they are written: name and value, each a string.
class EventHeaders {
 public:
  /// Appends one. Throws Error(invalid_argument) for a name of more than 255 bytes or none, a value of more than
  /// 65,535.
  EventHeaders& add(std::string_view name, std::string_view value);
  const std::string& bytes() const noexcept { return bytes_; }

  /// Of an event of this type, whose payload has this content type.
  static EventHeaders event(std::string_view type, std::string_view content_type);
  /// Of an exception of the service's model, such as "ResourceNotFoundException".
  static EventHeaders exception(std::string_view type, std::string_view content_type);

 private:
  std::string bytes_;
};

/// One frame. The parts of the payload are not copied.
http::Body write_event(const EventHeaders& headers, const http::Body& payload);

}  // namespace kinesis::aws
