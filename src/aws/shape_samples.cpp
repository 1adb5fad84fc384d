#include "aws/shape_samples.hpp"

#include "aws/cloudwatch_shapes.hpp"
#include "aws/dynamodb_shapes.hpp"
#include "aws/kinesis_shapes.hpp"
#include "aws/sts_shapes.hpp"

#include <map>

namespace kinesis::aws {
namespace {

template <class T>
DescribedType described(std::string_view name) {
  return {name, type_of<T>(), [] { return static_cast<void*>(new T()); },
          [](void* object) { delete static_cast<T*>(object); }};
}

std::string sample_text(std::mt19937_64& random) {
  static constexpr std::string_view parts[] = {
      "a", "Z", "key-", "0", "\"", "\\", "\n", "\t", "\x01", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "/"};
  std::string text = "t";  // never empty: an empty one may mean absent
  for (auto left = random() % 20; left > 0; --left) text += parts[random() % std::size(parts)];
  return text;
}

std::string sample_digits(std::mt19937_64& random) {
  std::string digits(1, static_cast<char>('1' + random() % 9));
  for (auto left = random() % SequenceNumber::max_digits; left > 0; --left)
    digits += static_cast<char>('0' + random() % 10);
  return digits;
}

Blob sample_blob(std::mt19937_64& random) {
  std::string bytes;
  for (auto left = random() % 40; left > 0; --left) bytes += static_cast<char>(random());
  return Blob(std::move(bytes));
}

double sample_number(std::mt19937_64& random) {
  static constexpr double numbers[] = {0, 1, -1, 0.1, 1e300, -2.5e-300, 3.141592653589793, 123456789012345678.0};
  return numbers[random() % std::size(numbers)];
}

std::int64_t sample_integer(std::mt19937_64& random) {
  const auto bits = static_cast<int>(random() % 64);
  return static_cast<std::int64_t>(random() >> bits) * (random() % 2 == 0 ? 1 : -1);
}

}  // namespace

std::span<const DescribedType> described_types() {
  static const std::vector<DescribedType> all = [] {
    std::vector<DescribedType> types;
#define X(Operation, function)                                          \
  types.push_back(described<Operation##Request>(#Operation "Request")); \
  types.push_back(described<Operation##Response>(#Operation "Response"));
    KINESIS_OPERATIONS(X)
    types.push_back(described<SubscribeToShardRequest>("SubscribeToShardRequest"));
    types.push_back(described<SubscribeToShardEvent>("SubscribeToShardEvent"));
#undef X
#define X(Operation, function)                                                                \
  types.push_back(described<dynamodb::Operation##Request>("dynamodb " #Operation "Request")); \
  types.push_back(described<dynamodb::Operation##Response>("dynamodb " #Operation "Response"));
    DYNAMODB_OPERATIONS(X)
#undef X
    types.push_back(described<dynamodb::ConditionCheckFailure>("ConditionCheckFailure"));
    types.push_back(described<TransactionCanceled>("TransactionCanceled"));
#define X(Operation, function)                                                                    \
  types.push_back(described<cloudwatch::Operation##Request>("cloudwatch " #Operation "Request")); \
  types.push_back(described<cloudwatch::Operation##Response>("cloudwatch " #Operation "Response"));
    CLOUDWATCH_OPERATIONS(X)
#undef X
#define X(Operation, function)                                                      \
  types.push_back(described<sts::Operation##Request>("sts " #Operation "Request")); \
  types.push_back(described<sts::Operation##Response>("sts " #Operation "Response"));
    STS_OPERATIONS(X)
#undef X
    return types;
  }();
  return all;
}

void fill_sample(const TypeDescriptor& type, void* object, std::mt19937_64& random, int richness, int depth) {
  const auto chance = [&] { return static_cast<int>(random() % 100) < richness; };
  // Deep values become small ones, so that recursive types end.
  const auto count = [&] {
    return depth > 6 ? 0 : static_cast<std::size_t>(random() % 4) * static_cast<std::size_t>(richness) / 60;
  };
  switch (type.kind) {
    case Kind::string:
      as<std::string>(object) = sample_text(random);
      break;
    case Kind::int32:
      as<int>(object) = static_cast<int>(sample_integer(random));
      break;
    case Kind::int64:
      as<std::int64_t>(object) = sample_integer(random);
      break;
    case Kind::boolean:
      as<bool>(object) = random() % 2 == 0;
      break;
    case Kind::unit:
      break;
    case Kind::number:
      as<double>(object) = sample_number(random);
      break;
    case Kind::timestamp:
      from_millis(static_cast<std::int64_t>(random() % 4'000'000'000'000) - 100'000'000'000,
                  as<std::chrono::system_clock::time_point>(object));
      break;
    case Kind::blob:
      as<Blob>(object) = sample_blob(random);
      break;
    case Kind::sequence_number:
      as<SequenceNumber>(object).assign(sample_digits(random));
      break;
    case Kind::enumeration:
      store_enum(object, type.names[random() % type.names.size()].value);
      break;
    case Kind::optional:
      if (chance()) fill_sample(type.element(), type.optional->emplace(object), random, richness, depth + 1);
      break;
    case Kind::list:
      for (auto left = count(); left > 0; --left)
        fill_sample(type.element(), type.list->append(object), random, richness, depth + 1);
      break;
    case Kind::map:
      for (auto left = count(); left > 0; --left) {
        fill_sample(type.element(), type.map->insert(object, sample_text(random)), random, richness, depth + 1);
      }
      break;
    case Kind::structure:
      for (const Member& member : type.members) {
        if (member.required || chance()) fill_sample(member.type(), member.access(object), random, richness, depth + 1);
      }
      break;
    case Kind::choice: {
      const std::size_t index = random() % type.members.size();
      fill_sample(type.members[index].type(), type.choice->emplace(object, index), random, richness, depth + 1);
      break;
    }
  }
}

namespace {

std::string list_difference(const TypeDescriptor& type, const void* left, const void* right) {
  const std::size_t size = type.list->size(left);
  if (size != type.list->size(right)) return " (size)";
  for (std::size_t i = 0; i < size; ++i) {
    auto found = difference(type.element(), type.list->at(left, i), type.list->at(right, i));
    if (!found.empty()) return "[" + std::to_string(i) + "]" + found;
  }
  return "";
}

std::string map_difference(const TypeDescriptor& type, const void* left, const void* right) {
  using Values = std::map<std::string, const void*>;
  const auto collect = [](void* values, std::string_view key, const void* value) {
    static_cast<Values*>(values)->emplace(key, value);
  };
  Values lefts;
  Values rights;
  type.map->visit(left, &lefts, collect);
  type.map->visit(right, &rights, collect);
  if (lefts.size() != rights.size()) return " (size)";
  for (const auto& [key, value] : lefts) {
    const auto other = rights.find(key);
    if (other == rights.end()) return "[" + key + "] (absent)";
    auto found = difference(type.element(), value, other->second);
    if (!found.empty()) return "[" + key + "]" + found;
  }
  return "";
}

template <class T>
std::string leaf_difference(const void* left, const void* right) {
  return as<T>(left) == as<T>(right) ? "" : " (value)";
}

}  // namespace

std::string difference(const TypeDescriptor& type, const void* left, const void* right) {
  switch (type.kind) {
    case Kind::string:
      return leaf_difference<std::string>(left, right);
    case Kind::int32:
    case Kind::enumeration:
      return load_enum(left) == load_enum(right) ? "" : " (value)";
    case Kind::int64:
      return leaf_difference<std::int64_t>(left, right);
    case Kind::boolean:
      return leaf_difference<bool>(left, right);
    case Kind::unit:
      return "";
    case Kind::number:
      return leaf_difference<double>(left, right);
    case Kind::timestamp:
      return leaf_difference<std::chrono::system_clock::time_point>(left, right);
    case Kind::blob:
      return leaf_difference<Blob>(left, right);
    case Kind::sequence_number:
      return leaf_difference<SequenceNumber>(left, right);
    case Kind::optional: {
      const void* left_value = type.optional->get(left);
      const void* right_value = type.optional->get(right);
      if (left_value == nullptr || right_value == nullptr) return left_value == right_value ? "" : " (absent)";
      return difference(type.element(), left_value, right_value);
    }
    case Kind::list:
      return list_difference(type, left, right);
    case Kind::map:
      return map_difference(type, left, right);
    case Kind::structure:
      for (const Member& member : type.members) {
        auto found =
            difference(member.type(), member.access(const_cast<void*>(left)), member.access(const_cast<void*>(right)));
        if (!found.empty()) return "." + std::string(member.name) + found;
      }
      return "";
    case Kind::choice: {
      const std::size_t index = type.choice->index(left);
      if (index != type.choice->index(right)) return " (alternative)";
      auto found = difference(type.members[index].type(), type.choice->get(left), type.choice->get(right));
      return found.empty() ? found : "." + std::string(type.members[index].name) + found;
    }
  }
  return " (kind)";
}

}  // namespace kinesis::aws
