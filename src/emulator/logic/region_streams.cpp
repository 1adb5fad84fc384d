#include "emulator/logic/errors.hpp"
#include "emulator/logic/region.hpp"

#include <algorithm>

// Streams: create, delete, describe, list.
namespace kinesis::emulator {
namespace {

constexpr int most_described_shards = 100;
constexpr int most_per_page = 10'000;
constexpr std::uint32_t on_demand_shards = 4;
constexpr int most_creating = 5;
constexpr int most_shards_of_stream = 10'000;

std::vector<EnhancedMetrics> monitoring(const Stream& stream) {
  std::vector<EnhancedMetrics> out(1);
  out[0].shard_level_metrics.assign(stream.metrics.begin(), stream.metrics.end());
  return out;
}

template <class Description>
void describe_common(const Stream& stream, Description& out) {
  out.stream_name = stream.name();
  out.stream_arn = stream.arn();
  out.stream_status = stream.status();
  out.stream_mode_details = StreamModeDetails(stream.mode);
  out.retention_period_hours = stream.retention_hours;
  out.stream_creation_timestamp = Timestamp(std::chrono::milliseconds(stream.created_millis()));
  out.enhanced_monitoring = monitoring(stream);
  out.encryption_type = stream.encryption;
  if (stream.encryption == EncryptionType::kms) out.key_id = stream.key_id;
}

std::optional<Error> check_create(const CreateStreamRequest& request) {
  Validation validation;
  validation.name("streamName", request.stream_name).range("shardCount", request.shard_count, 1, 1'000'000);
  validation.range("maxRecordSizeInKiB", request.max_record_size_in_kib, 1024, 10'240);
  validation.range("warmThroughputMiBps", request.warm_throughput_mibps, 0, 10'240);
  if (auto error = validation.error()) return error;
  const bool on_demand =
      request.stream_mode_details && request.stream_mode_details->stream_mode == StreamMode::on_demand;
  if (on_demand) {
    if (request.shard_count) return validation_error("ShardCount cannot be specified for a stream in On-Demand mode.");
    return std::nullopt;
  }
  if (!request.shard_count) return validation_error("ShardCount is required for a stream in Provisioned mode.");
  if (request.warm_throughput_mibps) {
    return validation_error("WarmThroughputMiBps is only supported for streams in On-Demand mode.");
  }
  if (request.record_distribution_strategy == RecordDistributionStrategy::automatic) {
    return invalid_argument("RecordDistributionStrategy AUTO is only supported for streams in On-Demand mode.");
  }
  return std::nullopt;
}

}  // namespace

Result<CreateStreamResponse> Region::perform(const CreateStreamRequest& request, Moment now) {
  if (auto error = check_create(request)) return *error;
  if (auto error = check_tags(request.tags, {}, request.stream_name)) return *error;
  if (streams_.contains(request.stream_name)) {
    return in_use("Stream " + request.stream_name + " under account " + options_.account + " already exists.");
  }
  const bool on_demand = !request.shard_count;
  if (request.warm_throughput_mibps) {
    if (auto error = no_commitment()) return *error;
  }
  const auto warm = static_cast<std::uint32_t>(request.warm_throughput_mibps.value_or(0));
  const std::uint32_t count =
      on_demand ? std::max(on_demand_shards, warm) : static_cast<std::uint32_t>(*request.shard_count);
  const auto creating = std::count_if(streams_.begin(), streams_.end(),
                                      [](const auto& one) { return one.second.status() == StreamStatus::creating; });
  if (options_.limits && creating >= most_creating) {
    return limit_exceeded("You cannot have more than 5 streams in CREATING status in account " + options_.account +
                          ".");
  }
  if (on_demand) {
    if (auto error = over_on_demand_limit()) return *error;
  }
  if (auto error = over_shard_limit(static_cast<int>(count))) return *error;
  if (count > most_shards_of_stream) {
    return limit_exceeded("A stream cannot have more than " + std::to_string(most_shards_of_stream) + " shards.");
  }

  Stream& stream = streams_
                       .try_emplace(request.stream_name, request.stream_name, arns_.stream(request.stream_name),
                                    next_serial_++, now, log_memory_)
                       .first->second;
  stream.mode = on_demand ? StreamMode::on_demand : StreamMode::provisioned;
  stream.max_record_kib = request.max_record_size_in_kib.value_or(Stream::default_record_kib);
  if (warm > 0) stream.warm_mibps = static_cast<int>(warm);
  if (request.record_distribution_strategy != RecordDistributionStrategy::unknown) {
    stream.distribution = request.record_distribution_strategy;
  }
  stream.tags = request.tags;
  stream.change(StreamStatus::creating, due(now), now,
                [count](Stream& created, Moment at) { created.make_first_shards(count, at); });
  return CreateStreamResponse();
}

Result<void> Region::create_active(const std::string& stream, int shards, Moment now) {
  advance(now);
  const auto created = perform(CreateStreamRequest(stream, shards), now);
  if (!created) return created.error();
  streams_.find(stream)->second.finish_change(now);
  return {};
}

Result<DeleteStreamResponse> Region::perform(const DeleteStreamRequest& request, Moment now) {
  Validation validation;
  if (auto error = check_stream(validation, request).error()) return *error;
  auto stream = find_active(request);
  if (!stream) return stream.error();
  if (!(*stream)->consumers.empty() && !request.enforce_consumer_deletion.value_or(false)) {
    return in_use("Stream " + (*stream)->name() + " under account " + options_.account +
                  " has enhanced fan-out consumers registered. Deregister them, or set EnforceConsumerDeletion.");
  }
  (*stream)->start_deleting(due(now));
  advance(now);
  return DeleteStreamResponse();
}

Result<DescribeStreamResponse> Region::perform(const DescribeStreamRequest& request, Moment) {
  Validation validation;
  check_stream(validation, request).range("limit", request.limit, 1, most_per_page);
  validation.name("exclusiveStartShardId", request.exclusive_start_shard_id);
  if (auto error = validation.error()) return *error;
  auto found = find(request);
  if (!found) return found.error();
  const Stream& stream = **found;

  DescribeStreamResponse out;
  StreamDescription& description = out.stream_description;
  describe_common(stream, description);
  const auto most =
      static_cast<std::size_t>(std::min(request.limit.value_or(most_described_shards), most_described_shards));
  std::uint64_t first = 0;
  if (request.exclusive_start_shard_id) {
    const auto after = parse_shard_id(*request.exclusive_start_shard_id);
    if (!after) return shard_not_found(*request.exclusive_start_shard_id, stream.name());
    first = std::uint64_t{*after} + 1;
  }
  for (; first < stream.shards().size(); ++first) {
    const Shard& shard = stream.shards()[first];
    if (shard.expired) continue;
    if (description.shards.size() == most) {
      description.has_more_shards = true;
      break;
    }
    description.shards.push_back(shard.describe());
  }
  return out;
}

Result<DescribeStreamSummaryResponse> Region::perform(const DescribeStreamSummaryRequest& request, Moment) {
  Validation validation;
  if (auto error = check_stream(validation, request).error()) return *error;
  auto found = find(request);
  if (!found) return found.error();
  const Stream& stream = **found;

  DescribeStreamSummaryResponse out;
  StreamDescriptionSummary& summary = out.stream_description_summary;
  describe_common(stream, summary);
  summary.open_shard_count = static_cast<int>(stream.open_shards());
  summary.consumer_count = static_cast<int>(stream.consumers.size());
  summary.max_record_size_in_kib = stream.max_record_kib;
  if (stream.warm_mibps) {
    summary.warm_throughput.emplace().target_mibps = stream.warm_mibps;
    const bool done = stream.status() == StreamStatus::active;
    summary.warm_throughput->current_mibps = done ? *stream.warm_mibps : static_cast<int>(stream.open_shards());
  }
  if (stream.mode == StreamMode::on_demand) summary.record_distribution_strategy = stream.distribution;
  return out;
}

}  // namespace kinesis::emulator
