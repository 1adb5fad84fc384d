#include "aws/credentials/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinesis::aws {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> split(std::string_view command) { return split_command(command).value(); }

TEST(CommandLineTest, SplitsAsAShellDoes) {
  EXPECT_THAT(split("a b  c\t\n d"), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(split("  /opt/my\\ tools/get --x"), ElementsAre("/opt/my tools/get", "--x"));
  EXPECT_THAT(split("\"/Users/Dave/path to/credentials\" arg"), ElementsAre("/Users/Dave/path to/credentials", "arg"));
  EXPECT_THAT(split("a'b c'd\"e f\"g"), ElementsAre("ab cde fg"));
  EXPECT_THAT(split("a '' \"\""), ElementsAre("a", "", ""));
  EXPECT_THAT(split(R"(a "x\"y\\z\q\$v" 'p\q')"), ElementsAre("a", R"(x"y\z\q$v)", R"(p\q)"));
}

TEST(CommandLineTest, DoesNothingElseAShellDoes) {
  EXPECT_THAT(split("a $HOME *.txt ~ `id` | b > c; d && e # f"),
              ElementsAre("a", "$HOME", "*.txt", "~", "`id`", "|", "b", ">", "c;", "d", "&&", "e", "#", "f"));
}

TEST(CommandLineTest, RefusesWhatIsNotClosed) {
  for (const char* command : {"a 'b", "a \"b", "a \"b\\", "a \\", "", "  ", "''"})
    EXPECT_FALSE(split_command(command)) << command;
  EXPECT_FALSE(split_command(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace kinesis::aws
