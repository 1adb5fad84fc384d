#include "aws/services.hpp"

#include "aws/credentials/test_sources.hpp"
#include "http/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// What options, variables and files together make of a client.
namespace kinesis::aws {
namespace {

using core::awaitable;
using ::testing::HasSubstr;

class ServicesTest : public ::testing::Test {
 protected:
  http::TestContext loop;
  TemporaryFolder home;
  Variables variables{{"HOME", home.path()},
                      {"AWS_EC2_METADATA_DISABLED", "true"},
                      {"AWS_REGION", "eu-west-1"},
                      {"AWS_ACCESS_KEY_ID", "AKID"},
                      {"AWS_SECRET_ACCESS_KEY", "secret"}};
  ClientOptions options;
  std::vector<http::ServerRequest> seen;
  std::function<http::ServerResponse()> answer = [] {
    return http::ServerResponse(200, http::Headers{{"content-type", "application/x-amz-json-1.1"}},
                                http::Body("{\"Shards\":[]}"));
  };
  std::shared_ptr<http::Server> server = make_server();
  std::string url = "http://127.0.0.1:" + std::to_string(server->port());

  ServicesTest() {
    options.clock = Clock::system();
    options.retry.base = std::chrono::milliseconds(1);
  }
  std::shared_ptr<http::Server> make_server() {
    http::ServerOptions server_options;
    server_options.executor = loop.executor();
    auto handle = [this](http::ServerRequest request) -> awaitable<http::ServerResponse> {
      seen.push_back(std::move(request));
      co_return answer();
    };
    return http::make_server(std::move(server_options), http::handler(std::move(handle)));
  }
  Services connect() { return connect_services(options, loop.executor(), environment_of(variables)); }
  std::string mistake() {
    try {
      connect();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), errc::invalid_argument);
      return error.message();
    }
    return "<none>";
  }
  /// Lists shards; the requests are in `seen`.
  Result<ListShardsResponse> list() {
    seen.clear();
    const Services services = connect();
    std::optional<Result<ListShardsResponse>> out;
    auto task = [&]() -> awaitable<void> {
      ListShardsRequest request;
      request.stream_name = "s";
      out.emplace(co_await services.kinesis->list_shards(std::move(request)));
    };
    loop.run(task());
    return *out;
  }
  std::string header(std::string_view name) const { return std::string(seen.at(0).headers.find(name).value_or("")); }
};

TEST_F(ServicesTest, TheRegionComesFromCodeVariablesAndProfile) {
  home.write(".aws/config", "[default]\nregion = of-profile-1\n");
  variables["AWS_DEFAULT_REGION"] = "of-default-1";
  options.region = "of-code-1";
  EXPECT_EQ(connect().region, "of-code-1");
  options.region = "";
  EXPECT_EQ(connect().region, "eu-west-1");
  variables.erase("AWS_REGION");
  EXPECT_EQ(connect().region, "of-default-1");
  variables.erase("AWS_DEFAULT_REGION");
  EXPECT_EQ(connect().region, "of-profile-1");
  home.write(".aws/config", "");
  EXPECT_EQ(
      mistake(),
      "no region: name one with --region, ClientOptions::region, AWS_REGION, or \"region\" of the profile \"default\" "
      "(and no instance: AWS_EC2_METADATA_DISABLED is true)");
  variables["AWS_REGION"] = "no region!";
  EXPECT_EQ(mistake(), "the region is not valid");
}

TEST_F(ServicesTest, TheRegionComesFromTheInstanceLast) {
  // In a thread of its own: finding out blocks.
  http::ServerOptions server_options;
  server_options.threads = 1;
  auto handle = [](http::ServerRequest request) -> awaitable<http::ServerResponse> {
    if (request.method == "PUT") co_return http::ServerResponse(200, http::Headers(), http::Body("TOKEN"));
    EXPECT_EQ(request.target, "/latest/meta-data/placement/region");
    co_return http::ServerResponse(200, http::Headers(), http::Body("ap-south-1"));
  };
  const auto instance = http::make_server(std::move(server_options), http::handler(std::move(handle)));
  variables.erase("AWS_REGION");
  variables["AWS_EC2_METADATA_DISABLED"] = "false";
  variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:" + std::to_string(instance->port());
  EXPECT_EQ(connect().region, "ap-south-1");
  variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:1";
  EXPECT_THAT(mistake(), HasSubstr("and no instance: "));
}

TEST_F(ServicesTest, EndpointsOfOnesOwn) {
  options.endpoint_url = url;
  EXPECT_TRUE(list());
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_THAT(header("authorization"), HasSubstr("Credential=AKID/"));
  EXPECT_THAT(header("authorization"), HasSubstr("/eu-west-1/kinesis/aws4_request"));
  options.endpoint_url = "";
  variables["AWS_ENDPOINT_URL_KINESIS"] = url;
  variables["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1";
  EXPECT_TRUE(list());
  variables.erase("AWS_ENDPOINT_URL_KINESIS");
  variables["AWS_ENDPOINT_URL"] = url;
  EXPECT_TRUE(list());
  variables.erase("AWS_ENDPOINT_URL");
  home.write(
      ".aws/config",
      "[default]\nservices = own\nendpoint_url = http://127.0.0.1:1\n[services own]\nkinesis =\n  endpoint_url = " +
          url + "\n");
  EXPECT_TRUE(list());
  home.write(".aws/config", "[default]\nendpoint_url = " + url + "\n");
  EXPECT_TRUE(list());
  options.endpoint_url = "127.0.0.1:4567";
  EXPECT_THAT(mistake(), HasSubstr("endpoint \"127.0.0.1:4567\""));
}

TEST_F(ServicesTest, EndpointsOfOnesOwnMayBeIgnored) {
  variables["AWS_ENDPOINT_URL"] = "not a url";
  EXPECT_THAT(mistake(), HasSubstr("not a url"));
  variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "TRUE";
  EXPECT_EQ(mistake(), "<none>");
  options.endpoint_url = url;
  EXPECT_TRUE(list()) << "what code says counts";
}

TEST_F(ServicesTest, AttemptsComeFromCodeVariablesAndProfile) {
  options.endpoint_url = url;
  answer = [] { return http::ServerResponse(500); };
  EXPECT_EQ(list().error().attempts(), 3);
  home.write(".aws/config", "[default]\nmax_attempts = 2\n");
  EXPECT_EQ(list().error().attempts(), 2);
  variables["AWS_MAX_ATTEMPTS"] = "1";
  EXPECT_EQ(list().error().attempts(), 1);
  options.retry.max_attempts = 4;
  EXPECT_EQ(list().error().attempts(), 4);
  options.retry.max_attempts = 0;
  variables["AWS_MAX_ATTEMPTS"] = "many";
  EXPECT_THAT(mistake(), HasSubstr("AWS_MAX_ATTEMPTS"));
  variables.erase("AWS_MAX_ATTEMPTS");
  options.retry.max_attempts = -1;
  EXPECT_THAT(mistake(), HasSubstr("max_attempts"));
}

TEST_F(ServicesTest, TheRetryModeIsASetting) {
  for (const char* mode : {"standard", "adaptive", "legacy"}) {
    variables["AWS_RETRY_MODE"] = mode;
    EXPECT_EQ(mistake(), "<none>") << mode;
  }
  variables["AWS_RETRY_MODE"] = "eager";
  EXPECT_THAT(mistake(), HasSubstr("AWS_RETRY_MODE"));
  options.retry.mode = RetryPolicy::Mode::standard;
  EXPECT_EQ(mistake(), "<none>") << "what code says counts";
}

TEST_F(ServicesTest, TheApplicationNamesItself) {
  options.endpoint_url = url;
  ASSERT_TRUE(list());
  EXPECT_EQ(header("user-agent"), "kinesis-cpp/0.1");
  home.write(".aws/config", "[default]\nsdk_ua_app_id = from profile\n");
  ASSERT_TRUE(list());
  EXPECT_EQ(header("user-agent"), "kinesis-cpp/0.1 app/from-profile");
  variables["AWS_SDK_UA_APP_ID"] = "orders/1\r\nx: y" + std::string(100, 'x');
  ASSERT_TRUE(list());
  EXPECT_EQ(header("user-agent"), "kinesis-cpp/0.1 app/orders-1--x--y" + std::string(50 - 14, 'x'));
}

TEST_F(ServicesTest, FipsAndAnEndpointOfOnesOwnExcludeEachOther) {
  options.endpoint_url = url;
  variables["AWS_USE_FIPS_ENDPOINT"] = "true";
  EXPECT_THAT(mistake(), HasSubstr("FIPS"));
  options.endpoint_url = "";
  EXPECT_EQ(mistake(), "<none>");
}

TEST_F(ServicesTest, CredentialsOfTheCodeWinOverTheChain) {
  options.endpoint_url = url;
  options.credentials = static_credentials("CODE", "secret");
  ASSERT_TRUE(list());
  EXPECT_THAT(header("authorization"), HasSubstr("Credential=CODE/"));
}

TEST_F(ServicesTest, WithoutCredentialsNothingIsSent) {
  options.endpoint_url = url;
  variables.erase("AWS_ACCESS_KEY_ID");
  variables.erase("AWS_SECRET_ACCESS_KEY");
  const auto got = list();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), errc::no_credentials);
  EXPECT_THAT(got.error().message(), HasSubstr("environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"));
  EXPECT_TRUE(seen.empty());
}

TEST_F(ServicesTest, OptionsThatMakeNoSenseAreRefused) {
  options.max_connections_per_host = 0;
  EXPECT_THAT(mistake(), HasSubstr("max_connections_per_host"));
}

}  // namespace
}  // namespace kinesis::aws
