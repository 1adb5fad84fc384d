// A lease repository of one's own. The rules of leases live in LeaseUpdate; a backend reads, decides and writes back.
// This one keeps rows in a map with revisions, as etcd does, and shows that it keeps the contract every repository must
// keep.
#include <kinesis/kinesis.hpp>
#include <kinesis/testing/lease_repository_contract.hpp>

#include <iostream>
#include <map>
#include <mutex>

namespace asio = boost::asio;

namespace {

/// A store that can do two things: read a value with its revision, and write it if the revision is still that.
class RevisionStore {
 public:
  struct Value {
    std::optional<kinesis::Lease> lease;
    long revision = 0;
  };
  Value read(const std::string& key) {
    const std::lock_guard lock(mutex_);
    return values_[key];
  }
  bool put_if(const std::string& key, long revision, std::optional<kinesis::Lease> lease) {
    const std::lock_guard lock(mutex_);
    Value& value = values_[key];
    if (value.revision != revision) return false;
    value.lease = std::move(lease);
    ++value.revision;
    return true;
  }
  std::vector<kinesis::Lease> all() {
    const std::lock_guard lock(mutex_);
    std::vector<kinesis::Lease> leases;
    for (const auto& [key, value] : values_)
      if (value.lease) leases.push_back(*value.lease);
    return leases;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, Value> values_;
};

class RevisionLeases final : public kinesis::LeaseRepository {
 public:
  asio::awaitable<void> prepare() override { co_return; }
  asio::awaitable<std::vector<kinesis::Lease>> list() override { co_return store_.all(); }
  asio::awaitable<kinesis::LeaseWrite> create(kinesis::Lease lease) override {
    const auto value = store_.read(lease.key);
    if (!value.lease && store_.put_if(lease.key, value.revision, lease)) co_return kinesis::LeaseWrite::stored();
    co_return kinesis::LeaseWrite::conflict(store_.read(lease.key).lease);
  }
  asio::awaitable<kinesis::LeaseWrite> update(kinesis::LeaseUpdate change) override {
    for (;;) {
      const auto value = store_.read(change.key());
      if (!value.lease || !change.applies_to(*value.lease)) co_return kinesis::LeaseWrite::conflict(value.lease);
      if (store_.put_if(change.key(), value.revision, change.apply(*value.lease)))
        co_return kinesis::LeaseWrite::stored();
    }
  }
  asio::awaitable<kinesis::LeaseWrite> remove(kinesis::Lease known) override {
    const auto value = store_.read(known.key);
    if (!value.lease) co_return kinesis::LeaseWrite::stored();
    if (value.lease->counter == known.counter && store_.put_if(known.key, value.revision, std::nullopt))
      co_return kinesis::LeaseWrite::stored();
    co_return kinesis::LeaseWrite::conflict(store_.read(known.key).lease);
  }

 private:
  RevisionStore store_;
};

}  // namespace

int main() {
  kinesis::testing::check_lease_repository([] { return std::make_shared<RevisionLeases>(); });
  std::cout << "keeps the contract\n";
}
