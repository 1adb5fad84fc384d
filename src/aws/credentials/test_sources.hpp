#pragma once

#include "aws/credentials_chain.hpp"
#include "http/client.hpp"
#include <kinesis/testing/manual_clock.hpp>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <stdlib.h>
#include <string>
#include <vector>

// What the tests of the credentials share.
namespace kinesis::aws {

/// Environment variables of a test. No test sees those of the machine.
using Variables = std::map<std::string, std::string, std::less<>>;

inline Environment environment_of(Variables variables) {
  return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

inline Settings settings_of(Variables variables, std::string_view config = "", std::string_view credentials = "") {
  Settings settings;
  settings.environment = environment_of(std::move(variables));
  settings.files = ConfigFiles::parse(config, credentials).value();
  settings.profile = settings.variable("AWS_PROFILE").value_or("default");
  return settings;
}

/// A folder that is gone after the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "kinesis-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path() const { return path_.string(); }
  /// Writes a file in it, and the folders on its way; returns its path.
  std::string write(const std::string& name, std::string_view text) const {
    const auto path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

 private:
  std::filesystem::path path_;
};

/// Answers requests without a network, so that time can be virtual.
class FakeHttp final : public http::Client {
 public:
  struct Seen {
    std::string endpoint;
    std::string method;
    std::string target;
    http::Headers headers;
    std::string body;
    http::Timeouts timeouts;
    Clock::time_point when;
  };
  using Function = std::function<Result<http::Response>(const Seen&)>;

  FakeHttp(std::shared_ptr<Clock> clock, Function function)
      : clock_(std::move(clock)), function_(std::move(function)) {}

  std::vector<Seen> seen;
  /// "PUT /latest/api/token", …
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const Seen& one : seen) lines.push_back(one.method + " " + one.target);
    return lines;
  }

  http::awaitable<Result<http::Response>> send(http::Endpoint endpoint, http::Request request,
                                               http::RequestOptions options) override {
    Seen one;
    one.endpoint = endpoint.origin();
    one.method = request.method;
    one.target = request.target;
    one.headers = request.headers;
    one.body = std::string(request.body.joined().text());
    one.timeouts = options.timeouts.value_or(http::Timeouts());
    one.when = clock_->now();
    seen.push_back(one);
    co_return function_(one);
  }
  http::awaitable<Result<http::StreamedResponse>> open(http::Endpoint, http::Request, http::RequestOptions) override {
    co_return Error(errc::unsupported, "no streams here");
  }
  http::ClientStats stats() const override { return {}; }
  void close() override {}

 private:
  std::shared_ptr<Clock> clock_;
  Function function_;
};

inline http::Response answer_of(int status, std::string_view body, std::string_view content_type = "application/json") {
  // With the padding that received bodies have.
  auto text = std::make_shared<std::string>(std::string(body) + std::string(http::body_padding, '\0'));
  const BytesView bytes = as_bytes(*text).first(body.size());
  return http::Response(status, http::Headers{{"content-type", content_type}}, Blob(bytes, std::move(text)));
}

/// A clock that a test owns, as those want it that share it.
inline std::shared_ptr<Clock> borrowed(Clock& clock) { return {std::shared_ptr<void>(), &clock}; }

inline std::string sts_answer(std::string_view action, std::string_view id, std::string_view expiration) {
  return "<" + std::string(action) + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" +
         std::string(action) + "Result><Credentials><AccessKeyId>" + std::string(id) +
         "</AccessKeyId><SecretAccessKey>stssecret</SecretAccessKey><SessionToken>ststoken</SessionToken><Expiration>" +
         std::string(expiration) + "</Expiration></Credentials></" + std::string(action) + "Result></" +
         std::string(action) + "Response>";
}

}  // namespace kinesis::aws
