#pragma once

#include <kinesis/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kinesis::aws {

/// A value in a JSON document that was read whole; a cheap copy that keeps the document alive. Made for small documents
/// of no described type: credentials, fault rules, a field of a user's line. Immutable, safe to read from any thread.
///
/// Looking for what is not there gives an absent value, so one can look deep: `document["a"]["b"].as_string()`.
class JsonValue {
 public:
  enum class Type { absent, null, boolean, number, string, array, object };

  /// An absent value.
  JsonValue() = default;
  /// Copies `text`. Error(protocol) says where it is no JSON, and never repeats it.
  static Result<JsonValue> parse(std::string_view text);

  Type type() const noexcept;
  bool is_absent() const noexcept { return document_ == nullptr; }
  /// Also true of an absent value.
  bool is_null() const noexcept { return type() <= Type::null; }
  bool is_object() const noexcept { return type() == Type::object; }
  bool is_array() const noexcept { return type() == Type::array; }

  /// The value, if it is of this type. Views live as long as a copy of this value.
  std::optional<std::string_view> as_string() const noexcept;
  std::optional<bool> as_bool() const noexcept;
  /// Whole numbers of 64 bits only, in whatever notation.
  std::optional<std::int64_t> as_integer() const noexcept;
  std::optional<double> as_number() const noexcept;

  /// Entries of an array or object, 0 of others.
  std::size_t size() const noexcept;
  /// The member of an object; the first of several of one name.
  JsonValue operator[](std::string_view key) const noexcept;
  JsonValue operator[](std::size_t index) const noexcept;
  std::vector<JsonValue> elements() const;
  /// In the document's order.
  std::vector<std::pair<std::string_view, JsonValue>> members() const;

  /// JSON text of the value, without white space; "null" of an absent one.
  std::string to_json() const;

 private:
  struct Document;
  using Place = std::array<std::uintptr_t, 2>;  // a simdjson::dom::element
  JsonValue(std::shared_ptr<const Document> document, Place place) noexcept
      : document_(std::move(document)), place_(place) {}

  std::shared_ptr<const Document> document_;
  Place place_{};
};

}  // namespace kinesis::aws
