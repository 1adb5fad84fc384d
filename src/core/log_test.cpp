#include <kinesis/log.hpp>

#include <gtest/gtest.h>

namespace kinesis {
namespace {

TEST(LogTest, SaysNothingByDefault) {
  const Log log;
  EXPECT_FALSE(log.enabled(LogLevel::error));
  log.write(LogLevel::error, "http", "lost");
}

TEST(LogTest, PassesOnWhatIsAtOrAboveItsLevel) {
  std::vector<std::string> lines;
  const Log log(LogLevel::info, [&](const LogRecord& record) {
    std::string line =
        std::string(to_string(record.level)) + " " + std::string(record.component) + " " + std::string(record.message);
    for (const LogField& field : record.fields) line += " " + std::string(field.name) + "=" + field.value;
    lines.push_back(std::move(line));
  });
  const Log copy = log;  // NOLINT(performance-unnecessary-copy-initialization)
  copy.write(LogLevel::debug, "http", "not this");
  copy.write(LogLevel::info, "http", "connected", {{"host", "a"}, {"port", "443"}});
  log.write(LogLevel::error, "leases", "lost");
  EXPECT_EQ(lines, (std::vector<std::string>{"info http connected host=a port=443", "error leases lost"}));
}

TEST(LogTest, OffIsNeverWritten) {
  int calls = 0;
  const Log log(LogLevel::off, [&](const LogRecord&) { ++calls; });
  log.write(LogLevel::error, "a", "b");
  log.write(LogLevel::off, "a", "b");
  EXPECT_EQ(calls, 0);
}

TEST(LogTest, AnEmptySinkIsNoSink) { EXPECT_FALSE(Log(LogLevel::trace, Log::Sink()).enabled(LogLevel::error)); }

TEST(LogTest, StandardErrorGetsOneLineWhateverTheMessageHolds) {
  testing::internal::CaptureStderr();
  Log::to_stderr(LogLevel::debug).write(LogLevel::warning, "http", "odd\nanswer", {{"body", "a\tb"}});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "warning [http] odd\\x0aanswer body=a\\x09b\n");
}

}  // namespace
}  // namespace kinesis
