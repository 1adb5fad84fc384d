// An event stream from the network: the same frames however it is cut, and events read from them.
#include "aws/event_stream.hpp"
#include "aws/event_stream_reader.hpp"
#include "aws/records_cbor.hpp"
#include "aws/records_json.hpp"
#include "core/digest.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

using namespace kinesis;
using namespace kinesis::aws;

namespace {

/// With the readable bytes behind it that received ones have.
Blob received(BytesView bytes) {
  auto whole = std::make_shared<std::string>(as_text(bytes));
  whole->append(http::body_padding, '\0');
  return Blob(as_bytes(*whole).first(bytes.size()), whole);
}

void put(std::string& text, std::size_t at, std::uint32_t number) {
  for (std::size_t i = 0; i < 4; ++i) text[at + i] = static_cast<char>(number >> (24 - 8 * i));
}

/// The checksums are no secret: with right ones, what is behind them is tested, too.
void repair(std::string& stream) {
  const auto number = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(stream[at + i]);
    return value;
  };
  for (std::size_t begin = 0; begin + 12 <= stream.size();) {
    put(stream, begin + 8, core::crc32(as_bytes(stream).subspan(begin, 8)));
    const std::size_t total = number(begin);
    if (total < 16 || total > stream.size() - begin) return;
    put(stream, begin + total - 4, core::crc32(as_bytes(stream).subspan(begin, total - 4)));
    begin += total;
  }
}

/// What came of it, in one text.
std::string read(std::string_view stream, std::size_t piece) {
  EventStreamReader reader(core::BufferPool::create());
  std::string out;
  for (std::size_t begin = 0; begin < stream.size(); begin += piece) {
    reader.feed(received(as_bytes(stream.substr(begin, piece))));
    while (true) {
      const auto frame = reader.next();
      if (!frame) return out + "error: " + frame.error().message();
      if (!*frame) break;
      const EventFrame& event = **frame;
      EventHeaderCursor cursor(event.headers);
      EventHeader header;
      while (cursor.next(header)) {
        if (event.find(header.name)->value.data() != header.value.data()) std::abort();
        out.append(header.name).append(header.text().value_or(std::to_string(header.number().value_or(0)))) += '\n';
      }
      if (cursor.broken()) std::abort();
      out += event.payload.text();
      out += read_subscribe_event_json(event.payload, Padding::at_least_64_bytes).has_value() ? 'j' : '-';
      out += read_subscribe_event_cbor(event.payload).has_value() ? 'c' : '-';
    }
  }
  return out + (reader.within_frame() ? "cut" : "whole");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  std::string stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 4 != 0) repair(stream);
  const std::string whole = read(stream, std::max<std::size_t>(1, stream.size()));
  if (read(stream, data[0] / 4 + 1) != whole) std::abort();
  return 0;
}
