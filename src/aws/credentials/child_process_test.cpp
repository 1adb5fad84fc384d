#include "aws/credentials/child_process.hpp"

#include "aws/credentials/test_sources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <sys/wait.h>
#include <thread>

namespace kinesis::aws {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

const std::atomic<bool> go_on = false;

Result<std::string> run(std::vector<std::string> words, std::chrono::milliseconds patience = 30s) {
  return run_program(words, 1000, patience, go_on);
}
Result<std::string> shell(const std::string& script, std::chrono::milliseconds patience = 30s) {
  return run({"sh", "-c", script}, patience);
}
bool nobody_left() { return ::waitpid(-1, nullptr, WNOHANG) == -1; }

TEST(ChildProcessTest, ReturnsWhatAProgramWrites) {
  EXPECT_EQ(run({"printf", "%s-%s", "a b", "$HOME"}).value(), "a b-$HOME");
  EXPECT_EQ(shell("cat; echo end").value(), "end\n");  // its input is empty
  EXPECT_EQ(run({"true"}).value(), "");
  EXPECT_TRUE(nobody_left());
}

TEST(ChildProcessTest, SaysHowAProgramFailedAndNotWhatItWrote) {
  const auto failed = shell("echo hunter2; exit 3");
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message(), HasSubstr("exit status 3"));
  EXPECT_THAT(failed.error().message(), Not(HasSubstr("hunter2")));
  const auto killed = shell("kill -9 $$");
  ASSERT_FALSE(killed);
  EXPECT_THAT(killed.error().message(), HasSubstr("signal 9"));
  const auto missing = run({"/no/such/program"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message(), "\"/no/such/program\" cannot be run: No such file or directory");
  EXPECT_TRUE(nobody_left());
}

TEST(ChildProcessTest, TooMuchOutputEndsIt) {
  const auto failed = shell("while :; do echo 0123456789; done");
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message(), HasSubstr("more than 1000 bytes"));
  EXPECT_TRUE(nobody_left());
}

TEST(ChildProcessTest, TooMuchTimeEndsIt) {
  for (const char* script : {"exec sleep 1000", "exec >&-; exec sleep 1000", "sleep 3 2>&- & exec sleep 1000"}) {
    const auto failed = shell(script, 100ms);
    ASSERT_FALSE(failed) << script;
    EXPECT_THAT(failed.error().message(), HasSubstr("did not end within 1 s")) << script;
    EXPECT_TRUE(nobody_left());
  }
}

TEST(ChildProcessTest, ACloseEndsIt) {
  std::atomic<bool> stop = false;
  std::optional<Result<std::string>> outcome;
  const std::vector<std::string> words = {"sleep", "1000"};
  std::thread runner([&] { outcome.emplace(run_program(words, 1000, 1h, stop)); });
  stop = true;
  runner.join();
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error().code(), errc::closed);
}

TEST(ChildProcessTest, AHostThatIgnoresItsChildrenLosesOnlyTheirStatus) {
  struct sigaction before{};
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGCHLD, &ignore, &before);
  EXPECT_EQ(shell("echo out").value(), "out\n");
  ::sigaction(SIGCHLD, &before, nullptr);
}

}  // namespace
}  // namespace kinesis::aws
