#include "http/proxy.hpp"

#include <boost/asio/ip/address.hpp>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace kinesis::http {
namespace {

namespace ip = boost::asio::ip;

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

std::string_view trimmed(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<ip::address> parse_address(std::string_view text) {
  boost::system::error_code ec;
  auto address = ip::make_address(std::string(text), ec);
  if (ec) return std::nullopt;
  return address;
}

bool same_prefix(const ip::address& left, const ip::address& right, unsigned bits) {
  const auto compare = [bits](const auto& a, const auto& b) {
    for (unsigned bit = 0; bit < bits && bit / 8 < a.size(); ++bit) {
      const unsigned mask = 0x80u >> (bit % 8);
      if ((a[bit / 8] & mask) != (b[bit / 8] & mask)) return false;
    }
    return true;
  };
  if (left.is_v4() && right.is_v4()) return compare(left.to_v4().to_bytes(), right.to_v4().to_bytes());
  if (left.is_v6() && right.is_v6()) return compare(left.to_v6().to_bytes(), right.to_v6().to_bytes());
  return false;
}

struct Pattern {
  std::string_view host;
  std::optional<std::uint16_t> port;
};

/// Cuts ":port" off where one stands; an IPv6 address without brackets has none.
Pattern split_port(std::string_view entry) {
  std::size_t colon = entry.rfind(':');
  if (entry.starts_with('[')) {
    const auto close = entry.find(']');
    if (close == std::string_view::npos) return {entry, std::nullopt};
    colon = entry.find(':', close);
    Pattern pattern{entry.substr(1, close - 1), std::nullopt};
    if (colon == std::string_view::npos) return pattern;
    std::uint16_t port = 0;
    std::from_chars(entry.data() + colon + 1, entry.data() + entry.size(), port);
    pattern.port = port;
    return pattern;
  }
  if (colon == std::string_view::npos || entry.find(':') != colon) return {entry, std::nullopt};
  std::uint16_t port = 0;
  std::from_chars(entry.data() + colon + 1, entry.data() + entry.size(), port);
  return {entry.substr(0, colon), port};
}

bool excepts(std::string_view entry, const Endpoint& endpoint, const std::optional<ip::address>& address) {
  if (entry == "*") return true;
  if (const auto slash = entry.find('/'); slash != std::string_view::npos) {
    const auto network = parse_address(entry.substr(0, slash));
    unsigned bits = 0;
    const auto digits = entry.substr(slash + 1);
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    const bool valid = network && ec == std::errc() && end == digits.data() + digits.size() && !digits.empty();
    return valid && address && same_prefix(*network, *address, bits);
  }
  auto [host, port] = split_port(entry);
  if (port && *port != endpoint.port) return false;
  if (address) {
    const auto wanted = parse_address(host);
    return wanted && *wanted == *address;
  }
  if (host.starts_with("*.")) host.remove_prefix(1);
  const std::string_view name = endpoint.host;
  const std::string_view bare = host.starts_with('.') ? host.substr(1) : host;
  if (bare.empty()) return false;
  if (name == bare) return true;
  return name.size() > bare.size() && name.ends_with(bare) && name[name.size() - bare.size() - 1] == '.';
}

std::optional<Url> proxy_url(std::string_view variable, std::string value) {
  if (value.empty()) return std::nullopt;
  if (value.find("://") == std::string::npos) value = "http://" + value;
  auto url = Url::parse(value);
  if (!url) throw url.error().with_context(variable);
  return std::move(*url);
}

}  // namespace

ProxySettings ProxySettings::from(const std::function<std::optional<std::string>(std::string_view)>& lookup) {
  const auto either = [&](std::string_view lower, std::string_view upper) {
    auto value = lookup(lower);
    if (!value || value->empty()) value = lookup(upper);
    return value.value_or("");
  };
  const std::string all = either("all_proxy", "ALL_PROXY");
  const auto proxy = [&](std::string_view lower, std::string_view upper) {
    std::string value = either(lower, upper);
    if (value.empty()) return proxy_url("ALL_PROXY", all);
    return proxy_url(upper, std::move(value));
  };
  ProxySettings settings;
  settings.https = proxy("https_proxy", "HTTPS_PROXY");
  settings.http = proxy("http_proxy", "HTTP_PROXY");
  const std::string except = either("no_proxy", "NO_PROXY");
  std::string_view rest = except;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const auto entry = trimmed(rest.substr(0, comma));
    if (!entry.empty()) settings.except.push_back(lowered(entry));
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return settings;
}

ProxySettings ProxySettings::from_environment() {
  return from([](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  });
}

const Url* ProxySettings::find(const Endpoint& endpoint) const {
  const auto& proxy = endpoint.secure ? https : http;
  if (!proxy) return nullptr;
  const auto address = parse_address(endpoint.host);
  const bool excepted = std::any_of(except.begin(), except.end(),
                                    [&](const std::string& entry) { return excepts(entry, endpoint, address); });
  return excepted ? nullptr : &*proxy;
}

std::string basic_authorization(std::string_view user_info) {
  if (user_info.empty()) return {};
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string plain;
  for (std::size_t i = 0; i < user_info.size(); ++i) {
    if (user_info[i] == '%' && i + 2 < user_info.size() && digit(user_info[i + 1]) >= 0 &&
        digit(user_info[i + 2]) >= 0) {
      plain += static_cast<char>(digit(user_info[i + 1]) * 16 + digit(user_info[i + 2]));
      i += 2;
    } else {
      plain += user_info[i];
    }
  }
  if (plain.find(':') == std::string::npos) plain += ':';
  std::string encoded((plain.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                      reinterpret_cast<const unsigned char*>(plain.data()), static_cast<int>(plain.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return "Basic " + encoded;
}

}  // namespace kinesis::http
