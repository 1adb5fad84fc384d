#include "http/message.hpp"

#include <algorithm>
#include <charconv>

namespace kinesis::http {
namespace {

Error not_a_url(std::string_view text, std::string_view why) {
  // The text may hold a password: only what follows it is repeated.
  const auto at = text.rfind('@');
  const std::string_view shown = at == std::string_view::npos ? text : text.substr(at + 1);
  return Error(errc::invalid_argument, "not an http or https URL: '" + std::string(shown) + "': " + std::string(why));
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

bool printable(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_ipv6_literal(std::string_view text) noexcept {
  // An address or an address with a zone; the resolver judges the rest.
  return text.find(':') != std::string_view::npos &&
         text.find_first_not_of("0123456789abcdefABCDEF:.") >= text.find('%');
}

bool is_host(std::string_view text) noexcept {
  return !text.empty() && text.find_first_of("[]@:/\\?#%<>\"{}|^`") == std::string_view::npos;
}

std::uint16_t default_port(bool secure) noexcept { return secure ? 443 : 80; }

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  if (!printable(text)) return not_a_url(text, "it holds spaces, controls or non-ASCII characters");
  Url url;
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return not_a_url(text, "it does not begin with http:// or https://");
  const std::string scheme = lowered(text.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") return not_a_url(text, "it does not begin with http:// or https://");
  url.endpoint.secure = scheme == "https";

  std::string_view rest = text.substr(scheme_end + 3);
  rest = rest.substr(0, rest.find('#'));
  const auto authority_end = rest.find_first_of("/?");
  std::string_view authority = rest.substr(0, authority_end);
  rest = authority_end == std::string_view::npos ? std::string_view() : rest.substr(authority_end);

  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    url.user_info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return not_a_url(text, "']' is missing");
    const std::string_view literal = authority.substr(1, close - 1);
    if (!is_ipv6_literal(literal)) return not_a_url(text, "no IPv6 address stands in the brackets");
    url.endpoint.host = lowered(literal);
    port = authority.substr(close + 1);
    if (!port.empty() && !port.starts_with(':')) return not_a_url(text, "the address is followed by something else");
  } else {
    const auto colon = authority.find(':');
    const std::string_view host = authority.substr(0, colon);
    if (!is_host(host)) return not_a_url(text, host.empty() ? "the host is missing" : "the host is not a name");
    url.endpoint.host = lowered(host);
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  url.endpoint.port = default_port(url.endpoint.secure);
  if (port.size() > 1) {
    std::uint16_t number = 0;
    const auto [end, ec] = std::from_chars(port.data() + 1, port.data() + port.size(), number);
    if (ec != std::errc() || end != port.data() + port.size() || number == 0)
      return not_a_url(text, "the port is not a number from 1 to 65535");
    url.endpoint.port = number;
  }

  const auto question = rest.find('?');
  const std::string_view path = rest.substr(0, question);
  if (!path.empty()) url.path = path;
  if (question != std::string_view::npos) url.query = rest.substr(question + 1);
  return url;
}

std::string Endpoint::authority() const {
  std::string text = host.find(':') == std::string::npos ? host : '[' + host + ']';
  if (port != default_port(secure)) text += ':' + std::to_string(port);
  return text;
}

std::string Endpoint::origin() const { return (secure ? "https://" : "http://") + authority(); }

}  // namespace kinesis::http
