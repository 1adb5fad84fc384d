#pragma once

#include "aws/shape.hpp"

// For *_shapes.cpp only: a description per type, a line per member. What a description refers to stands above it.

/// KINESIS_STRUCTURE(Tag, REQUIRED(key, "Key"), OPTIONAL(value, "Value"))
#define KINESIS_STRUCTURE(Type, ...)                                                                            \
  template <>                                                                                                   \
  const TypeDescriptor& type_of<Type>() {                                                                       \
    using Self = Type;                                                                                          \
    static_assert(!std::is_aggregate_v<Self>, "give it a constructor: g++ 12 corrupts aggregates in co_await"); \
    static constexpr Member members[] = {__VA_ARGS__};                                                          \
    static constexpr TypeDescriptor type{.kind = Kind::structure, .name = #Type, .members = members};           \
    return type;                                                                                                \
  }
#define REQUIRED(member, name) required<Self, &Self::member>(name)
#define OPTIONAL(member, name) optional<Self, &Self::member>(name)

/// A structure without members.
#define KINESIS_EMPTY(Type)                                                       \
  template <>                                                                     \
  const TypeDescriptor& type_of<Type>() {                                         \
    static constexpr TypeDescriptor type{.kind = Kind::structure, .name = #Type}; \
    return type;                                                                  \
  }

/// KINESIS_ENUM(StreamMode, {VALUE(provisioned), "PROVISIONED"}, ...). Also what its to_string uses.
#define KINESIS_ENUM(Type, ...)                                                                     \
  template <>                                                                                       \
  const TypeDescriptor& type_of<Type>() {                                                           \
    using Self = Type;                                                                              \
    static_assert(std::is_same_v<std::underlying_type_t<Self>, int>);                               \
    static constexpr EnumName names[] = {__VA_ARGS__};                                              \
    static constexpr TypeDescriptor type{.kind = Kind::enumeration, .name = #Type, .names = names}; \
    return type;                                                                                    \
  }
#define VALUE(enumerator) static_cast<int>(Self::enumerator)
