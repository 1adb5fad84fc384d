#pragma once

#include "core/buffer_pool.hpp"
#include <kinesis/bytes.hpp>
#include <kinesis/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

// The frames of application/vnd.amazon.eventstream, as they are received. What they look like stands in
// event_stream.hpp.
namespace kinesis::aws {

/// What a frame may have at most, as in Amazon's SDKs, in bytes. Lengths beyond are refused before anything is
/// allocated.
inline constexpr std::size_t max_event_headers = std::size_t{128} << 10;
inline constexpr std::size_t max_event_payload = std::size_t{24} << 20;

/// A header of a frame. A view of the frame's bytes.
struct EventHeader {
  /// As they are numbered in a frame.
  enum class Type : std::uint8_t {
    true_value,
    false_value,
    int8,
    int16,
    int32,
    int64,
    bytes,
    text,
    timestamp,  ///< Milliseconds since 1970.
    uuid,
  };

  EventHeader() {}

  std::string_view name;
  Type type = Type::true_value;
  /// What stands behind the type, and the length where there is one: none for the two booleans, big-endian numbers.
  BytesView value;

  /// Of a `text`; nothing for other types.
  std::optional<std::string_view> text() const noexcept;
  /// Of a number or a timestamp.
  std::optional<std::int64_t> number() const noexcept;
  std::optional<bool> boolean() const noexcept;
};

/// The headers of a frame one by one, in their order. Of bytes that are no headers it gives those before the fault.
class EventHeaderCursor {
 public:
  explicit EventHeaderCursor(BytesView headers) noexcept : left_(headers) {}

  /// False at the end, and where the bytes are no header: `broken()` tells.
  bool next(EventHeader& header) noexcept;
  bool broken() const noexcept { return broken_; }

 private:
  BytesView left_;
  bool broken_ = false;
};

/// A frame that arrived whole.
class EventFrame {
 public:
  EventFrame() {}
  EventFrame(BytesView headers, Blob payload) : headers(headers), payload(std::move(payload)) {}

  /// They are sound, and no name occurs twice. Valid as long as the owner of `payload` lives.
  BytesView headers;
  /// A part of what was received, or of a buffer where its pieces were joined. 64 readable bytes follow it, so that it
  /// may be read with Padding::at_least_64_bytes.
  Blob payload;

  std::optional<EventHeader> find(std::string_view name) const noexcept;
  /// The text of a header; empty if there is none of this name, or it is no text.
  std::string_view text(std::string_view name) const noexcept;
};

/// Takes a stream of frames apart, however it is cut. A frame that lies within one blob is handed out as a part of it;
/// others are joined in pooled memory, each byte copied once. One coroutine at a time.
class EventStreamReader {
 public:
  explicit EventStreamReader(std::shared_ptr<core::BufferPool> buffers) : buffers_(std::move(buffers)) {}

  /// The next bytes of the stream, with `http::body_padding` readable bytes behind them. To be called once `next` has
  /// given nothing.
  void feed(Blob bytes);
  /// The next frame; nothing if it has not come to its end. Error(protocol) for bytes that are no frames: there is
  /// nothing behind it, and it is given again.
  Result<std::optional<EventFrame>> next();
  /// Whether the stream must not end here: a frame has begun.
  bool within_frame() const noexcept { return !joined_.empty() || offset_ < blob_.size(); }

 private:
  /// Of the frame that begins.
  struct Prelude {
    std::uint32_t total = 0;
    std::uint32_t headers = 0;
    std::uint32_t crc = 0;
  };

  Result<std::optional<EventFrame>> decode();
  Result<Prelude> read_prelude(BytesView frame) const;
  Result<EventFrame> read_frame(const Prelude& prelude, BytesView frame, std::shared_ptr<const void> owner) const;
  /// Moves up to `wanted` bytes in all to the joined ones; false if there are fewer yet.
  bool join(std::size_t wanted);
  BytesView rest() const noexcept { return blob_.bytes().subspan(offset_); }

  std::shared_ptr<core::BufferPool> buffers_;
  Blob blob_;
  std::size_t offset_ = 0;
  /// The part of a frame that came with earlier blobs.
  core::Buffer joined_;
  std::optional<Prelude> joined_prelude_;
  std::optional<Error> error_;
};

}  // namespace kinesis::aws
