#include "aws/credentials/instance_metadata.hpp"
#include "aws/credentials/sources.hpp"
#include "aws/credentials/test_sources.hpp"
#include "core/test_loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// The container's and the instance's service, in virtual time.
namespace kinesis::aws {
namespace {

using namespace std::chrono_literals;
using core::awaitable;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view keys =
    R"({"Code":"Success","AccessKeyId":"ASIA","SecretAccessKey":"secret","Token":"token","Expiration":"2026-01-01T06:00:00Z"})";

class MetadataSourcesTest : public ::testing::Test {
 protected:
  core::TestLoop loop;
  std::shared_ptr<FakeHttp> http;
  std::vector<std::string> logged;

  SourceContextPtr context(Variables variables, FakeHttp::Function function) {
    ChainOptions options;
    options.settings = settings_of(std::move(variables));
    options.clock = borrowed(loop.clock);
    options.executor = loop.executor();
    options.log = Log(LogLevel::warning, [this](const LogRecord& record) { logged.emplace_back(record.message); });
    http = std::make_shared<FakeHttp>(options.clock, std::move(function));
    options.direct_http = http;
    return std::make_shared<SourceContext>(std::move(options));
  }
  /// "ASIA", or "none: …", or "error: …".
  std::string fetch(CredentialsSource& source, CredentialsPtr* credentials = nullptr) {
    std::string out;
    auto task = [&]() -> awaitable<void> {
      const SourceAnswer answer = co_await source.fetch();
      if (const auto* found = std::get_if<CredentialsPtr>(&answer)) {
        out = (*found)->access_key_id;
        if (credentials != nullptr) *credentials = *found;
      } else if (const auto* nothing = std::get_if<NotConfigured>(&answer)) {
        out = "none: " + nothing->why;
      } else {
        out = "error: " + std::get<Error>(answer).message();
      }
    };
    loop.run(task());
    return out;
  }
  std::string container(Variables variables, FakeHttp::Function function) {
    return fetch(*container_source(context(std::move(variables), std::move(function))));
  }
  std::string instance(Variables variables, FakeHttp::Function function) {
    return fetch(*instance_source(context(std::move(variables), std::move(function))));
  }
  static Result<http::Response> always_keys(const FakeHttp::Seen&) { return answer_of(200, keys); }

  /// An instance with a role.
  static Result<http::Response> good_instance(const FakeHttp::Seen& seen) {
    if (seen.method == "PUT") return answer_of(200, "TOKEN", "text/plain");
    if (seen.headers.find("x-aws-ec2-metadata-token") != "TOKEN") return answer_of(401, "");
    if (seen.target == "/latest/meta-data/iam/security-credentials/") return answer_of(200, "my-role\n", "text/plain");
    if (seen.target == "/latest/meta-data/iam/security-credentials/my-role") return answer_of(200, keys);
    return answer_of(404, "");
  }
  static Error no_answer() { return Error(errc::timeout, "no answer within 1 s").with_attempts(1); }
  static Error no_route() { return Error(errc::connection, "no route to host").with_attempts(0); }
};

TEST_F(MetadataSourcesTest, AContainerIsAskedAtItsRelativeAddress) {
  EXPECT_EQ(container({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials?id=x"}}, always_keys), "ASIA");
  ASSERT_EQ(http->seen.size(), 1u);
  EXPECT_EQ(http->seen[0].endpoint + http->seen[0].target, "http://169.254.170.2/v2/credentials?id=x");
  EXPECT_EQ(http->seen[0].timeouts.first_byte, 2s);
  EXPECT_FALSE(http->seen[0].headers.contains("authorization"));
}

TEST_F(MetadataSourcesTest, AContainersFullAddressMustBeSafe) {
  const auto ask = [&](const std::string& url) {
    return container({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}}, always_keys);
  };
  for (const char* url : {"http://127.0.0.1:1/x", "http://127.9.9.9/", "http://localhost:8080/x", "http://[::1]:80/x",
                          "https://example.com/x", "http://169.254.170.2/x", "http://169.254.170.23/v1/credentials",
                          "http://[fd00:ec2::23]/v1/credentials"}) {
    EXPECT_EQ(ask(url), "ASIA") << url;
  }
  for (const char* url :
       {"http://example.com/x", "http://169.254.169.254/", "http://127.0.0.1.example.com/", "http://128.0.0.1/",
        "http://127.0.0/", "http://127.0.0.256/", "http://localhost.example.com/", "http://10.0.0.1/"}) {
    EXPECT_THAT(ask(url), HasSubstr("neither https nor this machine")) << url;
    EXPECT_TRUE(http->seen.empty());
  }
  EXPECT_THAT(ask("not a url"), HasSubstr("no URL"));
  EXPECT_THAT(container({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", ".example.com/x"}}, always_keys),
              HasSubstr("must begin with a slash"));
  EXPECT_THAT(container({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@example.com/x"}}, always_keys),
              StartsWith("error"));
}

TEST_F(MetadataSourcesTest, ARelativeAddressWinsOverAFullOne) {
  container({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/rel"},
             {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/full"}},
            always_keys);
  EXPECT_THAT(http->lines(), ElementsAre("GET /rel"));
}

TEST_F(MetadataSourcesTest, AContainersAuthorizationIsSent) {
  const std::string url = "http://localhost/x";
  container({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc"}},
            always_keys);
  EXPECT_EQ(http->seen.at(0).headers.find("authorization"), "Basic abc");
  const std::string answer =
      container({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "hunter2\r\nx: y"}},
                always_keys);
  EXPECT_THAT(answer, HasSubstr("line end"));
  EXPECT_THAT(answer, Not(HasSubstr("hunter2")));
  EXPECT_TRUE(http->seen.empty());
}

TEST_F(MetadataSourcesTest, AContainerIsAskedThreeTimesASecondApart) {
  int asked = 0;
  auto third = [&](const FakeHttp::Seen&) -> Result<http::Response> {
    ++asked;
    if (asked == 1) return no_answer();
    if (asked == 2) return answer_of(503, "busy");
    return answer_of(200, keys);
  };
  EXPECT_EQ(container({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}}, third), "ASIA");
  EXPECT_EQ(http->seen[2].when - http->seen[0].when, 2s);
  auto never = [&](const FakeHttp::Seen&) -> Result<http::Response> { return no_answer(); };
  EXPECT_EQ(container({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}}, never), "error: no answer within 1 s");
  EXPECT_EQ(http->seen.size(), 3u);
  auto refuses = [&](const FakeHttp::Seen&) -> Result<http::Response> {
    return answer_of(403, "{\"message\":\"hunter2\"}");
  };
  EXPECT_EQ(container({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}}, refuses),
            "error: 169.254.170.2 answers with HTTP status 403");
  EXPECT_EQ(http->seen.size(), 1u);
}

TEST_F(MetadataSourcesTest, AContainersGarbageIsAnError) {
  auto garbage = [](const FakeHttp::Seen&) -> Result<http::Response> { return answer_of(200, "<html>hunter2</html>"); };
  EXPECT_EQ(container({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}}, garbage),
            "error: the answer of 169.254.170.2 is not what it should: it is no JSON object");
}

TEST_F(MetadataSourcesTest, WithoutVariablesThereIsNoContainer) {
  EXPECT_THAT(container({}, always_keys), StartsWith("none: "));
}

TEST_F(MetadataSourcesTest, AnInstanceGivesATokenARoleAndKeys) {
  EXPECT_EQ(instance({}, good_instance), "ASIA");
  EXPECT_THAT(http->lines(), ElementsAre("PUT /latest/api/token", "GET /latest/meta-data/iam/security-credentials/",
                                         "GET /latest/meta-data/iam/security-credentials/my-role"));
  EXPECT_EQ(http->seen[0].endpoint, "http://169.254.169.254");
  EXPECT_EQ(http->seen[0].headers.find("x-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(http->seen[0].timeouts.connect, 1s);
}

TEST_F(MetadataSourcesTest, AnInstancesTokenIsUsedAgainUntilItEnds) {
  auto instance = [](const FakeHttp::Seen& seen) -> Result<http::Response> {
    auto answer = good_instance(seen);
    if (seen.method == "PUT") answer->headers.add("x-aws-ec2-metadata-token-ttl-seconds", "600");
    return answer;
  };
  const auto source = instance_source(context({}, instance));
  fetch(*source);
  fetch(*source);
  EXPECT_EQ(http->seen.size(), 5u);
  loop.clock.advance(9min);
  fetch(*source);
  EXPECT_EQ(http->seen.size(), 8u);
}

TEST_F(MetadataSourcesTest, AnInstanceThatForgotItsTokenGivesANewOne) {
  std::string token = "OLD";
  auto forgetful = [&](const FakeHttp::Seen& seen) -> Result<http::Response> {
    if (seen.method == "PUT") return answer_of(200, token);
    if (seen.headers.find("x-aws-ec2-metadata-token") != token) return answer_of(401, "");
    return answer_of(200, seen.target.ends_with("/") ? "r" : keys);
  };
  const auto source = instance_source(context({}, forgetful));
  EXPECT_EQ(fetch(*source), "ASIA");
  token = "NEW";
  EXPECT_EQ(fetch(*source), "ASIA");
  token = "";
  auto stubborn = [&](const FakeHttp::Seen& seen) -> Result<http::Response> {
    return answer_of(seen.method == "PUT" ? 200 : 401, "TOKEN");
  };
  EXPECT_EQ(instance({}, stubborn), "error: the instance's metadata service answers with HTTP status 401");
  EXPECT_EQ(http->seen.size(), 4u);
}

TEST_F(MetadataSourcesTest, VersionOneIsUsedWhereThereAreNoTokens) {
  for (const int status : {403, 404, 405, 0}) {
    auto old = [status](const FakeHttp::Seen& seen) -> Result<http::Response> {
      if (seen.method == "PUT" && status == 0) return no_answer();
      if (seen.method == "PUT") return answer_of(status, "");
      EXPECT_FALSE(seen.headers.contains("x-aws-ec2-metadata-token"));
      return answer_of(200, seen.target.ends_with("/") ? "r" : keys);
    };
    EXPECT_EQ(instance({}, old), "ASIA") << status;
    EXPECT_THAT(instance({{"AWS_EC2_METADATA_V1_DISABLED", "TRUE"}}, old), HasSubstr("AWS_EC2_METADATA_V1_DISABLED"))
        << status;
    EXPECT_EQ(http->seen.size(), 1u);
  }
}

TEST_F(MetadataSourcesTest, OtherRefusalsOfATokenAreNoReasonForVersionOne) {
  auto refuse = [](int status) {
    return [status](const FakeHttp::Seen&) -> Result<http::Response> { return answer_of(status, ""); };
  };
  EXPECT_THAT(instance({}, refuse(400)), StartsWith("none: "));
  EXPECT_EQ(http->seen.size(), 1u);
  EXPECT_THAT(instance({}, refuse(500)), StartsWith("error: "));
  EXPECT_EQ(http->seen.size(), 1u);
}

TEST_F(MetadataSourcesTest, NoInstanceIsFoundOutAtOnce) {
  auto nobody = [](const FakeHttp::Seen&) -> Result<http::Response> { return no_route(); };
  EXPECT_EQ(instance({}, nobody), "none: no metadata service answers (no route to host)");
  EXPECT_EQ(http->seen.size(), 1u);
  EXPECT_EQ(instance({{"AWS_EC2_METADATA_DISABLED", "True"}}, nobody), "none: AWS_EC2_METADATA_DISABLED is true");
  EXPECT_TRUE(http->seen.empty());
}

TEST_F(MetadataSourcesTest, AnInstanceWithoutARoleHasNone) {
  auto no_role = [](const FakeHttp::Seen& seen) -> Result<http::Response> {
    return seen.method == "PUT" ? answer_of(200, "TOKEN") : answer_of(404, "");
  };
  EXPECT_EQ(instance({}, no_role), "none: the instance has no role");
  auto empty = [](const FakeHttp::Seen& seen) -> Result<http::Response> {
    return answer_of(200, seen.method == "PUT" ? "TOKEN" : "");
  };
  EXPECT_EQ(instance({}, empty), "none: the instance has no role");
}

TEST_F(MetadataSourcesTest, AnInstancesEndpointModeAndPatienceAreSettings) {
  const auto endpoint_with = [&](Variables variables) {
    instance(std::move(variables), good_instance);
    return http->seen.empty() ? "" : http->seen[0].endpoint + http->seen[0].target;
  };
  EXPECT_EQ(endpoint_with({{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"}}),
            "http://[fd00:ec2::254]/latest/api/token");
  EXPECT_EQ(endpoint_with({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:77/"}}),
            "http://127.0.0.1:77/latest/api/token");
  EXPECT_EQ(endpoint_with({{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "x"}}), "");
  int asked = 0;
  auto second = [&](const FakeHttp::Seen& seen) -> Result<http::Response> {
    return ++asked == 1 ? Result<http::Response>(no_answer()) : good_instance(seen);
  };
  EXPECT_EQ(instance({{"AWS_METADATA_SERVICE_TIMEOUT", "7"}, {"AWS_METADATA_SERVICE_NUM_ATTEMPTS", "2"}}, second),
            "ASIA");
  EXPECT_EQ(http->seen[0].timeouts.first_byte, 7s);
  EXPECT_THAT(instance({{"AWS_METADATA_SERVICE_NUM_ATTEMPTS", "many"}}, second),
              HasSubstr("AWS_METADATA_SERVICE_NUM_ATTEMPTS"));
}

TEST_F(MetadataSourcesTest, AnInstanceThatIsStuckIsServedFromItsLastCredentials) {
  std::string expiration = "2026-01-01T01:00:00Z";
  bool gone = false;
  auto stuck = [&](const FakeHttp::Seen& seen) -> Result<http::Response> {
    if (gone) return no_route();
    if (seen.method == "PUT") return answer_of(200, "TOKEN");
    if (seen.target.ends_with("/")) return answer_of(200, "r");
    return answer_of(200,
                     R"({"AccessKeyId":"ASIA","SecretAccessKey":"s","Token":"t","Expiration":")" + expiration + "\"}");
  };
  const auto source = instance_source(context({}, stuck));
  CredentialsPtr credentials;
  EXPECT_EQ(fetch(*source, &credentials), "ASIA");
  EXPECT_EQ(credentials->expiration, core::parse_iso8601(expiration));
  loop.clock.advance(50min);
  gone = true;
  EXPECT_THAT(fetch(*source), StartsWith("none: ")) << "what was given before is still good";
  gone = false;
  for (int hour = 0; hour < 3; ++hour) {
    loop.clock.advance(1h);
    EXPECT_EQ(fetch(*source, &credentials), "ASIA");
    const auto life = *credentials->expiration - loop.clock.wall_now();
    EXPECT_GE(life, 17min);
    EXPECT_LE(life, 25min);
  }
  gone = true;
  EXPECT_EQ(fetch(*source, &credentials), "ASIA");
  EXPECT_THAT(logged, ::testing::SizeIs(4));
  gone = false;
  expiration = "2026-01-01T12:00:00Z";
  EXPECT_EQ(fetch(*source, &credentials), "ASIA");
  EXPECT_EQ(credentials->expiration, core::parse_iso8601(expiration));
}

TEST_F(MetadataSourcesTest, AnInstancesGarbageIsAnError) {
  auto garbage = [](const FakeHttp::Seen& seen) -> Result<http::Response> {
    if (seen.method == "PUT") return answer_of(200, "a b");
    return answer_of(200, "x");
  };
  EXPECT_THAT(instance({}, garbage), HasSubstr("cannot be sent"));
  auto bad_role = [](const FakeHttp::Seen& seen) -> Result<http::Response> {
    return answer_of(200, seen.method == "PUT" ? "TOKEN" : "my role?x");
  };
  EXPECT_THAT(instance({}, bad_role), HasSubstr("name of a role"));
  auto bad_keys = [](const FakeHttp::Seen& seen) -> Result<http::Response> {
    if (seen.method == "PUT") return answer_of(200, "TOKEN");
    return answer_of(200, seen.target.ends_with("/") ? "r" : "{}");
  };
  EXPECT_EQ(instance({}, bad_keys),
            "error: the instance's credentials are not what they should: there is no AccessKeyId in it");
}

}  // namespace
}  // namespace kinesis::aws
