#include "emulator/logic/errors.hpp"
#include "emulator/logic/region.hpp"

#include <algorithm>
#include <array>

// Settings of streams and of the account: retention, encryption, monitoring, limits, record size, throughput.
namespace kinesis::emulator {
namespace {

constexpr int least_retention_hours = 24;
constexpr int most_retention_hours = 8760;
constexpr std::array<MetricsName, 7> all_metrics = {
    MetricsName::incoming_bytes,
    MetricsName::incoming_records,
    MetricsName::outgoing_bytes,
    MetricsName::outgoing_records,
    MetricsName::write_provisioned_throughput_exceeded,
    MetricsName::read_provisioned_throughput_exceeded,
    MetricsName::iterator_age_milliseconds,
};

std::optional<Error> check_retention(const StreamRequest& stream, int hours) {
  Validation validation;
  if (auto error = check_stream(validation, stream).error()) return error;
  if (hours < least_retention_hours) {
    return invalid_argument("Minimum allowed retention period is 24 hours. Requested retention period (" +
                            std::to_string(hours) + " hours) is too short.");
  }
  if (hours > most_retention_hours) {
    return invalid_argument("Maximum allowed retention period is 8760 hours. Requested retention period (" +
                            std::to_string(hours) + " hours) is too long.");
  }
  return std::nullopt;
}

Error wrong_direction(const Stream& stream, int hours, std::string_view relation, std::string_view other) {
  return invalid_argument("Requested retention period (" + std::to_string(hours) + " hours) for stream " +
                          stream.name() + " can not be " + std::string(relation) + " than existing retention period (" +
                          std::to_string(stream.retention_hours) + " hours). Use " + std::string(other) + " API.");
}

std::optional<Error> check_encryption(const StreamRequest& stream, EncryptionType type, const std::string& key_id) {
  Validation validation;
  check_stream(validation, stream).one_of("encryptionType", type == EncryptionType::kms, "[KMS]");
  return validation.length("keyId", key_id, 1, 2048).error();
}

std::vector<MetricsName> listed(const std::set<MetricsName>& metrics) { return {metrics.begin(), metrics.end()}; }

}  // namespace

Result<IncreaseStreamRetentionPeriodResponse> Region::perform(const IncreaseStreamRetentionPeriodRequest& request,
                                                              Moment now) {
  const int hours = request.retention_period_hours;
  if (auto error = check_retention(request, hours)) return *error;
  auto found = find_active(request);
  if (!found) return found.error();
  Stream& stream = **found;
  if (hours < stream.retention_hours) return wrong_direction(stream, hours, "shorter", "DecreaseRetentionPeriod");
  // What has expired stays so.
  stream.expire(now);
  stream.change(StreamStatus::updating, due(now), now, [hours](Stream& s, Moment) { s.retention_hours = hours; });
  return IncreaseStreamRetentionPeriodResponse();
}

Result<DecreaseStreamRetentionPeriodResponse> Region::perform(const DecreaseStreamRetentionPeriodRequest& request,
                                                              Moment now) {
  const int hours = request.retention_period_hours;
  if (auto error = check_retention(request, hours)) return *error;
  auto found = find_active(request);
  if (!found) return found.error();
  Stream& stream = **found;
  if (hours > stream.retention_hours) return wrong_direction(stream, hours, "longer", "IncreaseRetentionPeriod");
  stream.change(StreamStatus::updating, due(now), now, [hours](Stream& s, Moment at) {
    s.retention_hours = hours;
    s.expire(at);
  });
  return DecreaseStreamRetentionPeriodResponse();
}

Result<StartStreamEncryptionResponse> Region::perform(const StartStreamEncryptionRequest& request, Moment now) {
  if (auto error = check_encryption(request, request.encryption_type, request.key_id)) return *error;
  auto found = find_active(request);
  if (!found) return found.error();
  (*found)->change(StreamStatus::updating, due(now), now, [key = request.key_id](Stream& s, Moment) {
    s.encryption = EncryptionType::kms;
    s.key_id = key;
  });
  return StartStreamEncryptionResponse();
}

Result<StopStreamEncryptionResponse> Region::perform(const StopStreamEncryptionRequest& request, Moment now) {
  if (auto error = check_encryption(request, request.encryption_type, request.key_id)) return *error;
  auto found = find_active(request);
  if (!found) return found.error();
  (*found)->change(StreamStatus::updating, due(now), now, [](Stream& s, Moment) {
    s.encryption = EncryptionType::none;
    s.key_id.clear();
  });
  return StopStreamEncryptionResponse();
}

Result<std::vector<MetricsName>> Region::checked_metrics(const std::vector<MetricsName>& metrics) const {
  Validation validation;
  validation.count("shardLevelMetrics", metrics.size(), 1, 7);
  const bool known = std::find(metrics.begin(), metrics.end(), MetricsName::unknown) == metrics.end();
  validation.one_of("shardLevelMetrics", known,
                    "[IncomingBytes, OutgoingRecords, IteratorAgeMilliseconds, IncomingRecords, "
                    "ReadProvisionedThroughputExceeded, WriteProvisionedThroughputExceeded, OutgoingBytes, ALL]");
  if (auto error = validation.error()) return *error;
  const bool all = std::find(metrics.begin(), metrics.end(), MetricsName::all) != metrics.end();
  if (all) return std::vector<MetricsName>(all_metrics.begin(), all_metrics.end());
  return metrics;
}

Result<EnableEnhancedMonitoringResponse> Region::perform(const EnableEnhancedMonitoringRequest& request, Moment) {
  Validation validation;
  if (auto error = check_stream(validation, request).error()) return *error;
  auto metrics = checked_metrics(request.shard_level_metrics);
  if (!metrics) return metrics.error();
  auto found = find_active(request);
  if (!found) return found.error();
  Stream& stream = **found;
  EnhancedMonitoringResponse out;
  out.stream_name = stream.name();
  out.stream_arn = stream.arn();
  out.current_shard_level_metrics = listed(stream.metrics);
  stream.metrics.insert(metrics->begin(), metrics->end());
  out.desired_shard_level_metrics = listed(stream.metrics);
  return out;
}

Result<DisableEnhancedMonitoringResponse> Region::perform(const DisableEnhancedMonitoringRequest& request, Moment) {
  Validation validation;
  if (auto error = check_stream(validation, request).error()) return *error;
  auto metrics = checked_metrics(request.shard_level_metrics);
  if (!metrics) return metrics.error();
  auto found = find_active(request);
  if (!found) return found.error();
  Stream& stream = **found;
  EnhancedMonitoringResponse out;
  out.stream_name = stream.name();
  out.stream_arn = stream.arn();
  out.current_shard_level_metrics = listed(stream.metrics);
  for (const MetricsName metric : *metrics) stream.metrics.erase(metric);
  out.desired_shard_level_metrics = listed(stream.metrics);
  return out;
}

Result<DescribeLimitsResponse> Region::perform(const DescribeLimitsRequest&, Moment) {
  DescribeLimitsResponse out;
  out.shard_limit = options_.shard_limit;
  out.open_shard_count = open_shards();
  out.on_demand_stream_count = on_demand_streams();
  out.on_demand_stream_count_limit = options_.on_demand_stream_limit;
  return out;
}

Result<DescribeAccountSettingsResponse> Region::perform(const DescribeAccountSettingsRequest&, Moment) {
  DescribeAccountSettingsResponse out;
  out.minimum_throughput_billing_commitment = commitment_;
  return out;
}

Result<UpdateAccountSettingsResponse> Region::perform(const UpdateAccountSettingsRequest& request, Moment now) {
  const BillingCommitmentStatus status = request.minimum_throughput_billing_commitment.status;
  Validation validation;
  validation.one_of("minimumThroughputBillingCommitment.status",
                    status == BillingCommitmentStatus::enabled || status == BillingCommitmentStatus::disabled,
                    "[ENABLED, DISABLED]");
  if (auto error = validation.error()) return *error;
  if (status == BillingCommitmentStatus::enabled && commitment_.status != BillingCommitmentStatus::enabled) {
    commitment_ = BillingCommitment(status);
    commitment_.started_at = now.wall;
    commitment_.earliest_allowed_end_at = now.wall + std::chrono::hours(24);
  } else if (status == BillingCommitmentStatus::disabled && commitment_.status == BillingCommitmentStatus::enabled) {
    const bool early = commitment_.earliest_allowed_end_at && now.wall < *commitment_.earliest_allowed_end_at;
    commitment_.status = early ? BillingCommitmentStatus::enabled_until_earliest_allowed_end : status;
    commitment_.ended_at = early ? commitment_.earliest_allowed_end_at : now.wall;
  }
  UpdateAccountSettingsResponse out;
  out.minimum_throughput_billing_commitment = commitment_;
  return out;
}

Result<UpdateMaxRecordSizeResponse> Region::perform(const UpdateMaxRecordSizeRequest& request, Moment now) {
  Validation validation;
  validation.stream_arn("streamARN", request.stream_arn);
  validation.range("maxRecordSizeInKiB", request.max_record_size_in_kib, 1024, 10'240);
  if (auto error = validation.error()) return *error;
  if (!request.stream_arn) return invalid_argument("StreamARN should be provided.");
  auto found = find_active_by_arn(*request.stream_arn);
  if (!found) return found.error();
  (*found)->change(StreamStatus::updating, due(now), now,
                   [size = request.max_record_size_in_kib](Stream& s, Moment) { s.max_record_kib = size; });
  return UpdateMaxRecordSizeResponse();
}

std::optional<Error> Region::no_commitment() const {
  if (commitment_.status != BillingCommitmentStatus::disabled) return std::nullopt;
  return validation_error("WarmThroughputMiBps requires MinimumThroughputBillingCommitment to be enabled for account " +
                          options_.account + ".");
}

Result<UpdateStreamWarmThroughputResponse> Region::perform(const UpdateStreamWarmThroughputRequest& request,
                                                           Moment now) {
  Validation validation;
  check_stream(validation, request).range("warmThroughputMiBps", request.warm_throughput_mibps, 0, 10'240);
  if (auto error = validation.error()) return *error;
  auto found = find_active(request);
  if (!found) return found.error();
  Stream& stream = **found;
  if (stream.mode != StreamMode::on_demand) {
    return validation_error("WarmThroughputMiBps is only supported for streams in On-Demand mode.");
  }
  if (auto error = no_commitment()) return *error;
  const int warm = request.warm_throughput_mibps;
  const int present = static_cast<int>(stream.open_shards());
  if (auto error = over_shard_limit(std::max(0, warm - present))) return *error;
  UpdateStreamWarmThroughputResponse out;
  out.stream_name = stream.name();
  out.stream_arn = stream.arn();
  out.warm_throughput.emplace().target_mibps = warm;
  out.warm_throughput->current_mibps = stream.warm_mibps.value_or(present);
  stream.change(StreamStatus::updating, due(now), now, [warm](Stream& s, Moment at) {
    s.warm_mibps = warm;
    if (static_cast<std::size_t>(warm) > s.open_shards()) s.scale_to(static_cast<std::uint32_t>(warm), at);
  });
  return out;
}

Result<UpdateStreamRecordDistributionStrategyResponse> Region::perform(
    const UpdateStreamRecordDistributionStrategyRequest& request, Moment) {
  Validation validation;
  validation.stream_arn("streamARN", request.stream_arn);
  validation.one_of("recordDistributionStrategy",
                    request.record_distribution_strategy != RecordDistributionStrategy::unknown,
                    "[AUTO, USER_PARTITION_KEY]");
  if (auto error = validation.error()) return *error;
  auto found = find_active_by_arn(request.stream_arn);
  if (!found) return found.error();
  Stream& stream = **found;
  if (stream.mode != StreamMode::on_demand) {
    return invalid_argument("RecordDistributionStrategy is only supported for streams in On-Demand mode.");
  }
  stream.distribution = request.record_distribution_strategy;
  return UpdateStreamRecordDistributionStrategyResponse();
}

}  // namespace kinesis::emulator
