#include "aws/credentials/sts.hpp"

#include "aws/credentials/documents.hpp"
#include "aws/endpoint.hpp"
#include "aws/query_format.hpp"
#include "aws/request_pipeline.hpp"
#include "aws/sts_shapes.hpp"

#include <utility>

namespace kinesis::aws {
namespace {

/// The credentials of one call.
class Fixed final : public CredentialsProvider {
 public:
  explicit Fixed(CredentialsPtr credentials) : credentials_(std::move(credentials)) {}
  asio::awaitable<Result<CredentialsPtr>> get() override { co_return credentials_; }
  void refused(const CredentialsPtr&) override {}

 private:
  CredentialsPtr credentials_;
};

Result<PipelineOptions> options_for(const SourceContext& context, CredentialsPtr caller) {
  const Settings& settings = context.settings();
  EndpointQuestion question;
  question.service = Service::sts;
  question.region = context.options.region;
  question.use_fips = settings.flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
  question.use_dual_stack = settings.flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
  const std::string override_url =
      find_endpoint_override(Service::sts, "", settings.environment, settings.files, settings.profile);
  question.override_url = override_url;
  const auto answer = resolve_endpoint(question);
  if (!answer) return answer.error().with_context("no endpoint of STS");
  auto url = http::Url::parse(answer->url);
  if (!url) return url.error().with_context("the endpoint of STS");
  PipelineOptions options;
  options.service = Service::sts;
  options.url = std::move(*url);
  options.region = answer->signing_region;
  options.http = context.options.http;
  if (caller) options.credentials = std::make_shared<Fixed>(std::move(caller));
  options.clock = context.options.clock;
  options.log = context.options.log;
  return options;
}

/// STS says the error's name, and nothing of ours is in it.
Error telling(const Error& error) {
  std::string what = "STS: " + error.message();
  if (!error.service_code().empty()) what += " (" + error.service_code() + ")";
  return Error(errc::no_credentials, std::move(what)).with_retryable(error.retryable());
}

core::awaitable<Result<std::string>> exchange(SourceContextPtr context, std::string_view operation, std::string form,
                                              CredentialsPtr caller) {
  auto options = options_for(*context, std::move(caller));
  if (!options) co_return Error(errc::no_credentials, options.error().message());
  RequestPipeline pipeline(std::move(*options));
  http::Body body(std::move(form));
  ServiceCall call(operation, form_content_type, std::move(body));
  ServiceAnswer answer = co_await pipeline.send(std::move(call));
  if (answer.error) co_return telling(*answer.error);
  co_return std::string(answer.response->body.text());
}

template <class Request>
Result<Credentials> read(const Result<std::string>& xml) {
  if (!xml) return xml.error();
  auto response = response_from_xml<Request>(*xml);
  if (!response) return Error(errc::no_credentials, "STS: " + response.error().message());
  const sts::Credentials& theirs = response->credentials;
  Credentials credentials;
  credentials.access_key_id = theirs.access_key_id;
  credentials.secret_access_key = theirs.secret_access_key;
  credentials.session_token = theirs.session_token;
  credentials.expiration = theirs.expiration;
  auto sound = check_credentials(credentials);
  if (!sound) return sound.error().with_context("STS");
  return credentials;
}

}  // namespace

core::awaitable<Result<Credentials>> assume_role(SourceContextPtr context, sts::AssumeRoleRequest request,
                                                 CredentialsPtr caller) {
  std::string form = to_form(request, query_version(Service::sts));
  auto xml =
      co_await exchange(std::move(context), sts::AssumeRoleRequest::operation, std::move(form), std::move(caller));
  co_return read<sts::AssumeRoleRequest>(xml);
}

core::awaitable<Result<Credentials>> assume_role_with_web_identity(SourceContextPtr context,
                                                                   sts::AssumeRoleWithWebIdentityRequest request) {
  std::string form = to_form(request, query_version(Service::sts));
  CredentialsPtr nobody;
  auto xml = co_await exchange(std::move(context), sts::AssumeRoleWithWebIdentityRequest::operation, std::move(form),
                               std::move(nobody));
  co_return read<sts::AssumeRoleWithWebIdentityRequest>(xml);
}

std::string default_session_name(core::WallTime now) {
  const auto since_1970 = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  return "kinesis-cpp-" + std::to_string(since_1970.count());
}

}  // namespace kinesis::aws
