#pragma once

#include <kinesis/error.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kinesis::emulator {

/// A member that may be missing: then it is not checked. (Exact, so that a string is no candidate.)
template <class T>
concept OptionalText = std::same_as<T, std::optional<std::string>>;

/// Collects what is wrong with a request's members and says it in AWS's words: "1 validation error detected: Value ''
/// at 'streamName' failed to satisfy constraint: Member must have length greater than or equal to 1". Members have
/// AWS's names with a small first letter.
class Validation {
 public:
  /// Length in Unicode characters.
  Validation& length(std::string_view member, std::string_view value, std::size_t least, std::size_t most);
  template <OptionalText T>
  Validation& length(std::string_view member, const T& value, std::size_t least, std::size_t most) {
    return value ? length(member, std::string_view(*value), least, most) : *this;
  }
  /// Of a list or map; `shown` is how its value is printed.
  Validation& count(std::string_view member, std::size_t size, std::size_t least, std::size_t most);
  Validation& range(std::string_view member, std::int64_t value, std::int64_t least, std::int64_t most);
  Validation& range(std::string_view member, const std::optional<int>& value, std::int64_t least, std::int64_t most);
  /// A name of up to 128 characters of [a-zA-Z0-9_.-].
  Validation& name(std::string_view member, std::string_view value);
  template <OptionalText T>
  Validation& name(std::string_view member, const T& value) {
    return value ? name(member, std::string_view(*value)) : *this;
  }
  Validation& stream_arn(std::string_view member, std::string_view value);
  template <OptionalText T>
  Validation& stream_arn(std::string_view member, const T& value) {
    return value ? stream_arn(member, std::string_view(*value)) : *this;
  }
  /// ARN of a stream or a consumer.
  Validation& resource_arn(std::string_view member, std::string_view value);
  Validation& consumer_arn(std::string_view member, const std::optional<std::string>& value);
  /// 0|([1-9]\d{0,38})
  Validation& hash_key(std::string_view member, std::string_view value);
  /// Fails unless `good`; `values` is AWS's list, "[A, B]". The value itself is not known any more.
  Validation& one_of(std::string_view member, bool good, std::string_view values);
  /// Anything else. Values over 80 bytes are cut.
  Validation& fail(std::string_view member, std::string_view value, std::string_view constraint);
  Validation& fail_without_value(std::string_view member, std::string_view constraint);

  /// The first ten of what was found, as one ValidationException.
  std::optional<Error> error() const;

 private:
  void add(std::string text);
  std::vector<std::string> found_;
};

}  // namespace kinesis::emulator
