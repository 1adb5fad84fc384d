#include "aws/json_format.hpp"

#include "aws/base64_blob.hpp"
#include "aws/json_writer.hpp"

#include <simdjson.h>

#include <limits>
#include <utility>

namespace kinesis::aws {
namespace {

using simdjson::SUCCESS;
using simdjson::dom::element;

void write(JsonWriter& json, const TypeDescriptor& type, const void* object);

void write_map(JsonWriter& json, const TypeDescriptor& type, const void* object) {
  struct Context {
    JsonWriter& json;
    const TypeDescriptor& element;
  } context{json, type.element()};
  json.begin_object();
  type.map->visit(object, &context, [](void* pointer, std::string_view key, const void* value) {
    const auto& context = *static_cast<Context*>(pointer);
    context.json.key(key);
    write(context.json, context.element, value);
  });
  json.end_object();
}

void write_structure(JsonWriter& json, const TypeDescriptor& type, const void* object) {
  json.begin_object();
  for (const Member& member : type.members) {
    if (!is_written(member, object)) continue;
    json.key(member.name);
    write(json, member.type(), member.access(const_cast<void*>(object)));
  }
  json.end_object();
}

void write_list(JsonWriter& json, const TypeDescriptor& type, const void* object) {
  const std::size_t size = type.list->size(object);
  const TypeDescriptor& element = type.element();
  json.begin_array();
  for (std::size_t i = 0; i < size; ++i) write(json, element, type.list->at(object, i));
  json.end_array();
}

void write(JsonWriter& json, const TypeDescriptor& type, const void* object) {
  switch (type.kind) {
    case Kind::string:
      json.string(as<std::string>(object));
      break;
    case Kind::int32:
      json.integer(as<int>(object));
      break;
    case Kind::int64:
      json.integer(as<std::int64_t>(object));
      break;
    case Kind::boolean:
      json.boolean(as<bool>(object));
      break;
    case Kind::unit:
      json.boolean(true);
      break;
    case Kind::number:
      json.number(as<double>(object));
      break;
    case Kind::timestamp:
      json.epoch_seconds(to_millis(as<std::chrono::system_clock::time_point>(object)));
      break;
    case Kind::blob:
      json.base64(as<Blob>(object).bytes());
      break;
    case Kind::sequence_number:
      json.plain_string(as<SequenceNumber>(object).view());
      break;
    case Kind::enumeration:
      json.plain_string(enum_name(type, load_enum(object)));
      break;
    case Kind::optional:
      if (const void* inside = type.optional->get(object)) {
        write(json, type.element(), inside);
      } else {
        json.null();
      }
      break;
    case Kind::list:
      write_list(json, type, object);
      break;
    case Kind::map:
      write_map(json, type, object);
      break;
    case Kind::structure:
      write_structure(json, type, object);
      break;
    case Kind::choice: {
      const Member& member = type.members[type.choice->index(object)];
      json.begin_object().key(member.name);
      write(json, member.type(), type.choice->get(object));
      json.end_object();
      break;
    }
  }
}

class JsonFormatReader {
 public:
  explicit JsonFormatReader(Missing missing) noexcept : missing_(missing) {}

  Result<void> read_all(const TypeDescriptor& type, void* object, const element& root) {
    if (root.is_null() || read(type, object, root, 0)) return {};
    if (strict_error_) return *strict_error_;
    return Error(errc::protocol, "JSON of " + std::string(type.name) + path_ + ": " + error_);
  }

 private:
  bool read(const TypeDescriptor& type, void* object, const element& value, int depth) {
    if (depth > max_depth) return fail("nested too deeply");
    switch (type.kind) {
      case Kind::string: {
        std::string_view text;
        if (!read_text(value, text)) return false;
        as<std::string>(object) = text;
        return true;
      }
      case Kind::int32: {
        std::int64_t number = 0;
        if (!read_integer(value, number)) return false;
        if (number < std::numeric_limits<int>::min() || number > std::numeric_limits<int>::max()) {
          return fail("the number does not fit 32 bits");
        }
        as<int>(object) = static_cast<int>(number);
        return true;
      }
      case Kind::int64:
        return read_integer(value, as<std::int64_t>(object));
      case Kind::boolean:
        return value.get_bool().get(as<bool>(object)) == SUCCESS || fail("expected true or false");
      case Kind::unit:
        return value.is_bool() || fail("expected true or false");
      case Kind::number:
        return value.get_double().get(as<double>(object)) == SUCCESS || fail("expected a number");
      case Kind::timestamp: {
        double seconds = 0;
        if (value.get_double().get(seconds) != SUCCESS) return fail("expected a time in seconds");
        return from_seconds(seconds, as<std::chrono::system_clock::time_point>(object)) || fail("a time out of range");
      }
      case Kind::blob: {
        std::string_view text;
        if (!read_text(value, text)) return false;
        return decode_base64(text, as<Blob>(object)) || fail("expected base64");
      }
      case Kind::sequence_number: {
        std::string_view digits;
        if (!read_text(value, digits)) return false;
        if (as<SequenceNumber>(object).assign(digits)) return true;
        if (missing_ == Missing::refused) refused_.emplace(std::string(digits), &type);
        return fail("not a sequence number");
      }
      case Kind::enumeration: {
        std::string_view name;
        if (!read_text(value, name)) return false;
        store_enum(object, enum_value(type, name));
        if (missing_ == Missing::accepted || load_enum(object) != 0) return true;
        refused_.emplace(std::string(name), &type);
        return fail("not a known value");
      }
      case Kind::optional:
        return read(type.element(), type.optional->emplace(object), value, depth);
      case Kind::list:
        return read_list(type, object, value, depth);
      case Kind::map:
        return read_map(type, object, value, depth);
      case Kind::structure:
        return read_structure(type, object, value, depth);
      case Kind::choice:
        return read_choice(type, object, value, depth);
    }
    return fail("no such kind");
  }

  bool read_text(const element& value, std::string_view& out) {
    return value.get_string().get(out) == SUCCESS || fail("expected a string");
  }

  bool read_integer(const element& value, std::int64_t& out) {
    if (value.get_int64().get(out) == SUCCESS) return true;
    double number = 0;
    if (value.is_double() && value.get_double().get(number) == SUCCESS && to_integer(number, out)) return true;
    return fail("expected a whole number of 64 bits");
  }

  bool read_list(const TypeDescriptor& type, void* object, const element& value, int depth) {
    simdjson::dom::array array;
    if (value.get_array().get(array) != SUCCESS) return fail("expected an array");
    const TypeDescriptor& inside = type.element();
    type.list->clear(object);
    std::size_t count = 0;
    for (const element item : array) {
      if (++count > max_elements) return fail("too many elements");
      if (item.is_null()) continue;
      if (!read(inside, type.list->append(object), item, depth + 1)) return false;
    }
    return true;
  }

  bool read_map(const TypeDescriptor& type, void* object, const element& value, int depth) {
    simdjson::dom::object map;
    if (!read_object(value, map)) return false;
    const TypeDescriptor& inside = type.element();
    type.map->clear(object);
    std::size_t count = 0;
    for (const auto& field : map) {
      if (++count > max_elements) return fail("too many elements");
      if (field.value.is_null()) continue;
      if (!read(inside, type.map->insert(object, field.key), field.value, depth + 1)) return false;
    }
    return true;
  }

  bool read_structure(const TypeDescriptor& type, void* object, const element& value, int depth) {
    simdjson::dom::object map;
    if (!read_object(value, map)) return false;
    MemberFinder finder(type.members);
    std::uint64_t seen = 0;
    for (const auto& field : map) {
      const std::size_t index = finder.find(field.key);
      if (index == type.members.size() || field.value.is_null()) continue;
      const Member& member = type.members[index];
      seen |= std::uint64_t{1} << index;
      if (!read(member.type(), member.access(object), field.value, depth + 1)) return fail_in(member);
    }
    return missing_ == Missing::accepted || check_required(type, seen);
  }

  bool read_choice(const TypeDescriptor& type, void* object, const element& value, int depth) {
    simdjson::dom::object map;
    if (!read_object(value, map)) return false;
    MemberFinder finder(type.members);
    bool chosen = false;
    for (const auto& field : map) {
      const std::size_t index = finder.find(field.key);
      if (index == type.members.size() || field.value.is_null()) continue;
      if (chosen) return fail("more than one alternative");
      chosen = true;
      const Member& member = type.members[index];
      if (!read(member.type(), type.choice->emplace(object, index), field.value, depth + 1)) return fail_in(member);
    }
    return chosen || fail("no known alternative");
  }

  bool read_object(const element& value, simdjson::dom::object& out) {
    return value.get_object().get(out) == SUCCESS || fail("expected an object");
  }

  bool check_required(const TypeDescriptor& type, std::uint64_t seen) {
    for (std::size_t i = 0; i < type.members.size(); ++i) {
      if (!type.members[i].required || (seen >> i & 1) != 0) continue;
      strict_error_ = missing_member(type.members[i].name);
      return false;
    }
    return true;
  }

  bool fail(const char* what) {
    error_ = what;
    return false;
  }
  bool fail_in(const Member& member) {
    if (refused_ && !strict_error_) {
      strict_error_ = refused_value(member.name, refused_->first, *refused_->second);
    }
    path_.insert(0, "." + std::string(member.name));
    return false;
  }

  Missing missing_;
  const char* error_ = "";
  std::string path_;
  std::optional<Error> strict_error_;
  std::optional<std::pair<std::string, const TypeDescriptor*>> refused_;
};

static_assert(simdjson::SIMDJSON_PADDING <= 64);

// A parser keeps room for the largest document it has seen; one that has seen a very large one is not kept.
constexpr std::size_t largest_kept = 1 << 20;

}  // namespace

void write_json(const TypeDescriptor& type, const void* object, std::string& out) {
  JsonWriter json(out);
  write(json, type, object);
}

Result<void> read_json(const TypeDescriptor& type, void* object, std::string_view input, Padding padding,
                       Missing missing) {
  if (input.empty()) input = "{}", padding = Padding::none;  // operations without members answer an empty body
  static thread_local simdjson::dom::parser kept;
  simdjson::dom::parser large;
  simdjson::dom::parser& parser = input.size() <= largest_kept ? kept : large;
  element root;
  const auto error = parser.parse(input.data(), input.size(), padding == Padding::none).get(root);
  if (error != SUCCESS) {
    return Error(errc::protocol, "JSON of " + std::string(type.name) + ": " + simdjson::error_message(error));
  }
  return JsonFormatReader(missing).read_all(type, object, root);
}

}  // namespace kinesis::aws
