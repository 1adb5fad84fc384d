#pragma once

#include "core/base64.hpp"
#include <kinesis/bytes.hpp>

#include <string_view>

namespace kinesis::aws {

/// A blob that came as base64. False, and `out` unchanged, if `text` is not base64 with its padding.
inline bool decode_base64(std::string_view text, Blob& out) {
  auto bytes = core::base64_decode(text);
  if (!bytes) return false;
  out = Blob(*std::move(bytes));
  return true;
}

}  // namespace kinesis::aws
