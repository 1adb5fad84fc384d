#include "aws/credentials/documents.hpp"

#include "aws/json_value.hpp"
#include "core/time_format.hpp"

#include <algorithm>

namespace kinesis::aws {
namespace {

struct Names {
  std::string_view id;
  std::string_view secret;
  std::string_view token;
  std::string_view expiration;
  bool needs_token;
};

Names names_of(CredentialsForm form) noexcept {
  switch (form) {
    case CredentialsForm::process:
      return {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", false};
    case CredentialsForm::metadata:
      return {"AccessKeyId", "SecretAccessKey", "Token", "Expiration", true};
    case CredentialsForm::sso:
      break;
  }
  return {"accessKeyId", "secretAccessKey", "sessionToken", "expiration", true};
}

Error wrong(std::string what) { return Error(errc::protocol, std::move(what)); }
Error missing(std::string_view name) { return wrong("there is no " + std::string(name) + " in it"); }

bool is_visible(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

/// Milliseconds since 1970 that a time point can hold.
std::optional<Clock::wall_time_point> time_of(std::int64_t milliseconds) noexcept {
  constexpr std::int64_t year_2200 = 7'258'118'400'000;
  if (milliseconds < 0 || milliseconds > year_2200) return std::nullopt;
  return Clock::wall_time_point(std::chrono::milliseconds(milliseconds));
}

/// What is said instead of credentials: a code such as "AccessDenied", a name and no secret.
Error refusal(std::string_view code) {
  const bool is_name = !code.empty() && code.size() <= 64 && is_visible(code);
  return wrong(is_name ? "it says " + std::string(code) : "it says that there are none");
}

}  // namespace

Result<Credentials> read_credentials(std::string_view json, CredentialsForm form) {
  auto parsed = JsonValue::parse(json);
  if (!parsed || !parsed->is_object()) return wrong("it is no JSON object");
  const JsonValue document = form == CredentialsForm::sso ? (*parsed)["roleCredentials"] : *parsed;
  if (form == CredentialsForm::process && document["Version"].as_integer() != 1) return wrong("its Version is not 1");
  if (form == CredentialsForm::metadata) {
    const auto code = document["Code"].as_string();
    if (code && *code != "Success") return refusal(*code);
  }
  const Names names = names_of(form);
  const auto id = document[names.id].as_string();
  const auto secret = document[names.secret].as_string();
  const auto token = document[names.token].as_string();
  if (!id) return missing(names.id);
  if (!secret) return missing(names.secret);
  if (!token && names.needs_token) return missing(names.token);
  Credentials credentials;
  credentials.access_key_id = *id;
  credentials.secret_access_key = *secret;
  credentials.session_token = token.value_or("");
  const JsonValue expiration = document[names.expiration];
  if (const auto text = expiration.as_string()) {
    credentials.expiration = core::parse_iso8601(*text);
  } else if (const auto number = expiration.as_integer(); number && form == CredentialsForm::sso) {
    credentials.expiration = time_of(*number);
  }
  if (!expiration.is_null() && !credentials.expiration)
    return wrong("its " + std::string(names.expiration) + " is no time");
  auto sound = check_credentials(credentials);
  if (!sound) return wrong(sound.error().message());
  return credentials;
}

Result<SsoToken> read_sso_token(std::string_view json) {
  auto document = JsonValue::parse(json);
  if (!document || !document->is_object()) return wrong("it is no JSON object");
  const auto token = (*document)["accessToken"].as_string();
  const auto expires = (*document)["expiresAt"].as_string();
  if (!token || token->empty() || !is_visible(*token)) return missing("accessToken");
  // Older tools wrote "UTC" for "Z", which parse_iso8601 takes too.
  const auto time = core::parse_iso8601(expires.value_or(""));
  if (!time) return wrong("its expiresAt is no time");
  return SsoToken{std::string(*token), *time};
}

Result<void> check_credentials(const Credentials& credentials) {
  const auto refuse = [](std::string what) { return Error(errc::no_credentials, std::move(what)); };
  if (credentials.access_key_id.empty()) return refuse("the access key id is empty");
  if (credentials.secret_access_key.empty()) return refuse("the secret access key is empty");
  const std::string rule = " has white space or other characters that none has";
  if (!is_visible(credentials.access_key_id)) return refuse("the access key id" + rule);
  if (!is_visible(credentials.secret_access_key)) return refuse("the secret access key" + rule);
  if (!is_visible(credentials.session_token)) return refuse("the session token" + rule);
  return {};
}

}  // namespace kinesis::aws
