#include "aws/json_value.hpp"

#include "aws/shape.hpp"

#include <simdjson.h>

#include <bit>
#include <sstream>

namespace kinesis::aws {

using simdjson::dom::element;
using simdjson::dom::element_type;

struct JsonValue::Document {
  simdjson::dom::parser parser;

  static element at(const Place& place) noexcept { return std::bit_cast<element>(place); }
  static Place place(const element& value) noexcept { return std::bit_cast<Place>(value); }
};

Result<JsonValue> JsonValue::parse(std::string_view text) {
  if (text.empty()) return Error(errc::protocol, "not JSON: empty");
  auto document = std::make_shared<Document>();
  element root;
  const auto error = document->parser.parse(text.data(), text.size()).get(root);
  if (error != simdjson::SUCCESS) {
    return Error(errc::protocol, std::string("not JSON: ") + simdjson::error_message(error));
  }
  return JsonValue(std::move(document), Document::place(root));
}

JsonValue::Type JsonValue::type() const noexcept {
  if (is_absent()) return Type::absent;
  switch (Document::at(place_).type()) {
    case element_type::ARRAY:
      return Type::array;
    case element_type::OBJECT:
      return Type::object;
    case element_type::INT64:
    case element_type::UINT64:
    case element_type::DOUBLE:
      return Type::number;
    case element_type::STRING:
      return Type::string;
    case element_type::BOOL:
      return Type::boolean;
    default:
      return Type::null;
  }
}

std::optional<std::string_view> JsonValue::as_string() const noexcept {
  std::string_view text;
  if (is_absent() || Document::at(place_).get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

std::optional<bool> JsonValue::as_bool() const noexcept {
  bool value = false;
  if (is_absent() || Document::at(place_).get_bool().get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<std::int64_t> JsonValue::as_integer() const noexcept {
  std::int64_t value = 0;
  if (is_absent()) return std::nullopt;
  if (Document::at(place_).get_int64().get(value) == simdjson::SUCCESS) return value;
  const auto number = as_number();
  if (number && Document::at(place_).is_double() && to_integer(*number, value)) return value;
  return std::nullopt;
}

std::optional<double> JsonValue::as_number() const noexcept {
  double value = 0;
  if (is_absent() || Document::at(place_).get_double().get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::size_t JsonValue::size() const noexcept {
  simdjson::dom::array array;
  simdjson::dom::object object;
  if (is_absent()) return 0;
  // Not their size(): that is cut at 2^24.
  std::size_t count = 0;
  if (Document::at(place_).get_array().get(array) == simdjson::SUCCESS) {
    for (auto item = array.begin(); item != array.end(); ++item) ++count;
  } else if (Document::at(place_).get_object().get(object) == simdjson::SUCCESS) {
    for (auto item = object.begin(); item != object.end(); ++item) ++count;
  }
  return count;
}

JsonValue JsonValue::operator[](std::string_view key) const noexcept {
  element value;
  if (type() != Type::object) return JsonValue();
  if (Document::at(place_).at_key(key).get(value) != simdjson::SUCCESS) return JsonValue();
  return JsonValue(document_, Document::place(value));
}

JsonValue JsonValue::operator[](std::size_t index) const noexcept {
  element value;
  simdjson::dom::array array;
  if (type() != Type::array || Document::at(place_).get_array().get(array) != simdjson::SUCCESS) return JsonValue();
  if (array.at(index).get(value) != simdjson::SUCCESS) return JsonValue();
  return JsonValue(document_, Document::place(value));
}

std::vector<JsonValue> JsonValue::elements() const {
  std::vector<JsonValue> all;
  simdjson::dom::array array;
  if (type() != Type::array || Document::at(place_).get_array().get(array) != simdjson::SUCCESS) return all;
  for (const element value : array) all.push_back(JsonValue(document_, Document::place(value)));
  return all;
}

std::vector<std::pair<std::string_view, JsonValue>> JsonValue::members() const {
  std::vector<std::pair<std::string_view, JsonValue>> all;
  simdjson::dom::object object;
  if (type() != Type::object || Document::at(place_).get_object().get(object) != simdjson::SUCCESS) return all;
  for (const auto& field : object) all.emplace_back(field.key, JsonValue(document_, Document::place(field.value)));
  return all;
}

std::string JsonValue::to_json() const {
  if (is_absent()) return "null";
  return simdjson::minify(Document::at(place_));
}

}  // namespace kinesis::aws
