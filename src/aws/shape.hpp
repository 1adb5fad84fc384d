#pragma once

#include <kinesis/bytes.hpp>
#include <kinesis/identifiers.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

// What request and response types look like, as values: each type is described once, in a *_shapes.cpp, and one
// ordinary function per format and direction walks the descriptions. A template per type and format would take minutes
// to compile.
namespace kinesis::aws {

/// What an object is, and so which C++ type stands behind a `void*` to it.
enum class Kind : std::uint8_t {
  string,           ///< std::string
  int32,            ///< int
  int64,            ///< std::int64_t
  boolean,          ///< bool
  number,           ///< double
  timestamp,        ///< std::chrono::system_clock::time_point
  blob,             ///< Blob
  sequence_number,  ///< SequenceNumber
  enumeration,      ///< an enum class over int; 0 is "absent or not known"
  optional,         ///< std::optional
  list,             ///< std::vector
  map,              ///< std::map from std::string
  structure,        ///< a class with described members
  choice,           ///< one of several members, on the wire an object with one key
  unit,             ///< nothing; on the wire `true`
};

struct TypeDescriptor;
/// A function, so that descriptions may refer to each other in any order.
using TypeRef = const TypeDescriptor& (*)();

struct Member {
  std::string_view name;
  /// The member's address in an object.
  void* (*access)(void* object);
  TypeRef type;
  /// Written even if it is empty, and missed by a strict reader. Others are left out when they are empty.
  bool required;
};

struct EnumName {
  int value;
  std::string_view name;
};

struct OptionalOps {
  const void* (*get)(const void* object);  ///< Null if empty.
  void* (*emplace)(void* object);
};
struct ListOps {
  std::size_t (*size)(const void* object);
  const void* (*at)(const void* object, std::size_t index);
  void (*clear)(void* object);
  void* (*append)(void* object);  ///< A new element at the end; valid until the next call.
};
struct MapOps {
  using Visitor = void (*)(void* context, std::string_view key, const void* value);
  std::size_t (*size)(const void* object);
  void (*visit)(const void* object, void* context, Visitor visitor);
  void (*clear)(void* object);
  void* (*insert)(void* object, std::string_view key);  ///< The value of `key`, new and empty.
};
/// `index` counts the descriptor's members; their `access` is not used.
struct ChoiceOps {
  std::size_t (*index)(const void* object);
  const void* (*get)(const void* object);
  void* (*emplace)(void* object, std::size_t index);
};

struct TypeDescriptor {
  Kind kind;
  /// Of structures, choices and enums: the name for messages.
  std::string_view name = {};
  /// Of optionals, lists and maps: what is inside.
  TypeRef element = nullptr;
  std::span<const Member> members = {};
  std::span<const EnumName> names = {};
  const OptionalOps* optional = nullptr;
  const ListOps* list = nullptr;
  const MapOps* map = nullptr;
  const ChoiceOps* choice = nullptr;
};

/// The object of a leaf kind behind a pointer.
template <class T>
T& as(void* object) noexcept {
  return *static_cast<T*>(object);
}
template <class T>
const T& as(const void* object) noexcept {
  return *static_cast<const T*>(object);
}
inline int load_enum(const void* object) noexcept {
  int value = 0;
  std::memcpy(&value, object, sizeof value);
  return value;
}
inline void store_enum(void* object, int value) noexcept { std::memcpy(object, &value, sizeof value); }

/// AWS's spelling of an enum's value; empty if it has none.
std::string_view enum_name(const TypeDescriptor& type, int value) noexcept;
/// The value of AWS's spelling; 0 if it is not known.
int enum_value(const TypeDescriptor& type, std::string_view name) noexcept;

/// True if a member that is not required would be left out.
bool is_absent(const TypeDescriptor& type, const void* object) noexcept;

/// True if a writer writes the member of `object`.
inline bool is_written(const Member& member, const void* object) noexcept {
  if (member.required) return true;
  return !is_absent(member.type(), member.access(const_cast<void*>(object)));
}

/// Finds members by name. Objects usually hold their members in the order of the description, so the search starts
/// behind the last hit.
class MemberFinder {
 public:
  explicit MemberFinder(std::span<const Member> members) noexcept : members_(members) {}
  /// The index of `name`, or `members.size()`.
  std::size_t find(std::string_view name) noexcept {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const std::size_t index = next_ + i < members_.size() ? next_ + i : next_ + i - members_.size();
      if (members_[index].name == name) return next_ = index + 1, index;
    }
    return members_.size();
  }

 private:
  std::span<const Member> members_;
  std::size_t next_ = 0;
};

/// Nested objects and arrays that readers accept: DynamoDB's deepest items have 32 levels of two.
inline constexpr int max_depth = 80;
/// Elements of one list or map that readers accept.
inline constexpr std::size_t max_elements = 100'000;

/// Whether a reader insists on required members, and on values of enums that it knows.
enum class Missing {
  accepted,  ///< Left as they were. What clients do.
  refused,   ///< Error with AWS's service code ValidationException. What servers do.
};

/// Milliseconds since 1970, rounded down: what the wire has of a time.
inline std::int64_t to_millis(std::chrono::system_clock::time_point time) noexcept {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}
/// False, and `out` unchanged, if the clock cannot represent it: before 1678 or after 2261.
inline bool from_millis(std::int64_t millis, std::chrono::system_clock::time_point& out) noexcept {
  using Clock = std::chrono::system_clock;
  constexpr std::int64_t most = std::chrono::floor<std::chrono::milliseconds>(Clock::duration::max()).count();
  if (millis > most || millis < -most) return false;
  out = Clock::time_point(std::chrono::milliseconds(millis));
  return true;
}
/// The same from seconds with a fraction; rounds to milliseconds.
bool from_seconds(double seconds, std::chrono::system_clock::time_point& out) noexcept;
/// False unless `number` is whole and within 64 bits.
bool to_integer(double number, std::int64_t& out) noexcept;

/// The errors of a strict reader, in AWS's words.
Error missing_member(std::string_view member);
Error refused_value(std::string_view member, std::string_view value, const TypeDescriptor& type);

/// The description of T. Structures and enums specialise it where they are described.
template <class T>
const TypeDescriptor& type_of();

namespace detail {

template <class T>
struct BuiltIn;  // no description: add one to a *_shapes.cpp, above where it is used

template <Kind kind>
struct Leaf {
  static constexpr TypeDescriptor type{.kind = kind};
};
template <>
struct BuiltIn<std::string> : Leaf<Kind::string> {};
template <>
struct BuiltIn<int> : Leaf<Kind::int32> {};
template <>
struct BuiltIn<std::int64_t> : Leaf<Kind::int64> {};
template <>
struct BuiltIn<bool> : Leaf<Kind::boolean> {};
template <>
struct BuiltIn<double> : Leaf<Kind::number> {};
template <>
struct BuiltIn<std::chrono::system_clock::time_point> : Leaf<Kind::timestamp> {};
template <>
struct BuiltIn<Blob> : Leaf<Kind::blob> {};
template <>
struct BuiltIn<SequenceNumber> : Leaf<Kind::sequence_number> {};

template <class T>
struct BuiltIn<std::optional<T>> {
  using Self = std::optional<T>;
  static const void* get(const void* object) {
    const auto& self = as<Self>(object);
    return self ? &*self : nullptr;
  }
  static void* emplace(void* object) { return &as<Self>(object).emplace(); }
  static constexpr OptionalOps ops{&get, &emplace};
  static constexpr TypeDescriptor type{.kind = Kind::optional, .element = &type_of<T>, .optional = &ops};
};

template <class T>
struct BuiltIn<std::vector<T>> {
  using Self = std::vector<T>;
  static std::size_t size(const void* object) { return as<Self>(object).size(); }
  static const void* at(const void* object, std::size_t index) { return &as<Self>(object)[index]; }
  static void clear(void* object) { as<Self>(object).clear(); }
  static void* append(void* object) { return &as<Self>(object).emplace_back(); }
  static constexpr ListOps ops{&size, &at, &clear, &append};
  static constexpr TypeDescriptor type{.kind = Kind::list, .element = &type_of<T>, .list = &ops};
};

template <class T>
struct BuiltIn<std::map<std::string, T, std::less<>>> {
  using Self = std::map<std::string, T, std::less<>>;
  static std::size_t size(const void* object) { return as<Self>(object).size(); }
  static void visit(const void* object, void* context, MapOps::Visitor visitor) {
    for (const auto& [key, value] : as<Self>(object)) visitor(context, key, &value);
  }
  static void clear(void* object) { as<Self>(object).clear(); }
  static void* insert(void* object, std::string_view key) {
    return &as<Self>(object).insert_or_assign(std::string(key), T()).first->second;
  }
  static constexpr MapOps ops{&size, &visit, &clear, &insert};
  static constexpr TypeDescriptor type{.kind = Kind::map, .element = &type_of<T>, .map = &ops};
};

template <class T, auto pointer>
void* access(void* object) {
  return &(static_cast<T*>(object)->*pointer);
}
template <class T, class Owner>
T member_type(T Owner::*);

}  // namespace detail

template <class T>
const TypeDescriptor& type_of() {
  return detail::BuiltIn<T>::type;
}

/// A line of a description: `required<PutRecordRequest, &PutRecordRequest::data>("Data")`.
template <class T, auto pointer>
constexpr Member required(std::string_view name) {
  return {name, &detail::access<T, pointer>, &type_of<decltype(detail::member_type(pointer))>, true};
}
template <class T, auto pointer>
constexpr Member optional(std::string_view name) {
  return {name, &detail::access<T, pointer>, &type_of<decltype(detail::member_type(pointer))>, false};
}

}  // namespace kinesis::aws
