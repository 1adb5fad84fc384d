// What the producer's meter costs per record, beside the work it measures: calls, entries and records as a producer
// reports them, and the end of a turn of its loop. One line for each shape of load; the best of five runs, so that
// other work on the machine matters less.
#include "core/random.hpp"
#include "measure.hpp"
#include "producer/logic/producer_meter.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace {

using namespace kinesis;
using namespace kinesis::producer;
using namespace std::chrono_literals;

struct Load {
  const char* name;
  std::size_t records_per_entry;
  std::size_t entries_per_call;
  std::size_t shards;
  bool listener = false;
};

struct Silent final : ProducerListener {};

std::vector<PendingPtr> make_records(std::size_t count, core::Random& random) {
  std::vector<PendingPtr> records;
  for (std::size_t i = 0; i < count; ++i) {
    const Clock::time_point accepted{1h + std::chrono::microseconds(random.below(20'000))};
    records.push_back(
        std::make_unique<PendingRecord>(OutgoingRecord<Blob>("key", Blob(std::string(97, 'x'))), accepted));
    records.back()->attempts = 1;
  }
  return records;
}

double nanoseconds_per_record(const Load& load) {
  core::Random random(5);
  std::vector<std::vector<PendingPtr>> entries;
  for (std::size_t i = 0; i < load.entries_per_call; ++i)
    entries.push_back(make_records(load.records_per_entry, random));
  std::vector<std::string> names;
  for (std::size_t i = 0; i < load.shards; ++i) names.push_back("shardId-00000000" + std::to_string(1000 + i));
  ProducerMeter meter("orders", load.listener ? std::make_shared<Silent>() : nullptr);
  ProducerMetrics totals;

  const std::size_t per_call = load.records_per_entry * load.entries_per_call;
  const std::size_t calls = std::max<std::size_t>(2'000'000 / per_call, 1);
  Clock::time_point now{1h + 30ms};
  const double began = kinesis::bench::thread_cpu_us();
  for (std::size_t i = 0; i < calls; ++i) {
    CallLoad call;
    for (const auto& records : entries) meter.entry_sent(call, records.size(), 100 * records.size(), 3ms);
    meter.call_began(call);
    meter.call_ended(call, nullptr, 4ms);
    EntryFacts entry;
    for (std::size_t at = 0; at < entries.size(); ++at) {
      const auto slot = static_cast<ShardSlot>(at % load.shards);
      entry.records = entries[at].size();
      entry.shard_id = names[slot];
      entry.slot = slot;
      meter.entry_delivered(entry, entries[at], now);
    }
    totals.records_accepted += per_call;
    meter.end_turn(totals);
    meter.report_turn();
    now += 1us;
  }
  const double took = (kinesis::bench::thread_cpu_us() - began) * 1000;
  if (totals.records_delivered != calls * per_call) std::printf("miscounted\n");
  return took / static_cast<double>(calls * per_call);
}

}  // namespace

int main() {
  const Load loads[] = {
      {"aggregates of 400, 20 a call, 4 shards", 400, 20, 4},
      {"aggregates of 40, 100 a call, 16 shards", 40, 100, 16},
      {"no aggregation, 500 a call, 4 shards", 1, 500, 4},
      {"no aggregation, 500 a call, 500 shards", 1, 500, 500},
      {"no aggregation, 10 a call, 4 shards", 1, 10, 4},
      {"one record a call", 1, 1, 1},
      {"aggregates of 400, with a listener", 400, 20, 4, true},
      {"no aggregation, 500 a call, with a listener", 1, 500, 4, true},
  };
  for (const Load& load : loads) {
    double best = nanoseconds_per_record(load);
    for (int run = 1; run < 5; ++run) best = std::min(best, nanoseconds_per_record(load));
    kinesis::bench::print_figure(load.name, best, "ns a record",
                                 load.entries_per_call >= 100 || load.records_per_entry > 1 ? 20 : 0);
  }
}
