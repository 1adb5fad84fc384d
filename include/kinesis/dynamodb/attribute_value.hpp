#pragma once

#include <kinesis/bytes.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kinesis::dynamodb {

class AttributeValue;

/// The attributes of an item, by name.
using AttributeMap = std::map<std::string, AttributeValue, std::less<>>;

/// A number in DynamoDB's decimal text, up to 38 digits: what the service keeps may not fit any C++ type.
struct Number {
  Number() = default;
  explicit Number(std::string text) : text(std::move(text)) {}
  explicit Number(std::int64_t value) : text(std::to_string(value)) {}

  /// The value, if `text` is an integer of 64 bits.
  std::optional<std::int64_t> to_int64() const noexcept;

  std::string text = "0";
  friend bool operator==(const Number&, const Number&) = default;
};

struct Null {
  friend bool operator==(const Null&, const Null&) = default;
};
struct StringSet {
  StringSet() = default;
  explicit StringSet(std::vector<std::string> values) : values(std::move(values)) {}

  std::vector<std::string> values;
  friend bool operator==(const StringSet&, const StringSet&) = default;
};
struct NumberSet {
  NumberSet() = default;
  explicit NumberSet(std::vector<std::string> values) : values(std::move(values)) {}

  std::vector<std::string> values;
  friend bool operator==(const NumberSet&, const NumberSet&) = default;
};
struct BinarySet {
  BinarySet() = default;
  explicit BinarySet(std::vector<Blob> values) : values(std::move(values)) {}

  std::vector<Blob> values;
  friend bool operator==(const BinarySet&, const BinarySet&) = default;
};

/// A value of an attribute: one of DynamoDB's ten types. The default is null.
///
/// Sets compare as lists: DynamoDB gives their elements in no particular order.
class AttributeValue {
 public:
  using Map = AttributeMap;
  using List = std::vector<AttributeValue>;
  /// In this order; `Null` is the default.
  using Variant = std::variant<Null, std::string, Number, bool, Blob, StringSet, NumberSet, BinarySet, Map, List>;

  AttributeValue() = default;
  AttributeValue(const char* text) : value_(std::string(text)) {}
  AttributeValue(std::string_view text) : value_(std::string(text)) {}
  AttributeValue(std::string text) : value_(std::move(text)) {}
  AttributeValue(Number number) : value_(std::move(number)) {}
  AttributeValue(std::int64_t number) : value_(Number(number)) {}
  AttributeValue(int number) : AttributeValue(std::int64_t(number)) {}
  AttributeValue(bool value) : value_(value) {}
  AttributeValue(Blob bytes) : value_(std::move(bytes)) {}
  AttributeValue(StringSet values) : value_(std::move(values)) {}
  AttributeValue(NumberSet values) : value_(std::move(values)) {}
  AttributeValue(BinarySet values) : value_(std::move(values)) {}
  AttributeValue(Map values) : value_(std::move(values)) {}
  AttributeValue(List values) : value_(std::move(values)) {}
  /// Any other pointer or number would become a bool or be cut.
  template <class T>
  AttributeValue(T*) = delete;
  AttributeValue(double) = delete;

  /// The string, number, …, or null if the value is of another type.
  const std::string* as_string() const noexcept { return std::get_if<std::string>(&value_); }
  const Number* as_number() const noexcept { return std::get_if<Number>(&value_); }
  const bool* as_bool() const noexcept { return std::get_if<bool>(&value_); }
  const Blob* as_bytes() const noexcept { return std::get_if<Blob>(&value_); }
  const StringSet* as_string_set() const noexcept { return std::get_if<StringSet>(&value_); }
  const NumberSet* as_number_set() const noexcept { return std::get_if<NumberSet>(&value_); }
  const BinarySet* as_binary_set() const noexcept { return std::get_if<BinarySet>(&value_); }
  const Map* as_map() const noexcept { return std::get_if<Map>(&value_); }
  const List* as_list() const noexcept { return std::get_if<List>(&value_); }
  bool is_null() const noexcept { return std::holds_alternative<Null>(value_); }

  const Variant& variant() const noexcept { return value_; }
  Variant& variant() noexcept { return value_; }

  friend bool operator==(const AttributeValue& left, const AttributeValue& right) {
    return left.value_ == right.value_;
  }

 private:
  Variant value_;
};

}  // namespace kinesis::dynamodb
