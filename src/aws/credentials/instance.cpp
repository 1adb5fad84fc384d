#include "aws/credentials/documents.hpp"
#include "aws/credentials/instance_metadata.hpp"
#include "aws/credentials/sources.hpp"

#include <algorithm>
#include <utility>

namespace kinesis::aws {
namespace {

constexpr std::string_view roles_path = "/latest/meta-data/iam/security-credentials/";

/// While the instance service cannot renew them, it hands out old credentials, and the services take them: better than
/// none (https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html calls it static stability).
class InstanceSource final : public CredentialsSource {
 public:
  explicit InstanceSource(SourceContextPtr context) : context_(std::move(context)), metadata_(context_) {}

  std::string name() const override { return "instance"; }

  core::awaitable<SourceAnswer> fetch() override {
    SourceAnswer answer = co_await look();
    const auto* found = std::get_if<CredentialsPtr>(&answer);
    if (found != nullptr) last_ = *found;
    if (!last_ || last_->expiration.value_or(core::WallTime::max()) - context_->now() > last_minutes) co_return answer;
    co_return prolonged(found != nullptr ? "it hands out credentials that are about to expire"
                                         : "it has none any more");
  }

 private:
  static constexpr std::chrono::minutes last_minutes{5};

  core::awaitable<SourceAnswer> look() {
    auto listed = co_await metadata_.get(std::string(roles_path));
    if (!listed) co_return judge(listed.error());
    const std::string role = listed->substr(0, listed->find_first_of("\r\n"));
    const bool sound =
        std::all_of(role.begin(), role.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '?' && c != '#'; });
    if (role.empty()) co_return NotConfigured("the instance has no role");
    if (!sound)
      co_return Error(errc::no_credentials, "the instance's metadata service gave a name of a role that is none");
    auto text = co_await metadata_.get(std::string(roles_path) + role);
    if (!text) co_return judge(text.error());
    auto read = read_credentials(*text, CredentialsForm::metadata);
    if (!read)
      co_return Error(errc::no_credentials,
                      "the instance's credentials are not what they should: " + read.error().message());
    read->source = name();
    co_return std::make_shared<const Credentials>(std::move(*read));
  }

  static SourceAnswer judge(const Error& error) {
    switch (error.code()) {
      case errc::unsupported:
        return NotConfigured(error.message());
      case errc::not_found:
        return NotConfigured("the instance has no role");
      case errc::connection:
      case errc::timeout:
        return NotConfigured("no metadata service answers (" + error.message() + ")");
      default:
        return Error(errc::no_credentials, error.message()).with_retryable(error.retryable());
    }
  }

  /// The last ones once more, for a quarter of an hour and a bit, which spreads the instances of a fleet.
  SourceAnswer prolonged(const char* why) {
    const auto jitter = std::chrono::seconds(120 + context_->random.below(480));
    const auto until = context_->now() + std::chrono::minutes(15) + jitter;
    context_->log(LogLevel::warning,
                  std::string("the instance's metadata service: ") + why + "; the last ones are used on");
    auto again = std::make_shared<Credentials>(*last_);
    again->expiration = until;
    return CredentialsPtr(std::move(again));
  }

  const SourceContextPtr context_;
  InstanceMetadata metadata_;
  CredentialsPtr last_;
};

}  // namespace

SourcePtr instance_source(SourceContextPtr context) { return std::make_unique<InstanceSource>(std::move(context)); }

}  // namespace kinesis::aws
