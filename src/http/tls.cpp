#include "http/tls.hpp"

#include "http/openssl_handles.hpp"

#include <cstdlib>

namespace kinesis::http {
namespace {

/// Never asks anybody for a passphrase.
int no_passphrase(char*, int, int, void*) { return 0; }

X509Ptr next_certificate(BIO* bio) { return X509Ptr(PEM_read_bio_X509(bio, nullptr, no_passphrase, nullptr)); }

void trust(SSL_CTX* context, std::string_view pem) {
  const BioPtr bio = memory_bio(pem);
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  std::size_t count = 0;
  while (const X509Ptr certificate = next_certificate(bio.get())) {
    if (X509_STORE_add_cert(store, certificate.get()) != 1) throw tls_error("cannot trust a certificate");
    ++count;
  }
  ERR_clear_error();
  if (count == 0) throw Error(errc::tls, "no certificate in the PEM text to trust");
}

void use_certificate_chain(SSL_CTX* context, std::string_view pem) {
  const BioPtr bio = memory_bio(pem);
  const X509Ptr leaf = next_certificate(bio.get());
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) throw tls_error("cannot use the server certificate");
  while (X509Ptr issuer = next_certificate(bio.get())) {
    if (SSL_CTX_add0_chain_cert(context, issuer.get()) != 1) throw tls_error("cannot use the certificate chain");
    static_cast<void>(issuer.release());  // the context has it now
  }
  ERR_clear_error();
}

int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                void* argument) {
  const auto& ours = *static_cast<const std::string*>(argument);
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                                          static_cast<unsigned>(ours.size()), in, in_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

TlsContext::TlsContext() = default;
TlsContext::~TlsContext() { SSL_CTX_free(context_); }

TlsOptions TlsOptions::from_environment() {
  TlsOptions options;
  if (const char* bundle = std::getenv("AWS_CA_BUNDLE")) options.ca_file = bundle;
  return options;
}

std::shared_ptr<const TlsContext> TlsContext::for_client(const TlsOptions& options) {
  std::shared_ptr<TlsContext> self(new TlsContext);
  self->options_ = options;
  SSL_CTX* context = self->context_ = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) throw tls_error("cannot set up TLS");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (!options.verify) return self;
  if (options.ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) throw tls_error("cannot load the system's certificates");
  } else if (SSL_CTX_load_verify_file(context, options.ca_file.c_str()) != 1) {
    throw tls_error("cannot load certificates from '" + options.ca_file + "'");
  }
  ERR_clear_error();
  if (!options.ca_pem.empty()) trust(context, options.ca_pem);
  return self;
}

std::shared_ptr<const TlsContext> TlsContext::for_server(std::string_view certificate_chain,
                                                         std::string_view private_key, std::vector<std::string> alpn) {
  std::shared_ptr<TlsContext> self(new TlsContext);
  for (const std::string& name : alpn) {
    if (name.empty() || name.size() > 255) throw Error(errc::invalid_argument, "an ALPN name has 1 to 255 bytes");
    self->alpn_ += static_cast<char>(name.size());
    self->alpn_ += name;
  }
  SSL_CTX* context = self->context_ = SSL_CTX_new(TLS_server_method());
  if (context == nullptr) throw tls_error("cannot set up TLS");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // Connections live long: tickets to resume them would cost more than they save.
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  use_certificate_chain(context, certificate_chain);
  const BioPtr bio = memory_bio(private_key);
  const PkeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1) throw tls_error("cannot use the private key");
  if (!self->alpn_.empty()) SSL_CTX_set_alpn_select_cb(context, choose_alpn, &self->alpn_);
  return self;
}

}  // namespace kinesis::http
