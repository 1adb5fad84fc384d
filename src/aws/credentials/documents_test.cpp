#include "aws/credentials/documents.hpp"

#include "core/time_format.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinesis::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string mistake(std::string_view json, CredentialsForm form) {
  const auto read = read_credentials(json, form);
  return read ? "<none>" : read.error().message();
}

TEST(CredentialsDocumentTest, ReadsWhatAProcessWrites) {
  const auto read = read_credentials(
      R"({"Version": 1, "AccessKeyId": "AKID", "SecretAccessKey": "secret", "SessionToken": "token",
          "Expiration": "2026-01-01T01:00:00Z", "AccountId": "123456789012"})",
      CredentialsForm::process);
  ASSERT_TRUE(read) << read.error().what();
  EXPECT_EQ(read->access_key_id, "AKID");
  EXPECT_EQ(read->secret_access_key, "secret");
  EXPECT_EQ(read->session_token, "token");
  EXPECT_EQ(read->expiration, core::parse_iso8601("2026-01-01T01:00:00Z"));
  const auto least = read_credentials(R"({"Version":1,"AccessKeyId":"A","SecretAccessKey":"s","SessionToken":null})",
                                      CredentialsForm::process);
  ASSERT_TRUE(least) << least.error().what();
  EXPECT_EQ(least->session_token, "");
  EXPECT_FALSE(least->expiration);
}

TEST(CredentialsDocumentTest, ReadsWhatTheMetadataServicesAnswer) {
  const auto read = read_credentials(
      R"({"Code": "Success", "LastUpdated": "2026-01-01T00:00:00Z", "Type": "AWS-HMAC", "AccessKeyId": "ASIA", "SecretAccessKey": "secret",
          "Token": "token", "Expiration": "2026-01-01T06:00:00+0000"})",
      CredentialsForm::metadata);
  ASSERT_TRUE(read) << read.error().what();
  EXPECT_EQ(read->session_token, "token");
  EXPECT_EQ(read->expiration, core::parse_iso8601("2026-01-01T06:00:00Z"));
  // Status 200, and yet no credentials.
  EXPECT_EQ(mistake(R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"no"})", CredentialsForm::metadata),
            "it says AssumeRoleUnauthorizedAccess");
  EXPECT_EQ(mistake(R"({"Code":"a b"})", CredentialsForm::metadata), "it says that there are none");
}

TEST(CredentialsDocumentTest, ReadsWhatTheSsoPortalAnswers) {
  const auto read = read_credentials(
      R"({"roleCredentials":{"accessKeyId":"ASIA","secretAccessKey":"secret","sessionToken":"token","expiration":1767225600000}})",
      CredentialsForm::sso);
  ASSERT_TRUE(read) << read.error().what();
  EXPECT_EQ(read->expiration, core::parse_iso8601("2026-01-01T00:00:00Z"));
  EXPECT_EQ(
      mistake(R"({"roleCredentials":{"accessKeyId":"A","secretAccessKey":"s","sessionToken":"t","expiration":-1}})",
              CredentialsForm::sso),
      "its expiration is no time");
}

TEST(CredentialsDocumentTest, SaysWhatIsWrongWithoutRepeatingIt) {
  EXPECT_EQ(mistake("", CredentialsForm::process), "it is no JSON object");
  EXPECT_EQ(mistake("hunter2", CredentialsForm::process), "it is no JSON object");
  EXPECT_EQ(mistake("[]", CredentialsForm::process), "it is no JSON object");
  EXPECT_EQ(mistake(R"({"AccessKeyId":"A","SecretAccessKey":"s"})", CredentialsForm::process), "its Version is not 1");
  EXPECT_EQ(mistake(R"({"Version":2,"AccessKeyId":"A","SecretAccessKey":"s"})", CredentialsForm::process),
            "its Version is not 1");
  EXPECT_EQ(mistake(R"({"Version":1,"AccessKeyId":"A"})", CredentialsForm::process),
            "there is no SecretAccessKey in it");
  EXPECT_EQ(mistake(R"({"Version":1,"AccessKeyId":7,"SecretAccessKey":"s"})", CredentialsForm::process),
            "there is no AccessKeyId in it");
  EXPECT_EQ(mistake(R"({"AccessKeyId":"A","SecretAccessKey":"s","Expiration":"2026-01-01T00:00:00Z"})",
                    CredentialsForm::metadata),
            "there is no Token in it");
  EXPECT_EQ(
      mistake(R"({"Version":1,"AccessKeyId":"A","SecretAccessKey":"s","Expiration":"soon"})", CredentialsForm::process),
      "its Expiration is no time");
  EXPECT_EQ(
      mistake(R"({"Version":1,"AccessKeyId":"A","SecretAccessKey":"s","Expiration":17})", CredentialsForm::process),
      "its Expiration is no time");
  const std::string smuggled =
      mistake(R"({"Version":1,"AccessKeyId":"A","SecretAccessKey":"hun\nter2"})", CredentialsForm::process);
  EXPECT_THAT(smuggled, HasSubstr("white space"));
  EXPECT_THAT(smuggled, Not(HasSubstr("ter2")));
}

TEST(CredentialsDocumentTest, ReadsTheCachedSsoToken) {
  const auto read = read_sso_token(
      R"({"startUrl":"https://x","region":"eu-west-1","accessToken":"tok","expiresAt":"2026-01-01T00:00:00UTC"})");
  ASSERT_TRUE(read) << read.error().what();
  EXPECT_EQ(read->access_token, "tok");
  EXPECT_EQ(read->expires, core::parse_iso8601("2026-01-01T00:00:00Z"));
  EXPECT_FALSE(read_sso_token(R"({"accessToken":"tok"})"));
  EXPECT_FALSE(read_sso_token(R"({"accessToken":"to\r\nk","expiresAt":"2026-01-01T00:00:00Z"})"));
  EXPECT_FALSE(read_sso_token("null"));
}

TEST(CredentialsDocumentTest, KeysMustBeVisible) {
  Credentials credentials;
  credentials.access_key_id = "AKID";
  credentials.secret_access_key = "secret";
  EXPECT_TRUE(check_credentials(credentials));
  credentials.secret_access_key = "secret\n";
  EXPECT_FALSE(check_credentials(credentials));
  credentials.secret_access_key = "";
  EXPECT_FALSE(check_credentials(credentials));
  credentials.secret_access_key = "secret";
  credentials.session_token = "a b";
  EXPECT_FALSE(check_credentials(credentials));
  credentials.session_token = "";
  credentials.access_key_id = "";
  EXPECT_FALSE(check_credentials(credentials));
}

}  // namespace
}  // namespace kinesis::aws
