#pragma once

#include <kinesis/bytes.hpp>

#include <string>
#include <string_view>

// Blobs in JSON.
namespace kinesis::aws {

/// False, and `out` unchanged, if `text` is not base64 with its padding.
bool decode_base64(std::string_view text, Blob& out);
/// Appends the base64 of `bytes` to `out`.
void append_base64(std::string& out, BytesView bytes);

}  // namespace kinesis::aws
