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
                           const std::string& key, Counts counts) {
  ShardLog& log = log_of(shard_id);
  if (records_.size() <= number) records_.resize(number + 1);
  auto& of_key = log.keys[key];
  records_[number] = Place{&log, log.positions.size(), key, of_key.size()};
  of_key.push_back(log.positions.size());
  log.counts.push_back(counts);
  log.positions.push_back(std::move(position));
  log.numbers.push_back(number);
  log.done.push_back(counts != Counts::must);
  while (log.done_to < log.done.size() && log.done[log.done_to]) ++log.done_to;
}

void FleetOracle::session_began(const std::string& worker, const std::string& shard_id) {
  started_ = true;
  sessions_.push_back(Session{worker, shard_id, {}, {}, {}});
  latest_[{worker, shard_id}] = sessions_.size();
}

void FleetOracle::handler_began(const std::string& worker, const std::string& shard_id, std::size_t number) {
  digest(worker);
  digest(std::to_string(number));
  if (!known(number)) {
    violate(invariant::order, worker + " handles record " + std::to_string(number) + ", which nobody has put");
    return;
  }
  const Place& place = records_[number];
  ShardLog& log = *place.shard;
  const std::string what = worker + " handles record " + std::to_string(number) + " of " + shard_id;
  if (log.id != shard_id) violate(invariant::order, what + ", which is one of " + log.id);
  const auto latest = latest_.find({worker, shard_id});
  if (latest == latest_.end()) return violate(invariant::overlap, what + " and never got its lease");
  Session& session = sessions_[latest->second - 1];
  if (ended_.contains(shard_id)) violate(invariant::read_again, what + " after its end was stored");
  if (log.counts[place.index] == Counts::must_not && !log.from_the_oldest)
    violate(invariant::start, what + ", which is too old");
  judge_turn(session, place, what);
  judge_failures(session, place, what);
  if (latest->second < log.newest_begun)
    violate(invariant::overlap, what + " after " + sessions_[log.newest_begun - 1].worker + " has begun with it");
  log.newest_begun = std::max(log.newest_begun, latest->second);
  if (promises_.saved_per_key && place.of_key > 0) {
    const std::size_t before = log.keys.at(place.key)[place.of_key - 1];
    if (before >= log.covered && log.counts[before] == Counts::must)
      violate(invariant::once_a_key,
              what + " before a checkpoint covers record " + std::to_string(log.numbers[before]) + " of the same key");
  }
  judge_parents(log, what);
}

void FleetOracle::judge_turn(Session& session, const Place& place, const std::string& what) {
  const ShardLog& log = *place.shard;
  const std::size_t turn = turn_of(place);
  const auto [last, first] = session.last.try_emplace(order_of(place), turn);
  if (first) return;
  const std::string how = what + ", number " + std::to_string(turn) + " of " +
                          (promises_.per_key ? place.key : log.id) + ", after number " + std::to_string(last->second);
  if (turn <= last->second) violate(invariant::order, how);
  for (std::size_t between = last->second + 1; between < turn; ++between) {
    const std::size_t index = promises_.per_key ? log.keys.at(place.key)[between] : between;
    if (!session.undecodable.contains(log.numbers[index])) violate(invariant::at_least_once, how);
  }
  last->second = turn;
}

void FleetOracle::judge_failures(const Session& session, const Place& place, const std::string& what) {
  for (const std::size_t failed : session.failed) {
    // Several at a time: others of the shard may be under way, and while one is handed over they go on.
    if (order_of(records_[failed]) != order_of(place)) continue;
    violate(invariant::failures, what + " after record " + std::to_string(failed) + " failed");
  }
}

void FleetOracle::judge_parents(const ShardLog& log, const std::string& what) {
  for (const std::string& parent : log.parents)
    if (!ended_.contains(parent) && (promises_.from_the_oldest || has_records(parent)))
      violate(invariant::parents_first, what + " before the end of " + parent);
}

bool FleetOracle::has_to_be_read(const std::string& shard_id) const {
  return promises_.from_the_oldest || leased_.contains(shard_id) || has_records(shard_id);
}

bool FleetOracle::has_records(const std::string& shard_id) const {
  const auto log = shards_.find(shard_id);
  if (log == shards_.end()) return false;
  const auto& counts = log->second.counts;
  return std::find(counts.begin(), counts.end(), Counts::must) != counts.end();
}

void FleetOracle::handler_failed(const std::string& worker, const std::string& shard_id, std::size_t number) {
  const auto latest = latest_.find({worker, shard_id});
  if (latest == latest_.end() || !known(number)) return;
  sessions_[latest->second - 1].failed.insert(number);
  failing_[{worker, number}] = latest->second;
}

void FleetOracle::handed_over(const std::string& worker, const std::string& shard_id, std::size_t number,
                              bool decodable) {
  const std::string what = worker + " keeps record " + std::to_string(number) + " of " + shard_id;
  digest(worker);
  digest(std::to_string(number));
  if (!promises_.skips) violate(invariant::failures, what + " which is not to be skipped");
  if (!known(number)) return violate(invariant::failures, what + ", which nobody has put");
  if (records_[number].shard->id != shard_id)
    violate(invariant::failures, what + ", which is one of " + records_[number].shard->id);
  if (decodable) {
    if (!failing_.contains({worker, number})) violate(invariant::failures, what + ", which has not failed");
    return;
  }
  const ShardLog& log = *records_[number].shard;
  if (log.counts[records_[number].index] == Counts::must_not && !log.from_the_oldest)
    violate(invariant::start, what + ", which is too old");
  const auto latest = latest_.find({worker, shard_id});
  if (latest != latest_.end()) sessions_[latest->second - 1].undecodable.insert(number);
}

void FleetOracle::kept(const std::string& worker, std::size_t number) {
  const auto failing = failing_.find({worker, number});
  if (failing != failing_.end()) {
    sessions_[failing->second - 1].failed.erase(number);
    failing_.erase(failing);
  }
  handler_completed(number);
}

void FleetOracle::handler_completed(std::size_t number) {
  if (!known(number)) return;
  const Place& place = records_[number];
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
  if (!before) {
    leased_.insert(after->key);
    log_of(after->key).from_the_oldest =
        promises_.children_from_the_oldest && after->checkpoint == Checkpoint::trim_horizon();
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
  log.covered = std::max(log.covered, covered);
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
    if (!shard.sequence_number_range.ending_sequence_number || !has_to_be_read(shard.shard_id)) continue;
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
    std::size_t last = log.positions.size();
    while (last > 0 && log.counts[last - 1] != Counts::must) --last;
    if (last == 0 || ended_.contains(id)) continue;
    const auto row = rows.find(id);
    if (row == rows.end() || row->second.checkpoint < Checkpoint::at(log.positions[last - 1])) return false;
  }
  return true;
}

}  // namespace kinesis::simulation
