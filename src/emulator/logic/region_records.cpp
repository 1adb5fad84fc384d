#include "aws/records_cbor.hpp"
#include "emulator/logic/errors.hpp"
#include "emulator/logic/region.hpp"

#include <algorithm>

// Records: PutRecord, PutRecords, GetShardIterator, GetRecords.
namespace kinesis::emulator {
namespace {

constexpr std::size_t most_iterator = 512;

// A record larger than its stream takes.
Error too_large(const PreparedPut& put, std::size_t most) {
  const std::size_t data = put.request->records[put.largest].data.size();
  if (data > most) {
    const std::string size = std::to_string(data);
    Validation validation;
    validation.fail(put.member(put.largest, "data"), "java.nio.HeapByteBuffer[pos=0 lim=" + size + " cap=" + size + "]",
                    "Member must have length less than or equal to " + std::to_string(most));
    return *validation.error();
  }
  return invalid_argument("Record size (data and partition key) of " + std::to_string(put.largest_bytes) +
                          " bytes exceeds the maximum record size of the stream, " + std::to_string(most) + " bytes.");
}

aws::StoredRecordView stored(const aws::PutRecordView& record, const SequenceText& number, std::int64_t millis,
                             EncryptionType encryption) {
  aws::StoredRecordView out;
  out.sequence_number = view(number);
  out.approximate_arrival_millis = millis;
  out.data = record.data;
  out.partition_key = record.partition_key;
  if (encryption == EncryptionType::kms) out.encryption_type = encryption;
  return out;
}

std::int64_t to_millis(Timestamp time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

}  // namespace

Error dry_run() {
  return service_error("DryRunOperationException", "Request would have succeeded, but the DryRun flag is set.");
}

Result<PutResult> Region::put(const PreparedPut& put, Moment now, const EntryFault& fault) {
  advance(now);
  const aws::PutRecordsView& request = *put.request;
  auto found = find_usable(request.stream_name, request.stream_arn);
  if (!found) return found.error();
  Stream& stream = **found;
  const bool automatic = stream.distribution == RecordDistributionStrategy::automatic;
  if (put.first_without_key && !automatic) {
    return validation_error("1 validation error detected: Value null at '" +
                            put.member(*put.first_without_key, "partitionKey") +
                            "' failed to satisfy constraint: Member must not be null");
  }
  const std::size_t most = static_cast<std::size_t>(stream.max_record_kib) << 10;
  if (put.largest_bytes > most) return too_large(put, most);
  if (request.dry_run) return dry_run();

  PutResult out;
  out.stream_name = stream.name();
  out.encryption = stream.encryption;
  out.arrival_millis = now.millis();
  out.outcomes.resize(request.records.size());
  for (std::size_t i = 0; i < request.records.size(); ++i) {
    const aws::PutRecordView& record = request.records[i];
    PutOutcome& outcome = out.outcomes[i];
    Shard& shard = automatic ? stream.next_in_turn() : stream.route(put.hashes[i]);
    outcome.shard = shard.number;
    const std::size_t bytes = record.data.size() + record.partition_key.size();
    const bool faulty = fault && fault(stream.name(), shard.id);
    if (faulty || (options_.limits && !shard.throughput.admit_write(bytes, now))) {
      outcome.kind = PutOutcome::Kind::throttled;
      ++out.failed;
      if (!faulty) note_refused(shard, now);
      continue;
    }
    const std::int64_t millis = std::max(out.arrival_millis, shard.log.last_arrival());
    const std::uint64_t index = stream.take_index();
    shard.sequence.write(index, static_cast<std::uint64_t>(millis / 1000), outcome.sequence_number);
    const std::size_t before = shard.log.memory();
    shard.log.append(index, stored(record, outcome.sequence_number, millis, stream.encryption));
    memory_ += shard.log.memory() - before;
  }
  if (out.failed > 0) cool(stream, now);
  if (memory_ > options_.memory_bytes) evict();
  return out;
}

std::vector<std::uint32_t> Region::shards_of(const PreparedPut& put, Moment now) {
  advance(now);
  std::vector<std::uint32_t> out;
  auto found = find_usable(put.request->stream_name, put.request->stream_arn);
  if (!found) return out;
  for (const core::Uint128 hash : put.hashes) out.push_back((*found)->route(hash).number);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::string throttled_message(std::string_view stream, std::uint32_t shard, std::string_view account) {
  std::string out = "Rate exceeded for shard " + shard_id(shard) + " in stream ";
  return out.append(stream).append(" under account ").append(account).append(".");
}

Result<PutRecordsResponse> Region::perform(const PutRecordsRequest& request, Moment now) {
  const aws::PutRecordsView view = aws::view_of(std::make_shared<const PutRecordsRequest>(request));
  auto prepared = prepare_put(view, true);
  if (!prepared) return prepared.error();
  auto result = put(*prepared, now);
  if (!result) return result.error();
  return to_response(*result, options_.account);
}

PutRecordsResponse to_response(const PutResult& result, std::string_view account) {
  PutRecordsResponse out;
  out.failed_record_count = static_cast<int>(result.failed);
  out.encryption_type = result.encryption;
  out.records.resize(result.outcomes.size());
  for (std::size_t i = 0; i < result.outcomes.size(); ++i) {
    const PutOutcome& outcome = result.outcomes[i];
    PutRecordsResultEntry& entry = out.records[i];
    if (outcome.kind == PutOutcome::Kind::stored) {
      entry.sequence_number.emplace(view(outcome.sequence_number));
      entry.shard_id = shard_id(outcome.shard);
    } else {
      entry.error_code = "ProvisionedThroughputExceededException";
      entry.error_message = throttled_message(result.stream_name, outcome.shard, account);
    }
  }
  return out;
}

aws::PutRecordsView single_put(const PutRecordRequest& request) {
  aws::PutRecordsView out;
  if (request.stream_name) out.stream_name = *request.stream_name;
  if (request.stream_arn) out.stream_arn = *request.stream_arn;
  out.dry_run = request.dry_run.value_or(false);
  aws::PutRecordView& record = out.records.emplace_back();
  record.data = request.data.bytes();
  record.partition_key = request.partition_key;
  if (request.explicit_hash_key) record.explicit_hash_key = *request.explicit_hash_key;
  return out;
}

std::optional<Error> Region::check_ordering(const PutRecordRequest& request, Moment now) const {
  if (!request.sequence_number_for_ordering) return std::nullopt;
  const std::string_view number = request.sequence_number_for_ordering->view();
  const auto parts = parse_sequence_number(number);
  if (parts && static_cast<std::int64_t>(parts->record_seconds) <= now.millis() / 1000 + 1) return std::nullopt;
  const std::string_view stream = subject_of(request).stream;
  return invalid_argument("ExclusiveMinimumSequenceNumber " + std::string(number) + " used in PutRecord on stream " +
                          std::string(stream_in(stream)) + " under account " + options_.account + " is invalid.");
}

Result<PutRecordResponse> Region::perform(const PutRecordRequest& request, Moment now) {
  if (auto error = check_ordering(request, now)) return *error;
  const aws::PutRecordsView view = single_put(request);
  auto prepared = prepare_put(view, false);
  if (!prepared) return prepared.error();
  auto result = put(*prepared, now);
  if (!result) return result.error();
  return to_single_response(*result, options_.account);
}

Result<PutRecordResponse> to_single_response(const PutResult& result, std::string_view account) {
  const PutOutcome& outcome = result.outcomes.front();
  if (outcome.kind == PutOutcome::Kind::throttled) {
    return throughput_exceeded(throttled_message(result.stream_name, outcome.shard, account));
  }
  PutRecordResponse out;
  out.shard_id = shard_id(outcome.shard);
  out.sequence_number = SequenceNumber(view(outcome.sequence_number));
  out.encryption_type = result.encryption;
  return out;
}

// Where a request with a sequence number starts.
Result<std::uint64_t> Region::index_of(const StartingPosition& position, std::string_view operation, const Shard& shard,
                                       const Stream& stream) const {
  const std::string number(position.sequence_number->view());
  const auto parts = parse_sequence_number(number);
  const std::string used = "StartingSequenceNumber " + number + " used in " + std::string(operation) + " on shard " +
                           shard.id + " in stream " + stream.name() + " under account " + options_.account +
                           " is invalid";
  if (!parts) return invalid_argument(used + ".");
  if (parts->shard != shard.number) {
    return invalid_argument("Invalid StartingSequenceNumber. It encodes " + shard_id(parts->shard) +
                            ", while it was used in a call to a shard with " + shard.id);
  }
  if (parts->shard_seconds != shard.sequence.shard_seconds()) {
    return invalid_argument(used + " because it did not come from this stream.");
  }
  const bool after = position.type == ShardIteratorType::after_sequence_number;
  return std::min(parts->index + (after ? 1 : 0), stream.next_index());
}

namespace {

Error wrong_combination(ShardIteratorType type, bool with_number) {
  return invalid_argument(
      "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) "
      "TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified " +
      std::string(to_string(type)) +
      (with_number ? " and also a StartingSequenceNumber." : " and no StartingSequenceNumber."));
}

}  // namespace

Result<std::uint64_t> Region::start_of(const StartingPosition& position, std::string_view operation, const Shard& shard,
                                       const Stream& stream, Moment now) const {
  const ShardIteratorType type = position.type;
  const bool by_number =
      type == ShardIteratorType::at_sequence_number || type == ShardIteratorType::after_sequence_number;
  if (by_number != position.sequence_number.has_value()) return wrong_combination(type, !by_number);
  if (by_number) return index_of(position, operation, shard, stream);
  if (type == ShardIteratorType::trim_horizon) return std::uint64_t{0};
  if (type == ShardIteratorType::latest) return stream.next_index();
  if (!position.timestamp) {
    return invalid_argument(
        "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp "
        "parameter.");
  }
  const std::int64_t millis = to_millis(*position.timestamp);
  if (millis > now.millis()) {
    return invalid_argument(
        "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: " +
        std::to_string(millis) + ", currentTimestampInMillis: " + std::to_string(now.millis()));
  }
  return shard.log.index_at(millis).value_or(stream.next_index());
}

Result<GetShardIteratorResponse> Region::perform(const GetShardIteratorRequest& request, Moment now) {
  Validation validation;
  check_stream(validation, request).name("shardId", request.shard_id);
  validation.one_of("shardIteratorType", request.shard_iterator_type != ShardIteratorType::unknown,
                    "[AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]");
  if (auto error = validation.error()) return *error;
  auto found = find_usable(request);
  if (!found) return found.error();
  Stream& stream = **found;
  auto shard = find_shard(stream, request.shard_id);
  if (!shard) return shard.error();
  if (options_.limits && !(*shard)->throughput.admit_iterator(now)) return shard_throttled(**shard, stream);
  StartingPosition position(request.shard_iterator_type);
  position.sequence_number = request.starting_sequence_number;
  position.timestamp = request.timestamp;
  auto index = start_of(position, GetShardIteratorRequest::operation, **shard, stream, now);
  if (!index) return index.error();
  if (request.dry_run.value_or(false)) return dry_run();
  GetShardIteratorResponse out;
  out.shard_iterator = to_iterator({stream.name(), stream.serial(), (*shard)->number, *index, now.millis()});
  return out;
}

Result<ShardPosition> Region::check_iterator(const GetRecordsRequest& request, Moment now) const {
  Validation validation;
  validation.range("limit", request.limit, 1, most_read_records)
      .length("shardIterator", request.shard_iterator, 1, most_iterator);
  validation.stream_arn("streamARN", request.stream_arn);
  if (auto error = validation.error()) return *error;
  auto position = parse_iterator(request.shard_iterator);
  if (!position) return invalid_argument("Invalid ShardIterator.");
  const std::int64_t lifetime = options_.iterator_lifetime.count();
  if (now.millis() - position->issued_millis > lifetime) {
    return service_error("ExpiredIteratorException",
                         "Iterator expired. The iterator was created at time " + message_time(position->issued_millis) +
                             " while right now it is " + message_time(now.millis()) +
                             " which is further in the future than the tolerated delay of " + std::to_string(lifetime) +
                             " milliseconds.");
  }
  if (request.stream_arn && arns_.stream_name(*request.stream_arn) != position->stream) {
    return invalid_argument("StreamARN " + *request.stream_arn + " is not that of the ShardIterator.");
  }
  return *std::move(position);
}

Result<ReadResult> Region::read(const GetRecordsRequest& request, Moment now) {
  advance(now);
  auto position = check_iterator(request, now);
  if (!position) return position.error();
  const auto found = streams_.find(position->stream);
  const bool usable = found != streams_.end() && found->second.serial() == position->serial && found->second.readable();
  Stream* const stream = usable ? &found->second : nullptr;
  Shard* const shard = stream != nullptr ? stream->shard(position->shard) : nullptr;
  if (shard == nullptr) return shard_does_not_exist(shard_id(position->shard), position->stream);
  if (options_.limits && !shard->throughput.admit_read(now)) return shard_throttled(*shard, *stream);
  if (request.dry_run.value_or(false)) return dry_run();

  ReadResult out;
  const auto most = static_cast<std::size_t>(request.limit.value_or(most_read_records));
  out.slice = shard->log.read(position->index, most, most_read_bytes);
  if (options_.limits) shard->throughput.charge_read(out.slice.payload, now);
  const auto next_arrival = shard->log.arrival_from(out.slice.next_index);
  if (!next_arrival && !shard->is_open()) {
    // How long ago the shard ended is how far its reader is behind the tip, which its children have now.
    out.millis_behind_latest = std::max<std::int64_t>(0, now.millis() - *shard->closed_millis);
    out.child_shards = children_of(*shard, *stream);
    return out;
  }
  if (next_arrival) {
    const std::int64_t at = out.slice.records > 0 ? out.slice.last_arrival_millis : *next_arrival;
    out.millis_behind_latest = std::max<std::int64_t>(0, now.millis() - at);
  }
  out.next_iterator =
      to_iterator({stream->name(), stream->serial(), shard->number, out.slice.next_index, now.millis()});
  return out;
}

std::vector<ChildShard> Region::children_of(const Shard& shard, const Stream& stream) {
  std::vector<ChildShard> out;
  for (const std::uint32_t number : shard.children) {
    const Shard& child = stream.shards()[number];
    ChildShard& described = out.emplace_back();
    described.shard_id = child.id;
    for (const std::uint32_t parent : child.parents) described.parent_shards.push_back(shard_id(parent));
    described.hash_key_range = HashKeyRange(child.range.first.to_string(), child.range.last.to_string());
  }
  return out;
}

Result<GetRecordsResponse> Region::perform(const GetRecordsRequest& request, Moment now) {
  auto result = read(request, now);
  if (!result) return result.error();
  return to_records(*std::move(result));
}

std::vector<KinesisRecord> to_kinesis_records(const RecordSlice& slice) {
  std::vector<KinesisRecord> out;
  out.reserve(slice.records);
  for (const Blob& fragment : slice.fragments) {
    BytesView rest = fragment.bytes();
    aws::StoredRecordView stored;
    while (!rest.empty() && aws::read_record_cbor(rest, stored)) {
      KinesisRecord& record = out.emplace_back();
      record.sequence_number.assign(stored.sequence_number);
      record.approximate_arrival_timestamp = Timestamp(std::chrono::milliseconds(stored.approximate_arrival_millis));
      record.data = Blob(stored.data, fragment.owner());
      record.partition_key = stored.partition_key;
      record.encryption_type = stored.encryption_type;
    }
  }
  return out;
}

GetRecordsResponse to_records(ReadResult result) {
  GetRecordsResponse out;
  out.records = to_kinesis_records(result.slice);
  out.next_shard_iterator = std::move(result.next_iterator);
  out.millis_behind_latest = result.millis_behind_latest;
  out.child_shards = std::move(result.child_shards);
  return out;
}

}  // namespace kinesis::emulator
