#include "fan_out.hpp"

#include "core/random.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <utility>

namespace kinesis::tool {
namespace {

using core::awaitable;

/// One that is still being made cannot be deregistered yet.
constexpr std::chrono::seconds until_active{30};
constexpr std::chrono::milliseconds look_again{500};

bool is_arn(const std::string& text) { return text.rfind("arn:", 0) == 0; }

std::string made_up(const std::string& prefix) {
  core::Random random(core::random_seed());
  char text[24];
  std::snprintf(text, sizeof text, "%08llx", static_cast<unsigned long long>(random() >> 32));
  return prefix + text;
}

std::string check(const std::string& text) {
  if (!is_arn(text) || text.find("/consumer/") != std::string::npos) return "";
  return "--fan-out takes the name or the ARN of a consumer, and " + text + " is the ARN of something else";
}

}  // namespace

CLI::Option* add_fan_out(CLI::App& command, FanOutArguments& arguments, const std::string& otherwise) {
  auto* option = command.add_option_function<std::string>(
      "--fan-out",
      [&arguments](const std::string& text) {
        arguments.given = true;
        arguments.consumer = text == "{}" ? "" : text;
      },
      "Enhanced fan-out: records are pushed over HTTP/2, with 2 MB a second for each shard that no other reader "
      "shares. "
      "Costs extra. The consumer by this name is registered if there is none, one by its ARN is used as it is; " +
          otherwise);
  option->expected(0, 1)->type_name("[NAME|ARN]");
  return option;
}

FanOutUse::FanOutUse(Client client, StreamId stream, const FanOutArguments& arguments, const std::string& prefix)
    : client_(std::move(client)), stream_(std::move(stream)), used_(arguments.given) {
  if (!used_) return;
  const std::string wrong = check(arguments.consumer);
  if (!wrong.empty()) throw Error(errc::invalid_argument, wrong);
  if (is_arn(arguments.consumer)) {
    arn_ = arguments.consumer;
  } else if (!arguments.consumer.empty()) {
    name_ = arguments.consumer;
  } else if (!prefix.empty()) {
    name_ = made_up(prefix);
    temporary_ = true;
  }
}

FetchMode FanOutUse::fetch(Polling polling) const {
  if (!used_) return polling;
  EnhancedFanOut fan_out;
  if (!arn_.empty()) {
    fan_out.consumer = ExistingConsumer{arn_};
  } else {
    fan_out.consumer = RegisteredConsumer{name_};
  }
  return fan_out;
}

awaitable<void> FanOutUse::end() {
  if (!temporary_) co_return;
  std::exception_ptr failure;
  try {
    co_await deregister();
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  throw core::to_error(failure).with_context("the fan-out consumer " + name_ + " may still be registered, and cost");
}

awaitable<void> FanOutUse::deregister() {
  std::string stream_arn(stream_.arn());
  if (stream_arn.empty()) {
    DescribeStreamSummaryRequest request(stream_);
    const auto summary = co_await client_.kinesis().describe_stream_summary(std::move(request));
    if (!summary && summary.error().code() == errc::not_found) co_return;
    if (!summary) throw summary.error();
    stream_arn = (*summary).stream_description_summary.stream_arn;
  }
  Clock& clock = client_.clock();
  const Clock::time_point latest = clock.now() + until_active;
  for (;;) {
    DeregisterStreamConsumerRequest request;
    request.stream_arn = stream_arn;
    request.consumer_name = name_;
    const auto answer = co_await client_.kinesis().deregister_stream_consumer(std::move(request));
    if (answer || answer.error().code() == errc::not_found) co_return;
    if (answer.error().code() != errc::already_exists || clock.now() >= latest) throw answer.error();
    co_await core::sleep_for(clock, look_again);
  }
}

awaitable<void> run_with_fan_out(std::shared_ptr<FanOutUse> fan_out, awaitable<void> work) {
  std::exception_ptr failure;
  try {
    co_await std::move(work);
  } catch (...) {
    failure = std::current_exception();
  }
  try {
    co_await fan_out->end();
  } catch (...) {
    if (!failure) failure = std::current_exception();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace kinesis::tool
