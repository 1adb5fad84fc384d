#include "aws/credentials_chain.hpp"

#include "aws/credentials/sources.hpp"

#include <mutex>
#include <utility>
#include <vector>

namespace kinesis::aws {
namespace {

/// Asks each source in turn and keeps the first answer.
class Chain final : public CredentialsProvider {
 public:
  explicit Chain(const ChainOptions& options) {
    if (!options.settings.profile_named_in_code) sources_.push_back(environment_source(options.settings));
    sources_.push_back(profile_source(options.settings));
  }

  asio::awaitable<Result<CredentialsPtr>> get() override {
    {
      const std::lock_guard lock(mutex_);
      if (kept_) co_return kept_;
    }
    std::string tried;
    for (const auto& source : sources_) {
      SourceAnswer answer = co_await source->fetch();
      if (const auto* found = std::get_if<CredentialsPtr>(&answer)) {
        const std::lock_guard lock(mutex_);
        kept_ = *found;
        co_return kept_;
      }
      if (!tried.empty()) tried += "; ";
      tried += source->name() + ": ";
      if (const auto* error = std::get_if<Error>(&answer)) {
        tried += error->message();
        break;
      }
      tried += std::get<NotConfigured>(answer).why;
    }
    co_return Error(errc::no_credentials, "no credentials found (" + tried + ")");
  }
  void refused(const CredentialsPtr&) override {}

 private:
  std::vector<std::unique_ptr<CredentialsSource>> sources_;
  std::mutex mutex_;
  CredentialsPtr kept_;
};

}  // namespace

std::shared_ptr<CredentialsProvider> credentials_chain(ChainOptions options) { return std::make_shared<Chain>(options); }

}  // namespace kinesis::aws
