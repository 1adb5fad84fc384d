#include "core/async.hpp"
#include <kinesis/lease_repositories.hpp>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace kinesis {
namespace {

class SqliteLeases : public ::testing::Test {
 protected:
  SqliteLeases() {
    std::string name = (std::filesystem::temp_directory_path() / "kinesis-sqlite-XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  ~SqliteLeases() override { std::filesystem::remove_all(directory_); }
  std::string path(const std::string& name) const { return (directory_ / name).string(); }

  /// Runs a coroutine to its end; rethrows what it throws.
  static void run(core::awaitable<void> task) {
    asio::io_context context(1);
    std::exception_ptr failure;
    core::spawn(context.get_executor(), std::move(task), [&](std::exception_ptr error) { failure = std::move(error); });
    context.run();
    if (failure) std::rethrow_exception(failure);
  }
  static std::string message_of(const std::string& file) {
    try {
      run(sqlite_leases(file, "a")->prepare());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), errc::storage);
      return error.message();
    }
    return "";
  }

  std::filesystem::path directory_;
};

core::awaitable<void> make_row(LeaseRepository& store, std::string key) {
  co_await store.prepare();
  co_await store.create(Lease(std::move(key)));
}
core::awaitable<void> count_rows(LeaseRepository& store, std::size_t* count) {
  co_await store.prepare();
  const auto rows = co_await store.list();
  *count = rows.size();
}

TEST_F(SqliteLeases, AreSharedByAllWhoOpenTheFile) {
  run(make_row(*sqlite_leases(path("leases"), "a"), "shard"));
  std::size_t count = 0;
  const auto other = sqlite_leases(path("leases"), "a");
  run(count_rows(*other, &count));
  EXPECT_EQ(count, 1u);
}

TEST_F(SqliteLeases, OfOtherApplicationsAreNotSeen) {
  run(make_row(*sqlite_leases(path("leases"), "a"), "shard"));
  std::size_t count = 1;
  const auto other = sqlite_leases(path("leases"), "b");
  run(count_rows(*other, &count));
  EXPECT_EQ(count, 0u);
}

TEST_F(SqliteLeases, RefuseAFileThatIsNoDatabase) {
  std::ofstream(path("text")) << std::string(4096, 'x');
  EXPECT_THAT(message_of(path("text")), ::testing::HasSubstr("not a SQLite database"));
}

TEST_F(SqliteLeases, RefuseADatabaseOfAnotherApplication) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path("other").c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, "CREATE TABLE theirs (x)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(database);
  EXPECT_THAT(message_of(path("other")), ::testing::HasSubstr("of another application"));
}

TEST_F(SqliteLeases, SayWhichFileCannotBeOpened) {
  EXPECT_THAT(message_of(path("no/such/folder/leases")), ::testing::HasSubstr("no/such/folder/leases"));
  EXPECT_THAT(message_of(directory_.string()), ::testing::HasSubstr(directory_.string()));
}

core::awaitable<void> renew_often(LeaseRepository& store, int times) {
  co_await store.prepare();
  while (times > 0) {
    const auto rows = co_await store.list();
    const LeaseUpdate renew = LeaseUpdate::renew(rows.at(0));
    const LeaseWrite written = co_await store.update(renew);
    if (written.is_stored()) --times;
  }
}
core::awaitable<void> read_counter(LeaseRepository& store, std::int64_t* counter) {
  co_await store.prepare();
  const auto rows = co_await store.list();
  *counter = rows.at(0).counter;
}

TEST_F(SqliteLeases, AreWrittenByProcessesAtOnceWithoutLosingAWrite) {
  constexpr int processes = 4;
  constexpr int times = 100;
  run(make_row(*sqlite_leases(path("leases"), "a"), "shard"));
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      int status = 0;
      try {
        run(renew_often(*sqlite_leases(path("leases"), "a"), times));
      } catch (...) {
        status = 1;
      }
      _exit(status);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  std::int64_t counter = 0;
  run(read_counter(*sqlite_leases(path("leases"), "a"), &counter));
  EXPECT_EQ(counter, processes * times);
}

core::awaitable<void> fill(LeaseRepository& store) {
  co_await store.prepare();
  for (int i = 0; i < 100'000; ++i) co_await store.create(Lease("shardId-" + std::to_string(i)));
}

// A limit on the size of files stands in for a full disk: the write fails in the same place.
TEST_F(SqliteLeases, AFullDiskIsAnErrorAndKeepsWhatIsThere) {
  struct rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = before;
  small.rlim_cur = 256 * 1024;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto store = sqlite_leases(path("small"), "a");
  std::optional<Error> error;
  try {
    run(fill(*store));
  } catch (const Error& thrown) {
    error = thrown;
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), errc::storage);
  std::size_t count = 0;
  const auto again = sqlite_leases(path("small"), "a");
  run(count_rows(*again, &count));
  EXPECT_GT(count, 0u);
}

}  // namespace
}  // namespace kinesis
