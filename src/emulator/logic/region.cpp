#include "emulator/logic/region.hpp"

#include "emulator/logic/errors.hpp"

#include <algorithm>

namespace kinesis::emulator {
namespace {

constexpr std::size_t most_idle_memory = std::size_t{64} << 20;
constexpr std::size_t chunks_of_bound = 64;
constexpr auto sweep_period = std::chrono::seconds(1);

LogMemory make_log_memory(const RegionOptions& options) {
  LogMemory out;
  out.pool = core::BufferPool::create(std::min(most_idle_memory, options.memory_bytes / 4));
  out.most_chunk = std::min(out.most_chunk, options.memory_bytes / chunks_of_bound);
  return out;
}

}  // namespace

Region::Region(RegionOptions options, Moment now)
    : options_(std::move(options)),
      arns_(options_.region, options_.account),
      log_memory_(make_log_memory(options_)),
      commitment_(BillingCommitmentStatus::disabled),
      next_serial_(static_cast<std::uint64_t>(now.millis()) << 20),
      next_sweep_(now.monotonic + sweep_period) {}

std::optional<Error> Region::admit(std::string_view operation, std::string_view stream, Moment now) {
  advance(now);
  const std::string_view name = stream_in(stream);
  if (!options_.limits || rates_.admit(operation, name, now)) return std::nullopt;
  const std::string of = name.empty() ? "" : "stream " + std::string(name) + " under ";
  return limit_exceeded("Rate exceeded for " + of + "account " + options_.account + ".");
}

Moment::Monotonic Region::due(Moment now) noexcept {
  const auto when = now.monotonic + options_.stream_delay;
  next_due_ = std::min(next_due_, when);
  ++changes_;
  return when;
}

void Region::advance(Moment now) {
  if (now.monotonic >= next_due_) {
    next_due_ = Moment::Monotonic::max();
    ++changes_;
    for (auto it = streams_.begin(); it != streams_.end();) {
      if (it->second.advance(now)) {
        memory_ -= it->second.memory();
        it = streams_.erase(it);
      } else {
        next_due_ = std::min(next_due_, it->second.next_due());
        ++it;
      }
    }
  }
  if (now.monotonic >= next_sweep_) sweep(now);
}

void Region::sweep(Moment now) {
  next_sweep_ = now.monotonic + sweep_period;
  memory_ = 0;
  for (auto& [name, stream] : streams_) {
    stream.expire(now);
    memory_ += stream.memory();
  }
}

// The oldest piece of memory of all shards goes, until there is little enough.
void Region::evict() {
  while (memory_ > options_.memory_bytes) {
    ShardLog* oldest = nullptr;
    std::int64_t arrival = 0;
    for (auto& [name, stream] : streams_) {
      for (std::uint32_t number = 0; number < stream.shards().size(); ++number) {
        Shard* const shard = stream.shard(number);
        if (shard == nullptr) continue;
        const auto first = shard->log.oldest_arrival();
        if (first && (oldest == nullptr || *first < arrival)) oldest = &shard->log, arrival = *first;
      }
    }
    if (oldest == nullptr) return;
    const std::size_t before = oldest->memory();
    evicted_ += oldest->drop_oldest();
    memory_ -= before - oldest->memory();
  }
}

Validation& check_stream(Validation& validation, const StreamRequest& request) {
  return validation.name("streamName", request.stream_name).stream_arn("streamARN", request.stream_arn);
}

Result<Stream*> Region::find_named(std::string_view name) {
  const auto found = streams_.find(name);
  if (found == streams_.end()) return stream_not_found(name);
  return &found->second;
}

Result<Stream*> Region::find_by_arn(std::string_view arn) {
  const auto name = arns_.stream_name(arn);
  if (!name) return stream_not_found(stream_in(arn));
  return find_named(*name);
}

Result<Stream*> Region::find(const StreamRequest& request) {
  if (!request.stream_arn) {
    if (!request.stream_name) return invalid_argument("Either StreamName or StreamARN should be provided.");
    return find_named(*request.stream_name);
  }
  if (request.stream_name && stream_in(*request.stream_arn) != *request.stream_name) {
    return invalid_argument("StreamName " + *request.stream_name + " and StreamARN " + *request.stream_arn +
                            " do not belong to the same stream.");
  }
  return find_by_arn(*request.stream_arn);
}

Result<Stream*> Region::find_usable(std::optional<std::string_view> name, std::optional<std::string_view> arn) {
  StreamRequest request;
  if (name) request.stream_name = std::string(*name);
  if (arn) request.stream_arn = std::string(*arn);
  Validation validation;
  if (auto error = check_stream(validation, request).error()) return *error;
  return find_usable(request);
}

Result<Stream*> Region::find_usable(const StreamRequest& request) {
  auto stream = find(request);
  if (stream && !(*stream)->readable()) return stream_not_found((*stream)->name());
  return stream;
}

std::optional<Error> Region::not_active(const Stream& stream) const {
  if (stream.status() == StreamStatus::active) return std::nullopt;
  return in_use("Stream " + stream.name() + " under account " + options_.account + " not ACTIVE, instead in state " +
                std::string(to_string(stream.status())));
}

Result<Stream*> Region::find_active(const StreamRequest& request) {
  auto stream = find(request);
  if (!stream) return stream;
  if (auto error = not_active(**stream)) return *error;
  return stream;
}

Result<Stream*> Region::find_active_by_arn(std::string_view arn) {
  auto stream = find_by_arn(arn);
  if (!stream) return stream;
  if (auto error = not_active(**stream)) return *error;
  return stream;
}

Error Region::stream_not_found(std::string_view name) const {
  return not_found("Stream " + std::string(name) + " under account " + options_.account + " not found.");
}

Error Region::shard_not_found(std::string_view shard, std::string_view stream) const {
  return not_found("Could not find shard " + std::string(shard) + " in stream " + std::string(stream) +
                   " under account " + options_.account + ".");
}

Error Region::shard_does_not_exist(std::string_view shard, std::string_view stream) const {
  return not_found("Shard " + std::string(shard) + " in stream " + std::string(stream) + " under account " +
                   options_.account + " does not exist");
}

Error Region::in_on_demand_mode(const Stream& stream) const {
  return validation_error("Request is invalid. Stream " + stream.name() + " under account " + options_.account +
                          " is in On-Demand mode.");
}

Error Region::shard_throttled(const Shard& shard, const Stream& stream) const {
  return throughput_exceeded("Rate exceeded for shard " + shard.id + " in stream " + stream.name() + " under account " +
                             options_.account + ".");
}

Result<Shard*> Region::find_shard(Stream& stream, std::string_view id) {
  const auto number = parse_shard_id(id);
  if (!number) return shard_not_found(id, stream.name());
  Shard* const shard = stream.shard(*number);
  if (shard == nullptr) return shard_does_not_exist(shard_id(*number), stream.name());
  return shard;
}

int Region::open_shards() const noexcept {
  std::size_t sum = 0;
  for (const auto& [name, stream] : streams_) sum += stream.open_shards();
  return static_cast<int>(sum);
}

int Region::on_demand_streams() const noexcept {
  return static_cast<int>(std::count_if(streams_.begin(), streams_.end(),
                                        [](const auto& one) { return one.second.mode == StreamMode::on_demand; }));
}

std::optional<Error> Region::over_shard_limit(int additional) const {
  const int present = open_shards();
  if (!options_.limits || additional <= options_.shard_limit - present) return std::nullopt;
  return limit_exceeded(
      "This request would exceed the shard limit for the account " + options_.account + " in " + options_.region +
      ". Current shard count for the account: " + std::to_string(present) +
      ". Limit: " + std::to_string(options_.shard_limit) +
      ". Number of additional shards that would have resulted from this request: " + std::to_string(additional) +
      ". Refer to the AWS Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) "
      "for current limits and how to request higher limits.");
}

std::optional<Error> Region::over_on_demand_limit() const {
  if (!options_.limits || on_demand_streams() < options_.on_demand_stream_limit) return std::nullopt;
  return limit_exceeded("This request would exceed the on-demand stream limit for the account " + options_.account +
                        " in " + options_.region + ". Limit: " + std::to_string(options_.on_demand_stream_limit) + ".");
}

}  // namespace kinesis::emulator
