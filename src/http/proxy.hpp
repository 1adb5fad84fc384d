#pragma once

#include "http/message.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kinesis::http {

/// Which proxy a request goes through. Pure rules; the client acts on them.
struct ProxySettings {
  /// For https URLs, through CONNECT.
  std::optional<Url> https;
  /// For http URLs, by absolute request lines.
  std::optional<Url> http;
  /// Where to go without one: the entries of NO_PROXY.
  std::vector<std::string> except;

  /// No proxy for anybody.
  static ProxySettings none() { return {}; }
  /// As HTTPS_PROXY, HTTP_PROXY and NO_PROXY say; lower-case names win where both are set, and ALL_PROXY stands in for
  /// what is missing. A value without a scheme is an http proxy. Throws Error(invalid_argument) on a value that is no
  /// URL: silently going around a proxy would be worse.
  static ProxySettings from_environment();
  /// The same from any lookup: what `from_environment` is tested by.
  static ProxySettings from(const std::function<std::optional<std::string>(std::string_view name)>& lookup);

  /// The proxy for `endpoint`, or nothing. `except` entries: "*" means every host; "example.com" and ".example.com"
  /// mean that host and those under it; an IP address means itself; "10.0.0.0/8" and "fd00::/8" mean a network;
  /// "host:port" only this port.
  const Url* find(const Endpoint& endpoint) const;
};

/// The value of `proxy-authorization` for the user info of a URL ("Basic ..."), empty if there is none.
std::string basic_authorization(std::string_view user_info);

}  // namespace kinesis::http
