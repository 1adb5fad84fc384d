#include "aws/credentials/documents.hpp"
#include "aws/credentials/sources.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace kinesis::aws {
namespace {

/// "127.x.y.z" and nothing that only begins so.
bool is_loopback_v4(std::string_view host) noexcept {
  int parts = 0;
  while (parts < 4) {
    int value = -1;
    const auto [end, error] = std::from_chars(host.data(), host.data() + host.size(), value);
    if (error != std::errc() || value < 0 || value > 255 || (parts == 0 && value != 127)) return false;
    host.remove_prefix(static_cast<std::size_t>(end - host.data()));
    ++parts;
    if (parts == 4) return host.empty();
    if (!host.starts_with('.')) return false;
    host.remove_prefix(1);
  }
  return false;
}

/// The token that is sent there, and the credentials that come back, must not go over a network in clear text.
bool may_be_asked(const http::Endpoint& endpoint) noexcept {
  // ECS; EKS over IPv4 and IPv6; this machine.
  constexpr std::array<std::string_view, 5> known = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost",
                                                     "::1"};
  return endpoint.secure || is_loopback_v4(endpoint.host) ||
         std::find(known.begin(), known.end(), endpoint.host) != known.end();
}

/// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
class ContainerSource final : public CredentialsSource {
 public:
  explicit ContainerSource(SourceContextPtr context) : context_(std::move(context)) {}

  std::string name() const override { return "container"; }

  core::awaitable<SourceAnswer> fetch() override {
    const auto relative = context_->settings().variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const auto full = context_->settings().variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (!relative && !full)
      co_return NotConfigured(
          "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set");
    auto url = http::Url::parse(relative ? "http://169.254.170.2" + *relative : *full);
    if (!url)
      co_return Error(errc::no_credentials, relative ? "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path of a URL"
                                                     : "AWS_CONTAINER_CREDENTIALS_FULL_URI is no URL");
    if (relative && (!relative->starts_with('/') || url->endpoint.host != "169.254.170.2"))
      co_return Error(errc::no_credentials, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must begin with a slash");
    if (!may_be_asked(url->endpoint))
      co_return Error(errc::no_credentials,
                      "AWS_CONTAINER_CREDENTIALS_FULL_URI names " + url->endpoint.host +
                          ", which is neither https nor this machine nor a service of ECS or EKS");
    auto token = co_await authorization();
    if (!token) co_return token.error();
    http::Headers headers;
    headers.add("accept", "application/json");
    if (!token->empty()) headers.add("authorization", *token);
    http::Request request("GET", url->target(), std::move(headers));
    HttpQuestion question = small_question(url->endpoint, std::move(request), std::chrono::seconds(2));
    question.tries = 3;
    auto answer = co_await ask(context_->direct_http(), *context_->options.clock, std::move(question));
    if (!answer)
      co_return Error(errc::no_credentials, answer.error().message()).with_retryable(answer.error().retryable());
    if (answer->status != 200)
      co_return Error(errc::no_credentials,
                      url->endpoint.authority() + " answers with HTTP status " + std::to_string(answer->status))
          .with_retryable(answer->status >= 500 || answer->status == 429);
    auto read = read_credentials(answer->body.text(), CredentialsForm::metadata);
    if (!read)
      co_return read.error().with_context("the answer of " + url->endpoint.authority() + " is not what it should");
    read->source = name();
    co_return std::make_shared<const Credentials>(std::move(*read));
  }

 private:
  /// What to send as authorization, empty for none. Read anew each time: EKS replaces the file.
  core::awaitable<Result<std::string>> authorization() {
    const auto path = context_->settings().variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    std::string token = context_->settings().variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
    if (path) {
      auto text = co_await read_secret_file(context_, *path);
      if (!text) co_return text.error();
      token = std::move(*text);
    }
    const bool sound = std::all_of(token.begin(), token.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
    if (!sound)
      co_return Error(errc::no_credentials,
                      "the authorization token has a line end or other characters that no header may have");
    co_return token;
  }

  const SourceContextPtr context_;
};

}  // namespace

SourcePtr container_source(SourceContextPtr context) { return std::make_unique<ContainerSource>(std::move(context)); }

}  // namespace kinesis::aws
