#include "http/openssl_handles.hpp"
#include "http/tls.hpp"

#include <boost/asio/ip/address.hpp>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdint>

namespace kinesis::http {
namespace {

void check(bool ok, const char* what) {
  if (!ok) throw tls_error(what);
}

PkeyPtr new_key() {
  PkeyPtr key(EVP_EC_gen("P-256"));
  check(key != nullptr, "cannot make a key");
  return key;
}

void set_random_serial(X509* certificate) {
  std::uint64_t serial = 0;
  check(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "no random numbers");
  check(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1, "cannot set the serial number");
}

void set_name(X509_NAME* name, const char* common_name) {
  check(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common_name), -1,
                                   -1, 0) == 1,
        "cannot set a name");
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  check(extension != nullptr, "cannot make a certificate extension");
  const int added = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  check(added == 1, "cannot add a certificate extension");
}

X509Ptr new_certificate(EVP_PKEY* key, const char* common_name, std::chrono::days valid_for) {
  X509Ptr certificate(X509_new());
  check(certificate != nullptr, "cannot make a certificate");
  check(X509_set_version(certificate.get(), X509_VERSION_3) == 1, "cannot make a certificate");
  set_random_serial(certificate.get());
  // A day back: clocks of containers differ.
  check(X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -24L * 60 * 60) != nullptr, "cannot set a date");
  check(X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 24L * 60 * 60 * valid_for.count()) != nullptr,
        "cannot set a date");
  set_name(X509_get_subject_name(certificate.get()), common_name);
  check(X509_set_pubkey(certificate.get(), key) == 1, "cannot set a public key");
  return certificate;
}

std::string subject_alternatives(const std::vector<std::string>& names) {
  std::string value;
  for (const std::string& name : names) {
    if (name.empty() || name.find_first_of(",\n\r ") != std::string::npos) {
      throw Error(errc::invalid_argument, "not a host name: '" + name + "'");
    }
    boost::system::error_code not_an_address;
    boost::asio::ip::make_address(name, not_an_address);
    if (!value.empty()) value += ',';
    value += (not_an_address ? "DNS:" : "IP:") + name;
  }
  return value;
}

template <class Write>
std::string to_pem(Write write) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  check(bio != nullptr && write(bio.get()) == 1, "cannot write PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string certificate_pem(X509* certificate) {
  return to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

}  // namespace

SelfSigned make_self_signed(const SelfSignedOptions& options) {
  if (options.names.empty()) throw Error(errc::invalid_argument, "a certificate needs a name");
  const PkeyPtr ca_key = new_key();
  const X509Ptr ca = new_certificate(ca_key.get(), "kinesis-cpp throw-away authority", options.valid_for);
  check(X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get())) == 1, "cannot set a name");
  add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
  check(X509_sign(ca.get(), ca_key.get(), EVP_sha256()) > 0, "cannot sign a certificate");

  const PkeyPtr key = new_key();
  const X509Ptr leaf = new_certificate(key.get(), options.names.front().c_str(), options.valid_for);
  check(X509_set_issuer_name(leaf.get(), X509_get_subject_name(ca.get())) == 1, "cannot set a name");
  add_extension(leaf.get(), ca.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(leaf.get(), ca.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(leaf.get(), ca.get(), NID_ext_key_usage, "serverAuth");
  add_extension(leaf.get(), ca.get(), NID_subject_key_identifier, "hash");
  add_extension(leaf.get(), ca.get(), NID_authority_key_identifier, "keyid:always");
  add_extension(leaf.get(), ca.get(), NID_subject_alt_name, subject_alternatives(options.names));
  check(X509_sign(leaf.get(), ca_key.get(), EVP_sha256()) > 0, "cannot sign a certificate");

  SelfSigned made;
  made.ca_certificate = certificate_pem(ca.get());
  made.certificate_chain = certificate_pem(leaf.get()) + made.ca_certificate;
  made.private_key =
      to_pem([&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  return made;
}

}  // namespace kinesis::http
