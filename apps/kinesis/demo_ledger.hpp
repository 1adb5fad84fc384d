#pragma once

#include "core/histogram.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kinesis::tool {

/// A record that a worker says it handled.
struct Handled {
  std::string shard_id;
  std::string sequence_number;
  std::uint64_t sub_sequence_number = 0;
  std::string data;
  std::int64_t handled_ms = 0;
  std::string worker;
};

/// The proof of the demo: what was sent, and what came out. All lines are different, so a line is its own identity.
class DemoLedger {
 public:
  struct Line {
    std::string data;
    std::string key;
  };
  struct Verdict {
    std::uint64_t sent = 0;
    std::uint64_t received_once = 0;
    std::uint64_t duplicates = 0;  ///< Times that a record came again.
    std::uint64_t lost = 0;
    std::uint64_t out_of_order = 0;
    std::uint64_t unknown = 0;  ///< Records nobody sent.
    bool good() const { return lost == 0 && out_of_order == 0 && unknown == 0; }
  };

  explicit DemoLedger(std::vector<Line> lines);

  const std::vector<Line>& lines() const noexcept { return lines_; }
  void sent(std::size_t line, std::int64_t now_ms);
  void acknowledged() { ++acknowledged_; }
  void handled(Handled record);

  std::uint64_t sent_count() const noexcept { return sent_; }
  std::uint64_t acknowledged_count() const noexcept { return acknowledged_; }
  /// Different records that came out.
  std::uint64_t received_count() const noexcept { return received_; }
  bool complete() const noexcept { return received_ == lines_.size(); }
  std::uint64_t handled_of(const std::string& shard_id) const;
  std::uint64_t handled_by(const std::string& worker) const;
  /// From put to handler, in milliseconds; first deliveries only.
  const core::Histogram& latency() const noexcept { return latency_; }

  /// `parents` of every shard. Out of order: a record of a key that is handled for the first time and has a lower
  /// position (generation of its shard, sequence number, place in its aggregate) than one of the key that was handled
  /// before.
  Verdict judge(const std::map<std::string, std::vector<std::string>>& parents) const;

 private:
  struct Fate {
    std::int64_t sent_ms = 0;
    std::uint32_t times = 0;
  };

  std::vector<Line> lines_;
  std::unordered_map<std::string_view, std::size_t> index_;
  std::vector<Fate> fates_;
  std::vector<Handled> log_;
  std::map<std::string, std::uint64_t> by_shard_;
  std::map<std::string, std::uint64_t> by_worker_;
  core::Histogram latency_;
  std::uint64_t sent_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t unknown_ = 0;
};

}  // namespace kinesis::tool
