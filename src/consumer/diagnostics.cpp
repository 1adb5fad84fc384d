#include <kinesis/diagnostics.hpp>

#include <string>

namespace kinesis {
namespace {

std::string milliseconds(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + " ms";
}

struct Printer {
  std::string operator()(const event::LeaseAcquired& e) const {
    return e.shard_id + ": lease acquired, continues after " + e.from.value() +
           (e.stolen ? " (taken from its owner)" : "");
  }
  std::string operator()(const event::LeaseLost& e) const { return e.shard_id + ": lease lost"; }
  std::string operator()(const event::LeaseReleased& e) const { return e.shard_id + ": lease released"; }
  std::string operator()(const event::LeasesRenewed& e) const {
    return std::to_string(e.leases) + " leases renewed in " + milliseconds(e.took);
  }
  std::string operator()(const event::RecordsRead& e) const {
    return e.shard_id + ": " + std::to_string(e.records) + " records, " + std::to_string(e.bytes) + " bytes read in " +
           milliseconds(e.took) + ", " + std::to_string(e.behind_latest.count()) + " ms behind";
  }
  std::string operator()(const event::CheckpointStored& e) const {
    return e.shard_id + ": checkpoint " + e.checkpoint.value();
  }
  std::string operator()(const event::ShardEnded& e) const {
    std::string text = e.shard_id + ": ended";
    for (std::size_t i = 0; i < e.children.size(); ++i) text += (i == 0 ? ", goes on in " : " and ") + e.children[i];
    return text;
  }
  std::string operator()(const event::Trouble& e) const {
    return (e.shard_id.empty() ? "" : e.shard_id + ": ") + e.doing + ": " + e.error.what();
  }
};

}  // namespace

std::string to_string(const DiagnosticEvent& event) { return std::visit(Printer{}, event); }

}  // namespace kinesis
