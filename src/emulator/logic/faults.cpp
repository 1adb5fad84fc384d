#include "emulator/logic/faults.hpp"

#include "emulator/logic/errors.hpp"
#include "emulator/logic/names.hpp"

#include <algorithm>

namespace kinesis::emulator {
namespace {

using Action = FaultRule::Action;

constexpr std::string_view subscribe = "SubscribeToShard";

bool includes(const std::vector<std::string>& shards, const std::string& shard) {
  if (shard.empty()) return true;
  const auto wanted = parse_shard_id(shard);
  return std::any_of(shards.begin(), shards.end(),
                     [&](const std::string& one) { return one == shard || (wanted && parse_shard_id(one) == wanted); });
}

}  // namespace

bool is_of_stream(Action action) noexcept {
  switch (action) {
    case Action::stream_corrupt:
    case Action::stream_cut:
    case Action::stream_reset:
    case Action::stream_goaway:
    case Action::stream_stall:
    case Action::stream_silence:
    case Action::stream_error:
      return true;
    default:
      return false;
  }
}

Error StreamFault::error() const {
  const bool plain = rule_->code == FaultRule().code;
  return service_error(plain ? "InternalFailureException" : rule_->code, "The error was ordered by a fault rule.");
}

bool Faults::Armed::is_for(std::string_view operation, std::string_view stream) const noexcept {
  if (!rule.operation.empty() && rule.operation != operation) return false;
  return rule.stream.empty() || stream_in(rule.stream) == stream_in(stream);
}

bool Faults::Armed::fires() {
  ++matched;
  if (rule.nth != 0 && matched != rule.nth) return false;
  if (rule.times != 0 && fired >= rule.times) return false;
  if (rule.probability < 1 && !dice.chance(rule.probability)) return false;
  ++fired;
  return true;
}

void Faults::add(FaultRule rule) {
  const std::uint64_t seed = rule.seed;
  rules_.push_back({std::move(rule), core::Random(seed)});
}

std::vector<Faults::Entry> Faults::list() const {
  std::vector<Entry> out;
  out.reserve(rules_.size());
  for (const Armed& armed : rules_) out.push_back({armed.rule, armed.matched, armed.fired});
  return out;
}

bool Faults::wants_shard(std::string_view operation) const noexcept {
  return std::any_of(rules_.begin(), rules_.end(), [&](const Armed& armed) {
    return armed.rule.action != Action::throttle_entry && !armed.rule.shard.empty() &&
           (armed.rule.operation.empty() || armed.rule.operation == operation);
  });
}

bool Faults::wants_entries(std::string_view operation) const noexcept {
  return std::any_of(rules_.begin(), rules_.end(), [&](const Armed& armed) {
    return armed.rule.action == Action::throttle_entry &&
           (armed.rule.operation.empty() || armed.rule.operation == operation);
  });
}

FaultDecision Faults::decide(std::string_view operation, std::string_view stream,
                             const std::vector<std::string>& shards) {
  FaultDecision out;
  for (Armed& armed : rules_) {
    if (armed.rule.action == Action::throttle_entry || is_of_stream(armed.rule.action)) continue;
    if (!armed.is_for(operation, stream) || !includes(shards, armed.rule.shard)) continue;
    if (armed.rule.action == Action::latency) {
      if (armed.fires()) out.latency += armed.rule.latency;
    } else if (!out.rule && armed.fires()) {
      out.rule = armed.rule;
    }
  }
  return out;
}

std::optional<FaultRule> Faults::decide_stream(std::string_view stream, const std::vector<std::string>& shards) {
  for (Armed& armed : rules_) {
    if (!is_of_stream(armed.rule.action) || !armed.is_for(subscribe, stream)) continue;
    if (includes(shards, armed.rule.shard) && armed.fires()) return armed.rule;
  }
  return std::nullopt;
}

bool Faults::throttles_entry(std::string_view operation, std::string_view stream, std::string_view shard) {
  bool throttled = false;
  for (Armed& armed : rules_) {
    if (armed.rule.action != Action::throttle_entry || !armed.is_for(operation, stream)) continue;
    if (!armed.rule.shard.empty() && !includes({std::string(shard)}, armed.rule.shard)) continue;
    throttled = armed.fires() || throttled;
  }
  return throttled;
}

std::optional<Error> fault_error(const FaultRule& rule, std::string_view operation) {
  const bool is_listing = operation.starts_with("List");
  switch (rule.action) {
    case Action::error:
      return service_error(rule.code, "The error was ordered by a fault rule.", rule.status);
    case Action::throttle: {
      const bool moves_records =
          operation.starts_with("Put") || operation == "GetRecords" || operation == "GetShardIterator";
      const bool is_data = moves_records && operation != "PutResourcePolicy";
      return service_error(is_data ? "ProvisionedThroughputExceededException" : "LimitExceededException",
                           "Rate exceeded, as ordered by a fault rule.");
    }
    case Action::expired_iterator:
      return service_error(is_listing ? "ExpiredNextTokenException" : "ExpiredIteratorException",
                           is_listing ? "NextToken expired, as ordered by a fault rule."
                                      : "Iterator expired, as ordered by a fault rule.");
    case Action::expired_token:
      return service_error("ExpiredTokenException", "The security token included in the request is expired");
    default:
      return std::nullopt;
  }
}

}  // namespace kinesis::emulator
