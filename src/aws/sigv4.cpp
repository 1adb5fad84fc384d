#include "aws/sigv4.hpp"

#include "aws/uri.hpp"
#include "core/hex.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace kinesis::aws {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr std::size_t most_keys = 16;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool equal_without_case(std::string_view left, std::string_view right) noexcept {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string normalized_path(std::string_view path) {
  std::vector<std::string_view> kept;
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      kept.push_back(segment);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string out;
  for (const std::string_view segment : kept) out.append("/").append(segment);
  if (out.empty() || path.ends_with('/')) out += '/';
  return out;
}

void append_canonical_path(std::string& out, std::string_view path, PathForm form) {
  if (path == "/" || path.empty()) {
    out += '/';
  } else if (form == PathForm::normalized) {
    append_uri_encoded(out, normalized_path(path), true);
  } else {
    append_uri_encoded(out, path, true);
  }
}

void append_canonical_query(std::string& out, std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view parameter = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (parameter.empty()) continue;
    const std::size_t equals = parameter.find('=');
    const std::string_view value = equals == std::string_view::npos ? "" : parameter.substr(equals + 1);
    // Decoded first, so that however it was sent, it is signed in the one canonical encoding.
    parameters.emplace_back(uri_encoded(uri_decoded(parameter.substr(0, equals))), uri_encoded(uri_decoded(value)));
  }
  std::sort(parameters.begin(), parameters.end());
  bool first = true;
  for (const auto& [name, value] : parameters) {
    if (!std::exchange(first, false)) out += '&';
    out.append(name).append("=").append(value);
  }
}

/// Header text in canonical form: names in lower case, values without white space around them and with single spaces
/// inside (folded lines become such a space). One allocation for all.
class CanonicalHeaders {
 public:
  explicit CanonicalHeaders(std::span<const HeaderView> headers) {
    std::size_t size = 0;
    for (const HeaderView& header : headers) size += header.name.size() + header.value.size();
    text_.reserve(size);
    entries_.reserve(headers.size());
    for (const HeaderView& header : headers) {
      const std::size_t name = text_.size();
      for (const char c : header.name) text_ += lower(c);
      const std::size_t value = text_.size();
      append_value(header.value);
      const std::string_view all = text_;
      entries_.push_back({all.substr(name, value - name), all.substr(value)});
    }
    // Fields of one name keep their order, which is that of their text.
    std::sort(entries_.begin(), entries_.end(), [](const HeaderView& left, const HeaderView& right) {
      return left.name != right.name ? left.name < right.name : left.name.data() < right.name.data();
    });
  }

  void append_to(std::string& out, std::string& names) const {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const bool repeats = i > 0 && entries_[i].name == entries_[i - 1].name;
      if (repeats) {
        out.back() = ',';
      } else {
        out.append(entries_[i].name).append(":");
        if (i > 0) names += ';';
        names += entries_[i].name;
      }
      out.append(entries_[i].value).append("\n");
    }
  }

 private:
  void append_value(std::string_view value) {
    while (!value.empty() && is_space(value.front())) value.remove_prefix(1);
    while (!value.empty() && is_space(value.back())) value.remove_suffix(1);
    bool in_space = false;
    for (const char c : value) {
      if (!is_space(c)) {
        text_ += c;
      } else if (!in_space) {
        text_ += ' ';
      }
      in_space = is_space(c);
    }
  }

  std::string text_;
  std::vector<HeaderView> entries_;
};

}  // namespace

bool is_signed_header(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 15> changed_on_the_way = {"authorization",
                                                                          "connection",
                                                                          "content-length",
                                                                          "expect",
                                                                          "keep-alive",
                                                                          "proxy-authenticate",
                                                                          "proxy-authorization",
                                                                          "proxy-connection",
                                                                          "te",
                                                                          "trailer",
                                                                          "transfer-encoding",
                                                                          "upgrade",
                                                                          "user-agent",
                                                                          "x-amzn-trace-id",
                                                                          "amz-sdk-request"};
  return std::none_of(changed_on_the_way.begin(), changed_on_the_way.end(),
                      [&](std::string_view other) { return equal_without_case(name, other); });
}

CanonicalRequest canonical_request(const SignableRequest& request, PathForm path_form) {
  CanonicalRequest canonical;
  std::string& text = canonical.text;
  text.reserve(512);
  text.append(request.method).append("\n");
  append_canonical_path(text, request.path, path_form);
  text += '\n';
  append_canonical_query(text, request.query);
  text += '\n';
  CanonicalHeaders(request.headers).append_to(text, canonical.signed_headers);
  text.append("\n").append(canonical.signed_headers).append("\n").append(request.body_sha256);
  return canonical;
}

std::string credential_scope(std::string_view date, const SigningScope& scope) {
  std::string out;
  out.append(date).append("/").append(scope.region).append("/").append(scope.service).append("/aws4_request");
  return out;
}

std::string string_to_sign(std::string_view amz_date, std::string_view credential_scope, std::string_view canonical) {
  std::string out;
  out.append(algorithm).append("\n").append(amz_date).append("\n").append(credential_scope).append("\n");
  core::append_hex(out, core::sha256(as_bytes(canonical)));
  return out;
}

core::HmacKey SigningKeys::get(std::string_view secret_access_key, std::string_view date, const SigningScope& scope) {
  const std::lock_guard lock(mutex_);
  const auto matches = [&](const Entry& entry) {
    return entry.date == date && entry.region == scope.region && entry.service == scope.service &&
           core::equal_in_constant_time(as_bytes(entry.secret), as_bytes(secret_access_key));
  };
  const auto found = std::find_if(entries_.begin(), entries_.end(), matches);
  if (found != entries_.end()) return found->key;

  std::string secret = "AWS4";
  secret += secret_access_key;
  const auto derive = [](BytesView key, std::string_view text) { return core::HmacKey(key).sign(as_bytes(text)); };
  core::Sha256Digest derived = derive(as_bytes(secret), date);
  for (const std::string_view part : {scope.region, scope.service, std::string_view("aws4_request")}) {
    derived = derive(derived, part);
  }
  entries_.push_front({std::string(secret_access_key), std::string(date), std::string(scope.region),
                       std::string(scope.service), core::HmacKey(derived)});
  if (entries_.size() > most_keys) entries_.pop_back();
  return entries_.front().key;
}

Signature sign(const SignableRequest& request, const SigningIdentity& identity, const SigningScope& scope,
               core::WallTime now, SigningKeys& keys, PathForm path_form) {
  Signature signature;
  signature.amz_date = core::format_amz_date(now);
  const std::string_view date = std::string_view(signature.amz_date).substr(0, 8);

  std::vector<HeaderView> headers;
  headers.reserve(request.headers.size() + 2);
  for (const HeaderView& header : request.headers) {
    if (is_signed_header(header.name)) headers.push_back(header);
  }
  headers.push_back({"x-amz-date", signature.amz_date});
  if (!identity.session_token.empty()) headers.push_back({"x-amz-security-token", identity.session_token});

  SignableRequest whole = request;
  whole.headers = headers;
  const CanonicalRequest canonical = canonical_request(whole, path_form);
  const std::string scope_text = credential_scope(date, scope);
  const core::HmacKey key = keys.get(identity.secret_access_key, date, scope);
  const core::Sha256Digest digest = key.sign(as_bytes(string_to_sign(signature.amz_date, scope_text, canonical.text)));

  std::string& out = signature.authorization;
  out.reserve(256);
  out.append(algorithm).append(" Credential=").append(identity.access_key_id).append("/").append(scope_text);
  out.append(", SignedHeaders=").append(canonical.signed_headers).append(", Signature=");
  core::append_hex(out, digest);
  return signature;
}

}  // namespace kinesis::aws
