#pragma once

#include "aws/shape.hpp"
#include <kinesis/bytes.hpp>
#include <kinesis/error.hpp>

#include <string>
#include <string_view>

// application/x-amz-json-1.0 and 1.1: any described type. Blobs are base64, timestamps are seconds with a fraction of
// milliseconds.
namespace kinesis::aws {

/// Whether readable bytes follow an input, as they do behind every body the HTTP layer received. Without them the
/// reader copies.
enum class Padding { none, at_least_64_bytes };

/// Appends `object` to `out`, absent members left out.
void write_json(const TypeDescriptor& type, const void* object, std::string& out);

/// Reads `input` into `object`, which is a new one. Members that are not described are skipped, null is absent, whole
/// numbers may be written with fraction or exponent. Error(protocol) names the member that is wrong.
Result<void> read_json(const TypeDescriptor& type, void* object, std::string_view input,
                       Padding padding = Padding::none, Missing missing = Missing::accepted);

template <class T>
std::string to_json(const T& value) {
  std::string out;
  write_json(type_of<T>(), &value, out);
  return out;
}
template <class T>
Result<T> from_json(std::string_view input, Padding padding = Padding::none, Missing missing = Missing::accepted) {
  T value{};
  auto read = read_json(type_of<T>(), &value, input, padding, missing);
  if (!read) return read.error();
  return value;
}

}  // namespace kinesis::aws
