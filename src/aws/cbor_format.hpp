#pragma once

#include "aws/shape.hpp"
#include <kinesis/bytes.hpp>
#include <kinesis/error.hpp>

#include <string>
#include <string_view>
#include <type_traits>

// application/x-amz-cbor-1.1: any described type. Blobs are byte strings, timestamps are tag 1 with whole milliseconds.
namespace kinesis::aws {

/// Appends `object` to `out`, absent members left out.
void write_cbor(const TypeDescriptor& type, const void* object, std::string& out);

/// Reads `input` into `object`, which is a new one. Blobs become parts of `input` and keep it alive. Accepts what AWS
/// and its imitators send: definite and indefinite lengths, numbers of any width, tags anywhere, bytes for text, base64
/// text for bytes, timestamps of whole milliseconds or (floats) seconds, null for absent. Members that are not
/// described are skipped. Error(protocol) names the member that is wrong.
Result<void> read_cbor(const TypeDescriptor& type, void* object, const Blob& input,
                       Missing missing = Missing::accepted);

template <class T>
std::string to_cbor(const T& value) {
  std::string out;
  write_cbor(type_of<T>(), &value, out);
  return out;
}
template <class T>
Result<T> from_cbor(const Blob& input, Missing missing = Missing::accepted) {
  T value{};
  auto read = read_cbor(type_of<T>(), &value, input, missing);
  if (!read) return read.error();
  return value;
}

}  // namespace kinesis::aws
