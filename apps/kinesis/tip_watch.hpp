#pragma once

#include <kinesis/diagnostics.hpp>

#include <map>
#include <mutex>
#include <string>

namespace kinesis::tool {

/// Which shards are being read, and which of them are at their tip. Events come from several strands.
class TipWatch {
 public:
  void see(const DiagnosticEvent& event) {
    const std::lock_guard lock(mutex_);
    if (const auto* acquired = std::get_if<event::LeaseAcquired>(&event)) at_tip_[acquired->shard_id] = false;
    if (const auto* ended = std::get_if<event::ShardEnded>(&event)) {
      at_tip_.erase(ended->shard_id);
      for (const std::string& child : ended->children) at_tip_[child] = false;
    }
    if (const auto* read = std::get_if<event::RecordsRead>(&event))
      at_tip_[read->shard_id] = read->behind_latest.count() == 0 && read->records == 0;
  }
  bool caught_up() const {
    const std::lock_guard lock(mutex_);
    for (const auto& [shard, tip] : at_tip_)
      if (!tip) return false;
    return !at_tip_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, bool> at_tip_;
};

}  // namespace kinesis::tool
