#pragma once

#include <kinesis/bytes.hpp>
#include <kinesis/error.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What is said over HTTP, whatever the version: no sockets, no time. All types here have constructors, so that
// temporaries of them are safe in an expression with co_await (CONTRIBUTING.md).
namespace kinesis::http {

/// Header fields in the order they were added. Names are kept in lower case, as HTTP/2 wants them, and are found
/// whatever their case. All text of one list lives in one allocation. Views handed out are valid until the list is
/// changed, moved or destroyed.
class Headers {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };
  class Iterator;

  Headers() {}
  /// Adds each (name, value).
  Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

  /// Adds a field behind the others. White space around `value` is cut. Throws Error(invalid_argument) if the name is
  /// not a token or the value holds CR, LF or NUL, so that no value can smuggle a line in.
  Headers& add(std::string_view name, std::string_view value);
  /// Removes all fields of this name, then adds one.
  Headers& set(std::string_view name, std::string_view value);
  /// Removes all fields of this name.
  void erase(std::string_view name);
  void clear() noexcept;
  /// Room for a head of this size, allocated once.
  void reserve(std::size_t fields, std::size_t bytes);

  /// The value of the first field of this name.
  std::optional<std::string_view> find(std::string_view name) const noexcept;
  std::vector<std::string_view> find_all(std::string_view name) const;
  bool contains(std::string_view name) const noexcept { return find(name).has_value(); }
  /// True if a comma-separated list field of this name holds `token`, whatever its case: `has_token("connection",
  /// "close")`.
  bool has_token(std::string_view name, std::string_view token) const noexcept;

  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }
  Field operator[](std::size_t index) const noexcept;
  Iterator begin() const noexcept;
  Iterator end() const noexcept;

 private:
  struct Entry {
    std::uint32_t name;
    std::uint32_t name_size;
    std::uint32_t value;
    std::uint32_t value_size;
  };
  std::string text_;
  std::vector<Entry> entries_;
};

class Headers::Iterator {
 public:
  using value_type = Field;
  using difference_type = std::ptrdiff_t;
  Iterator() = default;
  Iterator(const Headers* headers, std::size_t index) noexcept : headers_(headers), index_(index) {}
  Field operator*() const noexcept { return (*headers_)[index_]; }
  Iterator& operator++() noexcept { return ++index_, *this; }
  Iterator operator++(int) noexcept { return {headers_, index_++}; }
  friend bool operator==(const Iterator& left, const Iterator& right) noexcept { return left.index_ == right.index_; }

 private:
  const Headers* headers_ = nullptr;
  std::size_t index_ = 0;
};

/// A body as a list of parts that are sent one after the other, without being joined. Copying copies pointers.
class Body {
 public:
  Body() {}
  Body(Blob blob) : size_(blob.size()), one_(std::move(blob)) {}
  Body(std::string text) : Body(Blob(std::move(text))) {}
  Body(const char* text) : Body(Blob(text)) {}
  Body(std::vector<Blob> parts);

  /// The parts; none of them is empty.
  std::span<const Blob> parts() const noexcept {
    if (!many_.empty()) return many_;
    return {&one_, one_.empty() ? 0u : 1u};
  }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  /// Its first bytes, without copying them.
  Body first(std::size_t size) const;
  /// All bytes in one blob: the part itself if there is one, a copy otherwise.
  Blob joined() const;

 private:
  std::size_t size_ = 0;
  Blob one_;
  std::vector<Blob> many_;
};

/// A request. `host`, `content-length` and connection headers are added on sending; a `host` header given here wins
/// over the URL's.
class Request {
 public:
  Request() {}
  Request(std::string method, std::string target, Headers headers = Headers(), Body body = Body())
      : method(std::move(method)), target(std::move(target)), headers(std::move(headers)), body(std::move(body)) {}

  std::string method = "GET";
  /// Path and query as they stand in the request line, percent-encoded: "/a%20b?c=d".
  std::string target = "/";
  Headers headers;
  Body body;
};

/// A complete answer.
class Response {
 public:
  Response() {}
  Response(int status, Headers headers, Blob body)
      : status(status), headers(std::move(headers)), body(std::move(body)) {}

  int status = 0;
  Headers headers;
  /// Over a pooled buffer: at least `body_padding` readable bytes follow the last one (simdjson wants them), and a blob
  /// that is kept keeps the whole buffer.
  Blob body;
};

/// Readable bytes behind the body of every received message.
inline constexpr std::size_t body_padding = 64;

/// Where a server listens: what a connection is made to, and what connections are shared by.
class Endpoint {
 public:
  Endpoint() {}
  Endpoint(bool secure, std::string host, std::uint16_t port) : secure(secure), host(std::move(host)), port(port) {}

  bool secure = true;
  /// A name or an IP address, without brackets.
  std::string host;
  std::uint16_t port = 443;

  /// "host", or "host:port" where the port is not the scheme's own; IPv6 addresses in brackets. What a `host` header
  /// holds.
  std::string authority() const;
  /// "https://authority".
  std::string origin() const;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// An absolute http or https URL, taken apart.
class Url {
 public:
  /// Accepts http and https in any case; the host is lowered, the port defaults to the scheme's, an empty path becomes
  /// "/", a fragment is dropped. IPv6 literals stand in brackets. Anything that could not stand in a request line
  /// (spaces, controls) is Error(invalid_argument).
  static Result<Url> parse(std::string_view text);

  Endpoint endpoint;
  /// "user:password" as it stands, still percent-encoded. Empty if there was none.
  std::string user_info;
  std::string path = "/";
  /// Without the question mark.
  std::string query;

  /// Path and query, for a request line.
  std::string target() const { return query.empty() ? path : path + '?' + query; }
  /// The URL without user info, for messages and logs.
  std::string to_string() const { return endpoint.origin() + target(); }
};

/// The standard reason phrase of a status, "Unknown" for others.
std::string_view reason_phrase(int status) noexcept;

}  // namespace kinesis::http
