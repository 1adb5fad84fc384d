#include "aws/event_stream_reader.hpp"

#include "core/digest.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace kinesis::aws {
namespace {

constexpr std::size_t prelude_size = 12;
constexpr std::size_t crc_size = 4;
constexpr std::size_t around_payload = prelude_size + crc_size;
/// So many names are compared each with each, more are sorted.
constexpr std::size_t few_headers = 16;

std::uint64_t big_endian(BytesView bytes) noexcept {
  std::uint64_t number = 0;
  for (const std::byte byte : bytes) number = number << 8 | std::to_integer<std::uint64_t>(byte);
  return number;
}

std::uint32_t number_at(BytesView bytes, std::size_t offset) noexcept {
  return static_cast<std::uint32_t>(big_endian(bytes.subspan(offset, 4)));
}

/// Bytes of a value; nothing for those that say their length.
std::optional<std::size_t> fixed_size(EventHeader::Type type) noexcept {
  switch (type) {
    case EventHeader::Type::true_value:
    case EventHeader::Type::false_value:
      return 0;
    case EventHeader::Type::int8:
      return 1;
    case EventHeader::Type::int16:
      return 2;
    case EventHeader::Type::int32:
      return 4;
    case EventHeader::Type::int64:
    case EventHeader::Type::timestamp:
      return 8;
    case EventHeader::Type::uuid:
      return 16;
    case EventHeader::Type::bytes:
    case EventHeader::Type::text:
      break;
  }
  return std::nullopt;
}

Error broken(const std::string& what) { return Error(errc::protocol, "the event stream is broken: " + what); }

Result<void> check_headers(BytesView headers) {
  EventHeaderCursor cursor(headers);
  EventHeader header;
  std::array<std::string_view, few_headers> few;
  std::vector<std::string_view> many;
  std::size_t count = 0;
  bool repeated = false;
  while (cursor.next(header)) {
    if (count < few_headers) {
      const auto end = few.begin() + static_cast<std::ptrdiff_t>(count);
      repeated = repeated || std::find(few.begin(), end, header.name) != end;
      few[count] = header.name;
    } else {
      if (many.empty()) many.assign(few.begin(), few.end());
      many.push_back(header.name);
    }
    ++count;
  }
  if (cursor.broken()) return broken("the headers of a frame do not fit their area");
  if (!many.empty()) {
    std::sort(many.begin(), many.end());
    repeated = std::adjacent_find(many.begin(), many.end()) != many.end();
  }
  if (repeated) return broken("a header occurs twice in a frame");
  return {};
}

}  // namespace

std::optional<std::string_view> EventHeader::text() const noexcept {
  if (type != Type::text) return std::nullopt;
  return as_text(value);
}

std::optional<std::int64_t> EventHeader::number() const noexcept {
  const std::uint64_t bits = big_endian(value.first(std::min<std::size_t>(value.size(), 8)));
  switch (type) {
    case Type::int8:
      return static_cast<std::int8_t>(bits);
    case Type::int16:
      return static_cast<std::int16_t>(bits);
    case Type::int32:
      return static_cast<std::int32_t>(bits);
    case Type::int64:
    case Type::timestamp:
      return static_cast<std::int64_t>(bits);
    default:
      return std::nullopt;
  }
}

std::optional<bool> EventHeader::boolean() const noexcept {
  if (type == Type::true_value) return true;
  if (type == Type::false_value) return false;
  return std::nullopt;
}

bool EventHeaderCursor::next(EventHeader& header) noexcept {
  if (left_.empty() || broken_) return false;
  broken_ = true;  // until it is known to be whole
  const auto name_size = std::to_integer<std::size_t>(left_[0]);
  if (name_size == 0 || left_.size() < name_size + 2) return false;
  header.name = as_text(left_.subspan(1, name_size));
  const auto type = std::to_integer<std::uint8_t>(left_[1 + name_size]);
  if (type > static_cast<std::uint8_t>(EventHeader::Type::uuid)) return false;
  header.type = static_cast<EventHeader::Type>(type);
  BytesView behind = left_.subspan(name_size + 2);
  std::optional<std::size_t> size = fixed_size(header.type);
  if (!size) {
    if (behind.size() < 2) return false;
    size = big_endian(behind.first(2));
    behind = behind.subspan(2);
  }
  if (behind.size() < *size) return false;
  header.value = behind.first(*size);
  left_ = behind.subspan(*size);
  broken_ = false;
  return true;
}

std::optional<EventHeader> EventFrame::find(std::string_view name) const noexcept {
  EventHeaderCursor cursor(headers);
  EventHeader header;
  while (cursor.next(header)) {
    if (header.name == name) return header;
  }
  return std::nullopt;
}

std::string_view EventFrame::text(std::string_view name) const noexcept {
  const auto header = find(name);
  return header ? header->text().value_or(std::string_view()) : std::string_view();
}

void EventStreamReader::feed(Blob bytes) {
  blob_ = std::move(bytes);
  offset_ = 0;
}

Result<std::optional<EventFrame>> EventStreamReader::next() {
  if (error_) return *error_;
  auto frame = decode();
  if (frame) return frame;
  error_ = frame.error();
  blob_ = Blob();
  offset_ = 0;
  joined_ = core::Buffer();
  return frame;
}

Result<std::optional<EventFrame>> EventStreamReader::decode() {
  if (joined_.empty() && rest().size() >= prelude_size) {
    const auto prelude = read_prelude(rest());
    if (!prelude) return prelude.error();
    if (rest().size() >= prelude->total) {
      auto frame = read_frame(*prelude, rest().first(prelude->total), blob_.owner());
      if (!frame) return frame.error();
      offset_ += prelude->total;
      return std::optional<EventFrame>(std::move(*frame));
    }
    joined_prelude_ = *prelude;
  }
  if (rest().empty()) {
    blob_ = Blob();
    offset_ = 0;
    return std::optional<EventFrame>();
  }
  if (!joined_prelude_) {
    if (!join(prelude_size)) return std::optional<EventFrame>();
    const auto prelude = read_prelude(joined_.bytes());
    if (!prelude) return prelude.error();
    joined_prelude_ = *prelude;
  }
  const Prelude prelude = *joined_prelude_;
  if (!join(prelude.total)) return std::optional<EventFrame>();
  joined_prelude_.reset();
  std::memset(joined_.data() + joined_.size(), 0, core::Buffer::padding);
  const auto whole = std::exchange(joined_, core::Buffer()).share();
  auto frame = read_frame(prelude, whole->bytes(), whole);
  if (!frame) return frame.error();
  return std::optional<EventFrame>(std::move(*frame));
}

bool EventStreamReader::join(std::size_t wanted) {
  if (joined_.capacity() == 0) joined_ = buffers_->get(wanted);
  joined_.reserve(wanted);
  const std::size_t taken = std::min(wanted - joined_.size(), rest().size());
  joined_.append(rest().first(taken));
  offset_ += taken;
  if (offset_ == blob_.size()) {
    blob_ = Blob();
    offset_ = 0;
  }
  return joined_.size() == wanted;
}

Result<EventStreamReader::Prelude> EventStreamReader::read_prelude(BytesView frame) const {
  Prelude prelude;
  prelude.total = number_at(frame, 0);
  prelude.headers = number_at(frame, 4);
  prelude.crc = number_at(frame, 8);
  if (core::crc32(frame.first(8)) != prelude.crc) return broken("the checksum of a frame's lengths does not match");
  if (prelude.headers > max_event_headers)
    return broken("a frame says it has " + std::to_string(prelude.headers) + " bytes of headers");
  if (prelude.total < around_payload + prelude.headers)
    return broken("a frame says it has " + std::to_string(prelude.total) + " bytes, fewer than it needs");
  if (prelude.total - around_payload - prelude.headers > max_event_payload)
    return broken("a frame says it has " + std::to_string(prelude.total) + " bytes, more than any may have");
  return prelude;
}

Result<EventFrame> EventStreamReader::read_frame(const Prelude& prelude, BytesView frame,
                                                 std::shared_ptr<const void> owner) const {
  const std::size_t end = frame.size() - crc_size;
  // Over the first 8 bytes it is the prelude's own.
  const std::uint32_t crc = core::crc32(frame.subspan(8, end - 8), prelude.crc);
  if (crc != number_at(frame, end)) return broken("the checksum of a frame does not match");
  const BytesView headers = frame.subspan(prelude_size, prelude.headers);
  if (const auto checked = check_headers(headers); !checked) return checked.error();
  const std::size_t begin = prelude_size + prelude.headers;
  return EventFrame(headers, Blob(frame.subspan(begin, end - begin), std::move(owner)));
}

}  // namespace kinesis::aws
