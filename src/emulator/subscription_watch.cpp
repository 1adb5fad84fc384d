#include "emulator/subscription_watch.hpp"

#include <algorithm>

namespace kinesis::emulator {

void SubscriptionWatch::add(const std::string& stream, std::uint32_t shard, WakeupPtr wakeup) {
  streams_[stream][shard].push_back(std::move(wakeup));
}

void SubscriptionWatch::remove(std::string_view stream, std::uint32_t shard, const WakeupPtr& wakeup) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  const auto shards = found->second.find(shard);
  if (shards == found->second.end()) return;
  auto& waiting = shards->second;
  waiting.erase(std::remove(waiting.begin(), waiting.end(), wakeup), waiting.end());
  if (waiting.empty()) found->second.erase(shards);
  if (found->second.empty()) streams_.erase(found);
}

void SubscriptionWatch::collect(std::string_view stream, std::uint32_t shard, std::vector<WakeupPtr>& out) const {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  const auto shards = found->second.find(shard);
  if (shards != found->second.end()) out.insert(out.end(), shards->second.begin(), shards->second.end());
}

void SubscriptionWatch::collect_all(std::vector<WakeupPtr>& out) const {
  for (const auto& [name, shards] : streams_) {
    for (const auto& [number, waiting] : shards) out.insert(out.end(), waiting.begin(), waiting.end());
  }
}

}  // namespace kinesis::emulator
