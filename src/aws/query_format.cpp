#include "aws/query_format.hpp"

#include "aws/base64_blob.hpp"
#include "aws/xml.hpp"
#include "core/time_format.hpp"

#include <algorithm>
#include <charconv>
#include <map>

namespace kinesis::aws {
namespace {

// RFC 3986's unreserved characters stay, everything else becomes %XX.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
        c == '.' || c == '~') {
      out += c;
    } else {
      out += '%';
      out += "0123456789ABCDEF"[static_cast<unsigned char>(c) >> 4];
      out += "0123456789ABCDEF"[static_cast<unsigned char>(c) & 15];
    }
  }
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high << 4 | low);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

// Calls `each(name, value)` with every field as it stands, escaped.
template <class Each>
void for_each_field(std::string_view form, Each each) {
  while (!form.empty()) {
    const auto end = form.find('&');
    const std::string_view field = form.substr(0, end);
    form.remove_prefix(end == std::string_view::npos ? form.size() : end + 1);
    const auto equals = field.find('=');
    if (!field.empty()) each(field.substr(0, equals), equals == std::string_view::npos ? "" : field.substr(equals + 1));
  }
}

template <class Number>
std::string number_text(Number value) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}
template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// The text of a value that is no list, map or structure. Forms and XML share it.
std::string leaf_text(const TypeDescriptor& type, const void* object) {
  switch (type.kind) {
    case Kind::string:
      return as<std::string>(object);
    case Kind::int32:
      return number_text(as<int>(object));
    case Kind::int64:
      return number_text(as<std::int64_t>(object));
    case Kind::boolean:
      return as<bool>(object) ? "true" : "false";
    case Kind::number:
      return number_text(as<double>(object));
    case Kind::timestamp:
      return core::format_iso8601(as<core::WallTime>(object));
    case Kind::blob:
      return core::base64_encode(as<Blob>(object).bytes());
    case Kind::sequence_number:
      return as<SequenceNumber>(object).to_string();
    case Kind::enumeration:
      return std::string(enum_name(type, load_enum(object)));
    default:
      return "true";
  }
}

bool read_leaf(const TypeDescriptor& type, void* object, std::string_view text) {
  switch (type.kind) {
    case Kind::string:
      as<std::string>(object) = text;
      return true;
    case Kind::int32:
      return read_number(text, as<int>(object));
    case Kind::int64:
      return read_number(text, as<std::int64_t>(object));
    case Kind::boolean:
      as<bool>(object) = text == "true";
      return text == "true" || text == "false";
    case Kind::number:
      return read_number(text, as<double>(object));
    case Kind::timestamp: {
      const auto time = core::parse_iso8601(text);
      if (time) as<core::WallTime>(object) = *time;
      return time.has_value();
    }
    case Kind::blob:
      return decode_base64(text, as<Blob>(object));
    case Kind::sequence_number:
      return as<SequenceNumber>(object).assign(text);
    case Kind::enumeration:
      store_enum(object, enum_value(type, text));
      return true;
    default:
      return true;
  }
}

class FormWriter {
 public:
  explicit FormWriter(std::string& out) noexcept : out_(out) {}

  void write(const TypeDescriptor& type, const void* object, const std::string& name) {
    switch (type.kind) {
      case Kind::optional:
        if (const void* inside = type.optional->get(object)) write(type.element(), inside, name);
        break;
      case Kind::list:
        for (std::size_t i = 0; i < type.list->size(object); ++i) {
          write(type.element(), type.list->at(object, i), name + ".member." + std::to_string(i + 1));
        }
        break;
      case Kind::structure:
        for (const Member& member : type.members) {
          if (!is_written(member, object)) continue;
          write(member.type(), member.access(const_cast<void*>(object)),
                name.empty() ? std::string(member.name) : name + "." + std::string(member.name));
        }
        break;
      case Kind::map:
      case Kind::choice:
        break;  // no operation of the query protocol that we know has one
      default:
        field(name, leaf_text(type, object));
    }
  }

  void field(std::string_view name, std::string_view value) {
    if (!out_.empty()) out_ += '&';
    append_escaped(out_, name);
    out_ += '=';
    append_escaped(out_, value);
  }

 private:
  std::string& out_;
};

class FormReader {
 public:
  explicit FormReader(Missing missing) noexcept : missing_(missing) {}

  Result<void> read_all(const TypeDescriptor& type, void* object, std::string_view form) {
    for_each_field(form, [&](std::string_view name, std::string_view value) {
      if (fields_.size() < max_elements) fields_.insert_or_assign(unescaped(name), unescaped(value));
    });
    if (read(type, object, "", 0)) return {};
    if (strict_error_) return *strict_error_;
    return Error(errc::protocol, "form of " + std::string(type.name) + ": wrong value of " + wrong_);
  }

 private:
  bool read(const TypeDescriptor& type, void* object, const std::string& name, int depth) {
    if (depth > max_depth) return false;
    switch (type.kind) {
      case Kind::optional:
        return read(type.element(), type.optional->emplace(object), name, depth);
      case Kind::list:
        return read_list(type, object, name, depth);
      case Kind::structure:
        return read_structure(type, object, name, depth);
      case Kind::map:
      case Kind::choice:
        return true;
      default: {
        const auto field = fields_.find(name);
        if (field == fields_.end()) return true;
        if (read_leaf(type, object, field->second)) {
          const bool known = type.kind != Kind::enumeration || load_enum(object) != 0;
          if (known || missing_ == Missing::accepted) return true;
          strict_error_ = refused_value(std::string_view(name).substr(name.rfind('.') + 1), field->second, type);
        }
        wrong_ = name;
        return false;
      }
    }
  }

  bool read_list(const TypeDescriptor& type, void* object, const std::string& name, int depth) {
    for (std::size_t i = 1; i <= max_elements; ++i) {
      const std::string element = name + ".member." + std::to_string(i);
      if (!exists(element)) break;
      if (!read(type.element(), type.list->append(object), element, depth + 1)) return false;
    }
    return true;
  }

  bool read_structure(const TypeDescriptor& type, void* object, const std::string& name, int depth) {
    for (const Member& member : type.members) {
      const std::string path = name.empty() ? std::string(member.name) : name + "." + std::string(member.name);
      if (exists(path)) {
        if (!read(member.type(), member.access(object), path, depth + 1)) return false;
      } else if (member.required && missing_ == Missing::refused) {
        strict_error_ = missing_member(member.name);
        return false;
      }
    }
    return true;
  }

  // Whether there is a field `name` or one inside it.
  bool exists(const std::string& name) const {
    if (fields_.contains(name)) return true;
    const auto inside = fields_.lower_bound(name + ".");
    return inside != fields_.end() && inside->first.starts_with(name + ".");
  }

  Missing missing_;
  std::map<std::string, std::string, std::less<>> fields_;
  std::string wrong_;
  std::optional<Error> strict_error_;
};

void write_element(std::string& out, const TypeDescriptor& type, const void* object, std::string_view name) {
  if (type.kind == Kind::optional) {
    if (const void* inside = type.optional->get(object)) write_element(out, type.element(), inside, name);
    return;
  }
  out += '<';
  out += name;
  out += '>';
  if (type.kind == Kind::structure) {
    for (const Member& member : type.members) {
      if (is_written(member, object))
        write_element(out, member.type(), member.access(const_cast<void*>(object)), member.name);
    }
  } else if (type.kind == Kind::list) {
    for (std::size_t i = 0; i < type.list->size(object); ++i)
      write_element(out, type.element(), type.list->at(object, i), "member");
  } else if (type.kind != Kind::map && type.kind != Kind::choice) {
    append_xml_text(out, leaf_text(type, object));
  }
  out += "</";
  out += name;
  out += '>';
}

class XmlReader {
 public:
  using Event = XmlScanner::Event;

  explicit XmlReader(std::string_view xml) noexcept : in_(xml) {}

  // The content of the element that is open.
  bool read(const TypeDescriptor& type, void* object) {
    switch (type.kind) {
      case Kind::optional:
        return read(type.element(), type.optional->emplace(object));
      case Kind::structure: {
        MemberFinder finder(type.members);
        return for_each_child([&](std::string_view name) {
          const std::size_t index = finder.find(name);
          if (index == type.members.size()) return skip();
          return read(type.members[index].type(), type.members[index].access(object));
        });
      }
      case Kind::list: {
        std::size_t count = 0;
        return for_each_child([&](std::string_view name) {
          if (name != "member") return skip();
          return ++count <= max_elements && read(type.element(), type.list->append(object));
        });
      }
      case Kind::map:
      case Kind::choice:
        return skip();
      default:
        return for_each_child([&](std::string_view) { return skip(); }) && read_leaf(type, object, in_.text());
    }
  }

  bool skip() {
    return for_each_child([&](std::string_view) { return skip(); });
  }

  /// Opens `name`, the next element.
  bool enter(std::string_view name) { return in_.next() == Event::start && in_.name() == name; }

  /// Looks for `name` among the children of the element that is open.
  bool find(std::string_view name) {
    for (;;) {
      if (in_.next() != Event::start) return false;
      if (in_.name() == name) return true;
      if (!skip()) return false;
    }
  }

  bool rest_is_well_formed() {
    for (;;) {
      const Event event = in_.next();
      if (event == Event::done || event == Event::error) return event == Event::done;
    }
  }

 private:
  // Up to the end of the element that is open; `each` reads or skips a child.
  template <class Each>
  bool for_each_child(Each each) {
    for (;;) {
      const Event event = in_.next();
      if (event == Event::end) return true;
      if (event != Event::start || !each(in_.name())) return false;
    }
  }

  XmlScanner in_;
};

}  // namespace

std::string write_form(const TypeDescriptor& type, const void* object, std::string_view action,
                       std::string_view version) {
  std::string out;
  FormWriter writer(out);
  writer.field("Action", action);
  writer.field("Version", version);
  writer.write(type, object, "");
  return out;
}

Result<void> read_form(const TypeDescriptor& type, void* object, std::string_view form, Missing missing) {
  return FormReader(missing).read_all(type, object, form);
}

std::string form_value(std::string_view form, std::string_view name) {
  std::string found;
  for_each_field(form, [&](std::string_view field, std::string_view value) {
    if (field == name) found = unescaped(value);
  });
  return found;
}

std::string write_xml(const TypeDescriptor& type, const void* object, std::string_view action,
                      std::string_view xml_namespace, std::string_view request_id) {
  const std::string response = std::string(action) + "Response";
  std::string out = "<" + response + " xmlns=\"";
  append_xml_text(out, xml_namespace);
  out += "\">";
  if (!type.members.empty()) write_element(out, type, object, std::string(action) + "Result");
  out += "<ResponseMetadata><RequestId>";
  append_xml_text(out, request_id);
  out += "</RequestId></ResponseMetadata></" + response + ">";
  return out;
}

Result<void> read_xml(const TypeDescriptor& type, void* object, std::string_view xml, std::string_view action) {
  XmlReader reader(xml);
  bool good = reader.enter(std::string(action) + "Response");
  if (good && !type.members.empty()) good = reader.find(std::string(action) + "Result") && reader.read(type, object);
  if (good && reader.rest_is_well_formed()) return {};
  return Error(errc::protocol, "XML of " + std::string(type.name) + ": not such an answer");
}

}  // namespace kinesis::aws
