#include "aws/credentials_chain.hpp"

#include "aws/credentials/test_sources.hpp"
#include "aws/query_format.hpp"
#include "aws/sigv4_verify.hpp"
#include "core/digest.hpp"
#include "core/hex.hpp"
#include "http/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// The chain as a whole, against servers on loopback and files.
namespace kinesis::aws {
namespace {

using namespace std::chrono_literals;
using core::awaitable;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view far_away = "2199-01-01T00:00:00Z";

class CredentialsChainTest : public ::testing::Test {
 protected:
  http::TestContext loop;
  TemporaryFolder home;
  Variables variables{{"HOME", home.path()}, {"AWS_EC2_METADATA_DISABLED", "true"}};
  std::vector<http::ServerRequest> seen;
  std::function<http::ServerResponse(const http::ServerRequest&)> answer;
  std::shared_ptr<http::Server> server = make_server();
  std::string url = "http://127.0.0.1:" + std::to_string(server->port());
  std::vector<std::string> logged;

  std::shared_ptr<http::Server> make_server() {
    http::ServerOptions options;
    options.executor = loop.executor();
    auto handle = [this](http::ServerRequest request) -> awaitable<http::ServerResponse> {
      seen.push_back(request);
      co_return answer(request);
    };
    return http::make_server(std::move(options), http::handler(std::move(handle)));
  }
  std::shared_ptr<CredentialsProvider> chain(std::string profile_in_code = "") {
    ChainOptions options;
    options.settings = load_settings(environment_of(variables), profile_in_code).value();
    options.reload = [variables = variables, profile_in_code] {
      return load_settings(environment_of(variables), profile_in_code);
    };
    options.region = "eu-west-1";
    http::ClientOptions http;
    http.executor = loop.executor();
    options.http = http::make_client(std::move(http));
    options.clock = Clock::system();
    options.executor = loop.executor();
    options.process_timeout = 10s;
    options.log = Log(LogLevel::trace, [this](const LogRecord& record) { logged.emplace_back(record.message); });
    return credentials_chain(std::move(options));
  }
  Result<std::shared_ptr<const Credentials>> get(CredentialsProvider& provider) {
    std::optional<Result<std::shared_ptr<const Credentials>>> out;
    auto task = [&]() -> awaitable<void> { out.emplace(co_await provider.get()); };
    loop.run(task());
    return *out;
  }
  /// "id/secret/token from source", or the error.
  std::string describe(CredentialsProvider& provider) {
    const auto got = get(provider);
    if (!got) {
      EXPECT_EQ(got.error().code(), errc::no_credentials);
      return got.error().message();
    }
    const Credentials& keys = **got;
    return keys.access_key_id + "/" + keys.secret_access_key + "/" + keys.session_token + " from " + keys.source;
  }
  std::string describe(std::string profile_in_code = "") { return describe(*chain(std::move(profile_in_code))); }
  static http::ServerResponse text(int status, std::string body, std::string_view type = "application/json") {
    return http::ServerResponse(status, http::Headers{{"content-type", type}}, http::Body(std::move(body)));
  }
  void config(std::string_view text) { home.write(".aws/config", text); }
  void credentials(std::string_view text) { home.write(".aws/credentials", text); }
  static std::string form(const http::ServerRequest& request, std::string_view name) {
    return form_value(request.body.text(), name);
  }
};

TEST_F(CredentialsChainTest, TheEnvironmentComesFirst) {
  variables["AWS_ACCESS_KEY_ID"] = "AKID";
  variables["AWS_SECRET_ACCESS_KEY"] = "secret";
  credentials("[default]\naws_access_key_id = P\naws_secret_access_key = p\n");
  EXPECT_EQ(describe(), "AKID/secret/ from environment");
  variables["AWS_SECURITY_TOKEN"] = "old";
  EXPECT_EQ(describe(), "AKID/secret/old from environment");
  variables["AWS_SESSION_TOKEN"] = "token";
  variables["AWS_CREDENTIAL_EXPIRATION"] = far_away;
  EXPECT_EQ(describe(), "AKID/secret/token from environment");
  EXPECT_EQ(describe("default"), "P/p/ from keys of the profile default")
      << "a profile named in code skips the environment";
}

TEST_F(CredentialsChainTest, HalfOfAnEnvironmentIsAnError) {
  credentials("[default]\naws_access_key_id = P\naws_secret_access_key = p\n");
  variables["AWS_ACCESS_KEY_ID"] = "AKID";
  EXPECT_EQ(describe(), "no credentials from environment: AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
  variables["AWS_SECRET_ACCESS_KEY"] = "hunter2";
  variables["AWS_CREDENTIAL_EXPIRATION"] = "2020-01-01T00:00:00Z";
  EXPECT_THAT(describe(), HasSubstr("have expired"));
  variables["AWS_CREDENTIAL_EXPIRATION"] = "soon";
  EXPECT_THAT(describe(), HasSubstr("ISO 8601"));
  variables.erase("AWS_CREDENTIAL_EXPIRATION");
  variables["AWS_SECRET_ACCESS_KEY"] = "hunter2\n";
  EXPECT_EQ(describe(),
            "no credentials from environment: the secret access key has white space or other characters that none has");
}

TEST_F(CredentialsChainTest, WithoutAnyItSaysWhatWasTried) {
  EXPECT_EQ(describe(),
            "no credentials found (environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set; "
            "web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set; profile default: there is no such profile; "
            "container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set; "
            "instance: AWS_EC2_METADATA_DISABLED is true)");
  config("[default]\nregion = eu-west-1\n");
  EXPECT_THAT(describe(), HasSubstr("profile default: it says nothing of credentials;"));
  variables.erase("HOME");
  EXPECT_THAT(describe(), HasSubstr("profile default: there are no configuration files without HOME;"));
}

TEST_F(CredentialsChainTest, AWebIdentityTradesTheTokenOfItsFileEachTime) {
  variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = home.write("token", "first.token\n");
  variables["AWS_ROLE_ARN"] = "arn:aws:iam::123456789012:role/r";
  variables["AWS_ROLE_SESSION_NAME"] = "me";
  variables["AWS_ENDPOINT_URL_STS"] = url;
  answer = [](const http::ServerRequest&) {
    return text(200, sts_answer("AssumeRoleWithWebIdentity", "ASIA", far_away), "text/xml");
  };
  const auto provider = chain();
  const auto first = get(*provider);
  ASSERT_TRUE(first) << first.error().what();
  EXPECT_EQ((*first)->access_key_id, "ASIA");
  EXPECT_EQ((*first)->session_token, "ststoken");
  EXPECT_EQ((*first)->source, "web identity");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(form(seen[0], "Action"), "AssumeRoleWithWebIdentity");
  EXPECT_EQ(form(seen[0], "Version"), "2011-06-15");
  EXPECT_EQ(form(seen[0], "RoleArn"), "arn:aws:iam::123456789012:role/r");
  EXPECT_EQ(form(seen[0], "RoleSessionName"), "me");
  EXPECT_EQ(form(seen[0], "WebIdentityToken"), "first.token");
  EXPECT_FALSE(seen[0].headers.contains("authorization"));
  home.write("token", "second.token");
  provider->refused(*first);
  ASSERT_TRUE(get(*provider));
  EXPECT_EQ(form(seen.at(1), "WebIdentityToken"), "second.token");
  for (const std::string& line : logged) EXPECT_THAT(line, Not(HasSubstr("stssecret")));
}

TEST_F(CredentialsChainTest, AWebIdentityThatFailsEndsTheSearch) {
  credentials("[default]\naws_access_key_id = P\naws_secret_access_key = p\n");
  variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = home.path() + "/none";
  EXPECT_THAT(describe(), HasSubstr("AWS_ROLE_ARN is not"));
  variables["AWS_ROLE_ARN"] = "r";
  variables["AWS_ENDPOINT_URL_STS"] = url;
  EXPECT_EQ(describe(), "no credentials from web identity: there is no file " + home.path() +
                            "/none (before it: environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set)");
  variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = home.write("token", "hunter2");
  answer = [](const http::ServerRequest&) {
    return text(400,
                "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code><Message>No "
                "provider</Message></Error></ErrorResponse>",
                "text/xml");
  };
  EXPECT_THAT(describe(), HasSubstr("web identity: STS: No provider (InvalidIdentityToken)"));
  EXPECT_EQ(seen.size(), 1u);
  answer = [](const http::ServerRequest&) { return text(200, "no xml at all", "text/xml"); };
  EXPECT_THAT(describe(), HasSubstr("web identity: STS: "));
}

TEST_F(CredentialsChainTest, ASlowIdentityProviderIsAskedAgain) {
  variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = home.write("token", "t");
  variables["AWS_ROLE_ARN"] = "r";
  variables["AWS_ENDPOINT_URL_STS"] = url;
  answer = [this](const http::ServerRequest&) {
    if (seen.size() > 1) return text(200, sts_answer("AssumeRoleWithWebIdentity", "ASIA", far_away), "text/xml");
    return text(
        400, "<ErrorResponse><Error><Code>IDPCommunicationError</Code><Message>slow</Message></Error></ErrorResponse>",
        "text/xml");
  };
  EXPECT_EQ(describe(), "ASIA/stssecret/ststoken from web identity");
}

TEST_F(CredentialsChainTest, AProfileHasKeys) {
  credentials(
      "[default]\naws_access_key_id = P\naws_secret_access_key = p\naws_session_token = t\n[half]\naws_access_key_id = "
      "H\n");
  EXPECT_EQ(describe(), "P/p/t from keys of the profile default");
  variables["AWS_PROFILE"] = "half";
  EXPECT_THAT(describe(), HasSubstr("profile half: it has aws_access_key_id without aws_secret_access_key"));
}

TEST_F(CredentialsChainTest, KeysThatWereReplacedInTheFileAreFoundAfterARefusal) {
  credentials("[default]\naws_access_key_id = OLD\naws_secret_access_key = p\n");
  const auto provider = chain();
  const auto first = get(*provider);
  ASSERT_TRUE(first);
  credentials("[default]\naws_access_key_id = NEW\naws_secret_access_key = p\n");
  EXPECT_EQ(describe(*provider), "OLD/p/ from keys of the profile default");
  provider->refused(*first);
  EXPECT_EQ(describe(*provider), "NEW/p/ from keys of the profile default");
}

TEST_F(CredentialsChainTest, AFileThatWasBrokenMeanwhileLeavesWhatWasReadBefore) {
  credentials("[default]\naws_access_key_id = OLD\naws_secret_access_key = p\n");
  const auto provider = chain();
  const auto first = get(*provider);
  ASSERT_TRUE(first);
  credentials("no section\n");
  provider->refused(*first);
  EXPECT_EQ(describe(*provider), "OLD/p/ from keys of the profile default");
  EXPECT_THAT(logged, ::testing::Contains(HasSubstr("could not be read again")));
}

TEST_F(CredentialsChainTest, ATakenRoleIsSignedForByItsSource) {
  config(
      "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\nexternal_id = "
      "ext&1\nduration_seconds = 1000\n"
      "role_session_name = me\n[profile base]\nregion = us-east-1\n");
  credentials("[base]\naws_access_key_id = BASE\naws_secret_access_key = basesecret\naws_session_token = basetoken\n");
  variables["AWS_ENDPOINT_URL_STS"] = url;
  answer = [](const http::ServerRequest&) { return text(200, sts_answer("AssumeRole", "ROLE", far_away), "text/xml"); };
  EXPECT_EQ(describe(), "ROLE/stssecret/ststoken from role of the profile default");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(form(seen[0], "Action"), "AssumeRole");
  EXPECT_EQ(form(seen[0], "ExternalId"), "ext&1");
  EXPECT_EQ(form(seen[0], "DurationSeconds"), "1000");
  EXPECT_EQ(form(seen[0], "RoleSessionName"), "me");
  std::vector<HeaderView> views;
  for (const auto field : seen[0].headers) views.push_back(HeaderView{field.name, field.value});
  SignableRequest signable;
  signable.path = seen[0].target;
  signable.headers = views;
  const std::string hash = core::to_hex(core::sha256(seen[0].body.bytes()));
  signable.body_sha256 = hash;
  VerifyOptions verify;
  verify.region = "eu-west-1";
  verify.service = "sts";
  verify.now = Clock::system()->wall_now();
  SigningKeys keys;
  const auto find_key = [](std::string_view id) -> std::optional<KnownKey> {
    if (id != "BASE") return std::nullopt;
    return KnownKey{"basesecret", "basetoken", false};
  };
  const VerifyResult verdict = verify_signature(signable, verify, find_key, keys);
  EXPECT_FALSE(verdict.refusal) << verdict.refusal->code << ": " << verdict.refusal->message;
}

TEST_F(CredentialsChainTest, RolesAreTakenOneWithTheOther) {
  config(
      "[default]\nrole_arn = second\nsource_profile = middle\n"
      "[profile middle]\nrole_arn = first\ncredential_source = Environment\n");
  variables["AWS_ACCESS_KEY_ID"] = "ENV";
  variables["AWS_SECRET_ACCESS_KEY"] = "envsecret";
  variables["AWS_ENDPOINT_URL_STS"] = url;
  answer = [](const http::ServerRequest& request) {
    return text(200, sts_answer("AssumeRole", "KEY" + form(request, "RoleArn"), far_away), "text/xml");
  };
  EXPECT_EQ(describe("default"), "KEYsecond/stssecret/ststoken from role of the profile default");
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_THAT(*seen[0].headers.find("authorization"), HasSubstr("Credential=ENV/"));
  EXPECT_THAT(*seen[1].headers.find("authorization"), HasSubstr("Credential=KEYfirst/"));
  EXPECT_THAT(form(seen[0], "RoleSessionName"), ::testing::StartsWith("kinesis-cpp-1"));
}

TEST_F(CredentialsChainTest, ARoleThatIsRefusedSaysWhoAsked) {
  config("[default]\nrole_arn = r\ncredential_source = Environment\n");
  variables["AWS_ACCESS_KEY_ID"] = "ENV";
  variables["AWS_SECRET_ACCESS_KEY"] = "hunter2";
  variables["AWS_ENDPOINT_URL_STS"] = url;
  answer = [](const http::ServerRequest&) {
    return text(403,
                "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>",
                "text/xml");
  };
  EXPECT_EQ(describe("default"),
            "no credentials from profile default: the role of the profile default with the credentials of environment: "
            "STS: not you (AccessDenied)");
  variables.erase("AWS_ACCESS_KEY_ID");
  variables.erase("AWS_SECRET_ACCESS_KEY");
  EXPECT_EQ(
      describe("default"),
      "no credentials from profile default: environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
  config("[default]\nrole_arn = r\nsource_profile = default\n");
  EXPECT_THAT(describe("default"), HasSubstr("circle"));
}

TEST_F(CredentialsChainTest, AProcessPrintsKeys) {
  home.write(
      "keys.json",
      R"({"Version":1,"AccessKeyId":"PROC","SecretAccessKey":"hunter2","SessionToken":"t","Expiration":"2199-01-01T00:00:00Z"})");
  config("[default]\ncredential_process = cat '" + home.path() + "/keys.json'\n");
  const auto provider = chain();
  const auto got = get(*provider);
  ASSERT_TRUE(got) << got.error().what();
  EXPECT_EQ((*got)->access_key_id, "PROC");
  EXPECT_TRUE((*got)->expiration);
  for (const std::string& line : logged) EXPECT_THAT(line, Not(HasSubstr("hunter2")));
}

TEST_F(CredentialsChainTest, AProcessThatFailsSaysHow) {
  const auto with = [&](const std::string& command) {
    config("[default]\ncredential_process = " + command + "\n");
    return describe();
  };
  EXPECT_THAT(with("sh -c 'echo hunter2; exit 7'"),
              HasSubstr("profile default: credential_process: \"sh\" failed with exit status 7"));
  EXPECT_THAT(with("/no/such/program --token hunter2"), HasSubstr("cannot be run: No such file"));
  EXPECT_THAT(with("echo hunter2"), HasSubstr("what it wrote is not what it should: it is no JSON object"));
  EXPECT_THAT(with("echo 'hunter2"), HasSubstr("quote is not closed"));
  home.write("old.json",
             R"({"Version":1,"AccessKeyId":"A","SecretAccessKey":"s","Expiration":"2020-01-01T00:00:00Z"})");
  EXPECT_THAT(with("cat " + home.path() + "/old.json"), HasSubstr("have expired"));
  EXPECT_THAT(with("head -c 100000 /dev/zero"), HasSubstr("more than 65536 bytes"));
  for (const std::string& line : logged) EXPECT_THAT(line, Not(HasSubstr("hunter2")));
}

TEST_F(CredentialsChainTest, ACachedSsoTokenIsTradedAtThePortal) {
  config(
      "[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Power User\n"
      "[sso-session corp]\nsso_region = eu-central-1\nsso_start_url = https://corp.awsapps.com/start\n");
  const std::string name = ".aws/sso/cache/" + core::to_hex(core::sha1(as_bytes("corp"))) + ".json";
  home.write(name, R"({"accessToken":"bearer","expiresAt":"2199-01-01T00:00:00Z"})");
  variables["AWS_ENDPOINT_URL_SSO"] = url;
  answer = [](const http::ServerRequest&) {
    return text(
        200,
        R"({"roleCredentials":{"accessKeyId":"SSO","secretAccessKey":"s","sessionToken":"t","expiration":7226582400000}})");
  };
  EXPECT_EQ(describe(), "SSO/s/t from SSO of the profile default");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].method + " " + seen[0].target,
            "GET /federation/credentials?role_name=Power%20User&account_id=123456789012");
  EXPECT_EQ(seen[0].headers.find("x-amz-sso_bearer_token"), "bearer");

  answer = [](const http::ServerRequest&) { return text(401, R"({"message":"Session token not found or invalid"})"); };
  EXPECT_THAT(describe(), HasSubstr("does not accept the cached token; run aws sso login --profile default"));
  answer = [](const http::ServerRequest&) {
    http::ServerResponse refusal = text(403, R"({"message":"No access"})");
    refusal.headers.add("x-amzn-errortype", "ForbiddenException:http://x");
    return refusal;
  };
  EXPECT_THAT(describe(), HasSubstr("SSO: No access (ForbiddenException)"));
  home.write(name, R"({"accessToken":"hunter2","expiresAt":"2020-01-01T00:00:00Z"})");
  EXPECT_EQ(describe(),
            "no credentials from profile default: SSO: the cached token has expired; run aws sso login --profile "
            "default (before it: "
            "environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set; web identity: "
            "AWS_WEB_IDENTITY_TOKEN_FILE is not set)");
  home.write(name, "hunter2");
  EXPECT_THAT(describe(), HasSubstr("no JSON object"));
  std::filesystem::remove(home.path() + "/" + name);
  EXPECT_THAT(describe(), HasSubstr("there is no file"));
  EXPECT_THAT(describe(), HasSubstr("run aws sso login"));
}

TEST_F(CredentialsChainTest, SsoWithoutASessionIsNamedByItsStartUrl) {
  const std::string start = "https://corp.awsapps.com/start";
  config("[default]\nsso_start_url = " + start +
         "\nsso_region = eu-central-1\nsso_account_id = 1\nsso_role_name = r\n");
  home.write(".aws/sso/cache/" + core::to_hex(core::sha1(as_bytes(start))) + ".json",
             R"({"accessToken":"b","expiresAt":"2199-01-01T00:00:00Z"})");
  variables["AWS_ENDPOINT_URL_SSO"] = url;
  answer = [](const http::ServerRequest&) {
    return text(
        200,
        R"({"roleCredentials":{"accessKeyId":"SSO","secretAccessKey":"s","sessionToken":"t","expiration":7226582400000}})");
  };
  EXPECT_EQ(describe(), "SSO/s/t from SSO of the profile default");
  config("[default]\nsso_session = none\nsso_account_id = 1\nsso_role_name = r\n");
  EXPECT_THAT(describe(), HasSubstr("there is no sso-session \"none\""));
  config("[default]\nsso_session = none\nsso_role_name = r\n");
  EXPECT_THAT(describe(), HasSubstr("no sso_account_id"));
}

TEST_F(CredentialsChainTest, AContainerIsAskedWithTheTokenOfItsFile) {
  variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url + "/v1/credentials";
  variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = home.write("token", "first");
  variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "ignored";
  answer = [](const http::ServerRequest&) {
    return text(
        200,
        R"({"AccessKeyId":"ECS","SecretAccessKey":"s","Token":"t","Expiration":"2199-01-01T00:00:00Z","AccountId":"1"})");
  };
  const auto provider = chain();
  const auto first = get(*provider);
  ASSERT_TRUE(first) << first.error().what();
  EXPECT_EQ((*first)->source, "container");
  EXPECT_EQ(seen.at(0).headers.find("authorization"), "first");
  home.write("token", "second");
  provider->refused(*first);
  ASSERT_TRUE(get(*provider));
  EXPECT_EQ(seen.at(1).headers.find("authorization"), "second");
  home.write("token", "hunter2\nx: y");
  EXPECT_THAT(describe(), HasSubstr("container: the authorization token has a line end"));
}

TEST_F(CredentialsChainTest, AnInstanceComesLast) {
  variables.erase("AWS_EC2_METADATA_DISABLED");
  variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = url;
  answer = [](const http::ServerRequest& request) {
    if (request.method == "PUT") return text(200, "TOKEN");
    if (request.headers.find("x-aws-ec2-metadata-token") != "TOKEN") return text(401, "");
    if (request.target.ends_with("/")) return text(200, "my-role");
    return text(
        200,
        R"({"Code":"Success","AccessKeyId":"IMDS","SecretAccessKey":"s","Token":"t","Expiration":"2199-01-01T00:00:00Z"})");
  };
  EXPECT_EQ(describe(), "IMDS/s/t from instance");
  EXPECT_EQ(seen.size(), 3u);
}

TEST_F(CredentialsChainTest, NoInstanceIsNoReasonToWait) {
  variables.erase("AWS_EC2_METADATA_DISABLED");
  variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:1";
  EXPECT_THAT(describe(), HasSubstr("instance: no metadata service answers ("));
}

TEST_F(CredentialsChainTest, TheSourceThatHadThemIsKept) {
  credentials("[default]\naws_access_key_id = P\naws_secret_access_key = p\n");
  variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
  const auto provider = chain();
  const auto first = get(*provider);
  ASSERT_TRUE(first);
  credentials("");
  provider->refused(*first);
  EXPECT_EQ(describe(*provider), "P/p/ from keys of the profile default") << "not another identity";
  EXPECT_TRUE(seen.empty());
}

}  // namespace
}  // namespace kinesis::aws
