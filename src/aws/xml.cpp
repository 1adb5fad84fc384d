#include "aws/xml.hpp"

#include <charconv>
#include <utility>

namespace kinesis::aws {
namespace {

constexpr std::size_t most_open = 32;

bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_name_byte(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == ':' || byte >= 0x80;
}

std::string_view take_name(std::string_view& rest) noexcept {
  std::size_t size = 0;
  while (size < rest.size() && is_name_byte(rest[size])) ++size;
  const std::string_view name = rest.substr(0, size);
  rest.remove_prefix(size);
  return name;
}

void skip_space(std::string_view& rest) noexcept {
  while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
}

std::string_view without_prefix(std::string_view name) noexcept {
  const auto colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

void append_utf8(std::string& out, unsigned code) {
  const auto continuation = [&](unsigned shift) { out += static_cast<char>(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    continuation(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    continuation(6);
    continuation(0);
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    continuation(12);
    continuation(6);
    continuation(0);
  }
}

// What is between & and ;.
bool append_entity(std::string& out, std::string_view entity) {
  constexpr std::pair<std::string_view, char> named[] = {
      {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [name, character] : named) {
    if (entity == name) return out += character, true;
  }
  if (!entity.starts_with('#')) return false;
  entity.remove_prefix(1);
  const bool hexadecimal = entity.starts_with('x');
  if (hexadecimal) entity.remove_prefix(1);
  unsigned code = 0;
  const auto [end, error] = std::from_chars(entity.data(), entity.data() + entity.size(), code, hexadecimal ? 16 : 10);
  if (error != std::errc() || entity.empty() || end != entity.data() + entity.size()) return false;
  if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
  append_utf8(out, code);
  return true;
}

}  // namespace

XmlScanner::Event XmlScanner::fail() noexcept {
  failed_ = true;
  return Event::error;
}

XmlScanner::Event XmlScanner::next() {
  if (failed_) return Event::error;
  if (self_closing_) {
    self_closing_ = false;
    return close(open_.back().qualified);
  }
  for (;;) {
    const auto markup = rest_.find('<');
    const std::string_view text = rest_.substr(0, markup);
    if (!append_text(text)) return fail();
    if (markup == std::string_view::npos) {
      rest_ = {};
      return open_.empty() && seen_root_ ? Event::done : fail();
    }
    rest_.remove_prefix(markup + 1);
    if (rest_.starts_with('/')) return close_tag();
    if (!rest_.starts_with('?') && !rest_.starts_with('!')) return open_tag();
    if (!skip_markup()) return fail();
  }
}

bool XmlScanner::append_text(std::string_view raw) {
  if (open_.empty()) {
    skip_space(raw);
    return raw.empty() || raw == "\xEF\xBB\xBF";  // a byte order mark
  }
  std::string& out = open_.back().text;
  for (;;) {
    const auto entity = raw.find('&');
    out += raw.substr(0, entity);
    if (entity == std::string_view::npos) return true;
    raw.remove_prefix(entity + 1);
    const auto end = raw.substr(0, 12).find(';');
    if (end == std::string_view::npos || !append_entity(out, raw.substr(0, end))) return false;
    raw.remove_prefix(end + 1);
  }
}

// Behind "<?" or "<!": declarations, comments and CDATA.
bool XmlScanner::skip_markup() {
  const auto skip_behind = [&](std::string_view end) {
    const auto at = rest_.find(end);
    if (at == std::string_view::npos) return false;
    rest_.remove_prefix(at + end.size());
    return true;
  };
  if (rest_.starts_with('?')) return skip_behind("?>");
  if (rest_.starts_with("!--")) {
    rest_.remove_prefix(3);
    return skip_behind("-->");
  }
  constexpr std::string_view cdata = "![CDATA[";
  if (!rest_.starts_with(cdata) || open_.empty()) return false;  // a document type could define entities
  rest_.remove_prefix(cdata.size());
  const auto end = rest_.find("]]>");
  if (end == std::string_view::npos) return false;
  open_.back().text += rest_.substr(0, end);
  rest_.remove_prefix(end + 3);
  return true;
}

XmlScanner::Event XmlScanner::open_tag() {
  const std::string_view qualified = take_name(rest_);
  if (qualified.empty() || open_.size() == most_open || (open_.empty() && seen_root_)) return fail();
  for (;;) {
    skip_space(rest_);
    if (rest_.starts_with('>')) {
      rest_.remove_prefix(1);
      break;
    }
    if (rest_.starts_with("/>")) {
      rest_.remove_prefix(2);
      self_closing_ = true;
      break;
    }
    if (take_name(rest_).empty()) return fail();
    skip_space(rest_);
    if (!rest_.starts_with('=')) return fail();
    rest_.remove_prefix(1);
    skip_space(rest_);
    if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\'')) return fail();
    const auto end = rest_.find(rest_.front(), 1);
    if (end == std::string_view::npos) return fail();
    rest_.remove_prefix(end + 1);
  }
  seen_root_ = true;
  open_.push_back({qualified, {}});
  name_ = without_prefix(qualified);
  text_.clear();
  return Event::start;
}

XmlScanner::Event XmlScanner::close_tag() {
  rest_.remove_prefix(1);
  const std::string_view qualified = take_name(rest_);
  skip_space(rest_);
  if (!rest_.starts_with('>')) return fail();
  rest_.remove_prefix(1);
  return close(qualified);
}

XmlScanner::Event XmlScanner::close(std::string_view qualified) {
  if (open_.empty() || open_.back().qualified != qualified) return fail();
  name_ = without_prefix(qualified);
  text_ = std::move(open_.back().text);
  open_.pop_back();
  return Event::end;
}

void append_xml_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\r':
        out += "&#13;";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') {
          out += "\xEF\xBF\xBD";
        } else {
          out += c;
        }
    }
  }
}

}  // namespace kinesis::aws
