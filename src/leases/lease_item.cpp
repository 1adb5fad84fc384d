#include "leases/lease_item.hpp"

#include <charconv>
#include <cmath>
#include <utility>

namespace kinesis::leases {
namespace {

using dynamodb::AttributeMap;
using dynamodb::AttributeValue;
using dynamodb::Number;
using dynamodb::StringSet;

Error bad_row(const std::string& key, const char* attribute) {
  return Error(errc::protocol, "the lease \"" + key + "\" has no valid attribute " + attribute);
}

const AttributeValue* find(const AttributeMap& item, std::string_view name) {
  const auto it = item.find(name);
  return it == item.end() ? nullptr : &it->second;
}
std::optional<std::string> text_of(const AttributeMap& item, std::string_view name) {
  const AttributeValue* value = find(item, name);
  if (value == nullptr || value->as_string() == nullptr) return std::nullopt;
  return *value->as_string();
}
/// Only what can still be counted on from, whatever wrote it.
std::optional<std::int64_t> integer_of(const AttributeMap& item, std::string_view name) {
  constexpr std::int64_t most = std::int64_t{1} << 62;
  const AttributeValue* value = find(item, name);
  if (value == nullptr || value->as_number() == nullptr) return std::nullopt;
  const auto integer = value->as_number()->to_int64();
  return integer && *integer >= -most && *integer <= most ? integer : std::nullopt;
}
std::vector<std::string> set_of(const AttributeMap& item, std::string_view name) {
  const AttributeValue* value = find(item, name);
  return value == nullptr || value->as_string_set() == nullptr ? std::vector<std::string>()
                                                               : value->as_string_set()->values;
}

Result<void> read_pending(const AttributeMap& item, Lease& lease) {
  const auto pending = text_of(item, "pendingCheckpoint");
  if (!pending) return {};
  const auto sub = integer_of(item, "pendingCheckpointSubSequenceNumber").value_or(0);
  auto checkpoint = Checkpoint::parse(*pending, static_cast<std::uint64_t>(sub));
  if (!checkpoint) return bad_row(lease.key, "pendingCheckpoint");
  lease.pending_checkpoint = std::move(*checkpoint);
  const AttributeValue* state = find(item, "pendingCheckpointState");
  // Java's create path once wrote a number here: then there is no state.
  if (state != nullptr && state->as_bytes() != nullptr) lease.pending_checkpoint_state = *state->as_bytes();
  return {};
}

/// Collects the clauses of an UpdateExpression.
class Clauses {
 public:
  explicit Clauses(AttributeMap& values) : values_(values) {}

  void set(const std::string& attribute, AttributeValue value) {
    add(set_, attribute + " = " + name(std::move(value)));
  }
  void increase(const std::string& attribute, std::int64_t by) {
    add(add_, attribute + " " + name(AttributeValue(by)));
  }
  void remove(const std::string& attribute) { add(remove_, attribute); }
  std::string name(AttributeValue value) {
    std::string name = ":v" + std::to_string(values_.size());
    values_.emplace(name, std::move(value));
    return name;
  }
  std::string text() const {
    std::string text;
    for (const auto& [verb, clauses] :
         {std::pair{"SET ", &set_}, std::pair{"ADD ", &add_}, std::pair{"REMOVE ", &remove_}}) {
      if (clauses->empty()) continue;
      if (!text.empty()) text += ' ';
      text += verb + *clauses;
    }
    return text;
  }

 private:
  static void add(std::string& clauses, const std::string& clause) {
    if (!clauses.empty()) clauses += ", ";
    clauses += clause;
  }
  AttributeMap& values_;
  std::string set_;
  std::string add_;
  std::string remove_;
};

void set_checkpoint(Clauses& clauses, const std::string& attribute, const std::string& sub_attribute,
                    const Checkpoint& checkpoint) {
  clauses.set(attribute, checkpoint.value());
  clauses.set(sub_attribute, static_cast<std::int64_t>(checkpoint.sub_sequence_number()));
}

Number number_of(double value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return Number(std::string(digits, end));
}

/// A further condition: that an attribute has a value, or is absent.
std::string also(Clauses& clauses, const std::string& attribute,
                 const std::optional<std::optional<std::string>>& expected) {
  if (!expected) return "";
  if (!*expected) return " AND attribute_not_exists(" + attribute + ")";
  return " AND " + attribute + " = " + clauses.name(AttributeValue(**expected));
}

}  // namespace

Result<std::optional<Lease>> lease_of(const AttributeMap& item) {
  const auto type = text_of(item, "entityType");
  if (type && *type != "LEASE") return std::optional<Lease>();
  const auto key = text_of(item, "leaseKey");
  if (!key) return bad_row("", "leaseKey");
  Lease lease(*key);
  const auto counter = integer_of(item, "leaseCounter");
  if (!counter) return bad_row(*key, "leaseCounter");
  lease.counter = *counter;
  lease.owner_switches_since_checkpoint = integer_of(item, "ownerSwitchesSinceCheckpoint").value_or(0);
  const auto checkpoint = text_of(item, "checkpoint");
  if (!checkpoint) return bad_row(*key, "checkpoint");
  const auto sub = integer_of(item, "checkpointSubSequenceNumber").value_or(0);
  auto parsed = Checkpoint::parse(*checkpoint, static_cast<std::uint64_t>(sub));
  if (!parsed) return bad_row(*key, "checkpoint");
  lease.checkpoint = std::move(*parsed);
  if (auto pending = read_pending(item, lease); !pending) return pending.error();
  lease.owner = text_of(item, "leaseOwner");
  lease.parent_shard_ids = set_of(item, "parentShardId");
  lease.child_shard_ids = set_of(item, "childShardIds");
  lease.starting_hash_key = text_of(item, "startingHashKey");
  lease.ending_hash_key = text_of(item, "endingHashKey");
  lease.checkpoint_owner = text_of(item, "checkpointOwner");
  const AttributeValue* throughput = find(item, "throughputKBps");
  if (throughput != nullptr && throughput->as_number() != nullptr) {
    const std::string& digits = throughput->as_number()->text;  // Java's Double.toString: exponents occur
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    // A statistic: what is no number (from_chars also reads "nan" and "inf") is as good as absent.
    if (error == std::errc() && end == digits.data() + digits.size() && std::isfinite(value))
      lease.throughput_kbps = value;
  }
  return std::optional<Lease>(std::move(lease));
}

AttributeMap item_of(const Lease& lease) {
  AttributeMap item;
  item.emplace("leaseKey", lease.key);
  item.emplace("leaseCounter", lease.counter);
  item.emplace("ownerSwitchesSinceCheckpoint", lease.owner_switches_since_checkpoint);
  item.emplace("checkpoint", lease.checkpoint.value());
  item.emplace("checkpointSubSequenceNumber", static_cast<std::int64_t>(lease.checkpoint.sub_sequence_number()));
  if (lease.owner) item.emplace("leaseOwner", *lease.owner);
  if (lease.pending_checkpoint) {
    item.emplace("pendingCheckpoint", lease.pending_checkpoint->value());
    item.emplace("pendingCheckpointSubSequenceNumber",
                 static_cast<std::int64_t>(lease.pending_checkpoint->sub_sequence_number()));
  }
  if (lease.pending_checkpoint_state) item.emplace("pendingCheckpointState", *lease.pending_checkpoint_state);
  if (!lease.parent_shard_ids.empty()) item.emplace("parentShardId", StringSet(lease.parent_shard_ids));
  if (!lease.child_shard_ids.empty()) item.emplace("childShardIds", StringSet(lease.child_shard_ids));
  if (lease.starting_hash_key) item.emplace("startingHashKey", *lease.starting_hash_key);
  if (lease.ending_hash_key) item.emplace("endingHashKey", *lease.ending_hash_key);
  if (lease.checkpoint_owner) item.emplace("checkpointOwner", *lease.checkpoint_owner);
  if (lease.throughput_kbps) item.emplace("throughputKBps", number_of(*lease.throughput_kbps));
  if (!lease.stream().empty()) {
    item.emplace("streamName", std::string(lease.stream()));  // the KCL's name for all that is before the shard id
    item.emplace("shardId", std::string(lease.shard_id()));
  }
  return item;
}

UpdateExpressions expressions_of(const LeaseUpdate& update) {
  UpdateExpressions expressions;
  Clauses clauses(expressions.values);
  const LeaseUpdate::Change& change = update.change();
  if (change.owner && *change.owner) clauses.set("leaseOwner", **change.owner);
  if (change.owner && !*change.owner) clauses.remove("leaseOwner");
  const auto& known_counter = update.condition().counter;
  if (change.add_to_counter != 0) {
    // As the KCL does: the counter becomes the known one plus one. Without a known one it is added to.
    if (known_counter) {
      clauses.set("leaseCounter", *known_counter + change.add_to_counter);
    } else {
      clauses.increase("leaseCounter", change.add_to_counter);
    }
  }
  if (change.reset_owner_switches) {
    clauses.set("ownerSwitchesSinceCheckpoint", change.add_to_owner_switches);
  } else if (change.add_to_owner_switches != 0) {
    clauses.increase("ownerSwitchesSinceCheckpoint", change.add_to_owner_switches);
  }
  if (change.checkpoint) set_checkpoint(clauses, "checkpoint", "checkpointSubSequenceNumber", *change.checkpoint);
  if (change.pending_checkpoint) {
    set_checkpoint(clauses, "pendingCheckpoint", "pendingCheckpointSubSequenceNumber", *change.pending_checkpoint);
    if (change.pending_checkpoint_state) {
      clauses.set("pendingCheckpointState", *change.pending_checkpoint_state);
    } else {
      clauses.remove("pendingCheckpointState");
    }
  } else if (change.clear_pending) {
    for (const char* attribute : {"pendingCheckpoint", "pendingCheckpointSubSequenceNumber", "pendingCheckpointState"})
      clauses.remove(attribute);
  }
  if (change.checkpoint_owner && *change.checkpoint_owner) clauses.set("checkpointOwner", **change.checkpoint_owner);
  if (change.checkpoint_owner && !*change.checkpoint_owner) clauses.remove("checkpointOwner");
  if (change.throughput_kbps) clauses.set("throughputKBps", number_of(*change.throughput_kbps));
  if (change.child_shard_ids && !change.child_shard_ids->empty())
    clauses.set("childShardIds", StringSet(*change.child_shard_ids));
  if (change.starting_hash_key) clauses.set("startingHashKey", *change.starting_hash_key);
  if (change.ending_hash_key) clauses.set("endingHashKey", *change.ending_hash_key);
  expressions.update = clauses.text();
  expressions.condition =
      known_counter ? "leaseCounter = " + clauses.name(AttributeValue(*known_counter)) : "attribute_exists(leaseKey)";
  expressions.condition += also(clauses, "leaseOwner", update.condition().owner);
  expressions.condition += also(clauses, "checkpointOwner", update.condition().checkpoint_owner);
  return expressions;
}

}  // namespace kinesis::leases
