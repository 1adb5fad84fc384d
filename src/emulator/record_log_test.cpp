#include "emulator/record_log.hpp"

#include "aws/json_value.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace kinesis::emulator {
namespace {

struct TemporaryFile {
  TemporaryFile() {
    path = (std::filesystem::path(::testing::TempDir()) /
            ("record-log-" + std::to_string(::getpid()) + "-" +
             ::testing::UnitTest::GetInstance()->current_test_info()->name()))
               .string();
    std::filesystem::remove(path);
  }
  ~TemporaryFile() { std::filesystem::remove(path); }
  std::vector<std::string> lines() const {
    std::ifstream in(path);
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
  }
  std::string path;
};

AcceptedRecord record(std::string_view data) {
  AcceptedRecord out;
  out.stream = "orders";
  out.shard_id = "shardId-000000000001";
  out.sequence_number = "49590338271490256608559692538361571095921575989136588898";
  out.partition_key = "k\"ey";
  out.data = data;
  out.accepted = Clock::wall_time_point(std::chrono::milliseconds(1'767'225'600'123));
  return out;
}

TEST(RecordLog, WritesJsonLines) {
  TemporaryFile file;
  {
    RecordLog log(file.path);
    log.add(record("abc"));
    AcceptedRecord with_hash = record("");
    with_hash.explicit_hash_key = "12";
    log.add(with_hash);
  }
  const auto lines = file.lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0],
            R"({"stream":"orders","shard":"shardId-000000000001",)"
            R"("sequence_number":"49590338271490256608559692538361571095921575989136588898","partition_key":"k\"ey",)"
            R"("explicit_hash_key":null,)"
            R"("data_sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",)"
            R"("accepted_ms":1767225600123})");
  EXPECT_EQ(aws::JsonValue::parse(lines[1]).value()["explicit_hash_key"].as_string(), "12");
}

TEST(RecordLog, AppendsAndFlushesOnDemand) {
  TemporaryFile file;
  {
    RecordLog log(file.path);
    log.add(record("1"));
  }
  RecordLog log(file.path);
  log.add(record("2"));
  EXPECT_TRUE(log.flush());
  EXPECT_EQ(file.lines().size(), 2u);
}

TEST(RecordLog, SeveralThreadsWriteWholeLines) {
  TemporaryFile file;
  constexpr int each = 5'000;
  {
    RecordLog log(file.path);
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < each; ++j) log.add(record(std::to_string(j)));
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  const auto lines = file.lines();
  EXPECT_EQ(lines.size(), 4u * each);
  for (const std::string& line : lines) ASSERT_TRUE(line.starts_with('{') && line.ends_with('}'));
}

TEST(RecordLog, SaysWhyAFileCannotBeWritten) {
  try {
    RecordLog log("/nowhere/at/all");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), errc::storage);
    EXPECT_NE(error.message().find("/nowhere/at/all"), std::string::npos);
  }
  RecordLog full("/dev/full");
  full.add(record("x"));
  const auto flushed = full.flush();
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().code(), errc::storage);
}

}  // namespace
}  // namespace kinesis::emulator
