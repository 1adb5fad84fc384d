#include "emulator/logic/throughput.hpp"

#include <algorithm>
#include <array>

namespace kinesis::emulator {
namespace {

struct Rate {
  std::string_view operation;
  double per_second;
  bool per_stream;
};
// docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html and the operations' own pages.
constexpr std::array<Rate, 35> rates = {{
    {"CreateStream", 5, false},
    {"DeleteStream", 5, false},
    {"DescribeStream", 10, false},
    {"DescribeStreamSummary", 20, false},
    {"ListStreams", 5, false},
    {"ListShards", 1000, true},
    {"SplitShard", 5, false},
    {"MergeShards", 5, false},
    {"UpdateShardCount", 10, false},
    {"UpdateStreamMode", 5, false},
    {"RegisterStreamConsumer", 5, false},
    {"DeregisterStreamConsumer", 5, true},
    {"DescribeStreamConsumer", 20, true},
    {"ListStreamConsumers", 5, true},
    {"IncreaseStreamRetentionPeriod", 5, true},
    {"DecreaseStreamRetentionPeriod", 5, true},
    {"StartStreamEncryption", 5, true},
    {"StopStreamEncryption", 5, true},
    {"EnableEnhancedMonitoring", 5, true},
    {"DisableEnhancedMonitoring", 5, true},
    {"DescribeLimits", 1, false},
    {"DescribeAccountSettings", 5, false},
    {"UpdateAccountSettings", 5, false},
    {"UpdateMaxRecordSize", 5, false},
    {"UpdateStreamWarmThroughput", 5, false},
    {"UpdateStreamRecordDistributionStrategy", 5, false},
    {"AddTagsToStream", 5, false},
    {"RemoveTagsFromStream", 5, false},
    {"ListTagsForStream", 5, false},
    {"TagResource", 5, false},
    {"UntagResource", 5, false},
    {"ListTagsForResource", 5, false},
    {"PutResourcePolicy", 5, false},
    {"GetResourcePolicy", 5, false},
    {"DeleteResourcePolicy", 5, false},
}};

// Streams come and go: their buckets are forgotten beyond this many. A full bucket and none are the same.
constexpr std::size_t most_buckets = 10'000;

}  // namespace

ShardThroughput::ShardThroughput(Moment now) noexcept
    : write_records_(shard_write_records, shard_write_records, now.monotonic),
      write_bytes_(shard_write_bytes, shard_write_bytes, now.monotonic),
      reads_(shard_reads, shard_reads, now.monotonic),
      read_bytes_(shard_read_bytes, shard_read_bytes, now.monotonic),
      iterators_(shard_reads, shard_reads, now.monotonic) {}

bool ShardThroughput::admit_write(std::size_t bytes, Moment now) noexcept {
  if (!write_records_.try_take(1, now.monotonic)) return false;
  if (write_bytes_.try_take(static_cast<double>(bytes), now.monotonic)) return true;
  write_records_.put_back(1, now.monotonic);
  return false;
}

bool ShardThroughput::admit_read(Moment now) noexcept {
  return read_bytes_.available(now.monotonic) >= 1 && reads_.try_take(1, now.monotonic);
}

void ShardThroughput::charge_read(std::uint64_t bytes, Moment now) noexcept {
  if (bytes > shard_read_bytes) read_bytes_.drain(now.monotonic);
  read_bytes_.take(static_cast<double>(bytes), now.monotonic);
}

bool ControlRates::admit(std::string_view operation, std::string_view stream, Moment now) {
  const auto* rate = std::find_if(rates.begin(), rates.end(), [&](const Rate& r) { return r.operation == operation; });
  if (rate == rates.end()) return true;
  std::string key(operation);
  if (rate->per_stream) key.append("/").append(stream);
  auto found = buckets_.find(key);
  if (found == buckets_.end()) {
    if (buckets_.size() >= most_buckets) buckets_.clear();
    found =
        buckets_.emplace(std::move(key), core::TokenBucket(rate->per_second, rate->per_second, now.monotonic)).first;
  }
  return found->second.try_take(1, now.monotonic);
}

}  // namespace kinesis::emulator
