#pragma once

#include <kinesis/bytes.hpp>

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace kinesis::aws {

/// Appends JSON to a string, without white space. Keys and values must be called in an order that makes JSON; nothing
/// checks it.
///
///     std::string out;
///     JsonWriter json(out);
///     json.begin_object().key("shard").string(id).key("records").integer(count).end_object();
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) noexcept : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  /// `text` is UTF-8; bytes that are not are written as U+FFFD, so that the output is JSON whatever the input.
  JsonWriter& string(std::string_view text);
  /// The same without escapes, for text that is known to need none: digits, base64, AWS's names.
  JsonWriter& plain_string(std::string_view text);
  JsonWriter& base64(BytesView bytes);
  template <std::integral Integer>
  JsonWriter& integer(Integer value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    return raw({digits, static_cast<std::size_t>(end - digits)});
  }
  /// The shortest text that reads as the same double. NaN and infinities become null: JSON has none.
  JsonWriter& number(double value);
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }
  /// A time as AWS writes it: seconds since 1970 with up to three decimals.
  JsonWriter& epoch_seconds(std::int64_t millis);
  /// A value that is JSON already.
  JsonWriter& raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
  }

 private:
  void separate() {
    if (comma_) out_ += ',';
    comma_ = true;
  }
  JsonWriter& open(char bracket) {
    separate();
    out_ += bracket;
    comma_ = false;
    return *this;
  }
  JsonWriter& close(char bracket) {
    out_ += bracket;
    comma_ = true;
    return *this;
  }

  std::string& out_;
  bool comma_ = false;
};

/// Appends `text` as a JSON string with its quotes; see `JsonWriter::string`.
void append_json_string(std::string& out, std::string_view text);

}  // namespace kinesis::aws
