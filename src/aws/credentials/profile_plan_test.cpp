#include "aws/credentials/profile_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinesis::aws {
namespace {

using Base = ProfilePlan::Base;
using ::testing::HasSubstr;

Result<std::optional<ProfilePlan>> plan(std::string_view config, const std::string& profile = "default") {
  return plan_profile(ConfigFiles::parse(config, "").value(), profile);
}
ProfilePlan good(std::string_view config, const std::string& profile = "default") {
  auto found = plan(config, profile).value();
  EXPECT_TRUE(found.has_value());
  return found.value_or(ProfilePlan());
}
std::string mistake(std::string_view config, const std::string& profile = "default") {
  const auto found = plan(config, profile);
  return found ? "<none>" : found.error().message();
}

TEST(ProfilePlanTest, AProfileMaySayNothing) {
  EXPECT_FALSE(plan("").value());
  EXPECT_FALSE(plan("[default]\nregion = eu-west-1").value());
}

TEST(ProfilePlanTest, TheFirstOfSeveralCounts) {
  const std::string process = "credential_process = get\n";
  const std::string keys = "aws_access_key_id = A\naws_secret_access_key = s\n";
  const std::string sso = "sso_session = s\nsso_account_id = 1\nsso_role_name = r\n";
  const std::string web = "web_identity_token_file = f\nrole_arn = r\n";
  EXPECT_EQ(good("[default]\n" + process).base, Base::process);
  EXPECT_EQ(good("[default]\n" + process + keys).base, Base::keys);
  EXPECT_EQ(good("[default]\n" + process + keys + sso).base, Base::sso);
  EXPECT_EQ(good("[default]\n" + process + keys + sso + web).base, Base::web_identity);
  const ProfilePlan role = good("[default]\nrole_arn = r\nsource_profile = b\n" + keys + "[profile b]\n" + process);
  EXPECT_EQ(role.base, Base::process);
  EXPECT_EQ(role.roles.size(), 1u);
}

TEST(ProfilePlanTest, RolesAreTakenFromTheSourceOn) {
  const ProfilePlan found = good(
      "[profile a]\nrole_arn = ra\nsource_profile = b\nexternal_id = x\nduration_seconds = 900\nrole_session_name = "
      "me\n"
      "[profile b]\nrole_arn = rb\nsource_profile = c\n"
      "[profile c]\nrole_arn = rc\naws_access_key_id = A\naws_secret_access_key = s\n",
      "a");
  EXPECT_EQ(found.base, Base::keys);  // a source with keys is used as it is
  EXPECT_EQ(found.base_profile, "c");
  ASSERT_EQ(found.roles.size(), 2u);
  EXPECT_EQ(found.roles[0].role_arn, "rb");
  EXPECT_EQ(found.roles[0].session_name, "");
  EXPECT_EQ(found.roles[1].role_arn, "ra");
  EXPECT_EQ(found.roles[1].external_id, "x");
  EXPECT_EQ(found.roles[1].duration_seconds, 900);
  EXPECT_EQ(found.roles[1].session_name, "me");
}

TEST(ProfilePlanTest, CredentialSourcesHaveNames) {
  EXPECT_EQ(good("[default]\nrole_arn = r\ncredential_source = Environment").base, Base::environment);
  EXPECT_EQ(good("[default]\nrole_arn = r\ncredential_source = EcsContainer").base, Base::container);
  EXPECT_EQ(good("[default]\nrole_arn = r\ncredential_source = Ec2InstanceMetadata").base, Base::instance);
  EXPECT_THAT(mistake("[default]\nrole_arn = r\ncredential_source = Magic"), HasSubstr("must be Environment"));
}

TEST(ProfilePlanTest, AProfileMayBeItsOwnSourceIfItHasKeys) {
  const ProfilePlan found =
      good("[default]\nrole_arn = r\nsource_profile = default\naws_access_key_id = A\naws_secret_access_key = s");
  EXPECT_EQ(found.base, Base::keys);
  EXPECT_EQ(found.roles.size(), 1u);
  EXPECT_THAT(mistake("[default]\nrole_arn = r\nsource_profile = default"), HasSubstr("circle"));
}

TEST(ProfilePlanTest, CirclesAreFound) {
  EXPECT_THAT(mistake("[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = c\n"
                      "[profile c]\nrole_arn = r\nsource_profile = b",
                      "a"),
              HasSubstr("circle, at b"));
}

TEST(ProfilePlanTest, SaysWhatIsWrong) {
  EXPECT_THAT(mistake("[default]\nrole_arn = r"), HasSubstr("without source_profile or credential_source"));
  EXPECT_THAT(mistake("[default]\nrole_arn = r\nsource_profile = b"), HasSubstr("names b, which does not exist"));
  EXPECT_THAT(mistake("[default]\nrole_arn = r\nsource_profile = b\n[profile b]\nregion = x"),
              HasSubstr("says nothing of credentials"));
  EXPECT_THAT(mistake("[default]\nrole_arn = r\nsource_profile = b\ncredential_source = Environment"),
              HasSubstr("both"));
  EXPECT_THAT(mistake("[default]\nrole_arn = r\ncredential_source = Environment\nduration_seconds = 5"),
              HasSubstr("900 to 43200"));
  EXPECT_THAT(mistake("[default]\nrole_arn = r\ncredential_source = Environment\nmfa_serial = m"), HasSubstr("MFA"));
}

}  // namespace
}  // namespace kinesis::aws
