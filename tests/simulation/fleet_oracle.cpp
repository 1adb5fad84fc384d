#include "simulation/fleet_oracle.hpp"

#include <algorithm>
#include <utility>

namespace kinesis::simulation {
namespace {

std::string text_of(const Checkpoint& checkpoint) {
  std::string text = checkpoint.value();
  if (checkpoint.is_record()) text += "/" + std::to_string(checkpoint.sub_sequence_number());
  return text;
}

}  // namespace

FleetOracle::ShardLog& FleetOracle::log_of(const std::string& shard_id) {
  const auto [it, fresh] = shards_.try_emplace(shard_id);
  if (fresh) {
    it->second.id = shard_id;
    for (const KinesisShard& shard : list_shards_()) {
      if (shard.shard_id != shard_id) continue;
      if (shard.parent_shard_id) it->second.parents.push_back(*shard.parent_shard_id);
      if (shard.adjacent_parent_shard_id) it->second.parents.push_back(*shard.adjacent_parent_shard_id);
    }
  }
  return it->second;
}

void FleetOracle::digest(std::string_view text) {
  for (const char letter : text) digest_ = (digest_ ^ static_cast<unsigned char>(letter)) * 1099511628211u;
}

void FleetOracle::accepted(std::size_t number, const std::string& shard_id, RecordPosition position,
                           const std::string& key) {
  ShardLog& log = log_of(shard_id);
  if (records_.size() <= number) records_.resize(number + 1);
  records_[number] = Place{&log, log.positions.size(), "", log.positions.size()};
  if (per_key_) {
    records_[number].order = key;
    records_[number].turn = log.keys[key]++;
  }
  log.positions.push_back(std::move(position));
  log.numbers.push_back(number);
  log.done.push_back(false);
}

void FleetOracle::session_began(const std::string& worker, const std::string& shard_id) {
  sessions_.push_back(Session{worker, shard_id, {}});
  latest_[{worker, shard_id}] = sessions_.size();
}

void FleetOracle::handler_began(const std::string& worker, const std::string& shard_id, std::size_t number) {
  digest(worker);
  digest(std::to_string(number));
  if (number >= records_.size() || records_[number].shard == nullptr) {
    violate(invariant::order, worker + " handles record " + std::to_string(number) + ", which nobody has put");
    return;
  }
  const Place place = records_[number];
  ShardLog& log = *place.shard;
  const std::string what = worker + " handles record " + std::to_string(number) + " of " + shard_id;
  if (log.id != shard_id) violate(invariant::order, what + ", which is one of " + log.id);
  const auto latest = latest_.find({worker, shard_id});
  if (latest == latest_.end()) return violate(invariant::overlap, what + " and never got its lease");
  Session& session = sessions_[latest->second - 1];
  const auto [last, first] = session.last.try_emplace(place.order, place.turn);
  if (!first) {
    const std::string how = what + ", number " + std::to_string(place.turn) + " of " +
                            (per_key_ ? place.order : log.id) + ", after number " + std::to_string(last->second);
    if (place.turn <= last->second) violate(invariant::order, how);
    if (place.turn > last->second + 1) violate(invariant::at_least_once, how);
    last->second = place.turn;
  }
  if (latest->second < log.newest_begun)
    violate(invariant::overlap, what + " after " + sessions_[log.newest_begun - 1].worker + " has begun with it");
  log.newest_begun = std::max(log.newest_begun, latest->second);
  for (const std::string& parent : log.parents)
    if (!ended_.contains(parent)) violate(invariant::parents_first, what + " before the end of " + parent);
}

void FleetOracle::handler_completed(std::size_t number) {
  if (number >= records_.size() || records_[number].shard == nullptr) return;
  const Place place = records_[number];
  ++handled_;
  ShardLog& log = *place.shard;
  log.done[place.index] = true;
  while (log.done_to < log.done.size() && log.done[log.done_to]) ++log.done_to;
}

void FleetOracle::row_written(const std::string& worker, const std::optional<Lease>& before,
                              const std::optional<Lease>& after) {
  if (!after) {
    if (before && !before->checkpoint.is_shard_end())
      violate(invariant::moved_back, worker + " deletes the lease of " + before->key + ", which is not finished");
    return;
  }
  if (!before && ended_.contains(after->key) && !after->checkpoint.is_shard_end())
    violate(invariant::moved_back, worker + " makes a lease of " + after->key + ", which was finished before");
  if (before && after->checkpoint < before->checkpoint)
    violate(invariant::moved_back, worker + " stores " + text_of(after->checkpoint) + " for " + after->key + " after " +
                                       text_of(before->checkpoint));
  if (!before || before->checkpoint != after->checkpoint) judge_checkpoint(*after, worker);
}

void FleetOracle::judge_checkpoint(const Lease& row, const std::string& worker) {
  ShardLog& log = log_of(row.key);
  std::size_t covered = 0;
  if (row.checkpoint.is_shard_end()) {
    for (const KinesisShard& shard : list_shards_())
      if (shard.shard_id == row.key && !shard.sequence_number_range.ending_sequence_number)
        violate(invariant::unprocessed, worker + " stores the end of " + row.key + ", which is open");
    covered = log.positions.size();
    ended_.insert(row.key);
  } else if (row.checkpoint.is_record()) {
    covered = static_cast<std::size_t>(
        std::upper_bound(log.positions.begin(), log.positions.end(), row.checkpoint.position()) -
        log.positions.begin());
  }
  if (covered > log.done_to)
    violate(invariant::unprocessed, worker + " stores " + text_of(row.checkpoint) + " for " + row.key +
                                        " before record " + std::to_string(log.numbers[log.done_to]) + " is done");
}

bool FleetOracle::all_handled() const {
  return std::all_of(shards_.begin(), shards_.end(),
                     [](const auto& shard) { return shard.second.done_to == shard.second.done.size(); });
}

std::string FleetOracle::missing() const {
  for (const auto& [id, log] : shards_)
    if (log.done_to < log.done.size())
      return "record " + std::to_string(log.numbers[log.done_to]) + " of " + id + " was not handled to its end";
  return "";
}

std::vector<std::string> FleetOracle::unfinished(const std::map<std::string, Lease>& rows) {
  std::vector<std::string> keys;
  for (const KinesisShard& shard : list_shards_()) {
    if (!shard.sequence_number_range.ending_sequence_number) continue;
    const auto log = shards_.find(shard.shard_id);
    if (log != shards_.end() && log->second.done_to < log->second.done.size()) continue;
    const auto row = rows.find(shard.shard_id);
    const bool stands = row != rows.end() && !row->second.checkpoint.is_shard_end();
    if (stands || !ended_.contains(shard.shard_id)) keys.push_back(shard.shard_id);
  }
  return keys;
}

std::optional<RecordPosition> FleetOracle::last_of(const std::string& shard_id) const {
  const auto log = shards_.find(shard_id);
  if (log == shards_.end() || log->second.positions.empty()) return std::nullopt;
  return log->second.positions.back();
}

bool FleetOracle::all_checkpointed(const std::map<std::string, Lease>& rows) const {
  for (const auto& [id, log] : shards_) {
    if (log.positions.empty() || ended_.contains(id)) continue;
    const auto row = rows.find(id);
    if (row == rows.end() || row->second.checkpoint < Checkpoint::at(log.positions.back())) return false;
  }
  return true;
}

}  // namespace kinesis::simulation
