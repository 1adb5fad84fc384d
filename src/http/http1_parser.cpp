#include "http/http1_parser.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace kinesis::http {
namespace {

namespace beast = boost::beast;
using beast::http::error;
using ErrorCode = beast::error_code;

std::string_view view(beast::string_view text) noexcept { return {text.data(), text.size()}; }

/// Collects what Beast finds.
template <bool IsRequest>
class Collector final : public beast::http::basic_parser<IsRequest> {
 public:
  Http1Head head;
  BodyBuffer* body = nullptr;
  std::size_t body_limit_left = 0;
  bool chunk_begun = false;

 private:
  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int version,
                       ErrorCode&) override {
    head.method = view(method);
    head.target = view(target);
    head.minor_version = version - 10;
  }
  void on_response_impl(int code, beast::string_view, int version, ErrorCode&) override {
    head.status = code;
    head.minor_version = version - 10;
  }
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value, ErrorCode& ec) override {
    if (this->is_header_done()) return;  // a trailer
    try {
      head.headers.add(view(name), view(value));
    } catch (const Error&) {
      ec = error::bad_value;
    }
  }
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(beast::string_view text, ErrorCode&) override { return text.size(); }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, ErrorCode&) override { chunk_begun = true; }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view text, ErrorCode& ec) override {
    if (text.size() > body_limit_left) {
      ec = error::body_limit;
      return 0;
    }
    body_limit_left -= text.size();
    body->append(as_bytes(view(text)));
    return text.size();
  }
  void on_finish_impl(ErrorCode&) override {}
};

template <bool IsRequest>
class Parser final : public Http1Parser {
 public:
  explicit Parser(std::size_t max_header_bytes) : max_header_bytes_(max_header_bytes) { Parser::begin(false); }

  std::size_t max_header_bytes() const noexcept override { return max_header_bytes_; }

  void begin(bool no_body) override {
    parser_.emplace();
    parser_->body_limit(boost::none);
    parser_->header_limit(static_cast<std::uint32_t>(
        std::min<std::size_t>(max_header_bytes_, std::numeric_limits<std::uint32_t>::max())));
    parser_->skip(no_body);
    header_bytes_ = 0;
  }

  Result<std::size_t> parse_head(BytesView bytes) override {
    ErrorCode ec;
    const std::size_t used = parser_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
    header_bytes_ += used;
    const std::size_t seen = header_bytes_ + (parser_->is_header_done() ? 0 : bytes.size() - used);
    if (seen > max_header_bytes_) return Error(errc::too_large, "the head of the message is over its limit");
    if (ec && ec != error::need_more) return failed(ec);
    return used;
  }

  bool has_head() const noexcept override { return parser_->is_header_done(); }

  Http1Head take_head() override {
    Http1Head head = std::move(parser_->head);
    head.keep_alive = parser_->keep_alive();
    if (parser_->is_done()) {
      head.framing = Framing::none;
    } else if (parser_->chunked()) {
      head.framing = Framing::chunked;
    } else if (const auto length = parser_->content_length()) {
      head.framing = Framing::length;
      head.length = *length;
    } else {
      head.framing = IsRequest ? Framing::none : Framing::until_end;
    }
    parser_->eager(true);
    return head;
  }

  Result<std::size_t> parse_chunks(BytesView bytes, BodyBuffer& body, std::size_t limit) override {
    if (bytes.empty()) return std::size_t{0};
    // Beast 1.81 asserts that a first chunk that is also the last does not come in smaller pieces than "0 CR LF CR LF",
    // the shortest body there is.
    constexpr std::size_t shortest_body = 5;
    const bool maybe_last = !parser_->chunk_begun && bytes.front() == std::byte{'0'};
    if (maybe_last && bytes.size() < shortest_body) return std::size_t{0};
    parser_->body = &body;
    parser_->body_limit_left = limit - std::min(limit, body.size());
    ErrorCode ec;
    const std::size_t used = parser_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
    if (ec && ec != error::need_more) return failed(ec);
    return used;
  }

  bool complete() const noexcept override { return parser_->is_done(); }

 private:
  static Error failed(const ErrorCode& ec) {
    if (ec == error::header_limit) return Error(errc::too_large, "the head of the message is over its limit");
    if (ec == error::body_limit) return Error(errc::too_large, "the body of the message is over its limit");
    return Error(errc::protocol, "not HTTP/1.1: " + ec.message());
  }

  std::optional<Collector<IsRequest>> parser_;
  std::size_t max_header_bytes_;
  std::size_t header_bytes_ = 0;
};

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto [end, ec] = std::to_chars(std::begin(digits), std::end(digits), number);
  out.append(digits, end);
}

/// Fields that speak of the connection, which is ours to decide.
bool is_connection_field(std::string_view name) noexcept {
  return name == "connection" || name == "transfer-encoding" || name == "keep-alive" || name == "content-length" ||
         name == "upgrade" || name == "proxy-connection" || name == "te";
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::unique_ptr<Http1Parser> Http1Parser::for_requests(std::size_t max_header_bytes) {
  return std::make_unique<Parser<true>>(max_header_bytes);
}
std::unique_ptr<Http1Parser> Http1Parser::for_responses(std::size_t max_header_bytes) {
  return std::make_unique<Parser<false>>(max_header_bytes);
}

void append_request_head(std::string& out, const Request& request, const Endpoint& endpoint, bool proxied,
                         std::string_view proxy_authorization) {
  out.append(request.method).append(" ");
  if (proxied) out.append(endpoint.origin());
  out.append(request.target).append(" HTTP/1.1\r\n");
  if (!request.headers.contains("host")) append_field(out, "host", endpoint.authority());
  for (const auto field : request.headers) {
    if (!is_connection_field(field.name)) append_field(out, field.name, field.value);
  }
  if (proxied && !proxy_authorization.empty()) append_field(out, "proxy-authorization", proxy_authorization);
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD" && request.method != "CONNECT")) {
    out.append("content-length: ");
    append_number(out, request.body.size());
    out.append("\r\n");
  }
  out.append("\r\n");
}

void append_response_head(std::string& out, int status, const Headers& headers, Framing framing, std::uint64_t length,
                          bool keep_alive, int minor_version) {
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(status));
  out.append(" ").append(reason_phrase(status)).append("\r\n");
  for (const auto field : headers) {
    if (!is_connection_field(field.name)) append_field(out, field.name, field.value);
  }
  if (framing == Framing::length) {
    out.append("content-length: ");
    append_number(out, length);
    out.append("\r\n");
  } else if (framing == Framing::chunked) {
    out.append("transfer-encoding: chunked\r\n");
  }
  if (!keep_alive) {
    out.append("connection: close\r\n");
  } else if (minor_version == 0) {
    out.append("connection: keep-alive\r\n");
  }
  out.append("\r\n");
}

}  // namespace kinesis::http
