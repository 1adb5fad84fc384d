#pragma once

#include "emulator/live_subscription.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kinesis::emulator {

/// Who waits for records of which shard. The region's lock guards it.
class SubscriptionWatch {
 public:
  using WakeupPtr = std::shared_ptr<Wakeup>;

  void add(const std::string& stream, std::uint32_t shard, WakeupPtr wakeup);
  void remove(std::string_view stream, std::uint32_t shard, const WakeupPtr& wakeup);
  bool empty() const noexcept { return streams_.empty(); }
  /// Appends those of one shard, and those of all.
  void collect(std::string_view stream, std::uint32_t shard, std::vector<WakeupPtr>& out) const;
  void collect_all(std::vector<WakeupPtr>& out) const;

 private:
  using Shards = std::map<std::uint32_t, std::vector<WakeupPtr>>;
  std::map<std::string, Shards, std::less<>> streams_;
};

}  // namespace kinesis::emulator
