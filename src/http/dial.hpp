#pragma once

#include "http/client.hpp"
#include "http/stream.hpp"

#include <memory>
#include <optional>

namespace kinesis::http {

/// What to connect to, and how.
class DialRequest {
 public:
  DialRequest() {}
  Endpoint endpoint;
  VersionPolicy version = VersionPolicy::automatic;
  std::optional<Url> proxy;
  std::shared_ptr<const TlsContext> tls;
  Clock::duration connect_timeout{};
  Clock::duration tls_timeout{};
  std::shared_ptr<Clock> clock;
};

/// A connection, and what is spoken over it.
class Dialed {
 public:
  Dialed() {}
  std::shared_ptr<Stream> stream;
  bool http2 = false;
};

/// Resolves, connects (each address in turn), asks the proxy and begins TLS. On the caller's strand. Error(connection),
/// timeout or tls.
awaitable<Result<Dialed>> dial(DialRequest request);

}  // namespace kinesis::http
