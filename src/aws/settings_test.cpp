#include "aws/settings.hpp"

#include "aws/credentials/test_sources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinesis::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SettingsTest : public ::testing::Test {
 protected:
  TemporaryFolder home;
  Variables variables{{"HOME", home.path()}};

  Result<Settings> load(std::string_view profile = "") { return load_settings(environment_of(variables), profile); }
  std::string mistake(std::string_view profile = "") {
    const auto loaded = load(profile);
    if (loaded) return "<none>";
    EXPECT_EQ(loaded.error().code(), errc::invalid_argument);
    return loaded.error().message();
  }
};

TEST_F(SettingsTest, FilesThatAreNotThereAreEmpty) {
  const Settings settings = load().value();
  EXPECT_EQ(settings.profile, "default");
  EXPECT_EQ(settings.files.profile("default"), nullptr);
  EXPECT_EQ(settings.config_path, home.path() + "/.aws/config");
  variables["AWS_CONFIG_FILE"] = home.path() + "/no/such/file";
  variables["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null";
  EXPECT_TRUE(load());
}

TEST_F(SettingsTest, AHomeMayBeMissingOrNone) {
  variables.clear();
  EXPECT_TRUE(load());
  variables["HOME"] = "";
  EXPECT_TRUE(load());
  variables["HOME"] = "/dev/null";
  EXPECT_TRUE(load());
  EXPECT_EQ(mistake("x"),
            "there is no profile \"x\": it is neither in /dev/null/.aws/config nor in /dev/null/.aws/credentials");
  variables.clear();
  EXPECT_EQ(mistake("x"), "there is no profile \"x\": without HOME there are no configuration files");
}

TEST_F(SettingsTest, BothFilesAreRead) {
  home.write(".aws/config", "[profile p]\nregion = eu-west-1\n[default]\nregion = us-west-2\n");
  home.write(".aws/credentials", "[p]\naws_access_key_id = A\n");
  EXPECT_EQ(load().value().profile_value("region"), "us-west-2");
  variables["AWS_PROFILE"] = "p";
  EXPECT_EQ(load().value().profile_value("region"), "eu-west-1");
  EXPECT_EQ(load().value().profile_value("aws_access_key_id"), "A");
  EXPECT_FALSE(load().value().profile_named_in_code);
  EXPECT_EQ(load("default").value().profile_value("region"), "us-west-2");
  EXPECT_TRUE(load("default").value().profile_named_in_code);
}

TEST_F(SettingsTest, FilesMayBeElsewhere) {
  variables["AWS_CONFIG_FILE"] = home.write("a/config", "[default]\nregion = here\n");
  EXPECT_EQ(load().value().profile_value("region"), "here");
  variables["AWS_CONFIG_FILE"] = "~/a/config";
  EXPECT_EQ(load().value().profile_value("region"), "here");
}

TEST_F(SettingsTest, AProfileThatWasAskedForMustExist) {
  home.write(".aws/config", "[profile p]\nregion = eu-west-1\n");
  EXPECT_THAT(mistake("q"), HasSubstr("there is no profile \"q\""));
  variables["AWS_PROFILE"] = "r";
  EXPECT_THAT(mistake(), HasSubstr("there is no profile \"r\""));
  EXPECT_TRUE(load("p")) << "code wins";
}

TEST_F(SettingsTest, WhatCannotBeReadIsSaidWithoutItsText) {
  home.write(".aws/config/x", "");  // a folder where the file should be
  EXPECT_EQ(mistake(), "cannot read " + home.path() + "/.aws/config: Is a directory");
  variables["AWS_CONFIG_FILE"] = home.write("config", "[default]\nhunter2\n");
  EXPECT_THAT(mistake(), HasSubstr("line 2"));
  EXPECT_THAT(mistake(), Not(HasSubstr("hunter2")));
  variables["AWS_CONFIG_FILE"] = home.write("big", std::string(std::size_t{1} << 21, '#'));
  EXPECT_THAT(mistake(), HasSubstr("larger than 1048576 bytes"));
}

TEST_F(SettingsTest, VariablesWinOverTheProfile) {
  home.write(".aws/config", "[default]\nca_bundle = file\nuse_fips_endpoint = True\nmax_attempts = 7\n");
  EXPECT_EQ(load().value().either("AWS_CA_BUNDLE", "ca_bundle"), "file");
  EXPECT_TRUE(load().value().flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"));
  EXPECT_EQ(load().value().number("AWS_MAX_ATTEMPTS", "max_attempts").value(), 7);
  variables["AWS_CA_BUNDLE"] = "variable";
  variables["AWS_USE_FIPS_ENDPOINT"] = "false";
  variables["AWS_MAX_ATTEMPTS"] = "2";
  EXPECT_EQ(load().value().either("AWS_CA_BUNDLE", "ca_bundle"), "variable");
  EXPECT_FALSE(load().value().flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"));
  EXPECT_EQ(load().value().number("AWS_MAX_ATTEMPTS", "max_attempts").value(), 2);
  variables["AWS_CA_BUNDLE"] = "";
  EXPECT_EQ(load().value().either("AWS_CA_BUNDLE", "ca_bundle"), "file") << "an empty variable is none";
  EXPECT_FALSE(load().value().either("AWS_X", "x"));
  EXPECT_EQ(load().value().number("AWS_X", "x").value(), std::nullopt);
  for (const char* text : {"0", "-1", "x", "3x", "99999999999", " 3"}) {
    variables["AWS_MAX_ATTEMPTS"] = text;
    EXPECT_FALSE(load().value().number("AWS_MAX_ATTEMPTS", "max_attempts")) << text;
  }
}

}  // namespace
}  // namespace kinesis::aws
