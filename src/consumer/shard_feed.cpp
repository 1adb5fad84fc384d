#include "consumer/shard_feed.hpp"

#include "consumer/logic/start_position.hpp"

#include <utility>

namespace kinesis::consumer {

ShardFeed::ShardFeed(Options options)
    : options_(std::move(options)),
      channel_(options_.prefetch),
      filter_(options_.range, options_.checkpoint),
      place_(options_.budget->place()) {}

StartingPosition ShardFeed::begin() const {
  return start_position(options_.checkpoint, options_.start, options_.shard_id, options_.pinned);
}

std::size_t ShardFeed::size_of(const std::vector<KinesisRecord>& records) {
  std::size_t bytes = 0;
  for (const KinesisRecord& record : records) bytes += record.data.size() + record.partition_key.size();
  return bytes;
}

core::awaitable<bool> ShardFeed::hand_on(Arrived arrived, ReadBudget::Hold hold) {
  const std::size_t bytes = size_of(arrived.records);
  hold.settle(bytes);
  Fetched fetched;
  fetched.behind_latest = std::chrono::milliseconds(arrived.millis_behind_latest.value_or(0));
  report(event::RecordsRead{name(), arrived.records.size(), bytes, fetched.behind_latest, arrived.took});
  if (arrived.records.empty()) co_return !channel_.closed();
  fetched.records = std::move(arrived.records);
  fetched.hold.emplace(std::move(hold));
  const bool open = co_await channel_.push(std::move(fetched));
  co_return open;
}

bool ShardFeed::next(detail::RecordPortion& portion, std::size_t at_least) {
  const bool some = filter_.next(portion, at_least);
  if (!filter_.at_end()) return some;
  if (const std::size_t malformed = filter_.malformed(); malformed > 0)
    report(event::Trouble{
        name(), "taking an aggregate apart",
        Error(errc::protocol,
              std::to_string(malformed) + " aggregates name keys they do not have; they are delivered as they came")});
  if (filter_.out_of_range() > 0) report(event::AggregatesDropped{name(), filter_.out_of_range()});
  return some;
}

core::awaitable<void> ShardFeed::end(std::vector<ChildShard> children) {
  Fetched end;
  end.end = true;
  end.children = std::move(children);
  co_await channel_.push(std::move(end));
}

core::awaitable<void> ShardFeed::pin(Clock::wall_time_point time) {
  options_.pinned = time;
  co_await options_.pin(time);
}

}  // namespace kinesis::consumer
