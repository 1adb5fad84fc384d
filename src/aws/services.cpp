#include "aws/services.hpp"

#include "aws/credentials_chain.hpp"
#include "aws/region.hpp"
#include "aws/request_pipeline.hpp"
#include "aws/service_client.hpp"
#include "aws/settings.hpp"
#include "http/client.hpp"
#include "http/proxy.hpp"
#include "http/tls.hpp"

#include <utility>

namespace kinesis::aws {
namespace {

/// Makes the clients of one `Client`: all over one HTTP client, with one source of credentials.
class Connector {
 public:
  Connector(const ClientOptions& options, asio::any_io_executor executor, Environment environment)
      : options_(options),
        settings_(load_settings(std::move(environment), options.profile).value()),
        region_(find_region(options.region, settings_)),
        fips_(settings_.flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")),
        dual_stack_(settings_.flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")),
        executor_(executor),
        http_(http::make_client(http_options(executor))),
        credentials_(options.credentials ? options.credentials : make_chain(std::move(executor))) {}

  Services connect() const {
    Services services;
    services.region = region_;
    services.kinesis = make_kinesis_client(pipeline(Service::kinesis),
                                           KinesisAddress(region_, fips_, dual_stack_, override_url(Service::kinesis)),
                                           options_.wire_format, subscriptions());
    services.dynamodb = make_dynamodb_client(pipeline(Service::dynamodb));
    services.cloudwatch = make_cloudwatch_client(pipeline(Service::cloudwatch));
    return services;
  }

 private:
  http::ClientOptions http_options(asio::any_io_executor executor) const {
    http::ClientOptions http;
    http.executor = std::move(executor);
    http.clock = options_.clock;
    http.log = options_.log;
    http.tls.verify = options_.verify_tls;
    http.tls.ca_file =
        !options_.ca_bundle.empty() ? options_.ca_bundle : settings_.either("AWS_CA_BUNDLE", "ca_bundle").value_or("");
    http.proxy = http::ProxySettings::from(settings_.environment);
    http.timeouts.connect = options_.connect_timeout;
    http.timeouts.tls = options_.connect_timeout;
    http.timeouts.first_byte = options_.first_byte_timeout;
    http.timeouts.total = options_.request_timeout;
    http.max_body = options_.max_answer_bytes;
    http.max_connections_per_host = static_cast<std::size_t>(options_.max_connections_per_host);
    return http;
  }

  SubscriptionSettings subscriptions() const {
    SubscriptionSettings settings;
    settings.executor = executor_;
    settings.clock = options_.clock;
    settings.connect = [http = subscription_http_options(http_options(executor_))] { return http::make_client(http); };
    return settings;
  }

  std::shared_ptr<CredentialsProvider> make_chain(asio::any_io_executor executor) const {
    ChainOptions chain;
    chain.settings = settings_;
    chain.reload = [environment = settings_.environment, profile = options_.profile] {
      return load_settings(environment, profile);
    };
    chain.region = region_;
    chain.http = http_;
    chain.clock = options_.clock;
    chain.log = options_.log;
    chain.executor = std::move(executor);
    return credentials_chain(std::move(chain));
  }

  std::string override_url(Service service) const {
    return find_endpoint_override(service, options_.endpoint_url, settings_.environment, settings_.files,
                                  settings_.profile);
  }

  RetryRules rules() const {
    RetryRules rules;
    rules.max_attempts = options_.retry.max_attempts;
    if (rules.max_attempts == 0)
      rules.max_attempts = settings_.number("AWS_MAX_ATTEMPTS", "max_attempts").value().value_or(3);
    if (rules.max_attempts < 1) throw Error(errc::invalid_argument, "RetryPolicy: max_attempts must not be negative");
    rules.base = options_.retry.base;
    rules.throttled_base = options_.retry.throttled_base;
    rules.cap = options_.retry.cap;
    return rules;
  }

  RetryPolicy::Mode retry_mode() const {
    if (options_.retry.mode != RetryPolicy::Mode::automatic) return options_.retry.mode;
    const std::string mode = settings_.either("AWS_RETRY_MODE", "retry_mode").value_or("standard");
    if (mode == "adaptive") return RetryPolicy::Mode::adaptive;
    if (mode == "standard" || mode == "legacy") return RetryPolicy::Mode::standard;
    throw Error(errc::invalid_argument,
                "AWS_RETRY_MODE (retry_mode in the profile) must be standard, adaptive or legacy");
  }

  /// With the name of the application, if it gave one: what AWS's statistics and trails show.
  std::string user_agent() const {
    std::string text(default_user_agent);
    std::string name = settings_.either("AWS_SDK_UA_APP_ID", "sdk_ua_app_id").value_or("").substr(0, 50);
    if (name.empty()) return text;
    constexpr std::string_view allowed = "!#$%&'*+-.^_`|~";
    for (char& c : name) {
      const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!alphanumeric && allowed.find(c) == std::string_view::npos) c = '-';
    }
    return text + " app/" + name;
  }

  std::shared_ptr<RequestPipeline> pipeline(Service service) const {
    const std::string override = override_url(service);
    EndpointQuestion question;
    question.service = service;
    question.region = region_;
    question.use_fips = fips_;
    question.use_dual_stack = dual_stack_;
    question.override_url = override;
    const EndpointAnswer answer = resolve_endpoint(question).value();
    auto url = http::Url::parse(answer.url);
    if (!url) throw url.error().with_context("endpoint \"" + answer.url + "\"");
    PipelineOptions pipeline;
    pipeline.service = service;
    pipeline.url = std::move(*url);
    pipeline.region = answer.signing_region;
    pipeline.http = http_;
    pipeline.credentials = credentials_;
    pipeline.clock = options_.clock;
    pipeline.log = options_.log;
    pipeline.rules = rules();
    pipeline.retry_mode = retry_mode();
    pipeline.user_agent = user_agent();
    pipeline.error_patience = options_.first_byte_timeout;
    return std::make_shared<RequestPipeline>(std::move(pipeline));
  }

  const ClientOptions& options_;
  const Settings settings_;
  const std::string region_;
  const bool fips_;
  const bool dual_stack_;
  const asio::any_io_executor executor_;
  const std::shared_ptr<http::Client> http_;
  const std::shared_ptr<CredentialsProvider> credentials_;
};

}  // namespace

Services connect_services(const ClientOptions& options, asio::any_io_executor executor, Environment environment) {
  if (options.max_connections_per_host < 1)
    throw Error(errc::invalid_argument, "ClientOptions: max_connections_per_host must be at least 1");
  return Connector(options, std::move(executor), std::move(environment)).connect();
}

Services connect_services(const ClientOptions& options, asio::any_io_executor executor) {
  return connect_services(options, std::move(executor), process_environment());
}

}  // namespace kinesis::aws
