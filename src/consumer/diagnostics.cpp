#include "consumer/diagnostics.hpp"

#include <string>

namespace kinesis {
namespace {

std::string milliseconds(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + " ms";
}

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : " and ") + names[i];
  return text;
}

/// What is said of a shard, or of the worker as a whole.
std::string about(const std::string& shard_id, const std::string& text) {
  return shard_id.empty() ? text : shard_id + ": " + text;
}

std::string place(const Checkpoint& checkpoint) {
  std::string text = checkpoint.value();
  if (checkpoint.sub_sequence_number() > 0) text += "/" + std::to_string(checkpoint.sub_sequence_number());
  return text;
}

const char* ended(event::SubscriptionEnded::Why why) {
  switch (why) {
    case event::SubscriptionEnded::Why::in_order:
      return "ended by the service";
    case event::SubscriptionEnded::Why::shard_end:
      return "ended with the shard";
    case event::SubscriptionEnded::Why::failed:
      return "broken";
    case event::SubscriptionEnded::Why::let_go:
      break;
  }
  return "let go";
}

struct Printer {
  std::string operator()(const event::LeaseAcquired& e) const {
    return e.shard_id + ": lease acquired, continues after " + place(e.from) +
           (e.stolen ? " (taken from its owner)" : "");
  }
  std::string operator()(const event::LeaseLost& e) const { return e.shard_id + ": lease lost"; }
  std::string operator()(const event::LeaseStolen& e) const { return e.shard_id + ": lease taken by " + e.by; }
  std::string operator()(const event::LeaseWanted& e) const {
    return e.shard_id + ": is to be handed over to " + e.worker;
  }
  std::string operator()(const event::LeaseReleased& e) const { return e.shard_id + ": lease released"; }
  std::string operator()(const event::LeasesRenewed& e) const {
    return std::to_string(e.leases) + " leases renewed in " + milliseconds(e.took);
  }
  std::string operator()(const event::WorkerJoined& e) const { return "worker " + e.worker + " joined"; }
  std::string operator()(const event::WorkerLeft& e) const { return "worker " + e.worker + " left"; }
  std::string operator()(const event::Balanced& e) const {
    return std::to_string(e.leases) + " leases for " + std::to_string(e.workers) + " workers: owns " +
           std::to_string(e.owned) + ", takes " + std::to_string(e.taking);
  }
  std::string operator()(const event::ShardStarted& e) const {
    return e.shard_id + ": reading starts after " + place(e.from);
  }
  std::string operator()(const event::ShardEnded& e) const {
    return e.shard_id + ": ended" + (e.children.empty() ? "" : ", goes on in " + list(e.children));
  }
  std::string operator()(const event::ShardFound& e) const {
    return e.shard_id + ": new" + (e.parents.empty() ? "" : ", child of " + list(e.parents));
  }
  std::string operator()(const event::ShardBlocked& e) const { return e.shard_id + ": waits for " + list(e.parents); }
  std::string operator()(const event::RecordsRead& e) const {
    return e.shard_id + ": " + std::to_string(e.records) + " records, " + std::to_string(e.bytes) + " bytes read in " +
           milliseconds(e.took) + ", " + std::to_string(e.behind_latest.count()) + " ms behind";
  }
  std::string operator()(const event::Subscribed& e) const { return e.shard_id + ": subscribed from " + e.from; }
  std::string operator()(const event::SubscriptionEnded& e) const {
    return e.shard_id + ": subscription " + ended(e.why) + " after " + milliseconds(e.lasted) + " and " +
           std::to_string(e.events) + " events" + (e.error ? std::string(": ") + e.error->what() : "");
  }
  std::string operator()(const event::ConsumerRegistered& e) const {
    return "fan-out consumer " + e.consumer_arn + " registered";
  }
  std::string operator()(const event::ConsumerDeregistered& e) const {
    return "fan-out consumer " + e.consumer_arn + " deregistered";
  }
  std::string operator()(const event::FellBack& e) const {
    return std::string("polls instead of enhanced fan-out: ") + e.error.what();
  }
  std::string operator()(const event::AggregatesDropped& e) const {
    return e.shard_id + ": " + std::to_string(e.aggregates) + " aggregates dropped that hold records of other shards";
  }
  std::string operator()(const event::RecordSkipped& e) const {
    return e.shard_id + ": record " + place(Checkpoint::at(e.position)) + " skipped: " + e.error.what();
  }
  std::string operator()(const event::CheckpointStored& e) const {
    return e.shard_id + ": checkpoint " + place(e.checkpoint);
  }
  std::string operator()(const event::CheckpointPrepared& e) const {
    return e.shard_id + ": checkpoint " + place(e.checkpoint) + " prepared";
  }
  std::string operator()(const event::Trouble& e) const {
    std::string text = about(e.shard_id, e.doing) + ": " + e.error.what();
    if (e.retry_in) text += "; tries again in " + milliseconds(*e.retry_in);
    return text;
  }
  std::string operator()(const event::Failed& e) const { return about(e.shard_id, e.doing) + ": " + e.error.what(); }
  std::string operator()(const event::StopTimedOut& e) const {
    return "stopped without the handlers of " + list(e.shard_ids);
  }
};

struct Level {
  LogLevel operator()(const event::RecordsRead&) const { return LogLevel::debug; }
  LogLevel operator()(const event::Subscribed&) const { return LogLevel::debug; }
  LogLevel operator()(const event::SubscriptionEnded&) const { return LogLevel::debug; }
  LogLevel operator()(const event::FellBack&) const { return LogLevel::warning; }
  LogLevel operator()(const event::LeasesRenewed&) const { return LogLevel::trace; }
  LogLevel operator()(const event::Balanced&) const { return LogLevel::debug; }
  LogLevel operator()(const event::ShardBlocked&) const { return LogLevel::debug; }
  LogLevel operator()(const event::CheckpointStored&) const { return LogLevel::debug; }
  LogLevel operator()(const event::CheckpointPrepared&) const { return LogLevel::debug; }
  LogLevel operator()(const event::AggregatesDropped&) const { return LogLevel::warning; }
  LogLevel operator()(const event::RecordSkipped&) const { return LogLevel::warning; }
  LogLevel operator()(const event::Trouble&) const { return LogLevel::warning; }
  LogLevel operator()(const event::StopTimedOut&) const { return LogLevel::warning; }
  LogLevel operator()(const event::Failed&) const { return LogLevel::error; }
  template <class Moves>
  LogLevel operator()(const Moves&) const {
    return LogLevel::info;
  }
};

}  // namespace

std::string to_string(const DiagnosticEvent& event) { return std::visit(Printer{}, event); }

LogLevel level(const DiagnosticEvent& event) noexcept { return std::visit(Level{}, event); }

namespace consumer {

void tell(const std::function<void(const DiagnosticEvent&)>& listener, const Log& log, const DiagnosticEvent& event) {
  const LogLevel at = level(event);
  if (log.enabled(at)) log.write(at, "consumer", to_string(event));
  if (listener) listener(event);
}

}  // namespace consumer

}  // namespace kinesis
