#pragma once

#include <kinesis/error.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct ssl_ctx_st;

namespace kinesis::http {

/// How a client checks whom it talks to. TLS 1.2 is the minimum, always.
struct TlsOptions {
  /// Off accepts any certificate: for tests against a throw-away server only.
  bool verify = true;
  /// A PEM bundle that replaces the system's certificates, as AWS_CA_BUNDLE does. Empty: the system's.
  std::string ca_file;
  /// Certificates in PEM that are trusted besides.
  std::string ca_pem;
  /// The name to ask for (SNI) and to find in the certificate. Empty: the host of the URL.
  std::string server_name;

  /// As the environment says: AWS_CA_BUNDLE.
  static TlsOptions from_environment();
};

/// A set-up shared by the connections of one client or server. Immutable, thread-safe.
class TlsContext {
 public:
  /// Throws Error(tls) if a file or certificate cannot be read.
  static std::shared_ptr<const TlsContext> for_client(const TlsOptions& options);
  /// A server with this chain and key, in PEM. Negotiates h2 and http/1.1 by ALPN, in this order, unless `alpn` says
  /// otherwise; an empty list negotiates nothing.
  static std::shared_ptr<const TlsContext> for_server(std::string_view certificate_chain, std::string_view private_key,
                                                      std::vector<std::string> alpn = {"h2", "http/1.1"});
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  ssl_ctx_st* native() const noexcept { return context_; }
  const TlsOptions& options() const noexcept { return options_; }

 private:
  TlsContext();
  ssl_ctx_st* context_ = nullptr;
  TlsOptions options_;
  std::string alpn_;  // as on the wire: each name behind its length
};

struct SelfSignedOptions {
  /// Names and IP addresses of the certificate.
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
  /// From a day ago on.
  std::chrono::days valid_for{825};
};

/// A certificate authority made up on the spot, and a certificate of it. All in PEM.
struct SelfSigned {
  std::string ca_certificate;
  /// The server's certificate, then the authority's.
  std::string certificate_chain;
  std::string private_key;
};

/// New keys (EC P-256) on each call; the authority's key is thrown away. For emulators and tests: hand `ca_certificate`
/// to the clients.
SelfSigned make_self_signed(const SelfSignedOptions& options = {});

}  // namespace kinesis::http
