#include "aws/credentials/context.hpp"

#include "aws/text_file.hpp"

#include <utility>

namespace kinesis::aws {
namespace {

constexpr std::size_t most_answer_bytes = std::size_t{256} << 10;
constexpr std::size_t most_file_bytes = std::size_t{256} << 10;

bool worth_another_try(const Result<http::Response>& answer) noexcept {
  if (!answer) return answer.error().retryable();
  return answer->status >= 500 || answer->status == 429;
}

}  // namespace

SourceContext::SourceContext(ChainOptions options) : options(std::move(options)), random(core::random_seed()) {}

std::optional<std::string> SourceContext::value(const std::string& profile, std::string_view key) const {
  const ConfigSection* section = settings().files.profile(profile);
  if (section == nullptr) return std::nullopt;
  const auto value = section->find(key);
  if (!value || value->empty()) return std::nullopt;
  return std::string(*value);
}

http::Client& SourceContext::direct_http() {
  if (!options.direct_http) {
    http::ClientOptions http;
    http.executor = options.executor;
    http.clock = options.clock;
    http.log = options.log;
    http.tls.ca_file = settings().either("AWS_CA_BUNDLE", "ca_bundle").value_or("");
    http.proxy = http::ProxySettings::none();
    http.max_connections_per_host = 2;
    http.idle_timeout = std::chrono::seconds(2);  // the next question is an hour away
    options.direct_http = http::make_client(std::move(http));
  }
  return *options.direct_http;
}

HttpQuestion small_question(http::Endpoint endpoint, http::Request request, Clock::duration time_limit) {
  HttpQuestion question(std::move(endpoint), std::move(request));
  question.options.timeouts.emplace();
  question.options.timeouts->connect = time_limit;
  question.options.timeouts->tls = time_limit;
  question.options.timeouts->first_byte = time_limit;
  question.options.timeouts->total = 3 * time_limit;
  question.options.max_body = most_answer_bytes;
  return question;
}

core::awaitable<Result<http::Response>> ask(http::Client& client, Clock& clock, HttpQuestion question) {
  for (int attempt = 1;; ++attempt) {
    Result<http::Response> answer = co_await client.send(question.endpoint, question.request, question.options);
    if (attempt >= question.tries || !worth_another_try(answer)) co_return answer;
    co_await core::sleep_for(clock, question.pause);
  }
}

core::awaitable<Result<std::string>> read_secret_file(SourceContextPtr context, std::string path) {
  std::optional<Result<std::optional<std::string>>> text;
  std::function<void()> work = [&text, &path] { text.emplace(read_text_file(path, most_file_bytes)); };
  co_await context->worker.run(std::move(work));
  if (!*text) co_return text->error();
  if (!**text) co_return Error(errc::storage, "there is no file " + path);
  co_return std::move(***text);
}

}  // namespace kinesis::aws
