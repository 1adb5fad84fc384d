#include "aws/paginators.hpp"

#include <iterator>
#include <optional>
#include <utility>

namespace kinesis::aws {
namespace {

template <class T>
void move_behind(std::vector<T>& all, std::vector<T> page) {
  all.insert(all.end(), std::make_move_iterator(page.begin()), std::make_move_iterator(page.end()));
}

// Why no further page may be asked for, if so. A service that repeats itself would be asked for ever.
std::optional<Error> refuse_next(std::string_view operation, std::size_t listed, bool stuck) {
  if (stuck) return Error(errc::protocol, std::string(operation) + " answers the same page again");
  if (listed > max_listed) {
    return Error(errc::too_large,
                 std::string(operation) + " gives more than " + std::to_string(max_listed) + " entries");
  }
  return std::nullopt;
}

}  // namespace

asio::awaitable<Result<std::vector<KinesisShard>>> list_all_shards(KinesisApi& api, ListShardsRequest request) {
  std::vector<KinesisShard> all;
  const auto max_results = request.max_results;
  for (;;) {
    std::optional<std::string> sent = request.next_token;
    auto page = co_await api.list_shards(std::move(request));
    if (!page) co_return page.error();
    move_behind(all, std::move(page->shards));
    if (!page->next_token || page->next_token->empty()) co_return all;
    if (auto error = refuse_next("ListShards", all.size(), page->next_token == sent)) co_return *error;
    // A request with a token must name neither stream nor filter.
    request = ListShardsRequest();
    request.next_token = std::move(page->next_token);
    request.max_results = max_results;
  }
}

asio::awaitable<Result<std::vector<std::string>>> list_all_streams(KinesisApi& api, ListStreamsRequest request) {
  std::vector<std::string> all;
  const auto limit = request.limit;
  for (;;) {
    std::optional<std::string> sent = request.next_token;
    auto page = co_await api.list_streams(std::move(request));
    if (!page) co_return page.error();
    const bool stuck = page->stream_names.empty() || (!all.empty() && all.back() == page->stream_names.back()) ||
                       (page->next_token && page->next_token == sent);
    move_behind(all, std::move(page->stream_names));
    if (!page->has_more_streams) co_return all;
    if (auto error = refuse_next("ListStreams", all.size(), stuck)) co_return *error;
    request = ListStreamsRequest();
    request.limit = limit;
    if (page->next_token && !page->next_token->empty()) {
      request.next_token = std::move(page->next_token);
    } else {
      request.exclusive_start_stream_name = all.back();  // services from before there were tokens
    }
  }
}

asio::awaitable<Result<std::vector<KinesisConsumer>>> list_all_stream_consumers(KinesisApi& api,
                                                                                ListStreamConsumersRequest request) {
  std::vector<KinesisConsumer> all;
  request.next_token.reset();
  for (;;) {
    auto page = co_await api.list_stream_consumers(request);
    if (!page) co_return page.error();
    move_behind(all, std::move(page->consumers));
    if (!page->next_token || page->next_token->empty()) co_return all;
    if (auto error = refuse_next("ListStreamConsumers", all.size(), page->next_token == request.next_token)) {
      co_return *error;
    }
    request.next_token = std::move(page->next_token);
    request.stream_creation_timestamp.reset();  // not allowed beside a token
  }
}

asio::awaitable<Result<StreamDescription>> describe_whole_stream(KinesisApi& api, DescribeStreamRequest request) {
  std::vector<KinesisShard> all;
  for (;;) {
    auto page = co_await api.describe_stream(request);
    if (!page) co_return page.error();
    StreamDescription& description = page->stream_description;
    const bool stuck =
        description.shards.empty() ||
        (request.exclusive_start_shard_id && description.shards.back().shard_id == *request.exclusive_start_shard_id);
    move_behind(all, std::move(description.shards));
    if (!description.has_more_shards) {
      description.shards = std::move(all);
      co_return std::move(description);
    }
    if (auto error = refuse_next("DescribeStream", all.size(), stuck)) co_return *error;
    request.exclusive_start_shard_id = all.back().shard_id;
  }
}

asio::awaitable<Result<std::vector<Tag>>> list_all_tags(KinesisApi& api, ListTagsForStreamRequest request) {
  std::vector<Tag> all;
  for (;;) {
    auto page = co_await api.list_tags_for_stream(request);
    if (!page) co_return page.error();
    const bool stuck = page->tags.empty() ||
                       (request.exclusive_start_tag_key && page->tags.back().key == *request.exclusive_start_tag_key);
    move_behind(all, std::move(page->tags));
    if (!page->has_more_tags) co_return all;
    if (auto error = refuse_next("ListTagsForStream", all.size(), stuck)) co_return *error;
    request.exclusive_start_tag_key = all.back().key;
  }
}

}  // namespace kinesis::aws
