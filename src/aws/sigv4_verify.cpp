#include "aws/sigv4_verify.hpp"

#include "core/hex.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace kinesis::aws {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr const char* incomplete = "IncompleteSignatureException";
constexpr const char* invalid = "InvalidSignatureException";
constexpr const char* unrecognized = "UnrecognizedClientException";

/// What is quoted of a header into an answer is cut: it comes from the peer.
constexpr std::size_t most_quoted = 4096;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_without_case(std::string_view left, std::string_view right) noexcept {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string quoted(std::string_view text) { return std::string(text.substr(0, most_quoted)); }

std::optional<std::string_view> find_header(const SignableRequest& request, std::string_view name) noexcept {
  for (const HeaderView& header : request.headers) {
    if (equal_without_case(header.name, name)) return header.value;
  }
  return std::nullopt;
}

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(by);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

struct Authorization {
  std::string_view whole;
  std::string_view algorithm;
  std::string_view credential;
  std::string_view signed_headers;
  std::string_view signature;
};

/// Walks the checks in the services' order; each returns what is wrong.
class Verifier {
 public:
  using FindKey = std::function<std::optional<KnownKey>(std::string_view)>;

  Verifier(const SignableRequest& request, const VerifyOptions& options, const FindKey& find_key, SigningKeys& keys)
      : request_(request), options_(options), find_key_(find_key), keys_(keys) {}

  VerifyResult run() {
    using Check = std::optional<SignatureRefusal> (Verifier::*)();
    for (const Check check : {&Verifier::read_header, &Verifier::check_parameters, &Verifier::check_date,
                              &Verifier::check_host_and_algorithm, &Verifier::check_credential, &Verifier::check_scope,
                              &Verifier::check_key, &Verifier::check_signature, &Verifier::check_token}) {
      result_.refusal = (this->*check)();
      if (result_.refusal) break;
    }
    return std::move(result_);
  }

 private:
  using Refusal = std::optional<SignatureRefusal>;

  Refusal read_header() {
    const std::optional<std::string_view> header = find_header(request_, "authorization");
    if (!header || trim(*header).empty()) {
      const bool dynamo = options_.service == "dynamodb";
      return SignatureRefusal{"MissingAuthenticationTokenException",
                              dynamo ? "Request is missing Authentication Token" : "Missing Authentication Token"};
    }
    authorization_.whole = trim(*header);
    std::string_view rest = authorization_.whole;
    const std::size_t space = rest.find(' ');
    authorization_.algorithm = rest.substr(0, space);
    rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
    // Parameters stand between commas or spaces, or both.
    while (!rest.empty()) {
      const std::size_t end = rest.find_first_of(", \t");
      const std::string_view parameter = rest.substr(0, end);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      if (parameter.empty()) continue;
      const std::size_t equals = parameter.find('=');
      if (equals == std::string_view::npos) {
        return SignatureRefusal{incomplete, "'" + quoted(parameter) +
                                                "' not a valid key=value pair (missing equal-sign) in Authorization "
                                                "header: '" +
                                                quoted(authorization_.whole) + "'."};
      }
      const std::string_view name = parameter.substr(0, equals);
      const std::string_view value = parameter.substr(equals + 1);
      if (name == "Credential") authorization_.credential = value;
      if (name == "SignedHeaders") authorization_.signed_headers = value;
      if (name == "Signature") authorization_.signature = value;
    }
    return std::nullopt;
  }

  Refusal check_parameters() {
    std::string missing;
    const auto require = [&](const char* name, std::string_view value) {
      if (value.empty()) missing += std::string("Authorization header requires '") + name + "' parameter. ";
    };
    require("Credential", authorization_.credential);
    require("Signature", authorization_.signature);
    require("SignedHeaders", authorization_.signed_headers);
    if (!find_header(request_, "x-amz-date") && !find_header(request_, "date")) {
      missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
    }
    if (missing.empty()) return std::nullopt;
    return SignatureRefusal{incomplete, missing + "Authorization=" + quoted(authorization_.whole)};
  }

  Refusal check_date() {
    const std::optional<std::string_view> amz_date = find_header(request_, "x-amz-date");
    const std::string_view text = trim(amz_date ? *amz_date : *find_header(request_, "date"));
    std::optional<core::WallTime> time = core::parse_amz_date(text);
    if (!time && !amz_date) time = core::parse_http_date(text);
    if (!time) {
      return SignatureRefusal{incomplete, "Date must be in ISO-8601 'basic format'. Got '" + quoted(text) +
                                              "'. See http://en.wikipedia.org/wiki/ISO_8601"};
    }
    date_ = core::format_amz_date(*time);
    const auto minutes = std::to_string(options_.tolerance.count());
    const std::string now = core::format_amz_date(options_.now);
    if (*time < options_.now - options_.tolerance) {
      return SignatureRefusal{invalid, "Signature expired: " + date_ + " is now earlier than " +
                                           core::format_amz_date(options_.now - options_.tolerance) + " (" + now +
                                           " - " + minutes + " min.)"};
    }
    if (*time > options_.now + options_.tolerance) {
      return SignatureRefusal{invalid, "Signature not yet current: " + date_ + " is still later than " +
                                           core::format_amz_date(options_.now + options_.tolerance) + " (" + now +
                                           " + " + minutes + " min.)"};
    }
    return std::nullopt;
  }

  Refusal check_host_and_algorithm() {
    const std::vector<std::string_view> names = split(authorization_.signed_headers, ';');
    if (std::none_of(names.begin(), names.end(),
                     [](std::string_view name) { return equal_without_case(name, "host") || name == ":authority"; })) {
      return SignatureRefusal{invalid, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."};
    }
    if (authorization_.algorithm != algorithm) {
      return SignatureRefusal{incomplete, "Unsupported AWS 'algorithm': '" + quoted(authorization_.algorithm) +
                                              "' (only AWS4-HMAC-SHA256 for now). "};
    }
    return std::nullopt;
  }

  Refusal check_credential() {
    std::string_view credential = authorization_.credential;
    while (credential.ends_with('/')) credential.remove_suffix(1);
    const std::vector<std::string_view> parts = split(credential, '/');
    if (parts.size() != scope_.size()) {
      return SignatureRefusal{incomplete,
                              "Credential must have exactly 5 slash-delimited elements, e.g. "
                              "keyid/date/region/service/term, got '" +
                                  quoted(authorization_.credential) + "'"};
    }
    std::copy(parts.begin(), parts.end(), scope_.begin());
    result_.access_key_id = scope_[0];
    result_.region = scope_[2];
    return std::nullopt;
  }

  Refusal check_scope() {
    std::string wrong;
    if (scope_[2].empty() || (!options_.region.empty() && scope_[2] != options_.region)) {
      wrong += "Credential should be scoped to a valid region, not '" + quoted(scope_[2]) + "'. ";
    }
    if (scope_[3] != options_.service) {
      wrong += "Credential should be scoped to correct service: '" + std::string(options_.service) + "'. ";
    }
    if (scope_[4] != "aws4_request") {
      wrong += "Credential should be scoped with a valid terminator: 'aws4_request', not '" + quoted(scope_[4]) + "'. ";
    }
    if (scope_[1] != std::string_view(date_).substr(0, 8)) {
      wrong += "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
               quoted(scope_[1]) + "' != '" + date_.substr(0, 8) + "', from '" + date_ + "'.";
    }
    if (wrong.empty()) return std::nullopt;
    return SignatureRefusal{invalid, std::move(wrong)};
  }

  Refusal check_key() {
    key_ = find_key_(scope_[0]);
    if (key_) return std::nullopt;
    return SignatureRefusal{unrecognized, "The security token included in the request is invalid."};
  }

  Refusal check_signature() {
    // Only what was signed goes into the canonical request; a name of a header that is not there leaves it out, and so
    // does not match.
    const std::vector<std::string_view> names = split(authorization_.signed_headers, ';');
    std::vector<HeaderView> signed_fields;
    for (const HeaderView& header : request_.headers) {
      if (std::any_of(names.begin(), names.end(),
                      [&](std::string_view name) { return equal_without_case(name, header.name); })) {
        signed_fields.push_back(header);
      }
    }
    SignableRequest covered = request_;
    covered.headers = signed_fields;
    const CanonicalRequest canonical = canonical_request(covered, PathForm::normalized);
    const SigningScope scope{scope_[2], scope_[3]};
    const std::string to_sign = string_to_sign(date_, credential_scope(scope_[1], scope), canonical.text);
    const std::string expected =
        core::to_hex(keys_.get(key_->secret_access_key, scope_[1], scope).sign(as_bytes(to_sign)));
    if (core::equal_in_constant_time(as_bytes(expected), as_bytes(authorization_.signature))) return std::nullopt;
    return SignatureRefusal{invalid,
                            "The request signature we calculated does not match the signature you provided. Check your "
                            "AWS Secret Access Key and signing method. Consult the service documentation for details."
                            "\n\nThe Canonical String for this request should have been\n'" +
                                quoted(canonical.text) + "'\n\nThe String-to-Sign should have been\n'" + to_sign +
                                "'\n"};
  }

  Refusal check_token() {
    const std::string_view token = trim(find_header(request_, "x-amz-security-token").value_or(""));
    if (!core::equal_in_constant_time(as_bytes(token), as_bytes(key_->session_token))) {
      return SignatureRefusal{unrecognized, "The security token included in the request is invalid"};
    }
    if (key_->expired) {
      return SignatureRefusal{"ExpiredTokenException", "The security token included in the request is expired"};
    }
    return std::nullopt;
  }

  const SignableRequest& request_;
  const VerifyOptions& options_;
  const FindKey& find_key_;
  SigningKeys& keys_;
  Authorization authorization_;
  std::string date_;  ///< As signed, in basic form.
  std::array<std::string_view, 5> scope_;
  std::optional<KnownKey> key_;
  VerifyResult result_;
};

}  // namespace

VerifyResult verify_signature(const SignableRequest& request, const VerifyOptions& options,
                              const std::function<std::optional<KnownKey>(std::string_view)>& find_key,
                              SigningKeys& keys) {
  return Verifier(request, options, find_key, keys).run();
}

}  // namespace kinesis::aws
