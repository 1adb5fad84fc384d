#include <kinesis/lease_repositories.hpp>

#include <map>
#include <mutex>

namespace kinesis {
namespace {

class MemoryLeases final : public LeaseRepository {
 public:
  asio::awaitable<void> prepare() override { co_return; }

  asio::awaitable<std::vector<Lease>> list() override {
    const std::lock_guard lock(mutex_);
    std::vector<Lease> leases;
    leases.reserve(rows_.size());
    for (const auto& [key, lease] : rows_) leases.push_back(lease);
    co_return leases;
  }

  asio::awaitable<LeaseWrite> create(Lease lease) override {
    const std::lock_guard lock(mutex_);
    const auto [row, created] = rows_.try_emplace(lease.key, lease);
    if (!created) co_return LeaseWrite::conflict(row->second);
    co_return LeaseWrite::stored();
  }

  asio::awaitable<LeaseWrite> update(LeaseUpdate change) override {
    const std::lock_guard lock(mutex_);
    const auto row = rows_.find(change.key());
    if (row == rows_.end()) co_return LeaseWrite::conflict(std::nullopt);
    if (!change.applies_to(row->second)) co_return LeaseWrite::conflict(row->second);
    row->second = change.apply(std::move(row->second));
    co_return LeaseWrite::stored();
  }

  asio::awaitable<LeaseWrite> remove(Lease known) override {
    const std::lock_guard lock(mutex_);
    const auto row = rows_.find(known.key);
    if (row == rows_.end()) co_return LeaseWrite::stored();
    if (row->second.counter != known.counter) co_return LeaseWrite::conflict(row->second);
    rows_.erase(row);
    co_return LeaseWrite::stored();
  }

 private:
  std::mutex mutex_;
  std::map<std::string, Lease> rows_;
};

}  // namespace

std::shared_ptr<LeaseRepository> memory_leases() { return std::make_shared<MemoryLeases>(); }

}  // namespace kinesis
