#pragma once

#include <kinesis/kinesis_api.hpp>

#include <string>
#include <vector>

// All pages of what AWS gives a page at a time. Each stops with Error(protocol) when the service does not get ahead,
// and with Error(too_large) at `max_listed` entries.
namespace kinesis::aws {

inline constexpr std::size_t max_listed = 1'000'000;

/// The shards of a stream, those that are closed and not yet forgotten included, unless `request` has a filter.
asio::awaitable<Result<std::vector<KinesisShard>>> list_all_shards(KinesisApi& api, ListShardsRequest request);

/// The names of the account's streams in the region.
asio::awaitable<Result<std::vector<std::string>>> list_all_streams(KinesisApi& api, ListStreamsRequest request);

/// The fan-out consumers of a stream.
asio::awaitable<Result<std::vector<KinesisConsumer>>> list_all_stream_consumers(KinesisApi& api,
                                                                                ListStreamConsumersRequest request);

/// The description of a stream with all its shards.
asio::awaitable<Result<StreamDescription>> describe_whole_stream(KinesisApi& api, DescribeStreamRequest request);

/// The tags of a stream.
asio::awaitable<Result<std::vector<Tag>>> list_all_tags(KinesisApi& api, ListTagsForStreamRequest request);

}  // namespace kinesis::aws
