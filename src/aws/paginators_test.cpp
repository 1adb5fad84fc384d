#include "aws/paginators.hpp"

#include "core/test_loop.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace kinesis::aws {
namespace {

std::vector<KinesisShard> shards(int from, int to) {
  std::vector<KinesisShard> all;
  for (int i = from; i < to; ++i) all.emplace_back().shard_id = "shardId-" + std::to_string(i);
  return all;
}

// Lists of `total` entries in pages of two; what was asked is kept.
class Pages : public KinesisApi {
 public:
  explicit Pages(int total) : total_(total) {}

  asio::awaitable<Result<ListShardsResponse>> list_shards(ListShardsRequest request) override {
    shard_requests.push_back(request);
    const int from = request.next_token ? std::stoi(*request.next_token) : 0;
    ListShardsResponse response;
    response.shards = shards(from, std::min(from + 2, total_));
    if (stuck)
      response.next_token = "2";
    else if (from + 2 < total_)
      response.next_token = std::to_string(from + 2);
    if (fail_at == from) co_return Error(errc::expired_iterator, "too old");
    co_return response;
  }

  asio::awaitable<Result<ListStreamsResponse>> list_streams(ListStreamsRequest request) override {
    int from = request.next_token ? std::stoi(*request.next_token) : 0;
    if (request.exclusive_start_stream_name) from = std::stoi(request.exclusive_start_stream_name->substr(1)) + 1;
    ListStreamsResponse response;
    for (int i = from; i < std::min(from + 2, total_); ++i) response.stream_names.push_back("s" + std::to_string(i));
    response.has_more_streams = stuck || from + 2 < total_;
    if (tokens) response.next_token = stuck ? "0" : std::to_string(from + 2);
    co_return response;
  }

  asio::awaitable<Result<ListStreamConsumersResponse>> list_stream_consumers(
      ListStreamConsumersRequest request) override {
    EXPECT_EQ(request.stream_arn, "arn");
    const int from = request.next_token ? std::stoi(*request.next_token) : 0;
    ListStreamConsumersResponse response;
    for (int i = from; i < std::min(from + 2, total_); ++i) {
      response.consumers.emplace_back().consumer_name = "c" + std::to_string(i);
    }
    if (from + 2 < total_) response.next_token = std::to_string(from + 2);
    co_return response;
  }

  asio::awaitable<Result<DescribeStreamResponse>> describe_stream(DescribeStreamRequest request) override {
    int from = 0;
    if (request.exclusive_start_shard_id) from = std::stoi(request.exclusive_start_shard_id->substr(8)) + 1;
    DescribeStreamResponse response;
    response.stream_description.stream_name = "s";
    if (!stuck) response.stream_description.shards = shards(from, std::min(from + 2, total_));
    response.stream_description.has_more_shards = from + 2 < total_;
    co_return response;
  }

  asio::awaitable<Result<ListTagsForStreamResponse>> list_tags_for_stream(ListTagsForStreamRequest request) override {
    int from = 0;
    if (request.exclusive_start_tag_key) from = std::stoi(*request.exclusive_start_tag_key) + 1;
    ListTagsForStreamResponse response;
    for (int i = from; i < std::min(from + 2, total_); ++i) response.tags.emplace_back(std::to_string(i), "v");
    response.has_more_tags = from + 2 < total_;
    co_return response;
  }

  std::vector<ListShardsRequest> shard_requests;
  bool stuck = false;
  bool tokens = true;
  int fail_at = -1;

 private:
  int total_;
};

template <class T>
Result<T> run(asio::awaitable<Result<T>> call) {
  core::TestLoop loop;
  std::optional<Result<T>> out;
  auto store = [](asio::awaitable<Result<T>> task, std::optional<Result<T>>* to) -> asio::awaitable<void> {
    auto result = co_await std::move(task);
    to->emplace(std::move(result));
  };
  loop.run(store(std::move(call), &out));
  return std::move(*out);
}

TEST(Paginators, AskForShardsByTokenAlone) {
  Pages api(5);
  ListShardsRequest request("orders");
  request.shard_filter = ShardFilter(ShardFilterType::at_latest);
  request.max_results = 2;
  EXPECT_EQ(run(list_all_shards(api, request)).value(), shards(0, 5));
  ASSERT_EQ(api.shard_requests.size(), 3u);
  EXPECT_EQ(api.shard_requests[0].stream_name, "orders");
  for (int i : {1, 2}) {
    EXPECT_FALSE(api.shard_requests[i].stream_name || api.shard_requests[i].shard_filter);
    EXPECT_EQ(api.shard_requests[i].max_results, 2);
  }
}

TEST(Paginators, StopWithTheErrorOfAPage) {
  Pages api(5);
  api.fail_at = 2;
  const auto all = run(list_all_shards(api, ListShardsRequest("orders")));
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().code(), errc::expired_iterator);
}

TEST(Paginators, StopWhenTheServiceRepeatsItself) {
  Pages api(5);
  api.stuck = true;
  EXPECT_EQ(run(list_all_shards(api, ListShardsRequest("orders"))).error().code(), errc::protocol);
  EXPECT_EQ(run(list_all_streams(api, ListStreamsRequest())).error().code(), errc::protocol);
  EXPECT_EQ(run(describe_whole_stream(api, DescribeStreamRequest("orders"))).error().code(), errc::protocol);
}

TEST(Paginators, ListStreamsWithAndWithoutTokens) {
  for (const bool tokens : {true, false}) {
    Pages api(5);
    api.tokens = tokens;
    const std::vector<std::string> expected = {"s0", "s1", "s2", "s3", "s4"};
    EXPECT_EQ(run(list_all_streams(api, ListStreamsRequest())).value(), expected);
  }
}

TEST(Paginators, ListConsumersDescriptionsAndTags) {
  for (int total = 0; total <= 5; ++total) {
    Pages api(total);
    EXPECT_EQ(run(list_all_stream_consumers(api, ListStreamConsumersRequest("arn")))->size(), std::size_t(total));
    const auto description = run(describe_whole_stream(api, DescribeStreamRequest("s"))).value();
    EXPECT_EQ(description.shards, shards(0, total));
    EXPECT_EQ(description.stream_name, "s");
    EXPECT_EQ(run(list_all_tags(api, ListTagsForStreamRequest("s")))->size(), std::size_t(total));
  }
}

TEST(KinesisApi, AnswersUnsupportedUnlessOverridden) {
  KinesisApi api;
  const auto answer = run(api.put_record(PutRecordRequest("s", "data", "key")));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), errc::unsupported);
  EXPECT_NE(answer.error().message().find("PutRecord"), std::string::npos);
  Pages pages(1);
  EXPECT_EQ(run(dispatch(pages, ListShardsRequest("orders")))->shards.size(), 1u);
}

}  // namespace
}  // namespace kinesis::aws
