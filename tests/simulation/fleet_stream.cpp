#include "simulation/fleet_stream.hpp"

#include "aggregation/aggregate_writer.hpp"

#include <algorithm>
#include <utility>

namespace kinesis::simulation {

using core::awaitable;

FleetStream::FleetStream(const Plan& plan, std::shared_ptr<Clock> clock)
    : plan_(plan),
      service_(emulator::InProcessKinesis::Options{
          .clock = std::move(clock), .limits = plan.limits, .subscription_lifetime = plan.subscription_lifetime}) {
  service_.create_stream(name, plan.shards);
}

void FleetStream::tell(const Error& error) const {
  if (trace) trace(error.what());
}

std::vector<KinesisShard> FleetStream::open_shards() {
  std::vector<KinesisShard> open = shards();
  std::erase_if(open, [](const KinesisShard& s) { return s.sequence_number_range.ending_sequence_number.has_value(); });
  std::sort(open.begin(), open.end(), [](const KinesisShard& a, const KinesisShard& b) {
    const std::string& left = a.hash_key_range.starting_hash_key;
    const std::string& right = b.hash_key_range.starting_hash_key;
    return left.size() != right.size() ? left.size() < right.size() : left < right;
  });
  return open;
}

void FleetStream::reshard(const Element& element) {
  const auto open = open_shards();
  const std::size_t i = element.who % open.size();
  try {
    if (element.act == Act::split && open.size() < 30) service_.split(name, open[i].shard_id);
    if (element.act == Act::merge && i + 1 < open.size()) service_.merge(name, open[i].shard_id, open[i + 1].shard_id);
  } catch (const Error& error) {
    tell(error);
  }
}

awaitable<void> FleetStream::resize(int count) {
  UpdateShardCountRequest request(name, std::max(count, 1));
  const auto answer = co_await api()->update_shard_count(std::move(request));
  if (!answer) tell(answer.error());
}

awaitable<void> FleetStream::deregister() {
  DescribeStreamSummaryRequest which(name);
  const auto summary = co_await api()->describe_stream_summary(std::move(which));
  if (!summary) co_return;
  DeregisterStreamConsumerRequest request(summary->stream_description_summary.stream_arn, "billing");
  const auto answer = co_await api()->deregister_stream_consumer(std::move(request));
  if (!answer) tell(answer.error());
}

awaitable<void> FleetStream::put(FleetOracle* oracle, core::Random* random, std::function<Counts()> counts) {
  std::vector<PutRecordsRequestEntry> entries;
  std::vector<std::size_t> first;
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < plan_.rate; ++i) {
    const std::string key = "key-" + std::to_string(random->below(plan_.keys));
    first.push_back(next_number_);
    keys.push_back(key);
    if (plan_.aggregated == 1) {
      entries.emplace_back(Blob(std::to_string(next_number_++)), key);
      continue;
    }
    aggregation::AggregateWriter writer;
    for (std::size_t j = 0; j < plan_.aggregated; ++j)
      writer.add(aggregation::hashed(key), std::nullopt, as_bytes(std::to_string(next_number_++)));
    Bytes bytes;
    writer.finish(bytes);
    entries.emplace_back(Blob(std::move(bytes)), key);
  }
  PutRecordsRequest request(name, std::move(entries));
  const auto answer = co_await api()->put_records(std::move(request));
  if (!answer) co_return;
  for (std::size_t i = 0; i < answer->records.size(); ++i) {
    const PutRecordsResultEntry& entry = answer->records[i];
    if (!entry.sequence_number) continue;
    for (std::size_t j = 0; j < plan_.aggregated; ++j) {
      RecordPosition position{*entry.sequence_number, j};
      oracle->accepted(first[i] + j, entry.shard_id, std::move(position), keys[i], counts());
    }
  }
}

}  // namespace kinesis::simulation
