#include "aws/credentials/documents.hpp"
#include "aws/credentials/sources.hpp"
#include "aws/endpoint.hpp"
#include "aws/protocol.hpp"
#include "aws/uri.hpp"
#include "core/digest.hpp"
#include "core/hex.hpp"

#include <utility>

namespace kinesis::aws {
namespace {

/// What the profile and its sso-session say.
struct SsoSettings {
  std::string account;
  std::string role;
  std::string region;
  /// What the name of the token's file is made of: the session's name, or the start URL where there is no session.
  std::string cache_key;
};

/// Trades the token `aws sso login` has left for credentials of a role. Tokens are not renewed here: that is the tool's
/// own business.
class SsoSource final : public CredentialsSource {
 public:
  SsoSource(SourceContextPtr context, std::string profile)
      : context_(std::move(context)), profile_(std::move(profile)) {}

  std::string name() const override { return "SSO of the profile " + profile_; }

  core::awaitable<SourceAnswer> fetch() override {
    const auto settings = find_settings();
    if (!settings) co_return settings.error();
    const auto path = token_path(settings->cache_key);
    if (!path) co_return failed("without HOME there is no cached token; " + advice());
    auto text = co_await read_secret_file(context_, *path);
    if (!text) co_return failed(text.error().message() + "; " + advice());
    const auto token = read_sso_token(*text);
    if (!token) co_return failed("the cached token " + *path + " is not what it should: " + token.error().message());
    if (token->expires <= context_->now()) co_return failed("the cached token has expired; " + advice());
    auto question = question_for(*settings, token->access_token);
    if (!question) co_return failed(question.error().message());
    auto answer = co_await ask(*context_->options.http, *context_->options.clock, std::move(*question));
    if (!answer)
      co_return Error(errc::no_credentials, "SSO: " + answer.error().message())
          .with_retryable(answer.error().retryable());
    co_return judge(*answer);
  }

 private:
  static Error failed(const std::string& why) { return Error(errc::no_credentials, "SSO: " + why); }
  std::string advice() const { return "run aws sso login --profile " + profile_; }

  Result<SsoSettings> find_settings() const {
    SsoSettings found;
    const auto need = [&](std::string_view key, std::string& value) -> bool {
      value = context_->value(profile_, key).value_or("");
      return !value.empty();
    };
    if (!need("sso_account_id", found.account)) return failed("the profile has no sso_account_id");
    if (!need("sso_role_name", found.role)) return failed("the profile has no sso_role_name");
    const auto session_name = context_->value(profile_, "sso_session");
    if (!session_name) {
      if (!need("sso_region", found.region)) return failed("the profile has no sso_region");
      if (!need("sso_start_url", found.cache_key)) return failed("the profile has no sso_start_url");
      return found;
    }
    const ConfigSection* session = context_->settings().files.sso_session(*session_name);
    if (session == nullptr) return failed("there is no sso-session \"" + *session_name + "\"");
    found.region = session->find("sso_region").value_or("");
    if (found.region.empty()) return failed("the sso-session \"" + *session_name + "\" has no sso_region");
    found.cache_key = *session_name;
    return found;
  }

  std::optional<std::string> token_path(const std::string& cache_key) const {
    const auto home = context_->settings().variable("HOME");
    if (!home) return std::nullopt;
    return *home + "/.aws/sso/cache/" + core::to_hex(core::sha1(Blob(cache_key).bytes())) + ".json";
  }

  Result<HttpQuestion> question_for(const SsoSettings& found, const std::string& token) const {
    const Settings& settings = context_->settings();
    EndpointQuestion place;
    place.service = Service::sso_portal;
    place.region = found.region;
    const std::string override_url =
        find_endpoint_override(Service::sso_portal, "", settings.environment, settings.files, settings.profile);
    place.override_url = override_url;
    const auto resolved = resolve_endpoint(place);
    if (!resolved) return resolved.error();
    auto url = http::Url::parse(resolved->url);
    if (!url) return url.error();
    std::string target = url->path;
    while (target.ends_with('/')) target.pop_back();
    target +=
        "/federation/credentials?role_name=" + uri_encoded(found.role) + "&account_id=" + uri_encoded(found.account);
    http::Headers headers;
    headers.add("x-amz-sso_bearer_token", token);
    http::Request request("GET", std::move(target), std::move(headers));
    HttpQuestion question = small_question(std::move(url->endpoint), std::move(request), std::chrono::seconds(10));
    question.tries = 3;
    return question;
  }

  SourceAnswer judge(const http::Response& answer) const {
    if (answer.status == 401) return failed("the portal does not accept the cached token; " + advice());
    if (answer.status != 200) {
      ErrorHeaders headers;
      headers.content_type = answer.headers.find("content-type").value_or("");
      headers.error_type = answer.headers.find("x-amzn-errortype").value_or("");
      const Error error = error_of(answer.status, headers, answer.body);
      return failed(error.message() + (error.service_code().empty() ? "" : " (" + error.service_code() + ")"))
          .with_retryable(error.retryable());
    }
    auto read = read_credentials(answer.body.text(), CredentialsForm::sso);
    if (!read) return failed("the portal's answer is not what it should: " + read.error().message());
    read->source = name();
    return std::make_shared<const Credentials>(std::move(*read));
  }

  const SourceContextPtr context_;
  const std::string profile_;
};

}  // namespace

SourcePtr sso_source(SourceContextPtr context, std::string profile) {
  return std::make_unique<SsoSource>(std::move(context), std::move(profile));
}

}  // namespace kinesis::aws
