#include "aws/event_stream.hpp"

#include "core/digest.hpp"

#include <vector>

namespace kinesis::aws {
namespace {

constexpr char string_type = 7;
constexpr std::size_t around_payload = 16;

void append_number(std::string& out, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

}  // namespace

EventHeaders& EventHeaders::add(std::string_view name, std::string_view value) {
  if (name.empty() || name.size() > 0xff || value.size() > 0xffff)
    throw Error(errc::invalid_argument, "an event header's name has 1 to 255 bytes, its value up to 65,535");
  bytes_.push_back(static_cast<char>(name.size()));
  bytes_.append(name);
  bytes_.push_back(string_type);
  bytes_.push_back(static_cast<char>(value.size() >> 8));
  bytes_.push_back(static_cast<char>(value.size()));
  bytes_.append(value);
  return *this;
}

EventHeaders EventHeaders::event(std::string_view type, std::string_view content_type) {
  EventHeaders headers;
  headers.add(":message-type", "event").add(":event-type", type).add(":content-type", content_type);
  return headers;
}

EventHeaders EventHeaders::exception(std::string_view type, std::string_view content_type) {
  EventHeaders headers;
  headers.add(":message-type", "exception").add(":exception-type", type).add(":content-type", content_type);
  return headers;
}

http::Body write_event(const EventHeaders& headers, const http::Body& payload) {
  std::string head;
  head.reserve(12 + headers.bytes().size());
  append_number(head, static_cast<std::uint32_t>(headers.bytes().size() + payload.size() + around_payload));
  append_number(head, static_cast<std::uint32_t>(headers.bytes().size()));
  append_number(head, core::crc32(as_bytes(head)));
  head += headers.bytes();
  std::uint32_t crc = core::crc32(as_bytes(head));
  std::vector<Blob> parts;
  parts.reserve(payload.parts().size() + 2);
  parts.emplace_back(std::move(head));
  for (const Blob& part : payload.parts()) {
    crc = core::crc32(part.bytes(), crc);
    parts.push_back(part);
  }
  std::string tail;
  append_number(tail, crc);
  parts.emplace_back(std::move(tail));
  return http::Body(std::move(parts));
}

}  // namespace kinesis::aws
