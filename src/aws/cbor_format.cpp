#include "aws/cbor_format.hpp"

#include "aws/base64_blob.hpp"
#include "aws/cbor.hpp"

#include <limits>
#include <utility>

namespace kinesis::aws {
namespace {

using cbor::Head;
using cbor::Items;
using cbor::Major;

constexpr std::uint64_t timestamp_tag = 1;

class CborFormatWriter {
 public:
  explicit CborFormatWriter(std::string& out) noexcept : out_(out) {}

  void write(const TypeDescriptor& type, const void* object) {
    switch (type.kind) {
      case Kind::string:
        return out_.text(as<std::string>(object));
      case Kind::int32:
        return out_.integer(as<int>(object));
      case Kind::int64:
        return out_.integer(as<std::int64_t>(object));
      case Kind::boolean:
        return out_.boolean(as<bool>(object));
      case Kind::unit:
        return out_.boolean(true);
      case Kind::number:
        return out_.number(as<double>(object));
      case Kind::timestamp:
        out_.tag(timestamp_tag);
        return out_.integer(to_millis(as<std::chrono::system_clock::time_point>(object)));
      case Kind::blob:
        return out_.bytes(as<Blob>(object).bytes());
      case Kind::sequence_number:
        return out_.text(as<SequenceNumber>(object).view());
      case Kind::enumeration:
        return out_.text(enum_name(type, load_enum(object)));
      case Kind::optional:
        if (const void* inside = type.optional->get(object)) return write(type.element(), inside);
        return out_.null();
      case Kind::list:
        return write_list(type, object);
      case Kind::map:
        return write_map(type, object);
      case Kind::structure:
        return write_structure(type, object);
      case Kind::choice: {
        const Member& member = type.members[type.choice->index(object)];
        out_.map(1);
        out_.text(member.name);
        return write(member.type(), type.choice->get(object));
      }
    }
  }

 private:
  void write_list(const TypeDescriptor& type, const void* object) {
    const std::size_t size = type.list->size(object);
    const TypeDescriptor& element = type.element();
    out_.array(size);
    for (std::size_t i = 0; i < size; ++i) write(element, type.list->at(object, i));
  }

  void write_map(const TypeDescriptor& type, const void* object) {
    struct Context {
      CborFormatWriter* self;
      const TypeDescriptor& element;
    } context{this, type.element()};
    out_.map(type.map->size(object));
    type.map->visit(object, &context, [](void* pointer, std::string_view key, const void* value) {
      const auto& context = *static_cast<Context*>(pointer);
      context.self->out_.text(key);
      context.self->write(context.element, value);
    });
  }

  void write_structure(const TypeDescriptor& type, const void* object) {
    std::size_t present = 0;
    for (const Member& member : type.members) present += is_written(member, object) ? 1 : 0;
    out_.map(present);
    for (const Member& member : type.members) {
      if (!is_written(member, object)) continue;
      out_.text(member.name);
      write(member.type(), member.access(const_cast<void*>(object)));
    }
  }

  cbor::Writer out_;
};

class CborFormatReader {
 public:
  CborFormatReader(const Blob& input, Missing missing) noexcept
      : in_(input.bytes()), input_(input), missing_(missing) {}

  Result<void> read_all(const TypeDescriptor& type, void* object) {
    Head head;
    bool good = in_.head(head);
    if (good && !head.is_null()) good = read(type, object, head, 0);
    if (good && !in_.at_end()) good = in_.fail("more bytes than one message");
    if (good) return {};
    if (strict_error_) return *strict_error_;
    return Error(errc::protocol, "CBOR of " + std::string(type.name) + path_ + ": " + in_.error());
  }

 private:
  bool read(const TypeDescriptor& type, void* object, const Head& head, int depth) {
    if (depth > max_depth) return in_.fail("nested too deeply");
    switch (type.kind) {
      case Kind::string:
        return read_string(head, as<std::string>(object));
      case Kind::int32: {
        std::int64_t value = 0;
        if (!read_integer(head, value)) return false;
        if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()) {
          return in_.fail("the number does not fit 32 bits");
        }
        as<int>(object) = static_cast<int>(value);
        return true;
      }
      case Kind::int64:
        return read_integer(head, as<std::int64_t>(object));
      case Kind::boolean:
        if (!head.is_bool()) return in_.fail("expected true or false");
        as<bool>(object) = head.info == cbor::simple_true;
        return true;
      case Kind::unit:
        return head.is_bool() || in_.fail("expected true or false");
      case Kind::number:
        return read_number(head, as<double>(object));
      case Kind::timestamp:
        return read_timestamp(head, as<std::chrono::system_clock::time_point>(object));
      case Kind::blob:
        return read_blob(head, as<Blob>(object));
      case Kind::sequence_number: {
        std::string_view digits;
        if (!in_.string(head, digits, joined_)) return false;
        if (as<SequenceNumber>(object).assign(digits)) return true;
        if (missing_ == Missing::refused) refused_.emplace(std::string(digits), &type);
        return in_.fail("not a sequence number");
      }
      case Kind::enumeration: {
        std::string_view name;
        if (!in_.string(head, name, joined_)) return false;
        store_enum(object, enum_value(type, name));
        if (missing_ == Missing::accepted || load_enum(object) != 0) return true;
        refused_.emplace(std::string(name), &type);
        return in_.fail("not a known value");
      }
      case Kind::optional:
        return read(type.element(), type.optional->emplace(object), head, depth);
      case Kind::list:
        return read_list(type, object, head, depth);
      case Kind::map:
        return read_map(type, object, head, depth);
      case Kind::structure:
        return read_structure(type, object, head, depth);
      case Kind::choice:
        return read_choice(type, object, head, depth);
    }
    return in_.fail("no such kind");
  }

  bool read_string(const Head& head, std::string& out) {
    if (!head.is_string()) return in_.fail("expected a string");
    if (head.is_indefinite()) {
      out.clear();
      return in_.chunks(head, out);
    }
    std::string_view text;
    if (!in_.content(head, text)) return false;
    out = text;
    return true;
  }

  bool read_integer(const Head& head, std::int64_t& out) {
    if (head.major == Major::unsigned_integer || head.major == Major::negative_integer) {
      if (head.value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return in_.fail("the number does not fit 64 bits");
      }
      const auto value = static_cast<std::int64_t>(head.value);
      out = head.major == Major::unsigned_integer ? value : ~value;
      return true;
    }
    if (head.is_float() && to_integer(head.number(), out)) return true;
    return in_.fail("expected a whole number");
  }

  bool read_number(const Head& head, double& out) {
    if (head.is_float()) {
      out = head.number();
    } else if (head.major == Major::unsigned_integer) {
      out = static_cast<double>(head.value);
    } else if (head.major == Major::negative_integer) {
      out = -1 - static_cast<double>(head.value);
    } else {
      return in_.fail("expected a number");
    }
    return true;
  }

  bool read_timestamp(const Head& head, std::chrono::system_clock::time_point& out) {
    if (head.is_float()) return from_seconds(head.number(), out) || in_.fail("a time out of range");
    std::int64_t millis = 0;
    if (!read_integer(head, millis)) return false;
    return from_millis(millis, out) || in_.fail("a time out of range");
  }

  bool read_blob(const Head& head, Blob& out) {
    if (!head.is_string()) return in_.fail("expected bytes");
    std::string joined;
    std::string_view content;
    if (!in_.string(head, content, joined)) return false;
    if (head.major == Major::text) return decode_base64(content, out) || in_.fail("text for bytes is not base64");
    if (head.is_indefinite()) {
      out = Blob(std::move(joined));
    } else {
      out = Blob(as_bytes(content), input_.owner());
    }
    return true;
  }

  bool read_list(const TypeDescriptor& type, void* object, const Head& head, int depth) {
    if (head.major != Major::array) return in_.fail("expected an array");
    Items items;
    if (!in_.begin(head, items)) return false;
    const TypeDescriptor& element = type.element();
    type.list->clear(object);
    for (std::size_t count = 0; in_.next(items); ++count) {
      Head inner;
      if (count == max_elements) return in_.fail("too many elements");
      if (!in_.head(inner)) return false;
      if (inner.is_null()) continue;
      if (!read(element, type.list->append(object), inner, depth + 1)) return false;
    }
    return in_.ok();
  }

  bool read_map(const TypeDescriptor& type, void* object, const Head& head, int depth) {
    Items items;
    if (!begin_map(head, items)) return false;
    const TypeDescriptor& element = type.element();
    type.map->clear(object);
    for (std::size_t count = 0; in_.next(items); ++count) {
      std::string joined;
      std::string_view key;
      Head inner;
      if (count == max_elements) return in_.fail("too many elements");
      if (!in_.key(key, joined) || !in_.head(inner)) return false;
      if (inner.is_null()) continue;
      if (!read(element, type.map->insert(object, key), inner, depth + 1)) return false;
    }
    return in_.ok();
  }

  bool read_structure(const TypeDescriptor& type, void* object, const Head& head, int depth) {
    Items items;
    if (!begin_map(head, items)) return false;
    MemberFinder finder(type.members);
    std::uint64_t seen = 0;
    std::string joined;
    while (in_.next(items)) {
      std::string_view key;
      Head inner;
      if (!in_.key(key, joined) || !in_.head(inner)) return false;
      const std::size_t index = finder.find(key);
      if (index == type.members.size()) {
        if (!in_.skip(inner, depth)) return false;
        continue;
      }
      if (inner.is_null()) continue;
      const Member& member = type.members[index];
      seen |= std::uint64_t{1} << index;
      if (!read(member.type(), member.access(object), inner, depth + 1)) return fail_in(member);
    }
    return in_.ok() && (missing_ == Missing::accepted || check_required(type, seen));
  }

  bool read_choice(const TypeDescriptor& type, void* object, const Head& head, int depth) {
    Items items;
    if (!begin_map(head, items)) return false;
    MemberFinder finder(type.members);
    bool chosen = false;
    std::string joined;
    while (in_.next(items)) {
      std::string_view key;
      Head inner;
      if (!in_.key(key, joined) || !in_.head(inner)) return false;
      const std::size_t index = finder.find(key);
      if (index == type.members.size()) {
        if (!in_.skip(inner, depth)) return false;
        continue;
      }
      if (inner.is_null()) continue;
      if (chosen) return in_.fail("more than one alternative");
      chosen = true;
      const Member& member = type.members[index];
      if (!read(member.type(), type.choice->emplace(object, index), inner, depth + 1)) return fail_in(member);
    }
    return in_.ok() && (chosen || in_.fail("no known alternative"));
  }

  bool begin_map(const Head& head, Items& items) {
    if (head.major != Major::map) return in_.fail("expected a map");
    return in_.begin(head, items);
  }

  bool check_required(const TypeDescriptor& type, std::uint64_t seen) {
    for (std::size_t i = 0; i < type.members.size(); ++i) {
      if (!type.members[i].required || (seen >> i & 1) != 0) continue;
      strict_error_ = missing_member(type.members[i].name);
      return in_.fail("a required member is missing");
    }
    return true;
  }

  bool fail_in(const Member& member) {
    if (refused_ && !strict_error_) {
      strict_error_ = refused_value(member.name, refused_->first, *refused_->second);
    }
    path_.insert(0, "." + std::string(member.name));
    return false;
  }

  cbor::Reader in_;
  const Blob& input_;
  Missing missing_;
  std::string joined_;
  std::string path_;
  std::optional<Error> strict_error_;
  std::optional<std::pair<std::string, const TypeDescriptor*>> refused_;
};

}  // namespace

void write_cbor(const TypeDescriptor& type, const void* object, std::string& out) {
  CborFormatWriter(out).write(type, object);
}

Result<void> read_cbor(const TypeDescriptor& type, void* object, const Blob& input, Missing missing) {
  // Operations without members answer an empty body.
  static constexpr std::byte empty_map{0xA0};
  if (input.empty()) return CborFormatReader(Blob(BytesView(&empty_map, 1), nullptr), missing).read_all(type, object);
  return CborFormatReader(input, missing).read_all(type, object);
}

}  // namespace kinesis::aws
