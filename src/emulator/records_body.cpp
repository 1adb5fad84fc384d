#include "emulator/records_body.hpp"

#include "aws/records_json.hpp"

#include <utility>

namespace kinesis::emulator {

http::Body write_records_cbor(const RecordSlice& slice, aws::RecordsFrame frame) {
  std::vector<Blob> parts;
  parts.reserve(slice.fragments.size() + 2);
  parts.emplace_back(std::move(frame.head));
  for (const Blob& fragment : slice.fragments) parts.push_back(fragment);
  parts.emplace_back(std::move(frame.tail));
  return http::Body(std::move(parts));
}

http::Body write_records_json(const RecordSlice& slice, const aws::RecordsFrame& frame, core::BufferPool& buffers) {
  std::size_t size = frame.head.size() + frame.tail.size();
  for (const Blob& fragment : slice.fragments) size += fragment.size() / 3 * 4 + 64;
  core::Buffer out = buffers.get(size);
  out.append(as_bytes(frame.head));
  bool first = true;
  for (const Blob& fragment : slice.fragments) {
    if (!first) out.append(as_bytes(","));
    first = false;
    aws::append_records_json(fragment.bytes(), out);
  }
  out.append(as_bytes(frame.tail));
  return http::Body(std::move(out).freeze());
}

}  // namespace kinesis::emulator
