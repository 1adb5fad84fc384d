#include "aws/credentials/test_sources.hpp"
#include "aws/service_client.hpp"
#include "core/test_loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinesis::aws {
namespace {

using core::awaitable;
using ::testing::HasSubstr;

/// Where requests go, without sending them.
class KinesisAddressTest : public ::testing::Test {
 protected:
  core::TestLoop loop;
  std::shared_ptr<FakeHttp> http;

  std::string host_for(KinesisAddress address, std::function<awaitable<void>(KinesisApi&)> call) {
    auto nothing = [](const FakeHttp::Seen&) -> Result<http::Response> { return answer_of(200, "{}"); };
    http = std::make_shared<FakeHttp>(borrowed(loop.clock), std::move(nothing));
    PipelineOptions options;
    options.url = http::Url::parse("https://regional.example").value();
    options.region = "eu-west-1";
    options.http = http;
    options.credentials = static_credentials("AKID", "secret");
    options.clock = borrowed(loop.clock);
    const auto client = make_kinesis_client(std::make_shared<RequestPipeline>(std::move(options)), std::move(address),
                                            WireFormat::json);
    loop.run(call(*client));
    if (http->seen.empty()) return error ? error->message() : "?";
    EXPECT_EQ("https://" + std::string(http->seen[0].headers.find("host").value_or("")), http->seen[0].endpoint);
    return http->seen[0].endpoint;
  }
  std::optional<Error> error;
  static constexpr const char* arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders";
};

TEST_F(KinesisAddressTest, StreamsThatAreNamedByArnHaveTheirAccountsHosts) {
  const KinesisAddress address("eu-west-1", false, false, "");
  const std::string account = "https://123456789012.";
  const std::string rest = "-kinesis.eu-west-1.amazonaws.com";
  EXPECT_EQ(host_for(address,
                     [](KinesisApi& api) -> awaitable<void> {
                       PutRecordsRequest request;
                       request.stream_arn = arn;
                       co_await api.put_records(std::move(request));
                     }),
            account + "data" + rest);
  EXPECT_EQ(host_for(address,
                     [](KinesisApi& api) -> awaitable<void> {
                       GetRecordsRequest request;
                       request.stream_arn = arn;
                       co_await api.get_records(std::move(request));
                     }),
            account + "data" + rest);
  EXPECT_EQ(host_for(address,
                     [](KinesisApi& api) -> awaitable<void> {
                       ListShardsRequest request;
                       request.stream_arn = arn;
                       co_await api.list_shards(std::move(request));
                     }),
            account + "control" + rest);
  EXPECT_EQ(host_for(address,
                     [](KinesisApi& api) -> awaitable<void> {
                       DescribeStreamConsumerRequest request(std::string(arn) + "/consumer/c:1");
                       co_await api.describe_stream_consumer(std::move(request));
                     }),
            account + "control" + rest);
  EXPECT_EQ(host_for(address,
                     [](KinesisApi& api) -> awaitable<void> {
                       ListTagsForResourceRequest request(arn);
                       co_await api.list_tags_for_resource(std::move(request));
                     }),
            account + "control" + rest);
  EXPECT_EQ(host_for(address,
                     [](KinesisApi& api) -> awaitable<void> {
                       GetShardIteratorRequest request;
                       request.stream_id = "abcdefghijklmnopqrst-xyz";
                       request.stream_arn = arn;
                       co_await api.get_shard_iterator(std::move(request));
                     }),
            "https://abcdefghijklmnopqrst.xyz.data" + rest);
}

TEST_F(KinesisAddressTest, StreamsThatAreNamedByNameHaveTheRegionalHost) {
  EXPECT_EQ(host_for(KinesisAddress("eu-west-1", false, false, ""),
                     [](KinesisApi& api) -> awaitable<void> {
                       ListShardsRequest request;
                       request.stream_name = "orders";
                       co_await api.list_shards(std::move(request));
                     }),
            "https://regional.example");
}

TEST_F(KinesisAddressTest, AnEndpointOfOnesOwnIsUsedForAll) {
  EXPECT_EQ(host_for(KinesisAddress("eu-west-1", false, false, "https://own"),
                     [](KinesisApi& api) -> awaitable<void> {
                       ListShardsRequest request;
                       request.stream_arn = arn;
                       co_await api.list_shards(std::move(request));
                     }),
            "https://regional.example");
}

TEST_F(KinesisAddressTest, FipsAndDualStackHaveHostsOfTheirOwn) {
  EXPECT_EQ(host_for(KinesisAddress("eu-west-1", true, true, ""),
                     [](KinesisApi& api) -> awaitable<void> {
                       PutRecordRequest request;
                       request.stream_arn = arn;
                       co_await api.put_record(std::move(request));
                     }),
            "https://123456789012.data-kinesis-fips.eu-west-1.api.aws");
}

TEST_F(KinesisAddressTest, AnArnThatIsNoneIsAnErrorBeforeAnythingIsSent) {
  const auto ask = [&](std::string text) {
    auto call = [this, text](KinesisApi& api) -> awaitable<void> {
      ListShardsRequest request;
      request.stream_arn = text;
      const auto got = co_await api.list_shards(std::move(request));
      if (!got) error = got.error();
    };
    return host_for(KinesisAddress("eu-west-1", false, false, ""), call);
  };
  EXPECT_EQ(ask("nonsense"), "not an ARN");
  EXPECT_EQ(error->code(), errc::invalid_argument);
  EXPECT_EQ(error->attempts(), 0);
  EXPECT_THAT(ask("arn:aws-cn:kinesis:cn-north-1:123456789012:stream/s"), HasSubstr("another partition"));
  EXPECT_THAT(ask("arn:aws:sqs:eu-west-1:123456789012:queue"), HasSubstr("not of Kinesis"));
}

}  // namespace
}  // namespace kinesis::aws
