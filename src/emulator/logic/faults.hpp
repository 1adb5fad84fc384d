#pragma once

#include "core/random.hpp"
#include <kinesis/emulator.hpp>
#include <kinesis/error.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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
  /// The first rule that hits what an accepted SubscribeToShard sends. Once for each: who is refused uses up none.
  std::optional<FaultRule> decide_stream(std::string_view stream, const std::vector<std::string>& shards);
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

/// Whether an action is about the events of SubscribeToShard.
bool is_of_stream(FaultRule::Action action) noexcept;

/// A rule about the events of a subscription, and how many it let through.
class StreamFault {
 public:
  StreamFault() = default;
  explicit StreamFault(std::optional<FaultRule> rule) : rule_(std::move(rule)) {}

  /// What happens now: to the next event if that is corrupted or cut, or before it.
  bool is_due(FaultRule::Action action) const noexcept {
    return rule_ && rule_->action == action && sent_ >= rule_->events;
  }
  void count_event() noexcept { ++sent_; }
  /// Of stream_error, as the service would say it in the stream.
  Error error() const;
  /// It happens once.
  void clear() noexcept { rule_.reset(); }

 private:
  std::optional<FaultRule> rule_;
  std::uint64_t sent_ = 0;
};

/// What the service answers instead of the operation, if that is what a rule is about: its error, a throttle, an
/// expired iterator or token.
std::optional<Error> fault_error(const FaultRule& rule, std::string_view operation);

}  // namespace kinesis::emulator
