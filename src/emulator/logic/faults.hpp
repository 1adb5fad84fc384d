#pragma once

#include "core/random.hpp"
#include <kinesis/emulator.hpp>
#include <kinesis/error.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kinesis::emulator {

/// What rules say about one request.
struct FaultDecision {
  /// Of all rules that ask for a delay, together.
  std::chrono::milliseconds latency{0};
  /// The first other rule that hits; none: the request is answered as it should be.
  std::optional<FaultRule> rule;

  bool is(FaultRule::Action action) const noexcept { return rule && rule->action == action; }
};

/// Fault rules with their counters and dice. Rules are asked in the order they were added. Not thread-safe.
class Faults {
 public:
  void add(FaultRule rule);
  void clear() { rules_.clear(); }
  bool empty() const noexcept { return rules_.empty(); }
  struct Entry {
    FaultRule rule;
    std::uint64_t matched;  ///< Requests it was asked about and that it is for.
    std::uint64_t fired;
  };
  std::vector<Entry> list() const;

  /// True if a rule for this operation names a shard, so that `decide` has to be told.
  bool wants_shard(std::string_view operation) const noexcept;
  /// True if single entries of PutRecords (or the record of PutRecord) may be throttled.
  bool wants_entries(std::string_view operation) const noexcept;

  /// `shards`: all that the request is about.
  FaultDecision decide(std::string_view operation, std::string_view stream, const std::vector<std::string>& shards);
  /// Whether a rule throttles one entry.
  bool throttles_entry(std::string_view operation, std::string_view stream, std::string_view shard);

 private:
  struct Armed {
    FaultRule rule;
    core::Random dice;
    std::uint64_t matched = 0;
    std::uint64_t fired = 0;

    bool is_for(std::string_view operation, std::string_view stream) const noexcept;
    bool fires();
  };
  std::vector<Armed> rules_;
};

/// What the service answers instead of the operation, if that is what a rule is about: its error, a throttle, an
/// expired iterator or token.
std::optional<Error> fault_error(const FaultRule& rule, std::string_view operation);

}  // namespace kinesis::emulator
