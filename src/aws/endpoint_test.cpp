#include "aws/endpoint.hpp"

#include <gtest/gtest.h>

#include <map>

namespace kinesis::aws {
namespace {

std::string url_of(const EndpointQuestion& question) {
  const Result<EndpointAnswer> answer = resolve_endpoint(question);
  return answer ? answer->url : answer.error().message();
}

std::string url(Service service, std::string_view region, bool fips = false, bool dual = false) {
  EndpointQuestion question;
  question.service = service;
  question.region = region;
  question.use_fips = fips;
  question.use_dual_stack = dual;
  return url_of(question);
}

std::string stream_url(std::string_view region, OperationType operation, std::string_view arn, bool fips = false,
                       bool dual = false) {
  EndpointQuestion question;
  question.region = region;
  question.operation = operation;
  question.resource_arn = arn;
  question.use_fips = fips;
  question.use_dual_stack = dual;
  return url_of(question);
}

// Expectations from botocore, tests/functional/endpoint-rules/kinesis/endpoint-tests-1.json.
TEST(EndpointTest, KinesisIsWhereTheRulesSay) {
  EXPECT_EQ(url(Service::kinesis, "us-east-1"), "https://kinesis.us-east-1.amazonaws.com");
  EXPECT_EQ(url(Service::kinesis, "eu-west-3"), "https://kinesis.eu-west-3.amazonaws.com");
  EXPECT_EQ(url(Service::kinesis, "us-east-1", true), "https://kinesis-fips.us-east-1.amazonaws.com");
  EXPECT_EQ(url(Service::kinesis, "us-east-1", false, true), "https://kinesis.us-east-1.api.aws");
  EXPECT_EQ(url(Service::kinesis, "us-east-1", true, true), "https://kinesis-fips.us-east-1.api.aws");
  EXPECT_EQ(url(Service::kinesis, "cn-north-1"), "https://kinesis.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(url(Service::kinesis, "cn-north-1", true), "https://kinesis-fips.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(url(Service::kinesis, "cn-north-1", true, true),
            "https://kinesis-fips.cn-north-1.api.amazonwebservices.com.cn");
  EXPECT_EQ(url(Service::kinesis, "us-gov-east-1"), "https://kinesis.us-gov-east-1.amazonaws.com");
  EXPECT_EQ(url(Service::kinesis, "us-gov-east-1", true), "https://kinesis.us-gov-east-1.amazonaws.com");
  EXPECT_EQ(url(Service::kinesis, "us-gov-east-1", true, true), "https://kinesis-fips.us-gov-east-1.api.aws");
  EXPECT_EQ(url(Service::kinesis, "us-gov-east-1", false, true), "https://kinesis.us-gov-east-1.api.aws");
  EXPECT_EQ(url(Service::kinesis, "us-iso-east-1"), "https://kinesis.us-iso-east-1.c2s.ic.gov");
  EXPECT_EQ(url(Service::kinesis, "us-iso-east-1", true), "https://kinesis-fips.us-iso-east-1.c2s.ic.gov");
  EXPECT_EQ(url(Service::kinesis, "us-isob-east-1"), "https://kinesis.us-isob-east-1.sc2s.sgov.gov");
  EXPECT_EQ(url(Service::kinesis, "eu-isoe-west-1"), "https://kinesis.eu-isoe-west-1.cloud.adc-e.uk");
  EXPECT_EQ(url(Service::kinesis, "us-isof-south-1"), "https://kinesis.us-isof-south-1.csp.hci.ic.gov");
  EXPECT_EQ(url(Service::kinesis, "eusc-de-east-1"), "https://kinesis.eusc-de-east-1.amazonaws.eu");
  EXPECT_EQ(url(Service::kinesis, "eusc-de-east-1", false, true),
            "https://kinesis.eusc-de-east-1.api.amazonwebservices.eu");
}

TEST(EndpointTest, TheOtherServicesHaveTheirOwnNamesAndExceptions) {
  EXPECT_EQ(url(Service::dynamodb, "eu-west-1"), "https://dynamodb.eu-west-1.amazonaws.com");
  EXPECT_EQ(url(Service::dynamodb, "us-gov-west-1", true), "https://dynamodb.us-gov-west-1.amazonaws.com");
  EXPECT_EQ(url(Service::dynamodb, "us-gov-west-1", true, true), "https://dynamodb-fips.us-gov-west-1.api.aws");
  EXPECT_EQ(url(Service::cloudwatch, "eu-west-1"), "https://monitoring.eu-west-1.amazonaws.com");
  EXPECT_EQ(url(Service::cloudwatch, "us-gov-west-1", true), "https://monitoring.us-gov-west-1.amazonaws.com");
  EXPECT_EQ(url(Service::cloudwatch, "us-gov-west-1", true, true), "https://monitoring.us-gov-west-1.api.aws");
  EXPECT_EQ(url(Service::cloudwatch, "us-east-1", true), "https://monitoring-fips.us-east-1.amazonaws.com");
  EXPECT_EQ(url(Service::sts, "eu-central-1"), "https://sts.eu-central-1.amazonaws.com");
  EXPECT_EQ(url(Service::sts, "aws-global"), "https://sts.amazonaws.com");
  EXPECT_EQ(url(Service::sts, "us-east-1", true), "https://sts-fips.us-east-1.amazonaws.com");
  EXPECT_EQ(url(Service::sso_portal, "us-east-1"), "https://portal.sso.us-east-1.amazonaws.com");
  EXPECT_EQ(url(Service::sso_portal, "us-east-1", true), "https://portal.sso-fips.us-east-1.amazonaws.com");
}

TEST(EndpointTest, SigningNamesAreTheServicesOwn) {
  EXPECT_EQ(signing_name(Service::kinesis), "kinesis");
  EXPECT_EQ(signing_name(Service::dynamodb), "dynamodb");
  EXPECT_EQ(signing_name(Service::cloudwatch), "monitoring");
  EXPECT_EQ(signing_name(Service::sts), "sts");
}

TEST(EndpointTest, SomeRegionsAreSignedForAnother) {
  EndpointQuestion question;
  question.service = Service::sts;
  question.region = "aws-global";
  EXPECT_EQ(resolve_endpoint(question)->signing_region, "us-east-1");
  question.service = Service::dynamodb;
  question.region = "local";
  EXPECT_EQ(resolve_endpoint(question)->url, "http://localhost:8000");
  EXPECT_EQ(resolve_endpoint(question)->signing_region, "us-east-1");
  question.region = "eu-west-1";
  EXPECT_EQ(resolve_endpoint(question)->signing_region, "eu-west-1");
}

TEST(EndpointTest, AStreamsArnLeadsToTheHostOfItsAccount) {
  const char* arn = "arn:aws:kinesis:us-east-1:123456789012:stream/s1";
  EXPECT_EQ(stream_url("us-east-1", OperationType::data, arn),
            "https://123456789012.data-kinesis.us-east-1.amazonaws.com");
  EXPECT_EQ(stream_url("us-east-1", OperationType::control, arn),
            "https://123456789012.control-kinesis.us-east-1.amazonaws.com");
  EXPECT_EQ(stream_url("us-east-1", OperationType::control, arn, true, true),
            "https://123456789012.control-kinesis-fips.us-east-1.api.aws");
  EXPECT_EQ(stream_url("us-east-1", OperationType::regional, arn), "https://kinesis.us-east-1.amazonaws.com");
  EXPECT_EQ(stream_url("us-east-1", OperationType::data, ""), "https://kinesis.us-east-1.amazonaws.com");
  EXPECT_EQ(
      stream_url("us-east-1", OperationType::data, "arn:aws:kinesis:us-east-1:123456789012:stream/s1/consumer/c:1"),
      "https://123456789012.data-kinesis.us-east-1.amazonaws.com");
  // The host is in the client's region, whatever the ARN says; in us-gov, too, FIPS has a host of its own here.
  EXPECT_EQ(stream_url("us-west-2", OperationType::data, arn),
            "https://123456789012.data-kinesis.us-west-2.amazonaws.com");
  EXPECT_EQ(stream_url("us-gov-west-1", OperationType::data,
                       "arn:aws-us-gov:kinesis:us-gov-west-1:123456789012:stream/s", true),
            "https://123456789012.data-kinesis-fips.us-gov-west-1.amazonaws.com");
}

TEST(EndpointTest, TheSecretPartitionsHaveNoAccountHosts) {
  EXPECT_EQ(stream_url("us-iso-east-1", OperationType::data, "arn:aws-iso:kinesis:us-iso-east-1:123456789012:stream/s"),
            "https://kinesis.us-iso-east-1.c2s.ic.gov");
}

TEST(EndpointTest, AnArnThatDoesNotFitIsRefused) {
  EXPECT_EQ(stream_url("us-east-1", OperationType::data, "s1"), "not an ARN");
  EXPECT_EQ(stream_url("us-east-1", OperationType::data, "arn:aws:kinesis:us-east-1::stream/s1"),
            "the ARN has no valid account id");
  EXPECT_EQ(stream_url("us-east-1", OperationType::data, "arn:aws:kinesis:us-east-1:evil.example:stream/s1"),
            "the ARN has no valid account id");
  EXPECT_EQ(stream_url("us-east-1", OperationType::data, "arn:aws:kinesis::123456789012:stream/s1"),
            "the ARN has no valid region");
  EXPECT_EQ(stream_url("us-east-1", OperationType::data, "arn:aws:s3:us-east-1:123456789012:stream/s1"),
            "the ARN is not of Kinesis");
  EXPECT_EQ(stream_url("us-east-1", OperationType::data, "arn:aws:kinesis:us-east-1:123456789012:queue/s1"),
            "the ARN is not of a stream");
  EXPECT_EQ(stream_url("us-east-1", OperationType::data, "arn:aws-cn:kinesis:cn-north-1:123456789012:stream/s1"),
            "the ARN is in another partition than the region, aws");
}

TEST(EndpointTest, AStreamIdLeadsToTheHostOfTheStream) {
  EndpointQuestion question;
  question.region = "us-east-1";
  question.operation = OperationType::data;
  question.stream_id = "abcdefghijklmnopqrst-abc";
  EXPECT_EQ(url_of(question), "https://abcdefghijklmnopqrst.abc.data-kinesis.us-east-1.amazonaws.com");
  question.stream_id = "short-abc";
  EXPECT_EQ(url_of(question), "https://kinesis.us-east-1.amazonaws.com");
}

TEST(EndpointTest, AnOverrideWinsOverAllAndTakesNoVariants) {
  EndpointQuestion question;
  question.region = "us-east-1";
  question.override_url = "http://127.0.0.1:4567";
  question.operation = OperationType::data;
  question.resource_arn = "arn:aws:kinesis:us-east-1:123456789012:stream/s1";
  question.stream_id = "abcdefghijklmnopqrst-abc";
  EXPECT_EQ(url_of(question), "http://127.0.0.1:4567");
  question.use_fips = true;
  EXPECT_EQ(url_of(question), "FIPS and an endpoint of one's own exclude each other");
  question.use_fips = false;
  question.use_dual_stack = true;
  EXPECT_EQ(url_of(question), "dual stack and an endpoint of one's own exclude each other");
}

TEST(EndpointTest, ARegionIsNeededAndCannotLeadElsewhere) {
  EXPECT_EQ(url(Service::kinesis, ""), "no region is set");
  for (const char* region : {"us-east-1.evil.example", "us east", "-us", "us/east", "a@b", "us-east-1#"}) {
    EXPECT_EQ(url(Service::kinesis, region), "the region is not valid") << region;
  }
  EXPECT_EQ(url(Service::kinesis, "mars-north-1"), "https://kinesis.mars-north-1.amazonaws.com");
}

class OverrideTest : public testing::Test {
 protected:
  std::string find(std::string_view from_code = "", Service service = Service::kinesis) {
    const Environment environment = [this](std::string_view name) -> std::optional<std::string> {
      const auto found = variables.find(std::string(name));
      if (found == variables.end()) return std::nullopt;
      return found->second;
    };
    return find_endpoint_override(service, from_code, environment, files, "default");
  }
  std::map<std::string, std::string> variables;
  ConfigFiles files = ConfigFiles::parse(
                          "[default]\nservices = local\nendpoint_url = http://profile\n[services local]\nkinesis =\n"
                          "  endpoint_url = http://section\n",
                          "")
                          .value();
};

TEST_F(OverrideTest, TheMostSpecificWins) {
  variables = {{"AWS_ENDPOINT_URL_KINESIS", "http://service"}, {"AWS_ENDPOINT_URL", "http://all"}};
  EXPECT_EQ(find("http://code"), "http://code");
  EXPECT_EQ(find(), "http://service");
  EXPECT_EQ(find("", Service::dynamodb), "http://all");
  variables["AWS_ENDPOINT_URL_KINESIS"] = "";
  EXPECT_EQ(find(), "http://all");
  variables.clear();
  EXPECT_EQ(find(), "http://section");
  EXPECT_EQ(find("", Service::dynamodb), "http://profile");
  files = ConfigFiles::parse("", "").value();
  EXPECT_EQ(find(), "");
}

TEST_F(OverrideTest, OnesOwnChoiceSurvivesWhenTheRestIsIgnored) {
  variables = {{"AWS_ENDPOINT_URL", "http://all"}, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "True"}};
  EXPECT_EQ(find(), "");
  EXPECT_EQ(find("http://code"), "http://code");
  variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "false";
  EXPECT_EQ(find(), "http://all");
}

}  // namespace
}  // namespace kinesis::aws
