#include "aws/credentials_chain.hpp"

#include "aws/credentials/documents.hpp"
#include "aws/credentials/refreshing.hpp"
#include "aws/credentials/sources.hpp"

#include <utility>
#include <vector>

namespace kinesis::aws {
namespace {

/// Asks each source in turn, and later the one that had credentials first.
class Chain final : public CredentialsSource {
 public:
  explicit Chain(SourceContextPtr context) : context_(std::move(context)) {
    if (!context_->settings().profile_named_in_code) {
      sources_.push_back(environment_source(context_));
      sources_.push_back(web_identity_source(context_));
    }
    sources_.push_back(profile_source(context_));
    sources_.push_back(container_source(context_));
    sources_.push_back(instance_source(context_));
  }

  std::string name() const override { return "chain"; }

  core::awaitable<SourceAnswer> fetch() override {
    if (std::exchange(asked_before_, true) && context_->options.reload) co_await reload();
    if (winner_ != nullptr) {
      SourceAnswer again = co_await winner_->fetch();
      co_return checked(*winner_, std::move(again), "");
    }
    std::string tried;
    for (const SourcePtr& source : sources_) {
      SourceAnswer answer = co_await source->fetch();
      if (const auto* nothing = std::get_if<NotConfigured>(&answer)) {
        tried += (tried.empty() ? "" : "; ") + source->name() + ": " + nothing->why;
        continue;
      }
      if (std::holds_alternative<CredentialsPtr>(answer)) winner_ = source.get();
      co_return checked(*source, std::move(answer), tried);
    }
    co_return Error(errc::no_credentials, "no credentials found (" + tried + ")");
  }

 private:
  /// What `source` gave, or the one line that says why it is not good. `tried` tells of the sources before.
  static SourceAnswer checked(const CredentialsSource& source, SourceAnswer answer, const std::string& tried) {
    std::string why;
    bool retryable = false;
    if (const auto* found = std::get_if<CredentialsPtr>(&answer)) {
      const auto sound = check_credentials(**found);
      if (sound) return answer;
      why = sound.error().message();
    } else if (const auto* nothing = std::get_if<NotConfigured>(&answer)) {
      why = nothing->why;
    } else {
      why = std::get<Error>(answer).message();
      retryable = std::get<Error>(answer).retryable();
    }
    std::string message = "no credentials from " + source.name() + ": " + why;
    if (!tried.empty()) message += " (before it: " + tried + ")";
    return Error(errc::no_credentials, std::move(message)).with_retryable(retryable);
  }

  core::awaitable<void> reload() {
    auto read = std::make_shared<std::optional<Result<Settings>>>();
    std::function<void()> work = [read, reload = context_->options.reload] { read->emplace(reload()); };
    co_await context_->worker.run(std::move(work));
    Result<Settings>& settings = **read;
    if (settings) {
      context_->options.settings = std::move(*settings);
    } else {
      context_->log(LogLevel::warning, "the configuration could not be read again: " + settings.error().message());
    }
  }

  const SourceContextPtr context_;
  std::vector<SourcePtr> sources_;
  CredentialsSource* winner_ = nullptr;
  bool asked_before_ = false;
};

}  // namespace

std::shared_ptr<CredentialsProvider> credentials_chain(ChainOptions options) {
  auto context = std::make_shared<SourceContext>(std::move(options));
  return refreshing_credentials(context, std::make_unique<Chain>(context));
}

}  // namespace kinesis::aws
