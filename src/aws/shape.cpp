#include "aws/shape.hpp"

#include <cmath>

namespace kinesis::aws {

std::string_view enum_name(const TypeDescriptor& type, int value) noexcept {
  for (const EnumName& entry : type.names) {
    if (entry.value == value) return entry.name;
  }
  return {};
}

int enum_value(const TypeDescriptor& type, std::string_view name) noexcept {
  for (const EnumName& entry : type.names) {
    if (entry.name == name) return entry.value;
  }
  return 0;
}

bool is_absent(const TypeDescriptor& type, const void* object) noexcept {
  switch (type.kind) {
    case Kind::string:
      return as<std::string>(object).empty();
    case Kind::enumeration:
      return enum_name(type, load_enum(object)).empty();
    case Kind::optional:
      return type.optional->get(object) == nullptr;
    case Kind::list:
      return type.list->size(object) == 0;
    case Kind::map:
      return type.map->size(object) == 0;
    default:
      return false;
  }
}

bool from_seconds(double seconds, std::chrono::system_clock::time_point& out) noexcept {
  if (!(std::abs(seconds) < 1e12)) return false;  // NaN too
  return from_millis(std::llround(seconds * 1000), out);
}

bool to_integer(double number, std::int64_t& out) noexcept {
  if (!(number >= -0x1p63 && number < 0x1p63) || number != std::trunc(number)) return false;
  out = static_cast<std::int64_t>(number);
  return true;
}

namespace {

// AWS writes members like fields of Java in these messages.
std::string validation_name(std::string_view member) {
  std::string name(member);
  if (!name.empty() && name[0] >= 'A' && name[0] <= 'Z') name[0] = static_cast<char>(name[0] - 'A' + 'a');
  return name;
}

Error validation_error(const std::string& what) {
  return Error(errc::protocol, "1 validation error detected: Value " + what)
      .with_service("ValidationException", 400, "");
}

}  // namespace

Error missing_member(std::string_view member) {
  return validation_error("null at '" + validation_name(member) +
                          "' failed to satisfy constraint: Member must not be null");
}

Error refused_value(std::string_view member, std::string_view value, const TypeDescriptor& type) {
  std::string constraint;
  if (type.kind == Kind::sequence_number) {
    constraint = R"(satisfy regular expression pattern: 0|([1-9]\d{0,128}))";
  } else {
    for (const EnumName& entry : type.names) {
      if (!constraint.empty()) constraint += ", ";
      constraint += entry.name;
    }
    constraint = "satisfy enum value set: [" + constraint + "]";
  }
  return validation_error("'" + std::string(value.substr(0, 100)) + "' at '" + validation_name(member) +
                          "' failed to satisfy constraint: Member must " + constraint);
}

}  // namespace kinesis::aws
