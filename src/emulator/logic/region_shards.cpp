#include "emulator/logic/errors.hpp"
#include "emulator/logic/region.hpp"

#include <algorithm>

// What changes a stream's shards: SplitShard, MergeShards, UpdateShardCount, UpdateStreamMode, and what on-demand
// streams do by themselves.
namespace kinesis::emulator {
namespace {

constexpr std::int64_t millis_per_day = 86'400'000;
constexpr std::size_t most_scalings_per_day = 10;
constexpr std::size_t most_mode_changes_per_day = 2;
constexpr int most_shards_of_stream = 10'000;
// An on-demand stream scales when a shard refuses records for so long, with pauses that are no longer than that. (AWS
// takes minutes.)
constexpr auto hot_time = std::chrono::seconds(2);
constexpr auto longest_pause = std::chrono::seconds(10);
constexpr std::size_t most_on_demand_shards = 200;

// Counts an event unless there were `most` in the last 24 hours.
bool count_today(std::deque<std::int64_t>& events, std::size_t most, Moment now) {
  while (!events.empty() && events.front() <= now.millis() - millis_per_day) events.pop_front();
  if (events.size() >= most) return false;
  events.push_back(now.millis());
  return true;
}

Error too_often(const Stream& stream, std::string_view operation, std::size_t most) {
  return limit_exceeded(std::string(operation) + " was called for stream " + stream.name() + " " +
                        std::to_string(most) + " times in the last 24 hours, which is the limit.");
}

bool is_splittable(const HashRange& range) { return range.last - range.first > 2; }

}  // namespace

Result<SplitShardResponse> Region::perform(const SplitShardRequest& request, Moment now) {
  Validation validation;
  check_stream(validation, request).name("shardToSplit", request.shard_to_split);
  validation.hash_key("newStartingHashKey", request.new_starting_hash_key);
  if (auto error = validation.error()) return *error;
  auto found = find_active(request);
  if (!found) return found.error();
  Stream& stream = **found;
  if (stream.mode == StreamMode::on_demand) return in_on_demand_mode(stream);
  const auto number = parse_shard_id(request.shard_to_split);
  Shard* const shard = number ? stream.shard(*number) : nullptr;
  if (shard == nullptr) {
    return shard_not_found(number ? shard_id(*number) : request.shard_to_split, stream.name());
  }
  if (!shard->is_open()) {
    return invalid_argument("Shard " + shard->id + " in stream " + stream.name() + " under account " +
                            options_.account +
                            " has already been merged or split, and thus is not eligible for merging or splitting.");
  }
  const auto second = core::Uint128::parse(request.new_starting_hash_key);
  if (!second || *second <= shard->range.first + 1 || *second >= shard->range.last) {
    return invalid_argument("NewStartingHashKey " + request.new_starting_hash_key + " used in SplitShard() on shard " +
                            shard->id + " in stream " + stream.name() + " under account " + options_.account +
                            " is not both greater than one plus the shard's StartingHashKey " +
                            shard->range.first.to_string() + " and less than the shard's EndingHashKey " +
                            shard->range.last.to_string() + ".");
  }
  if (auto error = over_shard_limit(1)) return *error;
  stream.change(StreamStatus::updating, due(now), now,
                [number = *number, second = *second](Stream& s, Moment at) { s.split(number, second, at); });
  return SplitShardResponse();
}

Result<MergeShardsResponse> Region::perform(const MergeShardsRequest& request, Moment now) {
  Validation validation;
  check_stream(validation, request).name("shardToMerge", request.shard_to_merge);
  validation.name("adjacentShardToMerge", request.adjacent_shard_to_merge);
  if (auto error = validation.error()) return *error;
  auto found = find_active(request);
  if (!found) return found.error();
  Stream& stream = **found;
  if (stream.mode == StreamMode::on_demand) return in_on_demand_mode(stream);
  std::vector<Shard*> shards;
  for (const ShardId* const id : {&request.shard_to_merge, &request.adjacent_shard_to_merge}) {
    const auto number = parse_shard_id(*id);
    Shard* const shard = number ? stream.shard(*number) : nullptr;
    if (shard == nullptr) return shard_not_found(number ? shard_id(*number) : *id, stream.name());
    shards.push_back(shard);
  }
  const HashRange& a = shards[0]->range;
  const HashRange& b = shards[1]->range;
  const bool adjacent = (a.last < b.first && a.last + 1 == b.first) || (b.last < a.first && b.last + 1 == a.first);
  if (!adjacent || !shards[0]->is_open() || !shards[1]->is_open()) {
    return invalid_argument("Shards " + shards[0]->id + " and " + shards[1]->id + " in stream " + stream.name() +
                            " under account " + options_.account +
                            " are not an adjacent pair of shards eligible for merging");
  }
  stream.change(
      StreamStatus::updating, due(now), now,
      [first = shards[0]->number, second = shards[1]->number](Stream& s, Moment at) { s.merge(first, second, at); });
  return MergeShardsResponse();
}

Result<UpdateShardCountResponse> Region::perform(const UpdateShardCountRequest& request, Moment now) {
  Validation validation;
  check_stream(validation, request).range("targetShardCount", request.target_shard_count, 1, 1'000'000);
  validation.one_of("scalingType", request.scaling_type != ScalingType::unknown, "[UNIFORM_SCALING]");
  if (auto error = validation.error()) return *error;
  auto found = find_active(request);
  if (!found) return found.error();
  Stream& stream = **found;
  if (stream.mode == StreamMode::on_demand) return in_on_demand_mode(stream);
  const int current = static_cast<int>(stream.open_shards());
  const int target = request.target_shard_count;
  const std::string counts =
      " Current open shard count: " + std::to_string(current) + " Target shard count: " + std::to_string(target);
  if (target > most_shards_of_stream) {
    return limit_exceeded("UpdateShardCount cannot scale a stream over " + std::to_string(most_shards_of_stream) +
                          " shards." + counts);
  }
  if (target > 2 * current) {
    return limit_exceeded("UpdateShardCount cannot scale up over double your current open shard count." + counts);
  }
  if (2 * target < current) {
    return limit_exceeded("UpdateShardCount cannot scale down below half your current open shard count." + counts);
  }
  if (auto error = over_shard_limit(target - current)) return *error;
  if (options_.limits && !count_today(stream.scaled_millis, most_scalings_per_day, now)) {
    return too_often(stream, "UpdateShardCount", most_scalings_per_day);
  }
  UpdateShardCountResponse out;
  out.stream_name = stream.name();
  out.stream_arn = stream.arn();
  out.current_shard_count = current;
  out.target_shard_count = target;
  stream.change(StreamStatus::updating, due(now), now,
                [target](Stream& s, Moment at) { s.scale_to(static_cast<std::uint32_t>(target), at); });
  return out;
}

Result<UpdateStreamModeResponse> Region::perform(const UpdateStreamModeRequest& request, Moment now) {
  Validation validation;
  validation.stream_arn("streamARN", request.stream_arn);
  const StreamMode mode = request.stream_mode_details.stream_mode;
  validation.one_of("streamModeDetails.streamMode", mode != StreamMode::unknown, "[PROVISIONED, ON_DEMAND]");
  validation.range("warmThroughputMiBps", request.warm_throughput_mibps, 0, 10'240);
  if (auto error = validation.error()) return *error;
  auto found = find_active_by_arn(request.stream_arn);
  if (!found) return found.error();
  Stream& stream = **found;
  if (stream.mode == mode) {
    return invalid_argument("Stream " + stream.name() + " under account " + options_.account + " is already in mode " +
                            std::string(to_string(mode)) + ".");
  }
  if (request.warm_throughput_mibps && mode != StreamMode::on_demand) {
    return validation_error("WarmThroughputMiBps is only supported for streams in On-Demand mode.");
  }
  if (request.warm_throughput_mibps) {
    if (auto error = no_commitment()) return *error;
  }
  if (mode == StreamMode::on_demand) {
    if (auto error = over_on_demand_limit()) return *error;
  }
  if (options_.limits && !count_today(stream.mode_changed_millis, most_mode_changes_per_day, now)) {
    return too_often(stream, "UpdateStreamMode", most_mode_changes_per_day);
  }
  const std::optional<int> warm = request.warm_throughput_mibps;
  stream.change(StreamStatus::updating, due(now), now, [mode, warm](Stream& s, Moment at) {
    s.mode = mode;
    s.warm_mibps = warm;
    if (mode == StreamMode::provisioned) s.distribution = RecordDistributionStrategy::user_partition_key;
    const auto wanted = static_cast<std::uint32_t>(warm.value_or(0));
    if (wanted > s.open_shards()) s.scale_to(wanted, at);
  });
  return UpdateStreamModeResponse();
}

Result<void> Region::split_in_half(std::string_view stream_name, std::string_view shard_name, Moment now) {
  advance(now);
  auto found = find_named(stream_in(stream_name));
  if (!found) return found.error();
  Stream& stream = **found;
  if (auto error = not_active(stream)) return *error;
  auto shard = find_shard(stream, shard_name);
  if (!shard) return shard.error();
  if (!(*shard)->is_open() || !is_splittable((*shard)->range)) {
    return invalid_argument("Shard " + (*shard)->id + " of stream " + stream.name() + " cannot be split.");
  }
  const std::uint32_t number = (*shard)->number;
  const core::Uint128 second = core::midpoint((*shard)->range.first, (*shard)->range.last) + 1;
  stream.change(StreamStatus::updating, due(now), now,
                [number, second](Stream& s, Moment at) { s.split(number, second, at); });
  return {};
}

Result<void> Region::merge(const std::string& stream, const ShardId& shard, const ShardId& adjacent, Moment now) {
  advance(now);
  const auto merged = perform(MergeShardsRequest(stream, shard, adjacent), now);
  if (!merged) return merged.error();
  return {};
}

Result<std::vector<KinesisShard>> Region::describe_shards(const std::string& stream, Moment now) {
  advance(now);
  auto found = find_named(stream_in(stream));
  if (!found) return found.error();
  std::vector<KinesisShard> out;
  for (const Shard& shard : (*found)->shards()) {
    if (!shard.expired) out.push_back(shard.describe());
  }
  return out;
}

// Splits the shard of an on-demand stream that has been refusing records for some time.
void Region::cool(Stream& stream, Moment now) {
  if (stream.mode != StreamMode::on_demand || stream.status() != StreamStatus::active) return;
  if (stream.open_shards() >= most_on_demand_shards) return;
  for (const std::uint32_t number : stream.open_by_hash()) {
    Shard& shard = *stream.shard(number);
    if (!shard.hot_since || shard.last_refused != now.monotonic) continue;
    if (now.monotonic - *shard.hot_since < hot_time || !is_splittable(shard.range)) continue;
    const core::Uint128 second = core::midpoint(shard.range.first, shard.range.last) + 1;
    stream.change(StreamStatus::updating, due(now), now,
                  [number, second](Stream& s, Moment at) { s.split(number, second, at); });
    return;
  }
}

void Region::note_refused(Shard& shard, Moment now) noexcept {
  if (!shard.hot_since || now.monotonic - shard.last_refused > longest_pause) shard.hot_since = now.monotonic;
  shard.last_refused = now.monotonic;
}

}  // namespace kinesis::emulator
