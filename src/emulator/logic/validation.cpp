#include "emulator/logic/validation.hpp"

#include "core/utf8.hpp"
#include "emulator/logic/errors.hpp"
#include "emulator/logic/names.hpp"

#include <algorithm>

namespace kinesis::emulator {
namespace {

constexpr std::size_t most_found = 10;
constexpr std::size_t most_shown = 80;
constexpr std::size_t most_name = 128;
constexpr std::size_t most_arn = 2048;

bool all_digits(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// What follows "arn:PARTITION:kinesis:REGION:ACCOUNT:" of an ARN, or nothing.
std::optional<std::string_view> resource_of(std::string_view arn) noexcept {
  if (!arn.starts_with("arn:aws")) return std::nullopt;
  for (int part = 0; part < 5; ++part) {
    const std::size_t colon = arn.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view value = arn.substr(0, colon);
    if (part == 2 && value != "kinesis") return std::nullopt;
    if (part == 4 && (value.size() != 12 || !all_digits(value))) return std::nullopt;
    arn.remove_prefix(colon + 1);
  }
  return arn;
}

bool is_resource(std::string_view arn, std::string_view kind) noexcept {
  const auto resource = resource_of(arn);
  return resource && resource->starts_with(kind) && resource->size() > kind.size() &&
         resource->find(' ') == std::string_view::npos;
}

bool is_consumer(std::string_view arn) noexcept {
  const auto resource = resource_of(arn);
  if (!resource) return false;
  const std::size_t middle = resource->find("/consumer/");
  const std::size_t colon = resource->rfind(':');
  return middle != std::string_view::npos && colon != std::string_view::npos && colon > middle &&
         colon + 1 < resource->size() && all_digits(resource->substr(colon + 1));
}

}  // namespace

void Validation::add(std::string text) {
  if (found_.size() < most_found) found_.push_back(std::move(text));
}

Validation& Validation::fail(std::string_view member, std::string_view value, std::string_view constraint) {
  std::string text = "Value '";
  text.append(value.substr(0, most_shown)).append(value.size() > most_shown ? "..." : "");
  text.append("' at '").append(member).append("' failed to satisfy constraint: ").append(constraint);
  add(std::move(text));
  return *this;
}

Validation& Validation::fail_without_value(std::string_view member, std::string_view constraint) {
  std::string text = "Value at '";
  text.append(member).append("' failed to satisfy constraint: ").append(constraint);
  add(std::move(text));
  return *this;
}

Validation& Validation::length(std::string_view member, std::string_view value, std::size_t least, std::size_t most) {
  const std::size_t size = core::count_code_points(value).value_or(value.size());
  if (size < least) fail(member, value, "Member must have length greater than or equal to " + std::to_string(least));
  if (size > most) fail(member, value, "Member must have length less than or equal to " + std::to_string(most));
  return *this;
}

Validation& Validation::count(std::string_view member, std::size_t size, std::size_t least, std::size_t most) {
  if (size < least) {
    fail_without_value(member, "Member must have length greater than or equal to " + std::to_string(least));
  }
  if (size > most) {
    fail_without_value(member, "Member must have length less than or equal to " + std::to_string(most));
  }
  return *this;
}

Validation& Validation::range(std::string_view member, std::int64_t value, std::int64_t least, std::int64_t most) {
  const std::string shown = std::to_string(value);
  if (value < least) {
    fail(member, shown, "Member must have value greater than or equal to " + std::to_string(least));
  }
  if (value > most) fail(member, shown, "Member must have value less than or equal to " + std::to_string(most));
  return *this;
}

Validation& Validation::range(std::string_view member, const std::optional<int>& value, std::int64_t least,
                              std::int64_t most) {
  return value ? range(member, *value, least, most) : *this;
}

Validation& Validation::name(std::string_view member, std::string_view value) {
  if (!is_name(value)) fail(member, value, "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+");
  return length(member, value, 1, most_name);
}

Validation& Validation::stream_arn(std::string_view member, std::string_view value) {
  if (!is_resource(value, "stream/")) {
    fail(member, value, "Member must satisfy regular expression pattern: arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+");
  }
  return length(member, value, 1, most_arn);
}

Validation& Validation::resource_arn(std::string_view member, std::string_view value) {
  if (!is_resource(value, "stream/")) {
    fail(member, value, "Member must satisfy regular expression pattern: arn:aws.*:kinesis:.*:\\d{12}:.*stream/\\S+");
  }
  return length(member, value, 1, most_arn);
}

Validation& Validation::consumer_arn(std::string_view member, const std::optional<std::string>& value) {
  if (!value) return *this;
  if (!is_consumer(*value)) {
    fail(member, *value,
         "Member must satisfy regular expression pattern: "
         "^(arn):aws.*:kinesis:.*:\\d{12}:.*stream\\/[a-zA-Z0-9_.-]+\\/consumer\\/[a-zA-Z0-9_.-]+:[0-9]+");
  }
  return length(member, *value, 1, most_arn);
}

Validation& Validation::hash_key(std::string_view member, std::string_view value) {
  const bool good = value == "0" || (!value.empty() && value.size() <= 39 && value[0] != '0' && all_digits(value));
  if (!good) fail(member, value, "Member must satisfy regular expression pattern: 0|([1-9]\\d{0,38})");
  return *this;
}

Validation& Validation::one_of(std::string_view member, bool good, std::string_view values) {
  if (!good) fail_without_value(member, "Member must satisfy enum value set: " + std::string(values));
  return *this;
}

std::optional<Error> Validation::error() const {
  if (found_.empty()) return std::nullopt;
  std::string text = std::to_string(found_.size());
  text += found_.size() == 1 ? " validation error detected: " : " validation errors detected: ";
  for (std::size_t i = 0; i < found_.size(); ++i) {
    if (i > 0) text += "; ";
    text += found_[i];
  }
  return validation_error(std::move(text));
}

}  // namespace kinesis::emulator
