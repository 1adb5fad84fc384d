#include "demo_ledger.hpp"

#include <kinesis/identifiers.hpp>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace kinesis::tool {
namespace {

int generation(const std::string& shard, const std::map<std::string, std::vector<std::string>>& parents) {
  const auto it = parents.find(shard);
  int deepest = 0;
  if (it != parents.end())
    for (const std::string& parent : it->second) deepest = std::max(deepest, 1 + generation(parent, parents));
  return deepest;
}

}  // namespace

DemoLedger::DemoLedger(std::vector<Line> lines) : lines_(std::move(lines)), fates_(lines_.size()) {
  index_.reserve(lines_.size());
  for (std::size_t i = 0; i < lines_.size(); ++i) index_.emplace(lines_[i].data, i);
}

void DemoLedger::sent(std::size_t line, std::int64_t now_ms) {
  fates_[line].sent_ms = now_ms;
  ++sent_;
}

void DemoLedger::handled(Handled record) {
  ++by_shard_[record.shard_id];
  ++by_worker_[record.worker];
  const auto it = index_.find(record.data);
  if (it == index_.end()) {
    ++unknown_;
    return;
  }
  Fate& fate = fates_[it->second];
  if (++fate.times == 1) {
    ++received_;
    latency_.record(static_cast<std::uint64_t>(std::max<std::int64_t>(0, record.handled_ms - fate.sent_ms)));
  }
  record.data = lines_[it->second].key;  // the line is known by now; what judge() needs is the key and the order
  log_.push_back(std::move(record));
}

std::uint64_t DemoLedger::handled_of(const std::string& shard_id) const {
  const auto it = by_shard_.find(shard_id);
  return it == by_shard_.end() ? 0 : it->second;
}
std::uint64_t DemoLedger::handled_by(const std::string& worker) const {
  const auto it = by_worker_.find(worker);
  return it == by_worker_.end() ? 0 : it->second;
}

DemoLedger::Verdict DemoLedger::judge(const std::map<std::string, std::vector<std::string>>& parents) const {
  Verdict verdict;
  verdict.sent = sent_;
  verdict.unknown = unknown_;
  for (const Fate& fate : fates_) {
    if (fate.times == 0) ++verdict.lost;
    if (fate.times == 1) ++verdict.received_once;
    if (fate.times > 1) verdict.duplicates += fate.times - 1;
  }
  // Each worker's lines come in its own order; between workers the time of handling decides.
  std::vector<const Handled*> in_time;
  in_time.reserve(log_.size());
  for (const Handled& record : log_) in_time.push_back(&record);
  std::stable_sort(in_time.begin(), in_time.end(),
                   [](const Handled* a, const Handled* b) { return a->handled_ms < b->handled_ms; });

  using Position = std::tuple<int, SequenceNumber, std::uint64_t>;
  std::map<std::string, int> generations;
  std::map<std::string, Position> furthest;
  std::set<std::tuple<std::string, std::string, std::uint64_t>> seen;
  for (const Handled* record : in_time) {
    if (!seen.emplace(record->shard_id, record->sequence_number, record->sub_sequence_number).second)
      continue;  // a replay
    const auto [it, fresh] = generations.try_emplace(record->shard_id);
    if (fresh) it->second = generation(record->shard_id, parents);
    const Position position{it->second, SequenceNumber(record->sequence_number), record->sub_sequence_number};
    Position& last = furthest[record->data];
    if (position < last) ++verdict.out_of_order;
    last = std::max(last, position);
  }
  return verdict;
}

}  // namespace kinesis::tool
