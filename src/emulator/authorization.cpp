#include "emulator/authorization.hpp"

#include "core/digest.hpp"
#include "core/hex.hpp"
#include "emulator/logic/errors.hpp"

namespace kinesis::emulator {
namespace {

constexpr std::size_t most_quoted = 1024;

bool has_parameter(std::string_view header, std::string_view name) noexcept {
  for (std::size_t at = header.find(name); at != std::string_view::npos; at = header.find(name, at + 1)) {
    const bool starts = at == 0 || header[at - 1] == ' ' || header[at - 1] == ',';
    const std::size_t equals = at + name.size();
    const std::size_t value = equals + 1;
    if (!starts || value >= header.size() || header[equals] != '=') continue;
    return header[value] != ',' && header[value] != ' ';
  }
  return false;
}

}  // namespace

std::optional<Error> check_authorization_form(const http::Headers& headers) {
  const std::string_view header = headers.find("authorization").value_or("");
  if (header.empty()) return service_error("MissingAuthenticationTokenException", "Missing Authentication Token");
  std::string missing;
  for (const std::string_view name : {"Credential", "Signature", "SignedHeaders"}) {
    if (has_parameter(header, name)) continue;
    missing.append("Authorization header requires '").append(name).append("' parameter. ");
  }
  if (!headers.contains("x-amz-date") && !headers.contains("date")) {
    missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  if (missing.empty()) return std::nullopt;
  return service_error("IncompleteSignatureException",
                       missing + "Authorization=" + std::string(header.substr(0, most_quoted)));
}

Authorization::Authorization(std::vector<EmulatorOptions::Key> keys, std::string region)
    : keys_(std::move(keys)), region_(std::move(region)) {}

std::optional<Error> Authorization::refuse(const http::ServerRequest& request, core::WallTime now) {
  return keys_.empty() ? check_authorization_form(request.headers) : verify(request, now);
}

std::optional<Error> Authorization::verify(const http::ServerRequest& request, core::WallTime now) {
  std::vector<aws::HeaderView> headers;
  headers.reserve(request.headers.size());
  for (const http::Headers::Field& field : request.headers) headers.push_back({field.name, field.value});
  const std::string body_sha256 = core::to_hex(core::sha256(request.body.bytes()));
  const std::string_view target = request.target;
  const std::size_t question = target.find('?');

  aws::SignableRequest signable;
  signable.method = request.method;
  signable.path = target.substr(0, question);
  if (question != std::string_view::npos) signable.query = target.substr(question + 1);
  signable.headers = headers;
  signable.body_sha256 = body_sha256;
  aws::VerifyOptions options;
  options.region = region_;
  options.service = "kinesis";
  options.now = now;
  const auto find_key = [this](std::string_view id) -> std::optional<aws::KnownKey> {
    for (const EmulatorOptions::Key& key : keys_) {
      if (key.access_key_id != id) continue;
      aws::KnownKey known;
      known.secret_access_key = key.secret_access_key;
      return known;
    }
    return std::nullopt;
  };
  const aws::VerifyResult result = aws::verify_signature(signable, options, find_key, signing_keys_);
  if (!result.refusal) return std::nullopt;
  return service_error(result.refusal->code, result.refusal->message);
}

}  // namespace kinesis::emulator
