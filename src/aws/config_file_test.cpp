#include "aws/config_file.hpp"

#include <gtest/gtest.h>

namespace kinesis::aws {
namespace {

ConfigFiles parse(std::string_view config, std::string_view credentials = "") {
  return ConfigFiles::parse(config, credentials).value();
}

std::string value(const ConfigFiles& files, std::string_view profile, std::string_view key) {
  const ConfigSection* section = files.profile(profile);
  if (section == nullptr) return "<no profile>";
  return std::string(section->find(key).value_or("<no key>"));
}

std::string mistake(std::string_view config, std::string_view credentials = "") {
  const Result<ConfigFiles> files = ConfigFiles::parse(config, credentials);
  return files ? "<none>" : files.error().message();
}

// The expectations below follow the profile tests AWS's SDKs share (smithy-rs,
// aws-runtime/test-data/profile-parser-tests.json).

TEST(ConfigFileTest, EmptyFilesHaveNoProfiles) {
  EXPECT_EQ(parse("", "").profile("default"), nullptr);
  EXPECT_EQ(parse("\n \t\n# only\n; comments\n").profile("default"), nullptr);
}

TEST(ConfigFileTest, ProfilesHaveAPrefixInConfigAndNoneInCredentials) {
  EXPECT_TRUE(parse("[profile foo]").profile("foo")->empty());
  EXPECT_EQ(parse("[foo]\na = b").profile("foo"), nullptr);
  EXPECT_EQ(value(parse("", "[foo]\na = b"), "foo", "a"), "b");
  EXPECT_EQ(parse("", "[profile foo]\na = b").profile("foo"), nullptr);
  EXPECT_EQ(parse("[profilefoo]\na = b\n[profile bar]").profile("foo"), nullptr);
  EXPECT_EQ(value(parse("[default]\na = b"), "default", "a"), "b");
}

TEST(ConfigFileTest, NamesMayBeQuotedPaddedAndSeparatedByTabs) {
  for (const char* text :
       {"[profile foo]", "[profile\tfoo]", "[profile \tfoo \t]", "[   profile foo    ]", "[profile \"foo\"]",
        "[profile 'foo']", "[profile foo]# comment", "[profile foo] ; comment"}) {
    EXPECT_NE(parse(text).profile("foo"), nullptr) << text;
  }
  EXPECT_NE(parse("[profile some-thing:long/the_one%only.foo@bar+]").profile("some-thing:long/the_one%only.foo@bar+"),
            nullptr);
}

TEST(ConfigFileTest, SectionsWithAnotherNameAreIgnoredWithAllTheyHold) {
  const ConfigFiles files = parse(
      "[profile foo]\na = 1\n[profile in valid]\na = 2\nb =\n  c = 3\n[profile foo!]\n[preview]\nx = y\n[profile "
      "bar]\na = 4");
  EXPECT_EQ(value(files, "foo", "a"), "1");
  EXPECT_EQ(value(files, "bar", "a"), "4");
  EXPECT_EQ(files.profile("in valid"), nullptr);
}

TEST(ConfigFileTest, ValuesAreTrimmedAndMayHoldEqualsSigns) {
  const ConfigFiles files = parse("[profile foo]\r\nName \t=  \tval=ue \t\r\nempty =\r\n");
  EXPECT_EQ(value(files, "foo", "name"), "val=ue");
  EXPECT_EQ(value(files, "foo", "empty"), "");
  EXPECT_EQ(value(files, "foo", "other"), "<no key>");
}

TEST(ConfigFileTest, CommentsBehindValuesNeedASpace) {
  const ConfigFiles files =
      parse("[profile foo]\na = 1 # comment with ; sign\nb = 2;not\nc = 3#not\nd = ; nothing\n ; indented\n");
  EXPECT_EQ(value(files, "foo", "a"), "1");
  EXPECT_EQ(value(files, "foo", "b"), "2;not");
  EXPECT_EQ(value(files, "foo", "c"), "3#not");
  EXPECT_EQ(value(files, "foo", "d"), "");
}

TEST(ConfigFileTest, IndentedLinesContinueAValueCommentsIncluded) {
  EXPECT_EQ(value(parse("[profile foo]\na = 1\n \t -2 # x \t\n\n -3"), "foo", "a"), "1\n-2 # x\n-3");
}

TEST(ConfigFileTest, IndentedSettingsBelowAnEmptyOneAreItsBlock) {
  const ConfigFiles files = parse(
      "[profile foo]\ns3 =\n name = value\n\t \n Name2 = a=b\nregion = x\n[services local]\nkinesis =\n  endpoint_url "
      "= http://a\n"
      "dynamodb = \n  endpoint_url = http://b");
  EXPECT_EQ(files.profile("foo")->find("s3", "name"), "value");
  EXPECT_EQ(files.profile("foo")->find("s3", "name2"), "a=b");
  EXPECT_EQ(files.profile("foo")->find("s3", "name3"), std::nullopt);
  EXPECT_EQ(files.profile("foo")->find("region", "name"), std::nullopt);
  EXPECT_EQ(value(files, "foo", "region"), "x");
  EXPECT_EQ(files.services("local")->find("kinesis", "endpoint_url"), "http://a");
  EXPECT_EQ(files.services("local")->find("dynamodb", "endpoint_url"), "http://b");
  EXPECT_EQ(files.services("other"), nullptr);
}

TEST(ConfigFileTest, SsoSessionsAreSectionsOfTheirOwn) {
  const ConfigFiles files =
      parse("[sso-session s]\nsso_region = us-east-1\n[sso-sesion t]\n", "[sso-sessionfoo]\na = 1\n");
  EXPECT_EQ(files.sso_session("s")->find("sso_region"), "us-east-1");
  EXPECT_EQ(files.sso_session("t"), nullptr);
  EXPECT_EQ(value(files, "sso-sessionfoo", "a"), "1");
}

TEST(ConfigFileTest, SectionsAndKeysThatComeAgainAreMergedAndTheLastWins) {
  const ConfigFiles files = parse("[profile foo]\na = 1\nb = 1\n[profile foo]\nA = 2\nc = 3\ns3 =\n x = 1\ns3 = plain");
  EXPECT_EQ(value(files, "foo", "a"), "2");
  EXPECT_EQ(value(files, "foo", "b"), "1");
  EXPECT_EQ(value(files, "foo", "c"), "3");
  EXPECT_EQ(files.profile("foo")->find("s3", "x"), std::nullopt);
}

TEST(ConfigFileTest, CredentialsWinOverConfig) {
  const ConfigFiles files = parse("[profile foo]\na = config\nb = config", "[foo]\na = secret\nc = secret");
  EXPECT_EQ(value(files, "foo", "a"), "secret");
  EXPECT_EQ(value(files, "foo", "b"), "config");
  EXPECT_EQ(value(files, "foo", "c"), "secret");
}

TEST(ConfigFileTest, ADefaultWithPrefixHidesTheOneWithout) {
  for (const char* text : {"[profile default]\na = 1\n[default]\nb = 2\n[profile default]\nc = 3",
                           "[default]\nb = 2\n[profile default]\na = 1\nc = 3"}) {
    const ConfigFiles files = parse(text, "[default]\nd = 4");
    EXPECT_EQ(value(files, "default", "a"), "1");
    EXPECT_EQ(value(files, "default", "b"), "<no key>");
    EXPECT_EQ(value(files, "default", "c"), "3");
    EXPECT_EQ(value(files, "default", "d"), "4");
  }
}

TEST(ConfigFileTest, SettingsWithOtherNamesAreIgnored) {
  const ConfigFiles files = parse("[profile foo]\nin valid = value\n continued\na = 1");
  EXPECT_EQ(value(files, "foo", "a"), "1");
  EXPECT_EQ(value(files, "foo", "in valid"), "<no key>");
}

TEST(ConfigFileTest, MistakesNameTheirLineAndNeverTheText) {
  EXPECT_EQ(mistake("\n[profile foo"), "the config file, line 2: a section must end with ']'");
  EXPECT_EQ(mistake("[profile foo] junk"), "the config file, line 1: a section must end with ']'");
  EXPECT_EQ(mistake("name = value"), "the config file, line 1: expected a section such as [default]");
  EXPECT_EQ(mistake(" -continued"), "the config file, line 1: expected a section such as [default]");
  EXPECT_EQ(mistake("[profile foo]\n -continued"),
            "the config file, line 2: expected a setting before an indented line");
  EXPECT_EQ(mistake("[profile foo]\na = b\n[profile foo]\n -continued"),
            "the config file, line 4: expected a setting before an indented line");
  EXPECT_EQ(mistake("[profile foo]\n= value"), "the config file, line 2: a setting has no name");
  EXPECT_EQ(mistake("[profile foo]\nkey : value"), "the config file, line 2: expected '=' in a setting");
  EXPECT_EQ(mistake("[profile foo]\ns3 =\n invalid"), "the config file, line 3: expected '=' in an indented setting");
  EXPECT_EQ(mistake("[profile foo]\ns3 =\n = x"), "the config file, line 3: an indented setting has no name");
  EXPECT_EQ(mistake("", "[foo]\n\nwJalrXUtnFEMI/K7MDENG"), "the credentials file, line 3: expected '=' in a setting");
}

TEST(ConfigFileTest, AFileOverTheLimitIsRefused) {
  EXPECT_EQ(mistake(std::string((std::size_t{1} << 20) + 1, '\n')), "the config file is larger than 1 MiB");
  EXPECT_EQ(mistake(std::string(std::size_t{1} << 20, '\n')), "<none>");
}

TEST(ConfigFileTest, AByteOrderMarkIsIgnored) {
  EXPECT_EQ(value(parse("\xef\xbb\xbf[default]\na = 1"), "default", "a"), "1");
}

TEST(ConfigFileTest, BooleansAreTrueOrFalseInAnyCase) {
  EXPECT_EQ(parse_config_bool("TRUE"), true);
  EXPECT_EQ(parse_config_bool(" false "), false);
  EXPECT_EQ(parse_config_bool("yes"), std::nullopt);
  EXPECT_EQ(parse_config_bool(""), std::nullopt);
}

}  // namespace
}  // namespace kinesis::aws
