#include <kinesis/lease_repositories.hpp>
#include <kinesis/testing/lease_repository_contract.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <unistd.h>

namespace kinesis::testing {
namespace {

/// A new path each time it is asked for; everything is deleted at the end.
class TemporaryFiles {
 public:
  TemporaryFiles() {
    std::string name = (std::filesystem::temp_directory_path() / "kinesis-leases-XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  ~TemporaryFiles() { std::filesystem::remove_all(directory_); }
  std::string next() { return (directory_ / std::to_string(count_++)).string(); }

 private:
  std::filesystem::path directory_;
  int count_ = 0;
};

TEST(LeaseRepositoryContract, MemoryKeepsIt) {
  check_lease_repository([] { return memory_leases(); });
}

TEST(LeaseRepositoryContract, SqliteKeepsIt) {
  TemporaryFiles files;
  check_lease_repository([&] { return sqlite_leases(files.next(), "application"); });
}

/// Stores what it should, but lets every update through.
class CarelessLeases final : public LeaseRepository {
 public:
  asio::awaitable<void> prepare() override { return inner_->prepare(); }
  asio::awaitable<std::vector<Lease>> list() override { return inner_->list(); }
  asio::awaitable<LeaseWrite> create(Lease lease) override { return inner_->create(std::move(lease)); }
  asio::awaitable<LeaseWrite> remove(Lease known) override { return inner_->remove(std::move(known)); }
  asio::awaitable<LeaseWrite> update(LeaseUpdate change) override {
    co_await inner_->update(std::move(change));
    co_return LeaseWrite::stored();
  }

 private:
  std::shared_ptr<LeaseRepository> inner_ = memory_leases();
};

TEST(LeaseRepositoryContract, FindsABackendThatIgnoresConditions) {
  EXPECT_THROW(check_lease_repository([] { return std::make_shared<CarelessLeases>(); }), std::logic_error);
}

}  // namespace
}  // namespace kinesis::testing
