#include "doctor_access.hpp"

#include "aws/credentials_chain.hpp"
#include "aws/endpoint.hpp"
#include "aws/protocol.hpp"
#include "aws/query_format.hpp"
#include "aws/region.hpp"
#include "aws/request_pipeline.hpp"
#include "aws/settings.hpp"
#include "aws/sts_shapes.hpp"
#include "core/time_format.hpp"
#include "http/client.hpp"

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

namespace kinesis::tool {
namespace {

using core::awaitable;
using std::chrono::duration;

/// A `date` header has whole seconds, so less than this says nothing.
constexpr double clock_warning_s = 5;
/// AWS refuses signatures that are further off.
constexpr double clock_problem_s = 300;

class Access {
 public:
  Access(asio::any_io_executor executor, const ConnectionArguments& connection, DoctorReport& report)
      : executor_(std::move(executor)), connection_(connection), report_(report), clock_(Clock::system()) {}

  awaitable<std::shared_ptr<CredentialsProvider>> check() {
    if (!read_settings()) co_return nullptr;
    http_ = http::make_client(http_options());
    const bool reached = co_await reach_endpoint();
    if (!reached) co_return nullptr;
    aws::ChainOptions chain;
    chain.settings = *settings_;
    chain.region = region_;
    chain.http = http_;
    chain.clock = clock_;
    chain.executor = executor_;
    std::shared_ptr<CredentialsProvider> provider = aws::credentials_chain(std::move(chain));
    auto credentials = co_await provider->get();
    if (!credentials) {
      report_.add(Health::problem, "credentials", credentials.error().message(),
                  "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with --profile");
      co_return nullptr;
    }
    say_credentials(**credentials);
    co_await find_identity(provider);
    co_return provider;
  }

 private:
  bool read_settings() {
    auto settings = aws::load_settings(aws::process_environment(), connection_.profile);
    if (!settings) {
      report_.add(Health::problem, "settings", settings.error().message(), "correct the file or the name");
      return false;
    }
    settings_ = std::move(*settings);
    try {
      region_ = aws::find_region(connection_.region, *settings_);
    } catch (const Error& error) {
      report_.add(Health::problem, "region", error.message(), "set AWS_REGION, or use --region");
      return false;
    }
    report_.ok("region", region_);
    return true;
  }

  http::ClientOptions http_options() const {
    http::ClientOptions http;
    http.executor = executor_;
    http.clock = clock_;
    http.tls.verify = !connection_.no_verify_ssl;
    http.tls.ca_file = !connection_.ca_bundle.empty() ? connection_.ca_bundle
                                                      : settings_->either("AWS_CA_BUNDLE", "ca_bundle").value_or("");
    http.proxy = http::ProxySettings::from(settings_->environment);
    http.timeouts.first_byte = std::chrono::seconds(10);
    http.timeouts.total = std::chrono::seconds(15);
    return http;
  }

  Result<aws::EndpointAnswer> endpoint_of(aws::Service service) const {
    const std::string override_url = aws::find_endpoint_override(
        service, connection_.endpoint_url, settings_->environment, settings_->files, settings_->profile);
    aws::EndpointQuestion question;
    question.service = service;
    question.region = region_;
    question.use_fips = settings_->flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
    question.use_dual_stack = settings_->flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
    question.override_url = override_url;
    return aws::resolve_endpoint(question);
  }

  /// Any answer will do, also a refusal: it says that somebody is there, and what time it is there.
  awaitable<bool> reach_endpoint() {
    const auto where = endpoint_of(aws::Service::kinesis);
    const auto url = where ? http::Url::parse(where->url) : Result<http::Url>(where.error());
    if (!url) {
      report_.add(Health::problem, "endpoint", url.error().message(), "correct --endpoint-url or AWS_ENDPOINT_URL");
      co_return false;
    }
    http::Headers headers;
    headers.add("host", url->endpoint.authority());
    http::Request request("GET", "/", std::move(headers));
    const Clock::wall_time_point asked = clock_->wall_now();
    const Clock::time_point began = clock_->now();
    auto answer = co_await http_->send(url->endpoint, std::move(request));
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_->now() - began);
    if (!answer) {
      report_.add(Health::problem, "endpoint", where->url + ": " + answer.error().message(),
                  advice_for(answer.error()));
      co_return false;
    }
    report_.ok("endpoint", where->url + " answers after " + std::to_string(took.count()) + " ms");
    check_clock(answer->headers.find("date").value_or(""), asked + took / 2);
    co_return true;
  }

  static std::string advice_for(const Error& error) {
    if (error.code() == errc::tls)
      return "name the authority of a private certificate with --ca-bundle or AWS_CA_BUNDLE";
    return "check the address, the network and HTTPS_PROXY; --endpoint-url and AWS_ENDPOINT_URL name another one";
  }

  void check_clock(std::string_view date, Clock::wall_time_point here) {
    const auto there = core::parse_http_date(date);
    if (!there) return report_.add(Health::not_checked, "clock", "the endpoint does not say what time it is", "");
    // The header has dropped half a second on average.
    const double ahead = duration<double>(here - *there).count() - 0.5;
    const double off = ahead < 0 ? -ahead : ahead;
    char text[96];
    std::snprintf(text, sizeof text, "this machine's clock is %.0f s %s of the endpoint's", off,
                  ahead < 0 ? "behind" : "ahead");
    const std::string advice =
        "set the clock, and have NTP keep it: signatures that are 5 minutes off are refused, and "
        "positions in time are off by as much";
    if (off > clock_problem_s) return report_.add(Health::problem, "clock", text, advice);
    if (off > clock_warning_s) return report_.add(Health::warning, "clock", text, advice);
    report_.ok("clock", "the same as the endpoint's");
  }

  void say_credentials(const Credentials& credentials) {
    std::string text = "from " + credentials.source;
    // Ids are no secrets: they are in every signature.
    if (credentials.access_key_id.size() >= 8) text += ", key " + credentials.access_key_id.substr(0, 4) + "...";
    if (!credentials.expiration) return report_.ok("credentials", text);
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(*credentials.expiration - clock_->wall_now());
    if (left.count() <= 0) {
      return report_.add(Health::problem, "credentials",
                         text + ", expired at " + core::format_iso8601(*credentials.expiration), "log in again");
    }
    report_.ok("credentials", text + ", valid for " + human_time(left.count()));
  }

  awaitable<void> find_identity(std::shared_ptr<CredentialsProvider> provider) {
    const auto where = endpoint_of(aws::Service::sts);
    const auto url = where ? http::Url::parse(where->url) : Result<http::Url>(where.error());
    if (!url) {
      report_.add(Health::not_checked, "identity", "no endpoint of STS: " + url.error().message(), "");
      co_return;
    }
    aws::PipelineOptions options;
    options.service = aws::Service::sts;
    options.url = *url;
    options.region = where->signing_region;
    options.http = http_;
    options.credentials = std::move(provider);
    options.clock = clock_;
    options.rules.max_attempts = 1;
    aws::RequestPipeline pipeline(std::move(options));
    using Request = aws::sts::GetCallerIdentityRequest;
    const Request request;
    http::Body body(aws::to_form(request, aws::query_version(aws::Service::sts)));
    aws::ServiceCall call(Request::operation, aws::form_content_type, std::move(body));
    const aws::ServiceAnswer answer = co_await pipeline.send(std::move(call));
    judge_identity(answer, where->url);
  }

  void judge_identity(const aws::ServiceAnswer& answer, const std::string& url) {
    if (answer.error) {
      const Error& error = *answer.error;
      const errc code = error.code();
      if (code == errc::access_denied || code == errc::expired_credentials || code == errc::no_credentials) {
        return report_.add(Health::problem, "identity", "STS refuses the credentials: " + std::string(error.what()),
                           "the keys are wrong, deleted or expired: get new ones");
      }
      const std::string why =
          code == errc::unsupported ? "the endpoint has no STS" : std::string("STS: ") + error.what();
      return report_.add(Health::not_checked, "identity", why + " (" + url + ")", "");
    }
    const auto identity = aws::response_from_xml<aws::sts::GetCallerIdentityRequest>(answer.response->body.text());
    if (!identity) return report_.add(Health::not_checked, "identity", "STS: " + identity.error().message(), "");
    report_.ok("identity", identity->arn + ", account " + identity->account);
  }

  asio::any_io_executor executor_;
  const ConnectionArguments& connection_;
  DoctorReport& report_;
  std::shared_ptr<Clock> clock_;
  std::optional<aws::Settings> settings_;
  std::string region_;
  std::shared_ptr<http::Client> http_;
};

}  // namespace

core::awaitable<std::shared_ptr<CredentialsProvider>> check_access(asio::any_io_executor executor,
                                                                   const ConnectionArguments& connection,
                                                                   DoctorReport& report) {
  Access access(std::move(executor), connection, report);
  std::shared_ptr<CredentialsProvider> provider = co_await access.check();
  co_return provider;
}

}  // namespace kinesis::tool
