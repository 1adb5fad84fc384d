#include "consumer/logic/record_window.hpp"

#include <algorithm>
#include <utility>

namespace kinesis::consumer {

RecordWindow::Ticket RecordWindow::add(std::string key, RecordPosition position) {
  const Ticket ticket = first_ + entries_.size();
  entries_.push_back(Entry{key, std::move(position)});
  ++unfinished_;
  std::deque<Ticket>& queue = keys_[std::move(key)];
  queue.push_back(ticket);
  if (queue.size() == 1) {
    ready_.insert(ticket);
  } else if (queue.front() < first_ + covered_) {
    mark_urgent(at(queue.front()));
  }
  return ticket;
}

std::optional<RecordWindow::Ticket> RecordWindow::start() {
  if (running_ >= (options_.in_order ? 1 : options_.concurrency) || ready_.empty()) return std::nullopt;
  const Ticket ticket = *ready_.begin();
  if (options_.in_order && ticket != next_to_start_) return std::nullopt;
  if (limit_ && ticket >= *limit_) return std::nullopt;
  ready_.erase(ready_.begin());
  next_to_start_ = std::max(next_to_start_, ticket + 1);
  ++running_;
  return ticket;
}

bool RecordWindow::has_gaps() const { return limit_ && first_ + covered_ < *limit_; }

std::size_t RecordWindow::complete(Ticket ticket) {
  at(ticket).done = true;
  --running_;
  --unfinished_;
  if (!options_.save_between) let_next_go(at(ticket).key);
  const std::size_t before = covered_;
  while (covered_ < entries_.size() && entries_[covered_].done) {
    Entry& entry = entries_[covered_++];
    done_ = entry.position;
    if (options_.save_between && keys_[entry.key].size() > 1) mark_urgent(entry);
  }
  const std::size_t more = covered_ - before;
  if (options_.save_between) return more;
  first_ += covered_;
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(std::exchange(covered_, 0)));
  return more;
}

void RecordWindow::save(const RecordPosition& position) {
  while (covered_ > 0 && entries_.front().position <= position) {
    if (entries_.front().urgent) --urgent_;
    let_next_go(entries_.front().key);
    entries_.pop_front();
    ++first_;
    --covered_;
  }
}

void RecordWindow::let_next_go(const std::string& key) {
  const auto found = keys_.find(key);
  found->second.pop_front();
  if (found->second.empty()) {
    keys_.erase(found);
  } else {
    ready_.insert(found->second.front());
  }
}

void RecordWindow::mark_urgent(Entry& entry) {
  if (!options_.save_between || std::exchange(entry.urgent, true)) return;
  ++urgent_;
}

}  // namespace kinesis::consumer
