#include "aws/credentials/child_process.hpp"
#include "aws/credentials/command_line.hpp"
#include "aws/credentials/documents.hpp"
#include "aws/credentials/sources.hpp"

#include <utility>

namespace kinesis::aws {
namespace {

constexpr std::size_t most_output_bytes = std::size_t{64} << 10;

class ProcessSource final : public CredentialsSource {
 public:
  ProcessSource(SourceContextPtr context, std::string profile)
      : context_(std::move(context)), profile_(std::move(profile)) {}

  std::string name() const override { return "credential_process of the profile " + profile_; }

  core::awaitable<SourceAnswer> fetch() override {
    const auto command = context_->value(profile_, "credential_process");
    if (!command) co_return NotConfigured("it has no credential_process");
    auto words = split_command(*command);
    if (!words) co_return failed(words.error().message());
    // The work shares what it uses: a host that throws its executor away does not wait for it.
    auto output = std::make_shared<std::optional<Result<std::string>>>();
    std::function<void()> work = [context = context_, output, words = std::move(*words)] {
      output->emplace(run_program(words, most_output_bytes, context->options.process_timeout, context->closing));
    };
    co_await context_->worker.run(std::move(work));
    if (!**output) co_return failed((*output)->error().message());
    auto read = read_credentials((*output)->value(), CredentialsForm::process);
    if (!read) co_return failed("what it wrote is not what it should: " + read.error().message());
    if (read->expiration && *read->expiration <= context_->now())
      co_return failed("the credentials it wrote have expired");
    read->source = name();
    co_return std::make_shared<const Credentials>(std::move(*read));
  }

 private:
  static Error failed(const std::string& why) { return Error(errc::no_credentials, "credential_process: " + why); }

  const SourceContextPtr context_;
  const std::string profile_;
};

}  // namespace

SourcePtr process_source(SourceContextPtr context, std::string profile) {
  return std::make_unique<ProcessSource>(std::move(context), std::move(profile));
}

}  // namespace kinesis::aws
