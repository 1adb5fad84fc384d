#include "emulator/logic/errors.hpp"
#include "emulator/logic/region.hpp"
#include "emulator/logic/token.hpp"

#include <algorithm>

// What comes a page at a time with a NextToken: ListStreams, ListShards.
namespace kinesis::emulator {
namespace {

constexpr int default_listed_streams = 100;
constexpr int default_listed_shards = 1000;
constexpr int most_per_page = 10'000;
constexpr std::size_t most_token = 1'048'576;

Error bad_token() { return invalid_argument("Invalid NextToken."); }

Error together(std::string_view other) {
  return invalid_argument("NextToken and " + std::string(other) + " cannot be provided together.");
}

std::optional<Error> check_age(std::int64_t issued_millis, Moment now, std::chrono::milliseconds lifetime) {
  if (now.millis() - issued_millis <= lifetime.count()) return std::nullopt;
  return service_error("ExpiredNextTokenException", "NextToken expired. The token was created at time " +
                                                        message_time(issued_millis) + " while right now it is " +
                                                        message_time(now.millis()) +
                                                        " which is further in the future than the tolerated delay of " +
                                                        std::to_string(lifetime.count()) + " milliseconds.");
}

// A listing of shards that can go on: what the first request asked for, and how far it got.
struct ShardListing {
  std::string stream;
  std::uint64_t serial = 0;
  ShardFilterType filter = ShardFilterType::from_trim_horizon;
  std::int64_t millis = 0;  // of filters by time
  std::uint64_t first = 0;  // number of the next shard that may be listed

  std::string token(Moment now) const {
    TokenWriter writer(TokenKind::list_shards);
    writer.number(static_cast<std::uint64_t>(now.millis())).number(serial).number(static_cast<std::uint64_t>(filter));
    writer.number(static_cast<std::uint64_t>(millis)).number(first).text(stream);
    return std::move(writer).finish();
  }

  bool includes(const Shard& shard) const noexcept {
    switch (filter) {
      case ShardFilterType::at_latest:
        return shard.is_open();
      case ShardFilterType::at_trim_horizon:
      case ShardFilterType::at_timestamp:
        return shard.open_at(millis);
      case ShardFilterType::from_timestamp:
        return shard.is_open() || *shard.closed_millis >= millis;
      default:
        return true;
    }
  }
};

// The first page's listing: resolves the filter.
Result<ShardListing> start_listing(const ListShardsRequest& request, const Stream& stream, Moment now) {
  ShardListing out;
  out.stream = stream.name();
  out.serial = stream.serial();
  if (request.exclusive_start_shard_id) {
    const auto after = parse_shard_id(*request.exclusive_start_shard_id);
    if (!after) return invalid_argument("Invalid ExclusiveStartShardId: " + *request.exclusive_start_shard_id);
    out.first = std::uint64_t{*after} + 1;
  }
  if (!request.shard_filter) return out;
  const ShardFilter& filter = *request.shard_filter;
  out.filter = filter.type;
  switch (filter.type) {
    case ShardFilterType::after_shard_id: {
      const auto after = filter.shard_id ? parse_shard_id(*filter.shard_id) : std::nullopt;
      if (!after) return invalid_argument("ShardFilter of type AFTER_SHARD_ID requires a valid ShardId.");
      out.first = std::max(out.first, std::uint64_t{*after} + 1);
      break;
    }
    case ShardFilterType::at_timestamp:
    case ShardFilterType::from_timestamp: {
      if (!filter.timestamp) {
        return invalid_argument("ShardFilter of type " + std::string(to_string(filter.type)) +
                                " requires a Timestamp.");
      }
      const auto asked = std::chrono::floor<std::chrono::milliseconds>(*filter.timestamp).time_since_epoch().count();
      if (asked > now.millis()) return invalid_argument("The Timestamp of a ShardFilter cannot be in the future.");
      out.millis = std::max(asked, stream.trim_horizon(now));
      break;
    }
    case ShardFilterType::at_trim_horizon:
      out.millis = stream.trim_horizon(now);
      break;
    default:
      break;
  }
  return out;
}

Result<ShardListing> resume_listing(std::string_view token, Moment now, std::chrono::milliseconds lifetime) {
  auto reader = TokenReader::open(TokenKind::list_shards, token);
  if (!reader) return bad_token();
  const auto issued = reader->millis();
  ShardListing out;
  out.serial = reader->number();
  out.filter = static_cast<ShardFilterType>(reader->number());
  out.millis = static_cast<std::int64_t>(reader->number());
  out.first = reader->number();
  out.stream = reader->text();
  if (!reader->complete()) return bad_token();
  if (auto error = check_age(issued, now, lifetime)) return *error;
  return out;
}

std::optional<Error> check_list_shards(const ListShardsRequest& request) {
  Validation validation;
  check_stream(validation, request).range("maxResults", request.max_results, 1, most_per_page);
  validation.length("nextToken", request.next_token, 1, most_token);
  validation.name("exclusiveStartShardId", request.exclusive_start_shard_id);
  if (request.shard_filter) {
    validation.one_of("shardFilter.type", request.shard_filter->type != ShardFilterType::unknown,
                      "[AFTER_SHARD_ID, AT_TRIM_HORIZON, FROM_TRIM_HORIZON, AT_LATEST, AT_TIMESTAMP, FROM_TIMESTAMP]");
  }
  if (auto error = validation.error()) return error;
  if (!request.next_token) {
    if (request.stream_name || request.stream_arn) return std::nullopt;
    return invalid_argument("Either NextToken or StreamName should be provided.");
  }
  if (request.stream_name) return together("StreamName");
  if (request.stream_arn) return together("StreamARN");
  if (request.exclusive_start_shard_id) return together("ExclusiveStartShardId");
  if (request.stream_creation_timestamp) return together("StreamCreationTimestamp");
  if (request.shard_filter) return together("ShardFilter");
  return std::nullopt;
}

}  // namespace

Result<ListShardsResponse> Region::perform(const ListShardsRequest& request, Moment now) {
  if (auto error = check_list_shards(request)) return *error;
  ShardListing listing;
  Stream* stream = nullptr;
  if (request.next_token) {
    auto resumed = resume_listing(*request.next_token, now, options_.iterator_lifetime);
    if (!resumed) return resumed.error();
    listing = *std::move(resumed);
    auto found = find_named(listing.stream);
    if (!found) return found.error();
    if ((*found)->serial() != listing.serial) return stream_not_found(listing.stream);
    stream = *found;
  } else {
    auto found = find(request);
    if (!found) return found.error();
    stream = *found;
    const auto& created = request.stream_creation_timestamp;
    if (created && std::chrono::floor<std::chrono::milliseconds>(*created).time_since_epoch().count() / 1000 !=
                       stream->created_millis() / 1000) {
      return stream_not_found(stream->name());
    }
    auto started = start_listing(request, *stream, now);
    if (!started) return started.error();
    listing = *std::move(started);
  }
  // What the KCL waits for with a stream that is being made.
  if (!stream->readable()) return *not_active(*stream);

  ListShardsResponse out;
  const auto most = static_cast<std::size_t>(request.max_results.value_or(default_listed_shards));
  for (; listing.first < stream->shards().size(); ++listing.first) {
    const Shard& shard = stream->shards()[listing.first];
    if (shard.expired || !listing.includes(shard)) continue;
    if (out.shards.size() == most) {
      out.next_token = listing.token(now);
      break;
    }
    out.shards.push_back(shard.describe());
  }
  return out;
}

Result<ListStreamsResponse> Region::perform(const ListStreamsRequest& request, Moment now) {
  Validation validation;
  validation.range("limit", request.limit, 1, most_per_page).length("nextToken", request.next_token, 1, most_token);
  validation.name("exclusiveStartStreamName", request.exclusive_start_stream_name);
  if (auto error = validation.error()) return *error;
  std::string after = request.exclusive_start_stream_name.value_or("");
  if (request.next_token) {
    if (request.exclusive_start_stream_name) return together("ExclusiveStartStreamName");
    auto reader = TokenReader::open(TokenKind::list_streams, *request.next_token);
    if (!reader) return bad_token();
    const auto issued = reader->millis();
    after = reader->text();
    if (!reader->complete()) return bad_token();
    if (auto error = check_age(issued, now, options_.iterator_lifetime)) return *error;
  }

  ListStreamsResponse out;
  const auto most = static_cast<std::size_t>(request.limit.value_or(default_listed_streams));
  for (auto it = streams_.upper_bound(after); it != streams_.end(); ++it) {
    const Stream& stream = it->second;
    if (out.stream_names.size() == most) {
      out.has_more_streams = true;
      TokenWriter writer(TokenKind::list_streams);
      writer.number(static_cast<std::uint64_t>(now.millis())).text(out.stream_names.back());
      out.next_token = std::move(writer).finish();
      break;
    }
    out.stream_names.push_back(stream.name());
    StreamSummary& summary = out.stream_summaries.emplace_back();
    summary.stream_name = stream.name();
    summary.stream_arn = stream.arn();
    summary.stream_status = stream.status();
    summary.stream_mode_details = StreamModeDetails(stream.mode);
    summary.stream_creation_timestamp = Timestamp(std::chrono::milliseconds(stream.created_millis()));
  }
  return out;
}

Result<ListStreamConsumersResponse> Region::perform(const ListStreamConsumersRequest& request, Moment now) {
  Validation validation;
  validation.stream_arn("streamARN", request.stream_arn).range("maxResults", request.max_results, 1, most_per_page);
  validation.length("nextToken", request.next_token, 1, most_token);
  if (auto error = validation.error()) return *error;
  std::string after;
  if (request.next_token) {
    if (request.stream_creation_timestamp) return together("StreamCreationTimestamp");
    auto reader = TokenReader::open(TokenKind::list_consumers, *request.next_token);
    if (!reader) return bad_token();
    const auto issued = reader->millis();
    const std::string stream = reader->text();
    after = reader->text();
    if (!reader->complete() || stream != stream_in(request.stream_arn)) return bad_token();
    if (auto error = check_age(issued, now, options_.iterator_lifetime)) return *error;
  }
  auto found = find_by_arn(request.stream_arn);
  if (!found) return found.error();
  const Stream& stream = **found;

  ListStreamConsumersResponse out;
  const auto most = static_cast<std::size_t>(request.max_results.value_or(default_listed_streams));
  for (auto it = stream.consumers.upper_bound(after); it != stream.consumers.end(); ++it) {
    if (out.consumers.size() == most) {
      TokenWriter writer(TokenKind::list_consumers);
      writer.number(static_cast<std::uint64_t>(now.millis()))
          .text(stream.name())
          .text(out.consumers.back().consumer_name);
      out.next_token = std::move(writer).finish();
      break;
    }
    const Consumer& consumer = it->second;
    KinesisConsumer& listed = out.consumers.emplace_back();
    listed.consumer_name = consumer.name;
    listed.consumer_arn = consumer.arn;
    listed.consumer_status = consumer.status;
    listed.consumer_creation_timestamp = Timestamp(std::chrono::milliseconds(consumer.created_millis));
  }
  return out;
}

}  // namespace kinesis::emulator
