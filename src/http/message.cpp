#include "http/message.hpp"

#include <algorithm>
#include <array>

namespace kinesis::http {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

// RFC 9110 5.6.2.
constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto token_characters = make_token_table();

bool is_token(std::string_view text) noexcept {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return token_characters[static_cast<unsigned char>(c)]; });
}

std::string_view trimmed(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

Headers::Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : fields) bytes += name.size() + value.size();
  reserve(fields.size(), bytes);
  for (const auto& [name, value] : fields) add(name, value);
}

Headers& Headers::add(std::string_view name, std::string_view value) {
  if (!is_token(name)) throw Error(errc::invalid_argument, "not a header name: '" + std::string(name) + "'");
  value = trimmed(value);
  if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
    throw Error(errc::invalid_argument, "the value of header '" + std::string(name) + "' holds a line break or NUL");
  }
  Entry entry{};
  entry.name = static_cast<std::uint32_t>(text_.size());
  entry.name_size = static_cast<std::uint32_t>(name.size());
  entry.value = entry.name + entry.name_size;
  entry.value_size = static_cast<std::uint32_t>(value.size());
  text_.append(name);
  for (std::size_t i = entry.name; i < text_.size(); ++i) text_[i] = lower(text_[i]);
  text_.append(value);
  entries_.push_back(entry);
  return *this;
}

Headers& Headers::set(std::string_view name, std::string_view value) {
  erase(name);
  return add(name, value);
}

void Headers::erase(std::string_view name) {
  // The text stays behind: heads are short-lived and rarely changed.
  std::erase_if(entries_, [&](const Entry& entry) {
    return equal_ignoring_case(std::string_view(text_).substr(entry.name, entry.name_size), name);
  });
}

void Headers::clear() noexcept {
  text_.clear();
  entries_.clear();
}

void Headers::reserve(std::size_t fields, std::size_t bytes) {
  entries_.reserve(fields);
  text_.reserve(bytes);
}

std::optional<std::string_view> Headers::find(std::string_view name) const noexcept {
  for (const Entry& entry : entries_) {
    const auto text = std::string_view(text_);
    if (equal_ignoring_case(text.substr(entry.name, entry.name_size), name)) {
      return text.substr(entry.value, entry.value_size);
    }
  }
  return std::nullopt;
}

std::vector<std::string_view> Headers::find_all(std::string_view name) const {
  std::vector<std::string_view> found;
  for (const Field field : *this) {
    if (equal_ignoring_case(field.name, name)) found.push_back(field.value);
  }
  return found;
}

bool Headers::has_token(std::string_view name, std::string_view token) const noexcept {
  for (const Field field : *this) {
    if (!equal_ignoring_case(field.name, name)) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      if (equal_ignoring_case(trimmed(rest.substr(0, comma)), token)) return true;
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return false;
}

Headers::Field Headers::operator[](std::size_t index) const noexcept {
  const Entry& entry = entries_[index];
  const auto text = std::string_view(text_);
  return {text.substr(entry.name, entry.name_size), text.substr(entry.value, entry.value_size)};
}

Headers::Iterator Headers::begin() const noexcept { return {this, 0}; }
Headers::Iterator Headers::end() const noexcept { return {this, entries_.size()}; }

Body::Body(std::vector<Blob> parts) : many_(std::move(parts)) {
  std::erase_if(many_, [](const Blob& part) { return part.empty(); });
  for (const Blob& part : many_) size_ += part.size();
}

Body Body::first(std::size_t size) const {
  std::vector<Blob> cut;
  for (const Blob& part : parts()) {
    if (size == 0) break;
    const std::size_t taken = std::min(size, part.size());
    cut.emplace_back(part.bytes().first(taken), part.owner());
    size -= taken;
  }
  return Body(std::move(cut));
}

Blob Body::joined() const {
  const auto all = parts();
  if (all.empty()) return {};
  if (all.size() == 1) return all.front();
  Bytes bytes;
  bytes.reserve(size_);
  for (const Blob& part : all) append(bytes, part.bytes());
  return Blob(std::move(bytes));
}

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 407:
      return "Proxy Authentication Required";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

}  // namespace kinesis::http
