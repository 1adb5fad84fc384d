#include "aws/json_writer.hpp"
#include <kinesis/producer_listener.hpp>
#include <kinesis/producer_metrics.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <unordered_map>
#include <utility>

namespace kinesis {
namespace {

struct Counter {
  const char* name;
  std::uint64_t ProducerMetrics::* value;
};
constexpr Counter counters[] = {
    {"records_accepted", &ProducerMetrics::records_accepted},
    {"records_delivered", &ProducerMetrics::records_delivered},
    {"records_failed", &ProducerMetrics::records_failed},
    {"records_expired", &ProducerMetrics::records_expired},
    {"records_closed", &ProducerMetrics::records_closed},
    {"records_refused", &ProducerMetrics::records_refused},
    {"bytes_delivered", &ProducerMetrics::bytes_delivered},
    {"calls", &ProducerMetrics::calls},
    {"calls_failed", &ProducerMetrics::calls_failed},
    {"entries_sent", &ProducerMetrics::entries_sent},
    {"entries_delivered", &ProducerMetrics::entries_delivered},
    {"entries_throttled", &ProducerMetrics::entries_throttled},
    {"entries_retried", &ProducerMetrics::entries_retried},
    {"entries_misplaced", &ProducerMetrics::entries_misplaced},
    {"buffered_records", &ProducerMetrics::buffered_records},
    {"buffered_bytes", &ProducerMetrics::buffered_bytes},
    {"waiting_records", &ProducerMetrics::waiting_records},
    {"waiting_bytes", &ProducerMetrics::waiting_bytes},
};

struct Errors {
  const char* name;
  const char* title;
  ErrorCounts ProducerMetrics::* value;
};
constexpr Errors errors[] = {
    {"records_failed_by", "records failed", &ProducerMetrics::records_failed_by},
    {"entries_refused_by", "entries refused", &ProducerMetrics::entries_refused_by},
    {"calls_failed_by", "calls failed", &ProducerMetrics::calls_failed_by},
};

struct Distribution {
  const char* name;
  const char* title;
  Histogram ProducerMetrics::* value;
  /// What its values are divided by for people, who see one more digit then.
  double unit = 1;
};
constexpr Distribution distributions[] = {
    {"latency_us", "latency, ms", &ProducerMetrics::latency_us, 1000},
    {"waited_us", "waited, ms", &ProducerMetrics::waited_us, 1000},
    {"request_us", "request, ms", &ProducerMetrics::request_us, 1000},
    {"records_per_call", "records per call", &ProducerMetrics::records_per_call},
    {"entries_per_call", "entries per call", &ProducerMetrics::entries_per_call},
    {"bytes_per_call", "bytes per call", &ProducerMetrics::bytes_per_call},
    {"records_per_entry", "records per entry", &ProducerMetrics::records_per_entry},
    {"attempts", "attempts", &ProducerMetrics::attempts},
    {"bytes_in_flight", "bytes in flight", &ProducerMetrics::bytes_in_flight},
};

void add(ProducerShardMetrics& to, const ProducerShardMetrics& from) {
  to.records += from.records;
  to.bytes += from.bytes;
  to.entries += from.entries;
  to.throttled += from.throttled;
}

void add_shards(std::vector<ProducerShardMetrics>& to, const std::vector<ProducerShardMetrics>& from) {
  std::unordered_map<std::string_view, std::size_t> places;
  to.reserve(to.size() + from.size());  // so that the names stay where they are
  for (std::size_t i = 0; i < to.size(); ++i) places.emplace(to[i].shard_id, i);
  const std::size_t named = to.size() - places.count(ProducerMetrics::other_shards);
  std::size_t room = ProducerMetrics::max_shards - std::min(named, ProducerMetrics::max_shards);
  for (const ProducerShardMetrics& shard : from) {
    std::string_view name = shard.shard_id;
    auto found = places.find(name);
    if (found == places.end() && name != ProducerMetrics::other_shards) {
      if (room > 0) {
        --room;
      } else {
        name = ProducerMetrics::other_shards;
        found = places.find(name);
      }
    }
    if (found == places.end()) {
      to.push_back(ProducerShardMetrics{.shard_id = std::string(name)});
      found = places.emplace(to.back().shard_id, to.size() - 1).first;
    }
    add(to[found->second], shard);
  }
}

template <class... Values>
void print(std::string& out, const char* format, Values... values) {
  char text[256];
  std::snprintf(text, sizeof text, format, values...);
  out += text;
}

unsigned long long number(std::uint64_t value) { return value; }

void print_counters(std::string& out, const ProducerMetrics& m) {
  print(out, "records  %llu accepted, %llu delivered (%llu bytes), %llu failed, %llu pending (%llu bytes)\n",
        number(m.records_accepted), number(m.records_delivered), number(m.bytes_delivered), number(m.records_failed),
        number(m.buffered_records), number(m.buffered_bytes));
  if (m.waiting_records > 0)
    print(out, "waiting  %llu for room (%llu bytes)\n", number(m.waiting_records), number(m.waiting_bytes));
  if (m.records_failed > 0)
    print(out, "failed   %llu expired, %llu refused, %llu closed\n", number(m.records_expired),
          number(m.records_refused), number(m.records_closed));
  print(out, "calls    %llu, %llu failed\n", number(m.calls), number(m.calls_failed));
  print(out, "entries  %llu sent, %llu delivered, %llu throttled, %llu misplaced, %llu sent again\n",
        number(m.entries_sent), number(m.entries_delivered), number(m.entries_throttled), number(m.entries_misplaced),
        number(m.entries_retried));
  for (const Errors& kind : errors) {
    const auto all = (m.*kind.value).all();
    if (all.empty()) continue;
    print(out, "%-15s ", kind.title);
    const char* separator = " ";
    for (const auto& [code, count] : all) {
      print(out, "%s%s %llu", separator, std::string(to_string(code)).c_str(), number(count));
      separator = ", ";
    }
    out += '\n';
  }
}

void print_histograms(std::string& out, const ProducerMetrics& m) {
  bool header = false;
  for (const Distribution& kind : distributions) {
    const Histogram& values = m.*kind.value;
    if (values.empty()) continue;
    if (!std::exchange(header, true))
      print(out, "%-17s %10s %10s %10s %10s %10s %10s\n", "", "min", "mean", "p50", "p90", "p99", "max");
    print(out, "%-17s", kind.title);
    const double columns[] = {static_cast<double>(values.min()),          values.mean(),
                              static_cast<double>(values.percentile(50)), static_cast<double>(values.percentile(90)),
                              static_cast<double>(values.percentile(99)), static_cast<double>(values.max())};
    for (const double& column : columns)
      print(out, " %10.*f", kind.unit != 1 || &column == &columns[1] ? 1 : 0, column / kind.unit);
    out += '\n';
  }
}

void print_shards(std::string& out, const ProducerMetrics& m) {
  constexpr std::size_t shown = 8;
  if (m.shards.empty()) return;
  std::vector<const ProducerShardMetrics*> busiest;
  for (const ProducerShardMetrics& shard : m.shards) busiest.push_back(&shard);
  // As they stand, where they are as busy as each other.
  std::sort(busiest.begin(), busiest.end(),
            [](const auto* a, const auto* b) { return a->bytes != b->bytes ? a->bytes > b->bytes : a < b; });
  print(out, "%-20s %14s %16s %12s %12s\n", "shard", "records", "bytes", "entries", "throttled");
  for (std::size_t i = 0; i < std::min(shown, busiest.size()); ++i) {
    const ProducerShardMetrics& shard = *busiest[i];
    print(out, "%-20s %14llu %16llu %12llu %12llu\n", shard.shard_id.c_str(), number(shard.records),
          number(shard.bytes), number(shard.entries), number(shard.throttled));
  }
  if (busiest.size() > shown) print(out, "and %zu more shards\n", busiest.size() - shown);
}

void write_histogram(aws::JsonWriter& json, const Histogram& values) {
  json.begin_object().key("count").integer(values.count()).key("min").integer(values.min());
  json.key("mean").number(values.mean());
  json.key("p50").integer(values.percentile(50)).key("p90").integer(values.percentile(90));
  json.key("p99").integer(values.percentile(99)).key("p999").integer(values.percentile(99.9));
  json.key("max").integer(values.max()).end_object();
}

}  // namespace

std::uint64_t ErrorCounts::total() const noexcept {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : counts_) sum += count;
  return sum;
}

std::vector<std::pair<errc, std::uint64_t>> ErrorCounts::all() const {
  std::vector<std::pair<errc, std::uint64_t>> found;
  for (std::size_t i = 0; i < counts_.size(); ++i)
    if (counts_[i] > 0) found.emplace_back(static_cast<errc>(i), counts_[i]);
  return found;
}

ErrorCounts& ErrorCounts::operator+=(const ErrorCounts& other) noexcept {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  return *this;
}

std::string_view to_string(ProducerOutcome outcome) noexcept {
  switch (outcome) {
    case ProducerOutcome::delivered:
      return "delivered";
    case ProducerOutcome::expired:
      return "expired";
    case ProducerOutcome::closed:
      return "closed";
    case ProducerOutcome::refused:
      return "refused";
  }
  return "unknown";
}

const ProducerShardMetrics* ProducerMetrics::shard(std::string_view shard_id) const noexcept {
  const auto found = std::find_if(shards.begin(), shards.end(),
                                  [&](const ProducerShardMetrics& one) { return one.shard_id == shard_id; });
  return found == shards.end() ? nullptr : &*found;
}

ProducerMetrics& ProducerMetrics::operator+=(const ProducerMetrics& other) {
  for (const Counter& counter : counters) this->*counter.value += other.*counter.value;
  for (const Errors& kind : errors) this->*kind.value += other.*kind.value;
  for (const Distribution& kind : distributions) this->*kind.value += other.*kind.value;
  if (&other == this) {
    for (ProducerShardMetrics& shard : shards) add(shard, ProducerShardMetrics(shard));
  } else if (!other.shards.empty()) {
    add_shards(shards, other.shards);
  }
  return *this;
}

void ProducerMetrics::clear() {
  for (const Counter& counter : counters) this->*counter.value = 0;
  for (const Errors& kind : errors) (this->*kind.value).clear();
  for (const Distribution& kind : distributions) (this->*kind.value).clear();
  shards.clear();
}

std::string to_string(const ProducerMetrics& metrics) {
  std::string out;
  print_counters(out, metrics);
  print_histograms(out, metrics);
  print_shards(out, metrics);
  return out;
}

std::string to_json(const ProducerMetrics& metrics) {
  std::string out;
  aws::JsonWriter json(out);
  json.begin_object();
  for (const Counter& counter : counters) json.key(counter.name).integer(metrics.*counter.value);
  for (const Errors& kind : errors) {
    json.key(kind.name).begin_object();
    for (const auto& [code, count] : (metrics.*kind.value).all()) json.key(to_string(code)).integer(count);
    json.end_object();
  }
  for (const Distribution& kind : distributions) write_histogram(json.key(kind.name), metrics.*kind.value);
  json.key("shards").begin_object();
  for (const ProducerShardMetrics& shard : metrics.shards) {
    json.key(shard.shard_id).begin_object().key("records").integer(shard.records).key("bytes").integer(shard.bytes);
    json.key("entries").integer(shard.entries).key("throttled").integer(shard.throttled).end_object();
  }
  json.end_object().end_object();
  return out;
}

}  // namespace kinesis
